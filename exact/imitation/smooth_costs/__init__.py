"""Matching and inverse reinforcement learning for psi that are smooth, entry by entry.

| module | content |
|---|---|
| `smooth_matching` | the primal side: occupancy measures |
| `policy_newton` | its Newton's method over policies |
| `cost_newton` | the dual side: Newton's method over costs |
"""
