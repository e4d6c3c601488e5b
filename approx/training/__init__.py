"""Trainings: rounds of the game (`gail.approx.game`) until a budget of environment steps is spent.

| module | content |
|---|---|
| `training` | `Training`: rounds, checkpoints, and resuming bit for bit |
| `imitation` | prepare a training: imitation against a cost player, or reinforcement learning |
| `needs` | what an algorithm needs from demonstrations and settings |
| `annealing` | steps that shorten linearly over the budget |
| `refinement` | a last phase of larger batches and smaller steps |
| `absorbing_states` | episodes of one length, with an absorbing state after an early end |
"""
