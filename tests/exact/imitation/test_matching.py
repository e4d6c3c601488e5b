import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.envs import from_gymnasium
from gail.exact import (
    FiniteMDP,
    InvalidOccupancy,
    Matching,
    Status,
    causal_entropy,
    match_occupancy,
    occupancy_of,
    solve_rl,
)
from gail.exact import regularizers as psi

SEEDS = st.integers(0, 2**32 - 1)
WEIGHTS = st.sampled_from([1e-2, 0.1, 1.0, 5.0])
CHECKED = settings(deadline=None, derandomize=True, max_examples=60)


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS, kind=st.sampled_from(["random", "soft", "hard"]))
def test_the_logistic_imitator_is_proven_optimal(
    mdp: FiniteMDP, seed: int, weight: float, kind: str, random_policy, random_cost
):
    policies = {
        "random": lambda: random_policy(mdp, seed),
        "soft": lambda: solve_rl(mdp, random_cost(mdp, seed), 0.3).policy,
        "hard": lambda: solve_rl(mdp, random_cost(mdp, seed), entropy_weight=0.0).policy,
    }
    expert = occupancy_of(mdp, policies[kind]())
    solution = match_occupancy(mdp, expert, psi.Logistic(), weight).require_optimal(1e-10)
    assert solution.gap >= -1e-10 * max(1.0, abs(solution.primal_value))
    assert np.all(solution.cost <= 0.0)


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS)
def test_no_policy_does_better(mdp: FiniteMDP, seed: int, weight: float, random_policy):
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    problem = Matching(mdp, expert, psi.Logistic(), weight)
    best = match_occupancy(mdp, expert, psi.Logistic(), weight)
    noise = random_policy(mdp, seed + 1)
    for share in (1e-3, 0.1, 1.0):
        other = occupancy_of(mdp, (1.0 - share) * best.policy + share * noise)
        assert problem.primal(other) >= best.primal_value - 1e-9 * max(1.0, abs(best.primal_value))


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS)
def test_constant_psi_gives_the_expert_back(mdp: FiniteMDP, seed: int, weight: float, random_policy):
    policy = random_policy(mdp, seed)
    expert = occupancy_of(mdp, policy)
    solution = match_occupancy(mdp, expert, psi.Constant(), weight).require_optimal(1e-10)
    np.testing.assert_allclose(solution.occupancy, expert, rtol=1e-9)
    reachable = mdp.reachable
    np.testing.assert_allclose(solution.cost[reachable], -weight * np.log(policy[reachable]), rtol=1e-9, atol=1e-12)
    assert np.all(solution.cost[~reachable] == 0.0)


@CHECKED
@given(mdp=..., seed=SEEDS, weight=WEIGHTS)
def test_the_bias_of_entropy_is_bounded(mdp: FiniteMDP, seed: int, weight: float, random_policy):
    """JSD <= (lambda / 2) (log A - (1 - gamma) H(pi_E)), where no episode ends."""
    if mdp.terminal.any():
        return
    expert, mass = occupancy_of(mdp, random_policy(mdp, seed)), 1.0 / (1.0 - mdp.discount)
    rho = match_occupancy(mdp, expert, psi.Logistic(), weight).occupancy
    divergence = psi.Logistic().conjugate(rho, expert)[0] / (2.0 * mass) + np.log(2.0)
    bound = 0.5 * weight * (np.log(mdp.num_actions) - causal_entropy(expert) / mass)
    assert -1e-10 <= divergence <= bound + 1e-9


@CHECKED
@given(mdp=..., seed=SEEDS, regularizer=st.sampled_from([psi.Constant(), psi.Logistic()]))
def test_without_entropy_the_expert_is_the_solution_where_no_episode_ends(
    mdp: FiniteMDP, seed: int, regularizer, random_cost
):
    if mdp.terminal.any():
        return
    expert = solve_rl(mdp, random_cost(mdp, seed), entropy_weight=0.0).occupancy
    solution = match_occupancy(mdp, expert, regularizer, 0.0).require_optimal(1e-10)
    np.testing.assert_allclose(solution.occupancy, expert, rtol=1e-12)


