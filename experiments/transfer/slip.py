"""The bias of AIRL with sampled next states, against the probability of a slip.

State-only AIRL is fitted at pi = pi_E on the walled map of the pair "maps", with moves that slip with probability p.
With the expected potential E[h(s') | s, a] in the discriminator, g is the true reward up to a constant for every p.
With the sampled h(s'), as Fu, Luo & Levine (2018) have it, no discriminator of this form is the best one for p > 0, and
g is biased. Two numbers say how far: the error of g after the best constant, relative to the range of the true reward,
and the regret of planning for g on the target, whose moves slip as often.

The bias is large as soon as a pit is entered by slips more often than by choice: the reward of a pit is then what fits
the slips into it. So each point also has the largest probability with which the expert aims at a pit from beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gail.exact import compare_rewards, fit_airl, solve_rl, transfer
from gail.exact.process.arrays import Array
from gail.exact.rewards.airl import NextState
from gail.experiments.transfer.pairs import walled

SLIPS = (0.0, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-4, 0.01, 0.1, 0.2, 0.4, 0.6)

VARIANTS: tuple[NextState, ...] = ("expected", "sampled")


@dataclass(frozen=True)
class SlipPoint:
    """State-only AIRL at one probability of a slip.

    Attributes:
        slip: p.
        next_state: expected or sampled.
        aimed: the largest probability of an action of the expert that aims at a pit.
        misfit: loss of the discriminator beyond that of the best one.
        error: of g, after the best constant, relative to the range of r.
        source, target: relative regret at lambda = 0.
        certified: whether plans and optima are certified.
    """

    slip: float
    next_state: NextState
    aimed: float
    misfit: float
    error: float
    source: float
    target: float
    certified: bool


def bias_of_sampling(slips: Sequence[float] = SLIPS) -> list[SlipPoint]:
    """Both variants at every probability; the entropy weight is 1."""
    return [_point(slip, variant) for slip in slips for variant in VARIANTS]


def _point(slip: float, next_state: NextState) -> SlipPoint:
    source, reward, layout = walled(0, slip)
    target, _, _ = walled(layout.shape[1] - 1, slip)
    expert = solve_rl(source, -reward, 1.0).require_optimal()
    fit = fit_airl(source, expert.occupancy, next_state=next_state)
    here, there = (transfer(fit.reward, mdp, -reward) for mdp in (source, target))
    return SlipPoint(
        slip,
        next_state,
        _aimed(expert.policy),
        fit.misfit,
        compare_rewards(source, fit.reward, reward).constant_residual / float(np.ptp(reward)),
        here.relative_regret,
        there.relative_regret,
        here.certified and there.certified,
    )


def _aimed(policy: Array) -> float:
    """The largest probability of an action that leads into a pit without a slip, from elsewhere."""
    mdp, _, layout = walled(0)
    pits = layout.of_state(layout.pits)
    into = mdp.transitions.toarray()[:, pits].any(axis=1).reshape(policy.shape)
    return float(policy[into & ~pits[:, None]].max())
