from dataclasses import fields

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
