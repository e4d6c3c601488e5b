"""Steps that shorten as a training goes on.

Steps of a fixed size never settle: near a saddle point each player's answer overshoots the other's, and the game
circles at a distance that the size of the steps sets. Annealed to a < 1, the trust region's bound on the KL and the
rate at which a cost player learns are multiplied by the pace

    1 - (1 - a) n / N        after n of the budget's N environment steps,

at the start of each iteration. It depends on n alone, so a resumed training needs no memory of it, and it is positive
while a step is left, even for a = 0. A closed-form answer (FEM, GTAL) has no rate: there only the policy's steps
shorten. Where `gail.approx.training.refinement` shortens the trust region in one stage, the pace multiplies that of the
stage.
"""

from __future__ import annotations

from gail.approx.cost_players.cost_player import CostPlayer, Paced
from gail.approx.policy_players.policy_player import PolicyConfig, PolicyPlayer


def pace(anneal_to: float, env_steps: int, budget: int) -> float:
    """The multiple of both players' step sizes after `env_steps` of `budget`."""
    return 1.0 - (1.0 - anneal_to) * env_steps / budget


def keep_pace(policy: PolicyPlayer, config: PolicyConfig, cost: CostPlayer, pace: float) -> None:
    """Let the policy player follow `config` at the pace, and a cost player that learns by steps learn at the pace."""
    policy.play_by(config.at_pace(pace))
    if isinstance(cost, Paced):
        cost.keep_pace(pace)
