"""Cost players: one side of the game, each with its frozen config.

| module | config | player |
|---|---|---|
| `gail`, `discriminator` | `Gail` | `Discriminator`: a network of logits for a surrogate psi |
| `linear_costs` | `Fem`, `Gtal` | `FeatureCost`: costs that are linear in features |
| `fixed_costs` | `Constant` | `ConstantCost`, and `EnvironmentCost`, the environment's own cost |

`cost_player` states what a player and a config must have; `reward_forms` lists rewards of a discriminator.
"""
