"""What `gail train`, `gail expert` and `gail evaluate` do beside the training itself.

| module | content |
|---|---|
| `conclusion` | what follows a training: evaluation, controls, result, report |
| `evaluation` | returns of whole episodes, beside the expert's and random play's |
| `symptoms` | warnings for trainings that failed, with cause and remedy |
| `controls` | control runs: how much of a return is due to the reward's sign alone |
| `expert` | train an expert, record demonstrations, write its card |
| `report`, `pictures` | the report's learning curve and diagnostics |
| `video`, `filming` | one episode as a video, rendered in a process of its own |
"""
