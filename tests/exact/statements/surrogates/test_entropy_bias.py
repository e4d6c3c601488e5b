import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from gail.exact import FiniteMDP, causal_entropy, match_occupancy, occupancy_of
from gail.exact.regularizers import Logistic
from gail.exact.statements import bias_curve, check_uniqueness_and_bias
from gail.exact.statements.surrogates import entropy_bias as bias


def test_the_curve_is_the_divergence_and_the_printed_bound(gridworld, random_policy):
    expert = occupancy_of(gridworld, random_policy(gridworld, 3))
    curve = bias_curve(gridworld, expert, [0.02, 0.2, 1.0])
    for weight, divergence, bound in zip(curve.entropy_weights, curve.divergence, curve.bound, strict=True):
        rho = match_occupancy(gridworld, expert, Logistic(), weight).occupancy
        assert divergence == pytest.approx(jensenshannon(rho.ravel(), expert.ravel()) ** 2, rel=1e-6)
        assert bound == pytest.approx(weight / 2 * (np.log(4) - (1 - gridworld.discount) * causal_entropy(expert)))
    assert np.all(np.diff(curve.divergence) > 0.0)
    assert np.all(curve.divergence < curve.bound)


def test_the_bias_of_a_uniform_expert_is_none(gridworld):
    """The bound is zero, so the optimum is the expert at every lambda."""
    curve = bias_curve(gridworld, occupancy_of(gridworld, np.full((64, 4), 0.25)))
    assert abs(curve.bound).max() <= 1e-12
    assert abs(curve.divergence).max() <= 1e-12


def test_different_masses_keep_the_bound_from_zero():
    """One state whose action 0 ends the episode: however little entropy, the learner outlives the expert."""
    mdp = FiniteMDP([[[0.0], [1.0]]], [1.0], 0.9, [True])
    curve = bias_curve(mdp, occupancy_of(mdp, [[0.5, 0.5]]), [1e-3, 1e-2, 1e-1])
    assert np.all(curve.divergence <= curve.bound)
    assert curve.divergence[0] > 1e-3


def test_no_weights_give_an_empty_curve(gridworld):
    assert bias_curve(gridworld, occupancy_of(gridworld, np.full((64, 4), 0.25)), []).divergence.shape == (0,)


@pytest.mark.parametrize(
    ("name", "broken", "claim"),
    [
        ("causal_entropy", lambda rho: 40.0 * causal_entropy(rho), "at most the bound of the bias"),
        ("causal_entropy", lambda rho: -causal_entropy(rho), "Hbar(rho*) grows"),
    ],
)
def test_another_formula_is_caught(name, broken, claim, gridworld, failures, random_policy, monkeypatch):
    monkeypatch.setattr(bias, name, broken)
    expert = occupancy_of(gridworld, random_policy(gridworld, 0))
    found = failures(check_uniqueness_and_bias(gridworld, expert, 0.5, "broken", np.random.default_rng(0)))
    assert any(claim in statement for statement, _ in found)
