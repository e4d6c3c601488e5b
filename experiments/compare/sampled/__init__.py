"""The sampled side of a comparison: `gail.approx` on a finite process.

| module     | what it computes                                                          |
|------------|---------------------------------------------------------------------------|
| `episodes` | episodes of the expert, drawn from its policy or read from a file         |
| `datasets` | the measure of a number of demonstrations, for both engines               |
| `players`  | policy, critic and cost player with tables or networks                    |
| `training` | one training, with exact evaluations on the way                           |
"""
