from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, occupancy_of
from gail.exact.regularizers import Logistic
from gail.exact.statements import check_compounding_error, check_recovery_family, compounding_curves, recovery_family
from gail.exact.statements.learning import compounding_error as compounding


@settings(deadline=None, derandomize=True, max_examples=20)
@given(mdp=..., seed=st.integers(0, 2**32 - 1), horizon=st.integers(1, 5))
def test_statement_18_on_random_processes(mdp: FiniteMDP, seed, horizon, failures, random_policy):
    rng = np.random.default_rng(seed)
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    cost = rng.random((mdp.num_states, mdp.num_actions))
    assert failures(check_compounding_error(mdp, cost, expert, horizon, "random", rng)) == []


def test_the_family_separates_the_algorithms(failures):
    assert failures(check_recovery_family("recovery")) == []
    curves = compounding_curves()
    growth = np.diff(np.log(np.stack([curves.cloning, curves.matching]))) / np.log(2.0)
    assert np.all(growth[0, 1:] > 1.6)  # quadratic in the horizon
    assert np.all(growth[1, 1:] < 1.6)
    assert growth[1, -1] == pytest.approx(1.0, abs=0.01)  # linear
    assert curves.cloning[-1] > 200.0 * curves.matching[-1]


def test_one_point_in_high_precision():
    member = recovery_family(0.99)
    with mpmath.workdps(40):
        gamma, eps, kept = mpmath.mpf(99) / 100, mpmath.mpf(1) / 1000, mpmath.mpf(1) / 4
        # rho(off) = gamma eps rho(on) + gamma (1 - k) rho(off), and rho(on) + rho(off) = 1/(1-gamma).
        loss = gamma * eps / ((1 - gamma) * (1 - gamma * (1 - kept) + gamma * eps))
    assert member.loss(member.learner(1e-3, 0.25)) == pytest.approx(float(loss), rel=1e-12)


def test_a_wrong_error_is_caught(failures, monkeypatch):
    """An eps of half its size would break cloning's bound on this very family."""
    member = recovery_family(0.5)
    honest = compounding.cloning_error
    monkeypatch.setattr(compounding, "cloning_error", lambda *arguments: 0.1 * honest(*arguments))
    expert = occupancy_of(member.mdp, member.expert)
    caught = failures(check_compounding_error(member.mdp, member.cost, expert, 5, "x", np.random.default_rng(0)))
    assert "cloning loses at most" in " ".join(name for name, _ in caught)


def test_costs_outside_the_unit_interval_are_refused():
    member = recovery_family(0.5)
    with pytest.raises(ValueError, match=r"\[0, 1\], got \[0, 2\]"):
        check_compounding_error(member.mdp, 2.0 * member.cost, np.ones((2, 2)), 5, "x", np.random.default_rng(0))


ENDING = FiniteMDP([[[0.0, 0.6], [0.3, 0.7]], [[0.5, 0.5], [0.0, 1.0]]], [1.0, 0.0], 0.9, [True, False])


def test_what_ends_early_counts_as_one_further_state():
    """The same process with the end of an episode as a state that is never left: total variation there."""
    going_on = np.zeros((3, 2, 3))
    going_on[:2, :, :2] = ENDING.transitions.toarray().reshape(2, 2, 2)
    going_on[..., 2] = 1.0 - going_on[..., :2].sum(axis=2)
    endless = FiniteMDP(going_on, [1.0, 0.0, 0.0], ENDING.discount)
    policies = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.2, 0.8], [0.1, 0.9]]])
    rho, expert = (occupancy_of(ENDING, policy) for policy in policies)
    whole, other = (occupancy_of(endless, np.vstack([policy, [1.0, 0.0]])) for policy in policies)
    # Normalised by the longest lifetime instead of 1/(1-gamma), and what is never met belongs to no measure.
    longest = float(ENDING.initial @ ENDING.lifetime)
    variation = 0.5 * abs(whole - other).sum() / longest
    assert abs(rho.sum() - expert.sum()) > 0.1
    assert compounding.matching_error(ENDING, rho, expert) == pytest.approx(variation, rel=1e-12)


@pytest.mark.parametrize("label", ["discounted", "5 steps"])
@pytest.mark.parametrize("share", [0.99, 1.01])
@pytest.mark.parametrize(
    ("error", "claim", "power"),
    [("cloning_error", "cloning loses at most eps H^2", 2), ("matching_error", "matching loses at most eps H", 1)],
)
def test_the_bounds_have_their_power_of_the_horizon(failures, monkeypatch, error, claim, power, share, label):
    """With eps = loss / H^k, times a share, the bound is the loss times this share: it holds from one on."""
    member = recovery_family(0.9)

    def least(mdp, learner, rho_expert):
        length = 10.0 if mdp.discount < 1.0 else 5.0
        rho = occupancy_of(mdp, learner) if error == "cloning_error" else learner
        cost = np.tile(member.cost, (len(rho) // 2, 1))
        return share * float(np.sum((rho - rho_expert) * cost)) / length**power

    monkeypatch.setattr(compounding, error, least)
    expert = occupancy_of(member.mdp, member.expert)
    check = check_compounding_error(member.mdp, member.cost, expert, 5, "x", np.random.default_rng(0))
    assert (f"Compounding error: {claim}, {label}" in dict(failures(check))) == (share < 1.0)


@pytest.mark.parametrize("share", [0.9, 1.1])
def test_total_variation_is_compared_with_twice_the_divergence(failures, monkeypatch, share):
    """An error of sqrt(2 JSD) times a share; JSD from the objective of psi_GA."""
    member = recovery_family(0.9)

    def largest(mdp, rho, rho_expert):
        length = float(mdp.initial @ mdp.lifetime)
        divergence = Logistic().conjugate(rho, rho_expert)[0] / (2.0 * length) + np.log(2.0)
        return share * np.sqrt(2.0 * divergence)

    monkeypatch.setattr(compounding, "matching_error", largest)
    expert = occupancy_of(member.mdp, member.expert)
    check = check_compounding_error(member.mdp, member.cost, expert, 5, "x", np.random.default_rng(0))
    assert ("Compounding error: TV^2 <= 2 JSD, discounted" in dict(failures(check))) == (share > 1.0)


def test_the_bounds_of_the_family_are_those_of_the_statement():
    """eps H^2 with cloning's eps, and H times the total variation of normalised occupancies."""
    curves = compounding_curves([2.0, 8.0], 1e-3)
    assert curves.cloning_bound == pytest.approx([4e-3, 64e-3], rel=1e-12)
    for horizon, bound in zip(curves.horizons, curves.matching_bound, strict=True):
        member = recovery_family(1.0 - 1.0 / horizon)
        rho, expert = (occupancy_of(member.mdp, one) for one in (member.learner(1e-3, 1.0), member.expert))
        assert bound == pytest.approx(0.5 * abs(rho - expert).sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        (lambda curves: {"cloning_bound": 0.999 * curves.cloning}, "cloning obeys its bound"),
        (lambda curves: {"matching_bound": 0.999 * curves.matching}, "matching obeys its bound"),
        (lambda curves: {"cloning": 0.6 * curves.cloning}, "cloning compounds"),
        (lambda curves: {"matching": 1.01 * curves.matching}, "matching does not compound"),
    ],
)
def test_losses_beyond_the_bounds_of_the_family_are_caught(failures, monkeypatch, changes, claim):
    curves = compounding_curves()
    monkeypatch.setattr(compounding, "compounding_curves", lambda: replace(curves, **changes(curves)))
    assert any(claim in name for name, _ in failures(check_recovery_family("changed")))
