from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, Solution, occupancy_of
from gail.exact.regularizers import L2Ball, Simplex
from gail.exact.statements import check_feature_classes
from gail.exact.statements.apprenticeship import feature_classes


@settings(deadline=None, derandomize=True, max_examples=15)
@given(mdp=..., seed=st.integers(0, 2**32 - 1), count=st.integers(1, 4))
def test_statement_9_on_random_processes(mdp: FiniteMDP, seed, count, failures, random_policy):
    rng = np.random.default_rng(seed)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    features = rng.normal(size=(mdp.num_states, mdp.num_actions, count))
    assert failures(check_feature_classes(mdp, expert, features, 0.5, "random", rng)) == []


def test_features_of_the_task(gridworld, goal_cost, failures):
    """Features that the expert is better in than every learner, and one that says nothing."""
    rows, columns = np.divmod(np.arange(64.0), 8)
    features = np.stack([goal_cost, *(np.tile(7.0 - one[:, None], 4) for one in (rows, columns)), 0 * goal_cost], -1)
    expert = occupancy_of(gridworld, np.tile([0.05, 0.45, 0.45, 0.05], (64, 1)))
    found = check_feature_classes(gridworld, expert, features, 0.2, "goal", np.random.default_rng(0))
    assert failures(found) == []
    assert found.solutions["ball"].primal_value == pytest.approx(0.0, abs=1e-9)


def test_the_sign_is_seen(gridworld, failures, random_policy):
    rng = np.random.default_rng(1)
    expert = occupancy_of(gridworld, random_policy(gridworld, 1))
    found = check_feature_classes(gridworld, expert, rng.normal(size=(64, 4, 3)), 0.5, "random", rng)
    assert any("below zero" in c.statement for c in found.certificates)


class Unsigned(Simplex):
    """The largest gap without its sign."""

    def support(self, gap):
        return float(abs(gap).max())


class Sharp(L2Ball):
    """The l1 norm."""

    def support(self, gap):
        return float(abs(gap).sum())


class Short(L2Ball):
    """A best response that stops short of the sphere."""

    def response(self, gap):
        return 0.9 * super().response(gap)


@pytest.mark.parametrize(
    ("name", "broken", "claim"),
    [
        ("Simplex", Unsigned, "simplex: psi* is the largest signed entry"),
        ("Simplex", Unsigned, "simplex: psi* is negative"),
        ("Simplex", Unsigned, "simplex: psi* is the supremum"),
        ("L2Ball", Sharp, "ball: psi* is the l2 norm"),
        ("L2Ball", Sharp, "ball: psi* is the supremum"),
        ("L2Ball", Short, "ball: the returned cost attains psi*"),
    ],
)
def test_a_wrong_class_is_caught(name, broken, claim, gridworld, failures, random_policy, monkeypatch):
    monkeypatch.setattr(feature_classes, name, broken)
    rng = np.random.default_rng(0)
    expert = occupancy_of(gridworld, random_policy(gridworld, 0))
    found = failures(check_feature_classes(gridworld, expert, rng.normal(size=(64, 4, 3)), 0.5, "broken", rng))
    assert any(claim in statement for statement, _ in found)


@pytest.mark.parametrize(
    ("shift", "claim"),
    [
        (1e-4, "is not below the minimum"),
        (1e-4, "no learner has a lower value"),
        (-1e-4, "ball: no cost of the class gives a higher bound"),
        (-60.0, "GTAL by MWAL gives no bound above the minimum"),
        (-60.0, "is above the minimum by at most its bound"),
        (1e-4, "simplex: LPAL solves GTAL"),
        (1e-4, "the solution's policy attains the minimum"),
    ],
)
def test_a_wrong_minimum_is_caught(shift, claim, gridworld, failures, monkeypatch):
    honest = feature_classes.match_occupancy

    class Shifted(Solution):
        @property
        def primal_value(self):
            return super().primal_value + shift

    def match(*arguments):
        solution = honest(*arguments)
        return Shifted(**{one.name: getattr(solution, one.name) for one in fields(solution)})

    monkeypatch.setattr(feature_classes, "match_occupancy", match)
    rng = np.random.default_rng(0)
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    found = failures(check_feature_classes(gridworld, expert, rng.normal(size=(64, 4, 3)), 0.5, "broken", rng))
    assert any(claim in statement for statement, _ in found)


