"""The report of a comparison.

| module          | what it writes or draws                                              |
|-----------------|----------------------------------------------------------------------|
| `page`          | `report.html`, `cells.csv` and `curves.csv`                          |
| `pictures`      | difference of visits, training curves, errors, parts of the gap      |
| `cost_pictures` | learned and exact costs, as maps and as scatter plots                |
"""
