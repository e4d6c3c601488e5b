import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, occupancy_of
from gail.exact.regularizers import Exponential, Hinge, Jeffreys, Logistic, TruncatedQuadratic
from gail.exact.statements import check_surrogate_family
from gail.exact.statements.surrogates.surrogate_family import inverse_phi, least_risk, numeric_conjugate

FAMILY = (Logistic(), Exponential(), TruncatedQuadratic(), Hinge(), Jeffreys())


@settings(deadline=None, derandomize=True, max_examples=12)
@given(mdp=..., seed=st.integers(0, 2**32 - 1), psi=st.sampled_from(FAMILY))
def test_proposition_a_1_on_random_processes(mdp: FiniteMDP, seed, psi, failures, random_policy):
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    assert failures(check_surrogate_family(mdp, expert, psi, "random", np.random.default_rng(seed))) == []


def test_a_deterministic_expert(gridworld, failures):
    expert = occupancy_of(gridworld, np.tile(np.eye(4)[1], (64, 1)))
    for psi in FAMILY:
        assert failures(check_surrogate_family(gridworld, expert, psi, "right", np.random.default_rng(0))) == []


class Tilted(Logistic):
    """A conjugate that is off by one in a thousand."""

    def answer(self, rho, expert):
        value, cost = super().answer(rho, expert)
        return 1.001 * value, cost


class Shifted(Logistic):
    """A penalty with the wrong constant."""

    def penalty(self, cost):
        return super().penalty(cost) + 1e-6


class Wide(TruncatedQuadratic):
    """A domain that does not end where phi does."""

    domain = (-4.5, 0.0)


class Rising(Hinge):
    """A phi that does not decrease everywhere."""

    def phi(self, logit):
        return abs(logit)


class Open(Logistic):
    """T closed where it has no end: psi stays finite at c = 0 < rho_E."""

    def penalty(self, cost):
        return super().penalty(np.minimum(cost, -1e-12))


@pytest.mark.parametrize(
    ("broken", "claim"),
    [
        (Tilted(), "minus the least risk, on a ladder"),
        (Tilted(), "the numeric conjugate of psi_phi, on a ladder"),
        (Shifted(), "psi is sum rho_E g_phi"),
        (Wide(), "T = -phi"),
        (Wide(), "infinite outside T"),
        (Rising(), "strictly decreases"),
        (Open(), "infinite at an end that T lacks"),
    ],
)
def test_a_wrong_psi_is_caught(broken, claim, gridworld, failures):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    found = failures(check_surrogate_family(gridworld, expert, broken, "broken", np.random.default_rng(0)))
    assert any(claim in statement for statement, _ in found)


def test_the_numeric_sides_by_hand():
    """At rho = 3, rho_E = 1: 3 log(3/4) + log(1/4), -2 sqrt 3, -3, -2 and 2 log 3 - 4."""
    rho, expert = np.array([3.0]), np.array([1.0])
    exact = (3 * np.log(0.75) + np.log(0.25), -2 * np.sqrt(3), -3.0, -2.0, 2 * np.log(3) - 4)
    for psi, value in zip(FAMILY, exact, strict=True):
        assert -least_risk(psi, rho, expert)[0] == pytest.approx(value, rel=1e-14)
        assert numeric_conjugate(psi, rho, expert)[0] == pytest.approx(value, rel=1e-13)


def test_phi_is_inverted_at_any_magnitude():
    logit = np.array([-600.0, -30.0, -1e-3, 0.0, 0.7, 30.0, 600.0])
    assert inverse_phi(Exponential(), np.exp(-logit)) == pytest.approx(logit, rel=1e-12, abs=1e-14)
    assert inverse_phi(Hinge(), np.array([0.0, 0.5, 2.0])) == pytest.approx([1.0, 0.5, -1.0], abs=1e-14)
