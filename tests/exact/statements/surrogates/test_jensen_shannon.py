import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, occupancy_of
from gail.exact.regularizers import Logistic
from gail.exact.statements import check_jensen_shannon
from gail.exact.statements.surrogates import jensen_shannon


@settings(deadline=None, derandomize=True, max_examples=25)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_corollary_a_1_1_on_random_processes(mdp: FiniteMDP, seed, failures, random_policy):
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    assert failures(check_jensen_shannon(mdp, expert, "random", np.random.default_rng(seed))) == []


def test_a_deterministic_expert(gridworld, failures):
    expert = occupancy_of(gridworld, np.tile(np.eye(4)[1], (64, 1)))
    assert failures(check_jensen_shannon(gridworld, expert, "right", np.random.default_rng(0))) == []


def test_the_printed_form_is_claimed_only_where_no_episode_ends(gridworld):
    ending = FiniteMDP([[[0.0], [1.0]]], [1.0], 0.9, [True])
    for mdp, claimed in ((gridworld, True), (ending, False)):
        expert = occupancy_of(mdp, np.full((mdp.num_states, mdp.num_actions), 1.0 / mdp.num_actions))
        found = check_jensen_shannon(mdp, expert, "x", np.random.default_rng(0))
        assert any("(2/(1-gamma)) (JSD - log 2)" in c.statement for c in found.certificates) == claimed
        assert found.holds


def test_the_weighted_form_in_high_precision():
    """Two pairs, masses 4 and 3."""
    rho, expert = np.array([[3.0, 1.0]]), np.array([[1.0, 2.0]])
    with mpmath.workdps(40):
        exact = sum(
            mpmath.mpf(r) * mpmath.log(mpmath.mpf(r) / (r + e)) + e * mpmath.log(mpmath.mpf(e) / (r + e))
            for r, e in ((3, 1), (1, 2))
        )
    assert jensen_shannon._weighted_jensen_shannon(rho, expert) == pytest.approx(float(exact), rel=1e-14)


class Halved(Logistic):
    """The Jensen-Shannon divergence without its factor 2."""

    def answer(self, rho, expert):
        value, cost = super().answer(rho, expert)
        return 0.5 * value, cost


class Swapped(Logistic):
    """D as the probability of the expert: the other label."""

    def answer(self, rho, expert):
        value, _ = super().answer(rho, expert)
        return value, -np.log1p(rho / expert)


class Unsigned(Logistic):
    """g without its -x."""

    def penalty(self, cost):
        return super().penalty(cost) + cost


@pytest.mark.parametrize(
    ("broken", "claim"),
    [
        (Halved, "(2/(1-gamma)) (JSD - log 2)"),
        (Halved, "minus the loss of the best D"),
        (Halved, "any other D"),
        (Swapped, "c = log D"),
        (Unsigned, "-log D - log(1-D)"),
    ],
)
def test_a_wrong_psi_is_caught(broken, claim, gridworld, failures, random_policy, monkeypatch):
    monkeypatch.setattr(jensen_shannon, "Logistic", broken)
    expert = occupancy_of(gridworld, random_policy(gridworld, 0))
    found = failures(check_jensen_shannon(gridworld, expert, "broken", np.random.default_rng(0)))
    assert any(claim in statement for statement, _ in found)


@pytest.mark.parametrize("name", ["Logistic", "Exponential", "TruncatedQuadratic", "Hinge", "Jeffreys"])
def test_every_row_of_the_table_can_fail(name, gridworld, failures, random_policy, monkeypatch):
    honest = getattr(jensen_shannon, name)

    class Tilted(honest):
        def answer(self, rho, expert):
            value, cost = super().answer(rho, expert)
            return 1.0001 * value, cost

    monkeypatch.setattr(jensen_shannon, name, Tilted)
    expert = occupancy_of(gridworld, random_policy(gridworld, 0))
    found = failures(check_jensen_shannon(gridworld, expert, "broken", np.random.default_rng(0)))
    assert any("-R_phi" in statement for statement, _ in found)


@pytest.mark.parametrize("share", [0.99, 1.01])
def test_less_than_the_squared_variation_does_not_bound_it(share, gridworld, failures, random_policy, monkeypatch):
    """In place of JSD, a share of TV^2 / 2: the claim holds from one on."""

    def small(rho, expert):
        return share * 0.5 * (0.5 * abs(rho / rho.sum() - expert / expert.sum()).sum()) ** 2

    monkeypatch.setattr(jensen_shannon, "_jensen_shannon", small)
    expert = occupancy_of(gridworld, random_policy(gridworld, 0))
    found = failures(check_jensen_shannon(gridworld, expert, "broken", np.random.default_rng(0)))
    assert ("Corollary A.1.1: TV <= sqrt(2 JSD)" in dict(found)) == (share < 1.0)
