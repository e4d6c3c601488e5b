"""Rewards that can be used again.

| module | content |
|---|---|
| `identifiability` | 22: which state-only rewards explain the same expert |
| `adversarial_irl` | 23: the optimum of AIRL is the true reward, and where it is not |
| `other_dynamics` | 24: which learned rewards keep their optimum under other dynamics |
| `two_experts` | 25: what two dynamics or two discounts determine |
| `instances` | processes and true rewards for these |
"""
