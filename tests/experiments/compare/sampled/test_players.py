import numpy as np
import pytest
import torch

from gail.approx import DiscriminatorSettings, SpaceSpec, Trajectories
from gail.exact import occupancy_of
from gail.experiments.compare import Algorithm
from gail.experiments.compare.sampled.datasets import weighted_pairs
from gail.experiments.compare.sampled.players import PairIndicators, cost_player, cost_table, logit_table


def batch_of(problem, pairs):
    states, actions = np.divmod(pairs, problem.mdp.num_actions)
    cut = np.ones(len(pairs), dtype=bool)
    seen = problem.observations[states]
    return Trajectories(seen, actions, None, seen, np.ones(len(pairs), dtype=int), ~cut, cut)


def player_against(problem, algorithm, steps=150, rate=0.2):
    settings = DiscriminatorSettings(hidden=(), learning_rate=rate, steps=steps, max_steps=0, gradient_penalty=0.0)
    spec = SpaceSpec(problem.mdp.num_states, problem.mdp.num_actions, None, None)
    expert = weighted_pairs(problem, problem.expert).trajectories
    return cost_player(problem, algorithm, settings)(spec, expert, torch.Generator().manual_seed(0))


@pytest.fixture
def visited(problem):
    """A batch, and its visit frequencies scaled to the mass of an occupancy measure."""
    rng = np.random.default_rng(0)
    rho = occupancy_of(problem.mdp, rng.dirichlet(np.ones(4), problem.mdp.num_states))
    pairs = rng.choice(rho.size, 500, p=rho.ravel() / rho.sum())
    counts = np.bincount(pairs, minlength=rho.size).reshape(rho.shape)
    return batch_of(problem, pairs), counts / counts.sum() * rho.sum()


@pytest.mark.parametrize("algorithm", [Algorithm.FEM, Algorithm.GTAL])
def test_linear_players_answer_a_batch_as_the_exact_engine_answers_its_visits(problem, visited, algorithm):
    batch, rho = visited
    player = player_against(problem, algorithm)
    player.update(batch, None, torch.Generator())
    _, exact = problem.regularizer(algorithm).conjugate(rho, problem.expert)
    np.testing.assert_allclose(cost_table(problem, player), exact, atol=1e-5)


def test_a_table_of_logits_learns_the_exact_discriminator_and_cost(problem, visited):
    batch, rho = visited
    player = player_against(problem, Algorithm.GAIL)
    player.update(batch, None, torch.Generator())
    _, exact = problem.psi.conjugate(rho, problem.expert)
    seen = rho > 0.02
    np.testing.assert_allclose(cost_table(problem, player)[seen], exact[seen], atol=0.02)
    learned = 1.0 / (1.0 + np.exp(-logit_table(problem, player)))
    np.testing.assert_allclose(learned[seen], (rho / (rho + problem.expert))[seen], atol=0.01)


def test_pairs_are_unit_vectors():
    spec = PairIndicators(3, 2, None, None)
    rows = spec.encode_pairs(np.eye(3)[[2, 0]], np.array([1, 0]))
    assert spec.pair_size == 6
    assert rows.argmax(1).tolist() == [5, 0]
    assert rows.sum().item() == 2.0
