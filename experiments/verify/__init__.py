"""`gail verify`: numerical checks of the theory's statements on finite MDPs, with certificates and a report.

A statement is checked on an instance, which is a finite MDP with an expert. The check returns claims; each claim has a
violation and a tolerance. The statement gets one verdict: holds, FAILS, UNSOLVED, ERROR or not applicable.

| module           | what it computes                                                           |
|------------------|----------------------------------------------------------------------------|
| `instances`      | the named instances, and those from a map or an `.npz` file                |
| `psi_choices`    | the cost regularizers that `--psi` names                                   |
| `statement`      | the records `Statement` and `Trial`                                        |
| `statements`     | the list of all statements                                                 |
| `psi_statements` | the statements that depend on psi                                          |
| `verdicts`       | the verdict of one statement on one instance                               |
| `checking`       | all checks of a call, the console table and `claims.csv`                   |
| `notes`        | the lines below the table: failed claims, inapplicable statements          |
| `both_routes`    | the values of RL after IRL, occupancy matching and the conic solver        |
| `report`         | `report.html`                                                              |
| `pictures`       | the report's pictures                                                      |
"""
