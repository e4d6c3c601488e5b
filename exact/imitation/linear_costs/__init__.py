"""Matching for costs that are linear in features, c = F w.

| module | content |
|---|---|
| `feature_matching` | bounded weights, lambda > 0: Newton's method on the dual |
| `max_causal_entropy` | any weights, lambda > 0: maximum causal entropy IRL |
| `nearest_point` | the l2 ball of weights, lambda = 0 |
| `feasibility` | an occupancy measure with given feature expectations, if one exists |
"""
