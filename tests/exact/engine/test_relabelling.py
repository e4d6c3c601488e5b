"""Names of states and actions mean nothing: every solver commutes with their permutations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, match_occupancy, occupancy_of, solve_irl, solve_occupancy_lp, solve_rl
from gail.exact import regularizers as psi

CHECKED = settings(deadline=None, derandomize=True, max_examples=15)
SEEDS = st.integers(0, 2**32 - 1)


class Relabelling:
    """A permutation of states and one of actions: new state i is old state `states[i]`."""

    def __init__(self, mdp: FiniteMDP, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.states, self.actions = rng.permutation(mdp.num_states), rng.permutation(mdp.num_actions)
        dense = mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, mdp.num_states)
        self.mdp = FiniteMDP(
            self.pairs(dense)[:, :, self.states], mdp.initial[self.states], mdp.discount, mdp.terminal[self.states]
        )

    def pairs(self, array: np.ndarray) -> np.ndarray:
        """An array over pairs (S, A, ...) in the new order."""
        return array[self.states][:, self.actions]


@CHECKED
@given(mdp=..., seed=SEEDS, weight=st.sampled_from([0.0, 0.3, 2.0]))
def test_planning(mdp: FiniteMDP, seed: int, weight: float, random_cost):
    new, cost = Relabelling(mdp, seed), random_cost(mdp, seed)
    there, here = solve_rl(new.mdp, new.pairs(cost), weight), solve_rl(mdp, cost, weight)
    np.testing.assert_allclose(there.values, here.values[new.states], rtol=1e-9, atol=1e-9)
    if weight > 0.0:  # else ties may be broken either way
        np.testing.assert_allclose(there.occupancy, new.pairs(here.occupancy), rtol=1e-8, atol=1e-9)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_the_linear_program(mdp: FiniteMDP, seed: int, random_cost):
    new, cost = Relabelling(mdp, seed), random_cost(mdp, seed)
    there, here = solve_occupancy_lp(new.mdp, new.pairs(cost)), solve_occupancy_lp(mdp, cost)
    np.testing.assert_allclose(there.primal_value, here.primal_value, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("solve", [solve_irl, match_occupancy])
@pytest.mark.parametrize(
    "regularizer",
    [
        lambda _: psi.Constant(),
        lambda _: psi.Logistic(),
        lambda _: psi.ReverseKL(),
        lambda _: psi.LInfBall(),
        lambda features: psi.L2Ball(features),
        lambda features: psi.Simplex(features),
        lambda features: psi.LinearSpan(features),
    ],
    ids=["Constant", "Logistic", "ReverseKL", "LInfBall", "L2Ball", "Simplex", "LinearSpan"],
)
@settings(deadline=None, derandomize=True, max_examples=6)
@given(mdp=..., seed=SEEDS)
def test_imitation(mdp: FiniteMDP, seed: int, regularizer, solve, random_policy):
    new = Relabelling(mdp, seed)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    features = np.random.default_rng(seed).normal(size=(mdp.num_states, mdp.num_actions, 2))
    here = solve(mdp, expert, regularizer(features), 0.5)
    there = solve(new.mdp, new.pairs(expert), regularizer(new.pairs(features)), 0.5)
    # Only what is proven is bound to agree.
    here.require_optimal(1e-8)
    there.require_optimal(1e-8)
    difference = abs(there.occupancy - new.pairs(here.occupancy)).sum() / expert.sum()
    assert difference <= 1e-5
    np.testing.assert_allclose(there.primal_value, here.primal_value, rtol=1e-8, atol=1e-8)
