"""Cells of a comparison: one training per algorithm, architecture, number of demonstrations and seed.

| module     | what it does                                                              |
|------------|---------------------------------------------------------------------------|
| `cells`    | lists cells; saves and loads their records; checks the folder             |
| `cell_run` | trains cells, one after the other or in parallel processes                |
"""
