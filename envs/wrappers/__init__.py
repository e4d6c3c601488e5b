"""Wrappers that change the episodes, spaces, observations or rewards of environments.

| module | content |
|---|---|
| `episode_lengths` | episodes of one fixed length, with or without an absorbing state |
| `failures` | an environment that raises or returns bad numbers, in one sentence |
| `flat_spaces` | vector observations and flat actions, from every space that flattens to numbers |
| `rewards` | a vector environment with another reward |
| `state_features` | states of a finite MDP as rows of a table |
"""
