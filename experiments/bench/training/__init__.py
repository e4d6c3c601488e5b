"""`gail bench train`: scores, steps to 95 % of the expert, rates and memory of imitators.

| module | content |
|---|---|
| `cells` | one cell per task, algorithm, number of demonstrations and seed; the CSV of results |
| `scheduler` | runs cells side by side, each in a process of its own |
| `cell_run` | trains and measures one cell |
| `peers` | other libraries on the same demonstrations |
| `table`, `summary` | tables for the terminal, the documentation and the README |
| `curves`, `page` | docs/training.md and its picture |
"""
