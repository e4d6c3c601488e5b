"""Rates: how errors fall with the batch size, and how regrets grow with the horizon.

| module           | what it measures                                                            |
|------------------|-----------------------------------------------------------------------------|
| `batch_size`     | errors of the fitted discriminator at a fixed learner; theory: n^-1/2       |
| `whole_training` | errors of whole GAIL trainings with several batch sizes                     |
| `horizon`        | regrets of cloning and GAIL; theory: H^2 and H, H = 1/(1-gamma)             |
| `report`         | `rates.html` and its CSV files                                              |
| `pictures`       | its pictures                                                                |
"""
