"""`gail bench exact`: time, memory and certified gaps of the exact engine on growing instances.

| module         | what it measures                                                                          |
|----------------|-------------------------------------------------------------------------------------------|
| `measurements` | one problem: seconds, peak memory, relative gap, ratio to a reference implementation      |
| `table`        | the list of problems, one process per problem, and the growth of time with states         |
| `peers`        | other libraries on the same instances, each in its own Python environment                 |
"""
