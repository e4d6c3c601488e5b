"""`gail bench`: speed and score measurements; each writes its raw results to a CSV file.

| module         | what it measures                                                                          |
|----------------|-------------------------------------------------------------------------------------------|
| `benchmarks`   | the benchmarks gaps, exact, throughput and envs, with their console output                |
| `environments` | transitions per second of tabular environments, and of Gymnasium's FrozenLake             |
| `exact`        | time, memory and certified gaps of the exact engine; other libraries on the same problems |
| `training`     | scores and speeds of whole trainings on benchmark tasks                                   |
"""
