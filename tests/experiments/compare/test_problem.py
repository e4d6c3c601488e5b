import numpy as np
import pytest

from gail.envs import gridworld
from gail.exact import FiniteMDP, NotEnoughMemory, occupancy_of, regularizers
from gail.exact.process import memory
from gail.experiments.compare import Algorithm, Episodes, pose
from gail.experiments.compare.problem import check_memory
from gail.experiments.errors import InvalidRequest
from gail.experiments.verify.instances import Instance


def terminating():
    transitions = np.zeros((2, 2, 2))
    transitions[0, 0, 1] = transitions[0, 1, 0] = 1.0
    transitions[1, 0, 0] = 0.5  # action 0 ends the episode with probability 0.5, action 1 always
    mdp = FiniteMDP(transitions, [1.0, 0.0], 0.9, terminal=[False, True])
    rho = occupancy_of(mdp, np.full((2, 2), 0.5))
    return Instance("ends", mdp, rho, np.ones((2, 2)), None)


def test_a_process_that_ends_is_continued_and_keeps_its_occupancy_and_returns():
    instance = terminating()
    problem = pose(instance, regularizers.Logistic())
    assert problem.expert.shape == (3, 2)
    np.testing.assert_allclose(problem.expert[:2], instance.expert_occupancy, atol=1e-12)
    assert problem.expert.sum() == pytest.approx(10.0)
    assert (problem.expert * problem.cost).sum() == pytest.approx(instance.expert_occupancy.sum())
    assert problem.solve(Algorithm.GAIL).require_optimal(1e-8)


def test_each_algorithm_has_the_exact_objective_of_its_own_class(problem):
    classes = [problem.regularizer(one) for one in (Algorithm.FEM, Algorithm.GTAL)]
    policy = np.random.default_rng(0).dirichlet(np.ones(4), problem.mdp.num_states)
    rho = occupancy_of(problem.mdp, policy)
    for one, other in ((rho, problem.expert), (problem.expert, rho)):  # both signs of the largest gap
        fem, gtal = (psi.conjugate(one, other)[0] for psi in classes)
        assert fem == pytest.approx(np.linalg.norm(rho - problem.expert))
        assert gtal == pytest.approx(abs(rho - problem.expert).max())


def test_features_of_coordinates_are_the_row_beside_the_action(instance):
    rows = np.random.default_rng(0).normal(size=(instance.mdp.num_states, 2))
    problem = pose(instance, regularizers.Logistic(), observations=rows)
    np.testing.assert_array_equal(problem.features[3, 1], [*rows[3], 0.0, 1.0, 0.0, 0.0])


@pytest.mark.parametrize("psi", [regularizers.Constant(), regularizers.LInfBall(), regularizers.Quadratic(1.0)])
def test_a_psi_that_cannot_be_played_is_refused(instance, psi):
    with pytest.raises(InvalidRequest, match=f"{type(psi).__name__} cannot be played from samples"):
        pose(instance, psi)


def test_without_entropy_there_need_not_be_one_optimum(instance):
    with pytest.raises(InvalidRequest, match=r"entropy weight is 0\.0: a positive number"):
        pose(instance, regularizers.Logistic(), 0.0)


def test_an_expert_that_never_sees_the_goal_is_refused():
    task = gridworld("S.#G", slip=0.0)  # a wall separates the goal from the start
    rho = occupancy_of(task.mdp, np.full((3, 4), 0.25))
    with pytest.raises(InvalidRequest, match="never visits the goal at row 0, column 3"):
        pose(Instance("walled", task.mdp, rho, task.cost, task.layout), regularizers.Logistic())


def test_recordings_stand_for_the_expert(instance):
    episodes = Episodes(np.array([0, 1, 2, 4]), np.array([1, 1, 2, 0]), np.array([4]), np.array([False]))
    problem = pose(instance, regularizers.Logistic(), recordings=episodes)
    assert problem.expert[0, 1] / problem.expert[1, 1] == pytest.approx(1 / 0.8)
    assert problem.solve(Algorithm.GAIL).require_optimal(1e-6)


@pytest.mark.parametrize("ends", [True, False])
def test_unit_vectors_that_do_not_fit_are_told_before_they_are_made(instance, ends, monkeypatch):
    instance, states = (terminating(), 2 + 1) if ends else (instance, 5)  # one more: the absorbing state
    monkeypatch.setattr(memory, "available_memory", lambda: 8.0 * states**2)
    assert pose(instance, regularizers.Logistic()).one_hot
    monkeypatch.setattr(memory, "available_memory", lambda: 8.0 * states**2 - 1.0)
    with pytest.raises(NotEnoughMemory, match=f"seeing {states} states as unit vectors would need about"):
        pose(instance, regularizers.Logistic())
    assert not pose(instance, regularizers.Logistic(), observations=np.ones((instance.mdp.num_states, 1))).one_hot


def test_only_the_identity_is_unit_vectors_in_their_places(instance):
    rows = np.eye(instance.mdp.num_states)
    assert pose(instance, regularizers.Logistic(), observations=rows).one_hot
    for other in (rows[::-1], 2.0 * rows, rows + 1e-9, rows[:, :-1]):
        assert not pose(instance, regularizers.Logistic(), observations=other).one_hot


def test_too_large_is_told_before_any_work(problem, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 1e3)
    with pytest.raises(NotEnoughMemory, match="would need about"):
        check_memory(problem, (Algorithm.GAIL,))
