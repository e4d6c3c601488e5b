"""The rewards that an expert on the source yields, one per method.

| method | reward |
|---|---|
| IRL with a regularizer psi | minus the optimal cost of `solve_irl`, at the expert's lambda |
| MaxEnt IRL, state-only | the same for costs that are any function of the state (Ziebart, Bagnell & Dey 2010) |
| AIRL | lambda g at the fixed point pi = pi_E; f, and so g, is in units of lambda |
| GAN-GCL of transitions | lambda log pi_E: AIRL's f without shaping |
| GAN-GCL, GCL on paths | see `path_rewards` |
| GAIL's D | log (1-D)/D = log rho_E / rho_pi of the last discriminator of the game (`frozen`) |
| constant D | 0: what every method must beat |

A psi whose dual has no maximum at this expert has no reward. It is listed with its status, without a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gail.exact import fit_airl, solve_irl
from gail.exact.process.arrays import Array
from gail.exact.regularizers import LinearSpan
from gail.exact.solution import Status
from gail.experiments.transfer.pairs import Pair
from gail.experiments.transfer.path_rewards import learned_on_paths
from gail.experiments.verify.psi_choices import CHOICES, MakePsi

Kind = Literal["state", "state-action"]

TRUTH, STATE_ONLY, SAMPLED = "true reward", "AIRL state-only, expected", "AIRL state-only, sampled"
STATE_ACTION, LAST_D, CONSTANT_D = "AIRL state-action, expected", "GAIL's D at the end", "constant D"


@dataclass(frozen=True, eq=False)
class Learned:
    """A reward, or why there is none.

    Attributes:
        name: the method.
        kind: what the reward is a function of.
        reward: (S,) or (S, A); None if there is none.
        note: a status, or a reason in words.
    """

    name: str
    kind: Kind
    reward: Array | None
    note: str = ""


def learned_rewards(pair: Pair, last_discriminator: Array) -> list[Learned]:
    """Every reward, the true one first; the (S, A) reward of GAIL's last discriminator is given."""
    return [
        Learned(TRUTH, "state", pair.reward),
        *_maximum_entropy(pair),
        *_adversarial(pair),
        *_on_paths(pair),
        Learned(LAST_D, "state-action", last_discriminator),
        Learned(CONSTANT_D, "state", np.zeros(pair.source.num_states)),
    ]


def _maximum_entropy(pair: Pair) -> Iterator[Learned]:
    states, actions = pair.source.num_states, pair.source.num_actions
    indicators = np.repeat(np.eye(states)[:, None, :], actions, axis=1)
    yield _minus_cost(pair, "MaxEnt IRL, state-only", lambda mdp: LinearSpan(indicators), "state")
    for name, make_psi in CHOICES.items():
        yield _minus_cost(pair, f"IRL, psi {name}", make_psi, "state-action")


def _minus_cost(pair: Pair, name: str, make_psi: MakePsi, kind: Kind) -> Learned:
    found = solve_irl(pair.source, pair.expert.occupancy, make_psi(pair.source), pair.entropy_weight)
    if found.cost is None:
        return Learned(name, kind, None, found.status.name)
    reward = -found.cost.mean(axis=1) if kind == "state" else -found.cost
    return Learned(name, kind, reward, "" if found.status is Status.OPTIMAL else found.status.name)


def _adversarial(pair: Pair) -> Iterator[Learned]:
    for next_state in ("expected", "sampled"):
        for state_only, kind in ((True, "state-only"), (False, "state-action")):
            yield _airl(pair, f"AIRL {kind}, {next_state}", state_only, next_state)
    fit = fit_airl(pair.source, pair.expert.occupancy, state_only=False, shaping=False)
    yield Learned("GAN-GCL, transitions", "state-action", pair.entropy_weight * fit.reward, _unless_optimal(fit.status))


def _airl(pair: Pair, name: str, state_only: bool, next_state: Literal["expected", "sampled"]) -> Learned:
    fit = fit_airl(pair.source, pair.expert.occupancy, state_only=state_only, next_state=next_state)
    kind: Kind = "state" if state_only else "state-action"
    return Learned(name, kind, pair.entropy_weight * fit.reward, _unless_optimal(fit.status))


def _on_paths(pair: Pair) -> Iterator[Learned]:
    """GAN-GCL and GCL on paths."""
    for name, reward, note in learned_on_paths(pair):
        yield Learned(name, "state-action", reward, note)


def _unless_optimal(status: Status) -> str:
    return "" if status is Status.OPTIMAL else status.name
