"""Cost players: one side of the game, each with its frozen config.

| module | config | player |
|---|---|---|
| `gail`, `discriminator` | `Gail` | `Discriminator`: a network of logits for a surrogate psi |
| `linear_costs` | `Fem`, `Gtal` | `FeatureCost`: costs that are linear in features |
| `airl` | `Airl` | `rewards.classifier.RewardClassifier`: a reward with a shaping term, on logits f - log pi |
| `gan_gcl` | `GanGcl` | `TrajectoryClassifier`: a reward and log Z, on logits of whole trajectories |
| `guided_cost` | `GuidedCost` | `GuidedCostPlayer`: maximum entropy IRL by importance sampling |
| `fixed_costs` | `Constant` | `ConstantCost`, and `EnvironmentCost`, the environment's own cost |

`cost_player` states what a player and a config must have, `reward_forms` lists rewards of a discriminator,
`settled_fit` takes Adam steps until a loss has settled, and `rewards` has rewards that can be kept.
"""
