from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from gail.exact import Matching, causal_entropy, occupancy_of
from gail.experiments.compare import Algorithm
from gail.experiments.compare.comparison import measured_against
from gail.experiments.compare.measures import ExactMeasures, jensen_shannon, total_variation


@pytest.fixture
def yardstick(problem):
    return measured_against(problem, [Algorithm.GAIL])[Algorithm.GAIL]


def test_distances_are_those_of_probabilities():
    rng = np.random.default_rng(0)
    one, other = rng.dirichlet(np.ones(6)).reshape(3, 2), rng.dirichlet(np.ones(6)).reshape(3, 2)
    assert jensen_shannon(5.0 * one, 5.0 * other) == pytest.approx(jensenshannon(one.ravel(), other.ravel()) ** 2)
    best_set = one > other  # total variation is the largest difference in probability of any set
    assert total_variation(5.0 * one, 5.0 * other) == pytest.approx(one[best_set].sum() - other[best_set].sum())
    apart = np.array([[1.0, 0.0]]), np.array([[0.0, 2.0]])
    assert jensen_shannon(*apart) == pytest.approx(np.log(2.0))
    assert total_variation(*apart) == pytest.approx(1.0)


def test_the_exact_optimum_has_no_excess_and_the_uniform_policy_all_of_it(yardstick):
    best = yardstick.measure(yardstick.optimum.policy)
    assert best.excess == pytest.approx(0.0, abs=1e-7)
    assert best.variation_optimum == pytest.approx(0.0, abs=1e-4)
    uniform = yardstick.measure(np.full(yardstick.problem.expert.shape, 0.25))
    assert uniform.excess_share == pytest.approx(1.0)
    assert uniform.excess == pytest.approx(uniform.objective - yardstick.optimum.primal_value)
    assert uniform.excess_relative == pytest.approx(uniform.excess / abs(yardstick.optimum.primal_value))
    assert uniform.excess > 0.1


def test_an_excess_relative_to_an_optimum_of_zero_is_none(problem, yardstick):
    psi = problem.regularizer(Algorithm.FEM)
    matching = Matching(problem.mdp, problem.expert, psi, 1e-16)  # without entropy the minimum is J = 0, at the expert
    optimum = replace(yardstick.optimum, problem=matching, occupancy=problem.expert)
    found = ExactMeasures(matching, matching, optimum, None).measure(np.full(problem.expert.shape, 0.25))
    assert found.excess_relative is None
    assert found.excess_share == pytest.approx(1.0)


def test_j_of_psi_ga_is_the_divergence_less_the_entropy(problem, yardstick):
    """Eq. 15, with the maximum over D in closed form: J = 2 (JSD - log 2) / (1 - gamma) - lambda H."""
    policy = np.random.default_rng(0).dirichlet(np.ones(4), problem.mdp.num_states)
    rho, found = occupancy_of(problem.mdp, policy), yardstick.measure(policy)
    divergence = jensenshannon((rho / rho.sum()).ravel(), (problem.expert / problem.expert.sum()).ravel()) ** 2
    expected = 2.0 * (divergence - np.log(2.0)) / (1.0 - problem.mdp.discount) - 0.1 * causal_entropy(rho)
    assert found.objective == pytest.approx(expected)
    assert found.jsd_expert == pytest.approx(divergence)
    assert found.entropy == pytest.approx(causal_entropy(rho))


def test_the_true_return_is_the_policy_s_value_at_the_start(problem, yardstick):
    policy = np.random.default_rng(0).dirichlet(np.ones(4), problem.mdp.num_states)
    steps = np.einsum("sa,sat->st", policy, problem.mdp.transitions.toarray().reshape(*policy.shape, -1))
    values = np.linalg.solve(np.eye(len(steps)) - problem.mdp.discount * steps, -(policy * problem.cost).sum(axis=1))
    assert yardstick.measure(policy).true_return == pytest.approx(problem.mdp.initial @ values)
