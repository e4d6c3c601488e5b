"""Parts that all networks share.

| module | content |
|---|---|
| `mlp` | multilayer perceptrons |
| `normalization` | running standardization |
| `finite_checks` | errors that name the tensor and the entry that is not finite |
"""
