"""HTML reports, and the pictures and statistics that several reports share.

| module          | what it computes                                                          |
|-----------------|---------------------------------------------------------------------------|
| `page`          | one self-contained HTML file from headings, text, tables and figures      |
| `figures`       | maps of occupancies and costs, traces of gaps, learning curves            |
| `gridworld`     | `plot_gridworld`, for notebooks and reports                               |
| `interquartile` | interquartile mean with its bootstrap interval                            |
"""
