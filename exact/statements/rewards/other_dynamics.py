"""Learned rewards under other dynamics (Fu, Luo & Levine 2018, section 5 and their experiment on a table).

24  Where the dynamics determine a state-only reward up to a constant, the state-only reward that AIRL learns has no
    regret under any other dynamics, at lambda = 0 and at lambda > 0. f = g + shaping has the same optimum as g.

Expected failure: a state-action reward is the expert's advantage. It has no regret on the dynamics on which it was
learned, and under other dynamics it is hardly better than the uniform policy. The reward of GAIL's discriminator is
log rho_E / rho_pi: against an early learner it contains the expert's policy and fails likewise, and at the solution
rho_pi = rho_E it is constant, so that every policy is optimal, the worst one included.
"""

from __future__ import annotations

import numpy as np

from gail.exact.occupancy import occupancy_of
from gail.exact.planning.rl import solve_rl
from gail.exact.process.arrays import Array
from gail.exact.process.finite_mdp import FiniteMDP
from gail.exact.rewards.airl import fit_airl
from gail.exact.rewards.transfer import transfer
from gail.exact.statements.certificates import Verification
from gail.exact.statements.rewards.instances import ACTIONS, STATES, random_dynamics
from gail.exact.statements.verdicts import Verdicts

TARGETS = 5

TOLERANCE = 1e-8

HARDLY_BETTER = 0.3
"""Least relative regret, mean over targets, in the expected failure; the uniform policy has 1."""


def check_transfer(instance: str, rng: np.random.Generator) -> Verification:
    """Statement 24 on random tables; the true reward is 1 in a random state."""
    verdicts = Verdicts("Transfer", instance)
    source, reward, expert = _learned_from(rng)
    fit = fit_airl(source, expert, next_state="expected")
    for weight in (0.0, 1.0):
        found = [transfer(fit.reward, target, -reward, weight) for target in _targets(rng)]
        regrets = [one.relative_regret for one in found]
        claim = f"the state-only reward has no regret under other dynamics, lambda = {weight:g}"
        verdicts.identity(claim, regrets, 0.0, TOLERANCE)
    targets = _targets(rng)
    g, f = ([transfer(of(one), one, -reward).value for one in targets] for of in (lambda _: fit.reward, fit.shaped))
    verdicts.identity("f and g have one optimum under other dynamics", g, f, TOLERANCE)
    return verdicts.verification()


def check_entangled_rewards(instance: str) -> Verification:
    """The expected failure of statement 24 on one random table."""
    verdicts = Verdicts("Transfer, entangled rewards", instance)
    rng = np.random.default_rng(0)
    source, reward, expert = _learned_from(rng)
    targets = _targets(rng)
    pairs = fit_airl(source, expert, state_only=False).reward
    at_source = transfer(pairs, source, -reward).relative_regret
    verdicts.identity("the state-action reward has no regret where it was learned", at_source, 0.0, TOLERANCE)
    uniform = np.full((STATES, ACTIONS), 1.0 / ACTIONS)
    early = np.log(expert / occupancy_of(source, uniform))
    for name, learned in (
        ("the state-action reward", pairs),
        ("GAIL's discriminator against an early learner", early),
        ("GAIL's discriminator at the solution", np.zeros(STATES)),
    ):
        regret = float(np.mean([transfer(learned, target, -reward).relative_regret for target in targets]))
        verdicts.differs(f"{name} has regret under other dynamics", regret, HARDLY_BETTER)
    return verdicts.verification()


def _learned_from(rng: np.random.Generator) -> tuple[FiniteMDP, Array, Array]:
    """A source, a true reward (S,), and the expert's occupancy measure."""
    source = random_dynamics(rng)
    reward = np.eye(STATES)[rng.integers(STATES)]
    return source, reward, solve_rl(source, -reward, 1.0).occupancy


def _targets(rng: np.random.Generator) -> list[FiniteMDP]:
    return [random_dynamics(rng) for _ in range(TARGETS)]
