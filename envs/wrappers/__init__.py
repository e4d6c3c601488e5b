"""Wrappers that change the episodes, spaces or observations of environments.

| module | content |
|---|---|
| `episode_lengths` | episodes of one fixed length, with or without an absorbing state |
| `flat_spaces` | vector observations and flat actions, from Box and Discrete spaces |
| `state_features` | states of a finite MDP as rows of a table |
"""
