import numpy as np
import pytest

from gail.exact import solve_rl
from gail.experiments.compare.shaping import distance_by_shaping, nearest_by_shaping


def shaped(mdp, cost, seed):
    potential = np.random.default_rng(seed).normal(size=mdp.num_states)
    return cost + potential[:, None] - mdp.discounted_next(potential)


def test_costs_that_differ_by_a_potential_are_one(problem):
    cost = np.random.default_rng(1).normal(size=problem.expert.shape)
    other = shaped(problem.mdp, cost, 2)
    assert abs(other - cost).max() > 1.0
    np.testing.assert_allclose(nearest_by_shaping(problem.mdp, other, cost, problem.expert), cost, atol=1e-6)
    assert distance_by_shaping(problem.mdp, other, cost, problem.expert) < 1e-6


def test_a_flipped_sign_is_no_potential(problem):
    cost = np.random.default_rng(1).normal(size=problem.expert.shape)
    assert distance_by_shaping(problem.mdp, shaped(problem.mdp, -cost, 2), cost, problem.expert) == pytest.approx(2.0)


def test_shaping_changes_no_soft_policy(problem):
    cost = np.random.default_rng(1).normal(size=problem.expert.shape)
    one, other = (solve_rl(problem.mdp, c, 0.3).policy for c in (cost, shaped(problem.mdp, cost, 2)))
    np.testing.assert_allclose(one, other, atol=1e-8)
