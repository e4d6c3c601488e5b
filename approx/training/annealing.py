"""Annealing: step sizes that fall over the training.

With steps of fixed size the players do not converge to a saddle point: they circle it at a distance that the step size
sets. Annealed to a < 1, the trust region's bound on the KL and the cost player's learning rate are multiplied by the
pace

    1 - (1 - a) n / N        after n of the budget's N environment steps,

at the start of each iteration. The pace depends on n alone, so a checkpoint need not store it. It is positive as long
as a step is left, even for a = 0. FEM and GTAL have no learning rate; there only the policy's steps shorten. In a
refinement phase (`refinement`), the pace multiplies the bound of that phase.
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
