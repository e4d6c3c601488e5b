"""Policies, and the spaces on which they act.

| module | content |
|---|---|
| `spaces` | sizes and bounds of observations and actions; state-action pairs as vectors |
| `distributions` | Gaussian and categorical action distributions |
| `policy` | policy networks, and their files |
| `prediction` | the `predict` interface of Stable-Baselines3 |
"""
