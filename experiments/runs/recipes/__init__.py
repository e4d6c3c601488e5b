"""Recipes: the config with which a task is trained, where nothing else is asked for.

| module | recipe |
|---|---|
| `imitation` | imitators, found by changing one setting at a time |
| `episode_ends` | their reward form on a task of a user's own, read off the ends of its episodes |
| `paper` | imitators, with the settings of Ho & Ermon (2016) |
| `paper_of_airl` | AIRL and its rivals, with the settings of Fu, Luo & Levine (2018) |
| `expert` | experts, by TRPO on the true reward |
"""