def test_without_entropy_a_longer_life_may_be_closer_than_the_expert():
    """Masses differ where policies may end episodes: D = rho / (rho + rho_E) then favours surviving."""
    stay_or_end = FiniteMDP([[[1.0], [0.0]]], [1.0], 0.9, terminal=[True])
    expert = occupancy_of(stay_or_end, [[0.5, 0.5]])
    problem = Matching(stay_or_end, expert, psi.Logistic(), 0.0)
    solution = match_occupancy(stay_or_end, expert, psi.Logistic(), 0.0).require_optimal(1e-9)
    assert solution.primal_value < problem.primal(expert) - 0.1
    grid = np.linspace(1e-6, 1.0 - 1e-6, 10001)
    values = [problem.primal(occupancy_of(stay_or_end, [[stay, 1.0 - stay]])) for stay in grid]
    assert solution.primal_value == pytest.approx(min(values), abs=1e-6)


def test_an_expert_that_never_takes_an_action_has_no_constant_psi_cost():
    two = FiniteMDP(np.full((2, 2, 2), 0.5), [1.0, 0.0], 0.5)
    expert = occupancy_of(two, [[1.0, 0.0], [0.5, 0.5]])
    solution = match_occupancy(two, expert, psi.Constant())
    assert solution.status is Status.DUAL_NOT_ATTAINED
    assert solution.cost is None
    np.testing.assert_allclose(solution.occupancy, expert, rtol=1e-14)
    # Without entropy, the zero cost is optimal.
    assert match_occupancy(two, expert, psi.Constant(), 0.0).require_optimal().gap == 0.0


def test_newton_converges_quadratically(gridworld, goal_cost):
    expert = solve_rl(gridworld, goal_cost, 0.3).occupancy
    solution = match_occupancy(gridworld, expert, psi.Logistic(), 1.0).require_optimal(1e-12)
    assert len(solution.trace) <= 10
    assert solution.trace[-1] <= 1e-10 < solution.trace[2]


def test_what_cannot_be_solved_is_refused(gridworld):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    with pytest.raises(InvalidOccupancy, match=r"the mass 20.2 where 20 is needed"):
        match_occupancy(gridworld, 1.01 * expert, psi.Logistic())
    with pytest.raises(ValueError, match="entropy_weight"):
        match_occupancy(gridworld, expert, psi.Logistic(), -1.0)
    with pytest.raises(ValueError, match='"structured" or "conic"'):
        match_occupancy(gridworld, expert, psi.Logistic(), method="magic")

    class Rough:
        value, conjugate = psi.Logistic.value, psi.Logistic.conjugate

    with pytest.raises(TypeError, match="Rough has no smooth separable conjugate"):
        match_occupancy(gridworld, expert, Rough())


@pytest.mark.parametrize("weight", [0.0, 0.003, 0.01])
@pytest.mark.parametrize(
    "regularizer",
    [psi.Logistic(), psi.Exponential(), psi.TruncatedQuadratic(), psi.ForwardKL(), psi.Quadratic()],
    ids=str,
)
def test_an_expert_of_tiny_probabilities_and_hardly_any_entropy_are_no_obstacle(regularizer, weight):
    """CliffWalking: most pairs are negligible to expert and learner alike, but may not be so to the proof."""
    task = from_gymnasium(gymnasium.make("CliffWalking-v1"), discount=0.99)
    expert = solve_rl(task.mdp, task.cost, 0.05).occupancy
    assert 0.0 < expert[expert > 0.0].min() < 1e-30
    match_occupancy(task.mdp, expert, regularizer, weight).require_optimal(1e-8)


@pytest.mark.parametrize("seed", range(12))
def test_the_forward_divergence_is_followed_to_the_end_of_its_slow_descent(seed):
    """Certified gaps fall long after the objective has settled: two actions, the expert's one of them below 1e-9."""
    rng = np.random.default_rng(seed)
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.0)
    share = 10.0 ** rng.uniform(-33.0, -9.0)
    expert = np.array([[1.0 - share, share]])
    match_occupancy(bandit, expert, psi.ForwardKL(), 10.0 ** rng.uniform(-2.5, -1.0)).require_optimal(1e-8)
