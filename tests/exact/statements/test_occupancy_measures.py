import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP
from gail.exact.statements import check_lemma_3_1, check_lemma_3_2, check_proposition_3_1
from gail.exact.statements import occupancy_measures as occupancies

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=20)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_statements_1_to_3_on_random_processes(mdp: FiniteMDP, seed, failures):
    rng = np.random.default_rng(seed)
    assert failures(check_proposition_3_1(mdp, "random", rng)) == []
    assert failures(check_lemma_3_1(mdp, "random", rng)) == []
    assert failures(check_lemma_3_2(mdp, 0.7, "random", rng)) == []


def test_statements_1_to_3_on_a_gridworld(gridworld, failures):
    rng = np.random.default_rng(0)
    for verification in (
        check_proposition_3_1(gridworld, "gridworld", rng),
        check_lemma_3_1(gridworld, "gridworld", rng),
        check_lemma_3_2(gridworld, 1.0, "gridworld", rng),
    ):
        assert failures(verification) == []
        assert all(c.instance == "gridworld" for c in verification.certificates)


@pytest.mark.parametrize(
    ("name", "broken", "check", "caught"),
    [
        ("causal_entropy", lambda f: lambda rho: -f(rho), check_lemma_3_1, "H(pi) = Hbar"),
        ("causal_entropy", lambda f: lambda rho: 2.0 * f(rho), check_lemma_3_1, "mean divergence"),
        ("occupancy_of", lambda f: lambda mdp, pi: 0.99 * f(mdp, pi), check_proposition_3_1, "flow constraints"),
        ("policy_of", lambda f: lambda rho: f(rho + 1e-6), check_proposition_3_1, "pi -> rho -> pi"),
    ],
)
def test_a_wrong_formula_is_caught(gridworld, failures, monkeypatch, name, broken, check, caught):
    monkeypatch.setattr(occupancies, name, broken(getattr(occupancies, name)))
    assert caught in " ".join(name for name, _ in failures(check(gridworld, "broken", np.random.default_rng(0))))


@pytest.mark.parametrize("share", [0.98, 1.0])
def test_pinskers_bound_has_its_constant(failures, monkeypatch, share):
    """Two policies near each other: the divergence of two actions is twice the square of their distance, about."""
    bandit, policies = (
        FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5),
        [np.array([[0.5 + d, 0.5 - d]]) for d in (0.05, -0.05)],
    )
    monkeypatch.setattr(occupancies, "random_policies", lambda mdp, count, rng: policies * (count // 2))
    honest = occupancies.causal_entropy
    monkeypatch.setattr(
        occupancies, "causal_entropy", lambda rho: share * honest(rho) + (1.0 - share) * np.log(2.0) * rho.sum()
    )
    found = dict(failures(check_lemma_3_1(bandit, "near", np.random.default_rng(0))))
    assert ("Lemma 3.1: the midpoint gap is at least Pinsker's bound" in found) == (share < 1.0)


def test_a_mass_beyond_the_longest_lifetime_is_caught(gridworld, failures, monkeypatch):
    honest = occupancies.occupancy_of
    monkeypatch.setattr(occupancies, "occupancy_of", lambda mdp, policy: (1.0 + 1e-6) * honest(mdp, policy))
    found = dict(failures(check_proposition_3_1(gridworld, "longer", np.random.default_rng(0))))
    assert "Proposition 3.1: the mass is at most the longest lifetime" in found
