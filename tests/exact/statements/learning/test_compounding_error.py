import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, occupancy_of
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
