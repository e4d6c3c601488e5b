import numpy as np
import pytest

from gail.envs import garnet
from gail.exact import Matching, Status, match_occupancy, occupancy_of, solve_rl
from gail.exact import regularizers as psi
from gail.exact.dynamics import BestCost, BestPolicy, GradientStep, LogitAscent, NaturalStep, play


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    mdp = garnet(6, 3, 2, rng, discount=0.9).mdp
    expert = occupancy_of(mdp, rng.dirichlet(np.ones(3), size=6))
    return Matching(mdp, expert, psi.Logistic(), 0.5)


@pytest.fixture(scope="module")
def optimum(problem):
    return match_occupancy(problem.mdp, problem.expert, problem.psi, problem.entropy_weight).require_optimal()


def test_alternating_gail_converges_to_the_convex_optimum(problem, optimum):
    run = play(problem, BestCost(), NaturalStep(1.0), 60)
    assert run.trace[0] > 0.1
    assert abs(run.trace[-1]) <= 1e-11
    assert abs(run.occupancy - optimum.occupancy).sum() <= 1e-9
    assert np.all(run.excess(optimum.dual_value) >= -1e-11)
    assert np.all(run.dual <= optimum.primal_value + 1e-11)
    assert run.solution(1e-10).status is Status.OPTIMAL


def test_alternating_gail_on_a_gridworld_with_a_hard_expert(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost).occupancy
    run = play(Matching(gridworld, expert, psi.Logistic(), 1.0), BestCost(), NaturalStep(0.3), 100, judge_every=10)
    matched = match_occupancy(gridworld, expert, psi.Logistic(), 1.0).require_optimal()
    assert run.steps == tuple(range(10, 101, 10))
    assert run.excess(matched.dual_value)[-1] <= 1e-9
    assert abs(run.occupancy - matched.occupancy).sum() <= 1e-3


def test_simultaneous_descent_ascent_converges(problem, optimum):
    run = play(problem, LogitAscent(1.0), GradientStep(1.0), 1200, order="simultaneous", judge_every=300)
    assert run.trace[0] > run.trace[-1]
    assert abs(run.trace[-1]) <= 1e-8
    assert abs(run.occupancy - optimum.occupancy).sum() <= 1e-4
    natural = play(problem, LogitAscent(0.5, scaled=True), NaturalStep(0.5), 150, order="simultaneous", judge_every=50)
    assert abs(natural.trace[-1]) <= 1e-8
    assert abs(natural.occupancy - optimum.occupancy).sum() <= 1e-4


def test_best_responses_to_best_responses_do_not_converge(problem):
    """A failure to know: the soft-optimal policy of the optimal discriminator overshoots for small lambda."""
    run = play(problem, BestCost(), BestPolicy(), 60)
    assert run.trace[-10:].min() > 1.0


def test_an_average_is_the_mean_of_what_was_played(problem):
    class Fixed:
        def __init__(self, policies):
            self.policies = iter(policies)

        def respond(self, problem, policy, cost):
            return next(self.policies)

    policies = np.random.default_rng(1).dirichlet(np.ones(3), size=(4, 6))
    run = play(problem, LogitAscent(0.1), Fixed(policies), 4, point="average")
    mean = np.mean([occupancy_of(problem.mdp, policy) for policy in policies], axis=0)
    np.testing.assert_allclose(run.occupancy, mean, atol=1e-12)
    assert run.primal[-1] == pytest.approx(problem.primal(mean), abs=1e-11)


def test_arguments_are_checked(problem):
    with pytest.raises(ValueError, match="'sideways'"):
        play(problem, BestCost(), NaturalStep(1.0), 1, order="sideways")
    with pytest.raises(ValueError, match="got 0 and 1"):
        play(problem, BestCost(), NaturalStep(1.0), 0)
