from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from gail.exact import FiniteMDP, causal_entropy, match_occupancy, occupancy_of
from gail.exact.regularizers import Logistic
from gail.exact.statements import bias_curve, check_uniqueness_and_bias
from gail.exact.statements.surrogates import entropy_bias as bias
from gail.exact.statements.verdicts import Verdicts


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


STOP = FiniteMDP([[[0.0], [1.0]]], [1.0], 0.9, [True])
"""One state; action 0 ends the episode, action 1 does not."""


def test_the_bound_counts_the_difference_of_the_masses():
    """At the minimiser's own masses; without the difference it would be no bound."""
    expert, weights = occupancy_of(STOP, [[0.5, 0.5]]), np.array([1e-3, 1e-1])
    curve = bias_curve(STOP, expert, weights)
    for weight, divergence, bound in zip(weights, curve.divergence, curve.bound, strict=True):
        mass, other = match_occupancy(STOP, expert, Logistic(), weight).occupancy.sum(), expert.sum()
        entropic = weight * (mass * np.log(2.0) - causal_entropy(expert)) / (mass + other)
        assert bound == pytest.approx(entropic + (mass - other) * np.log(2.0) / (mass + other), rel=1e-9)
        assert divergence <= bound
    assert curve.divergence[0] > 10.0 * weights[0] * np.log(2.0) > entropic * weights[0] / weights[1]


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        (lambda curve: {"bound": 0.999 * curve.divergence}, "JSD is at most the bound of the bias"),
        (lambda curve: {"divergence": curve.divergence - curve.divergence[1]}, "JSD is not negative"),
        (lambda curve: {"objective": curve.objective[[1, 0, 2]]}, "J(rho*) grows with lambda"),
        (lambda curve: {"entropy": curve.entropy[[0, 2, 1]]}, "Hbar(rho*) grows with lambda"),
        (lambda curve: {"bound": 1.001 * curve.bound}, "the bound is (lambda/2) (log A - (1-gamma) H(pi_E))"),
    ],
)
def test_another_curve_is_caught(changes, claim, gridworld, failures, random_policy, monkeypatch):
    honest = bias.bias_curve
    monkeypatch.setattr(
        bias, "bias_curve", lambda *given: (curve := honest(*given)) and replace(curve, **changes(curve))
    )
    verdicts = Verdicts("Bias", "changed")
    bias.claim_bias(verdicts, gridworld, occupancy_of(gridworld, random_policy(gridworld, 0)), 0.5)
    found = failures(verdicts.verification())
    assert any(claim in statement for statement, _ in found)
