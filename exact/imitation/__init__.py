"""IRL_psi and occupancy matching (Ho & Ermon 2016, Proposition 3.2).

    max over costs c of  -psi(c) + V_lambda(c) - <rho_E, c>   =   min over rho of  -lambda Hbar(rho) + psi*(rho - rho_E)

| module | content |
|---|---|
| `irl` | `solve_irl`: the dual over costs |
| `matching` | `match_occupancy`: the primal over occupancy measures; chooses the method by psi |
| `empirical`, `measures` | matching with an expert known from finitely many demonstrations |
| `smooth_costs` | smooth psi: Newton's method over policies, and over costs |
| `cost_classes`, `linear_costs`, `bounded_costs` | psi that are constant on a class of costs and infinite elsewhere |
| `shared_cost` | several experts or processes with one cost |
| `conic` | CVXPY and Clarabel, as an independent check |
| `dual_bound` | the certificate of a policy: a cost and its optimal value |
| `problem_checks` | checks of a problem before it is solved |
"""
