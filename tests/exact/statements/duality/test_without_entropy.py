from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, match_occupancy, occupancy_of
from gail.exact import regularizers as psi
from gail.exact.statements import check_without_entropy
from gail.exact.statements.duality import without_entropy


@pytest.mark.parametrize("regularizer", [psi.Constant(), psi.Logistic(), psi.LInfBall(), psi.Quadratic(0.5)], ids=repr)
@settings(deadline=None, derandomize=True, max_examples=15)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_imitators_are_among_the_optimal_policies_of_their_cost(
    mdp: FiniteMDP, regularizer, seed, failures, random_policy
):
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    found = check_without_entropy(mdp, expert, regularizer, "random", np.random.default_rng(seed + 1))
    # Where no state leaves a choice of occupancy there is nothing to show of another policy.
    assert [f for f in failures(found) if "another occupancy" not in f[0]] == []


def test_the_inclusion_is_strict(gridworld, failures):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    found = check_without_entropy(gridworld, expert, psi.Constant(), "gridworld", np.random.default_rng(0))
    assert failures(found) == []
    assert any("another occupancy" in claim.statement for claim in found.certificates)


def test_an_imitator_that_is_not_optimal_would_be_caught(gridworld, failures, monkeypatch):
    def careless(*problem):
        found = match_occupancy(*problem)
        return replace(found, occupancy=occupancy_of(gridworld, np.full((64, 4), 0.25)))

    monkeypatch.setattr(without_entropy, "match_occupancy", careless)
    rng = np.random.default_rng(0)
    expert = occupancy_of(gridworld, rng.dirichlet(np.ones(4), size=64))
    found = failures(check_without_entropy(gridworld, expert, psi.Simplex(rng.normal(size=(64, 4, 3))), "broken", rng))
    assert [name.split(": ")[1] for name, _ in found] == ["no gap", "the imitator is optimal for its cost"]
