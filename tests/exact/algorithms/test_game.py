import numpy as np
import pytest

from gail.envs import garnet
from gail.exact import Matching, Status, match_occupancy, occupancy_of, solve_rl
from gail.exact import regularizers as psi
from gail.exact.algorithms import BestCost, BestPolicy, CostAscent, GradientStep, LogitAscent, NaturalStep, play


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
    expert = solve_rl(gridworld, goal_cost, entropy_weight=0.0).occupancy
    run = play(Matching(gridworld, expert, psi.Logistic(), 1.0), BestCost(), NaturalStep(0.3), 100, evaluate_every=10)
    matched = match_occupancy(gridworld, expert, psi.Logistic(), 1.0).require_optimal()
    assert run.steps == tuple(range(10, 101, 10))
    assert run.excess(matched.dual_value)[-1] <= 1e-9
    assert abs(run.occupancy - matched.occupancy).sum() <= 1e-3


def test_simultaneous_descent_ascent_converges(problem, optimum):
    run = play(problem, LogitAscent(1.0), GradientStep(1.0), 1200, order="simultaneous", evaluate_every=300)
    assert run.trace[0] > run.trace[-1]
    assert abs(run.trace[-1]) <= 1e-8
    assert abs(run.occupancy - optimum.occupancy).sum() <= 1e-4
    natural = play(
        problem, LogitAscent(0.5, scaled=True), NaturalStep(0.5), 150, order="simultaneous", evaluate_every=50
    )
    assert abs(natural.trace[-1]) <= 1e-8
    assert abs(natural.occupancy - optimum.occupancy).sum() <= 1e-4


def test_best_responses_to_best_responses_do_not_converge(problem):
    """A known failure: the soft-optimal policy against the optimal discriminator overshoots for small lambda."""
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
    players = BestCost(), NaturalStep(1.0)
    for iterations in (0, -5):
        with pytest.raises(ValueError, match=f"iterations must be at least 1, got {iterations}"):
            play(problem, *players, iterations)
    with pytest.raises(TypeError, match="iterations must be a whole number such as 11, got 'ten'"):
        play(problem, *players, "ten")
    with pytest.raises(ValueError, match="evaluate_every must be at least 1, got 0"):
        play(problem, *players, 1, evaluate_every=0)
    with pytest.raises(ValueError, match=r"policy must have shape .* = \(6, 3\), got \(3, 6\)"):
        play(problem, *players, 1, start=np.full((3, 6), 1.0 / 6.0))
    with pytest.raises(ValueError, match="probability nan at state 0, action 0"):
        play(problem, *players, 1, start=np.full((6, 3), np.nan))
    with pytest.raises(ValueError, match="policy must be an array of real numbers, got complex128"):
        play(problem, *players, 1, start=np.full((6, 3), 1.0 / 3.0 + 0.0j))
    with pytest.raises(ValueError, match="tolerance must be finite and not negative, got -1"):
        play(problem, *players, 1).solution(-1.0)


def test_a_problem_must_be_one(problem):
    players = BestCost(), NaturalStep(1.0)
    mdp, expert = problem.mdp, problem.expert
    with pytest.raises(TypeError, match=r"psi must be an instance: Logistic\(\)"):
        play(Matching(mdp, expert, psi.Logistic, 0.5), *players, 1)
    with pytest.raises(ValueError, match="entropy_weight must be finite and nonnegative, got -1"):
        play(Matching(mdp, expert, psi.Logistic(), -1.0), *players, 1)
    with pytest.raises(ValueError, match="the mass 20 where 10 is needed"):
        play(Matching(mdp, 2.0 * expert, psi.Logistic(), 0.5), *players, 1)
    with pytest.raises(TypeError, match="problem must be a Matching"):
        play(mdp, *players, 1)
    with pytest.raises(TypeError, match="discriminator's logits is for psi Logistic, got ForwardKL"):
        play(Matching(mdp, expert, psi.ForwardKL(), 0.5), LogitAscent(1.0), NaturalStep(1.0), 1)


@pytest.mark.parametrize("player", [NaturalStep, GradientStep, LogitAscent, CostAscent])
@pytest.mark.parametrize("step_size", [-1.0, np.nan, np.inf])
def test_step_sizes_are_amounts(player, step_size):
    with pytest.raises(ValueError, match=f"step_size must be finite and not negative, got {step_size}"):
        player(step_size)
    with pytest.raises(TypeError, match="step_size must be a number, got 'big'"):
        player("big")


@pytest.mark.parametrize(
    ("players", "message"),
    [
        ((NaturalStep(1.0), BestCost()), r"cost_player must be a player such as BestCost\(\), got NaturalStep"),
        ((BestCost(), BestCost()), r"policy_player must be a player such as NaturalStep\(1.0\), got BestCost"),
        ((BestCost, NaturalStep(1.0)), "cost_player must be an instance such as .*, got the class BestCost"),
        ((BestCost(), NaturalStep), "policy_player must be an instance such as .*, got the class NaturalStep"),
        ((None, NaturalStep(1.0)), "cost_player must be a player such as .*, got NoneType"),
        ((BestCost(), "natural"), "policy_player must be a player such as .*, got str"),
    ],
)
def test_players_have_roles(problem, players, message):
    with pytest.raises(TypeError, match=message):
        play(problem, *players, 1)


def test_a_run_is_shown_in_a_line(problem):
    shown = repr(play(problem, BestCost(), NaturalStep(1.0), 3))
    assert shown.startswith("Run(Matching on 6 states and 3 actions, 3 iterations, gap ")
    assert "array" not in shown
