"""Several experts, or several processes, that have one cost in common.

| module | content |
|---|---|
| `problem` | the problem, its primal value and its dual bound |
| `search` | Newton's method on the common cost |
"""
