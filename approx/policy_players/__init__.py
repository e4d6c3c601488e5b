"""Policy players: one side of the game, each with its frozen config.

| module | content |
|---|---|
| `policy_player` | what a policy player and its config must have |
| `trpo` | `Trpo` and its player: advantages, a trust region step, the fit of the critic |
| `trust_region` | one natural gradient step under a bound on the KL divergence |
| `critic` | the value function |
| `advantages` | lambda-returns |
"""