SMALL = FiniteMDP(np.random.default_rng(7).dirichlet(np.ones(4), size=(4, 3)), np.full(4, 0.25), 0.8)


def rates(features, expert):
    """What each algorithm may lack after its rounds, from the formulas of its literature."""
    rounds, length = feature_classes.ROUNDS, 1.0 / (1.0 - SMALL.discount)
    largest = length * np.linalg.norm(features, axis=2).max()
    demonstrated = np.tensordot(expert, features, axes=2)
    span = (length * np.maximum(features.max(axis=(0, 1)), 0.0) - demonstrated).max()
    span -= (length * np.minimum(features.min(axis=(0, 1)), 0.0) - demonstrated).min()
    return {
        "conditional_gradient": 2.0 * (2.0 * largest) / np.sqrt(rounds + 2.0),
        "projected_ascent": (largest + np.linalg.norm(demonstrated)) * (1.0 / np.sqrt(rounds) + 2.0 / rounds),
        "multiplicative_weights": span * (np.sqrt(np.log(3.0) / (2.0 * rounds)) + 1.0 / rounds),
    }


ALGORITHMS = {
    "conditional_gradient": ("ball", "ball: FEM by projections"),
    "projected_ascent": ("ball", "ball: FEM by gradients of the weights"),
    "multiplicative_weights": ("simplex", "simplex: GTAL by MWAL"),
}


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("share", [0.99, 1.01])
def test_an_algorithm_beyond_its_rate_is_caught(name, share, random_policy, monkeypatch):
    rng = np.random.default_rng(0)
    expert, features = occupancy_of(SMALL, random_policy(SMALL, 0)), rng.normal(size=(4, 3, 3))
    label, method = ALGORITHMS[name]
    minima = check_feature_classes(SMALL, expert, features, 0.5, "honest", np.random.default_rng(0)).solutions
    reached = minima[label].primal_value + share * rates(features, expert)[name]
    honest = getattr(feature_classes, name)

    def slow(*given, **options):
        run = honest(*given, **options)
        return replace(run, primal=np.append(run.primal[:-1], reached))

    monkeypatch.setattr(feature_classes, name, slow)
    found = check_feature_classes(SMALL, expert, features, 0.5, "slow", np.random.default_rng(0))
    (claim,) = (
        one
        for one in found.certificates
        if one.statement.endswith(f"{method} is above the minimum by at most its bound")
    )
    assert claim.holds == (share < 1.0)


@pytest.mark.parametrize(("side", "by"), [("primal", -1e-6), ("dual", 1e-6)])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_that_beats_the_minimum_is_caught(name, side, by, failures, random_policy, monkeypatch):
    rng = np.random.default_rng(0)
    expert, features = occupancy_of(SMALL, random_policy(SMALL, 0)), rng.normal(size=(4, 3, 3))
    label, method = ALGORITHMS[name]
    unit = 5.0 * np.linalg.norm(features, axis=2).max()
    minimum = check_feature_classes(SMALL, expert, features, 0.5, "honest", np.random.default_rng(0)).solutions[label]
    honest, claim = (
        getattr(feature_classes, name),
        {"primal": "is not below the minimum", "dual": "gives no bound above"},
    )

    def better(*given, **options):
        run = honest(*given, **options)
        return replace(run, **{side: np.full_like(getattr(run, side), minimum.primal_value + by * unit)})

    monkeypatch.setattr(feature_classes, name, better)
    found = failures(check_feature_classes(SMALL, expert, features, 0.5, "better", np.random.default_rng(0)))
    assert any(f"{method} {claim[side]}" in statement for statement, _ in found)
