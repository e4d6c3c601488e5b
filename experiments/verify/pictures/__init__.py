"""The pictures of `gail verify`'s report.

| module               | what it draws                                                              |
|----------------------|----------------------------------------------------------------------------|
| `by_statement`       | the table of pictures: statements, drawing function and caption of each    |
| `occupancy_measures` | statements 1 to 5: occupancy measures, causal entropy, planning            |
| `duality`            | statements 8 and 12: dual ascent, Jensen-Shannon divergence                |
| `cost_classes`       | statements 9 and 11: apprenticeship learning, surrogate losses             |
| `algorithms`         | statements 14 to 17: gradients, TRPO's bound, GAN-GCL                      |
| `predicted_failures` | statements 6, 7, 10, 13, 18: imitators, bias of entropy, expected failures |
"""
