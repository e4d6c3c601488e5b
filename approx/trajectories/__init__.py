"""Trajectories, and how they are sampled and weighted.

| module | content |
|---|---|
| `trajectories` | `Trajectories`: the batch type of samplers, players and files |
| `sampler` | batches of a fixed number of steps; episodes continue in the next batch |
| `episode_sampler` | batches of whole episodes |
| `discounting` | weights gamma^t of demonstrated steps |
| `weighting` | means over weighted steps |
"""
