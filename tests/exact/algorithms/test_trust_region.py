import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.envs import garnet
from gail.exact import FiniteMDP, solve_rl
from gail.exact.algorithms import constrained_run, natural_gradient_run, penalised_run, surrogate
from gail.exact.algorithms.trust_region import constrained_step, penalised_step
from gail.exact.process.finite_horizon import time_expanded

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=20)


@CHECKED
@given(mdp=..., seed=SEEDS, radius=st.sampled_from([1e-8, 1e-3, 0.1, 3.0]))
def test_constrained_steps_maximise_the_gain_within_the_radius(
    mdp: FiniteMDP, seed, radius, random_policy, random_cost
):
    model = surrogate(mdp, random_policy(mdp, seed), random_cost(mdp, seed))
    step = constrained_step(model, radius)
    np.testing.assert_allclose(step.sum(axis=1), 1.0, atol=1e-12)
    assert model.divergence(step) <= radius * (1.0 + 1e-6) + 1e-14
    rng, gain = np.random.default_rng(seed), model.gain(step)
    assert gain >= -1e-12
    for scale in (1e-4, 1e-2, 0.3):
        other = model.policy * np.exp(scale * (rng.normal(size=step.shape) + model.advantage))
        other /= other.sum(axis=1, keepdims=True)
        if model.divergence(other) <= radius:
            assert model.gain(other) <= gain + 1e-9 * (1.0 + gain)


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_penalised_steps_maximise_the_bound(mdp: FiniteMDP, seed, random_policy, random_cost):
    model = surrogate(mdp, random_policy(mdp, seed), random_cost(mdp, seed))
    best = model.bound(penalised_step(model))
    assert best >= -1e-14
    for radius in np.geomspace(1e-12, 1.0, 12):
        assert model.bound(constrained_step(model, radius)) <= best + 1e-9 * (1.0 + best)


@settings(deadline=None, derandomize=True, max_examples=8)
@given(mdp=..., seed=SEEDS)
def test_runs_never_get_worse(mdp: FiniteMDP, seed, random_cost):
    cost = random_cost(mdp, seed)
    optimum = solve_rl(mdp, cost, entropy_weight=0.0)
    for run in (
        penalised_run(mdp, cost, 5),
        constrained_run(mdp, cost, 15, 0.1),
        natural_gradient_run(mdp, cost, 15, 0.5),
    ):
        slack = 1e-10 * (1.0 + abs(run.primal).max())
        assert np.all(np.diff(run.primal) <= slack)
        assert np.all(run.excess(optimum.dual_value) >= -slack)
        assert np.all(run.trace >= -slack)


def test_runs_converge_to_the_linear_program():
    task = garnet(8, 3, 2, np.random.default_rng(0), discount=0.5)
    optimum = solve_rl(task.mdp, task.cost, entropy_weight=0.0).dual_value
    assert constrained_run(task.mdp, task.cost, 80, 0.1).excess(optimum)[-1] <= 1e-9
    for step_size in (0.1, 1.0, 10.0):
        natural = natural_gradient_run(task.mdp, task.cost, 40, step_size).excess(optimum)
        steps = np.arange(1, 41)
        assert np.all(natural[1:] <= (np.log(3) / step_size + 2.0) / (0.5 * steps))
    assert natural[-1] <= 1e-9


def test_the_penalised_run_converges_at_the_rate_of_its_penalty():
    """With one bad arm of two, its chance x falls to x' = x / (1 + rho A / C) in the limit: the best u = x'/x has

    rho A = C (1/u - 1), the derivatives of the gain rho A x (1 - u) and of C x (u - 1 - log u). Here rho A / C = 1/4.
    """
    bandit, cost = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5), np.array([[0.0, 1.0]])
    excess = penalised_run(bandit, cost, 90).excess(0.0)
    assert excess[0] == pytest.approx(1.0)
    assert excess[-1] <= 1e-8
    np.testing.assert_allclose(excess[51:] / excess[50:-1], 0.8, rtol=1e-4)


def test_the_penalised_run_converges_on_random_processes():
    """To 1e-8 where the future counts little: C grows as gamma / (1-gamma)^2, and the number of steps with it."""
    task = garnet(8, 3, 2, np.random.default_rng(0), discount=0.05)
    excess = penalised_run(task.mdp, task.cost, 80).excess(solve_rl(task.mdp, task.cost, entropy_weight=0.0).dual_value)
    assert excess[0] > 0.1
    assert -1e-12 <= excess[-1] <= 1e-8


def test_one_step_in_high_precision():
    """Two actions, uniform policy, advantages +1/2 and -1/2: the tilt solves KL(uniform, p) = radius."""
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    model = surrogate(bandit, np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]]))
    assert model.penalty == pytest.approx(4.0 * 0.5 * 0.5 / 0.25)
    with mpmath.workdps(30):
        divergence = lambda p: -mpmath.log(4 * p * (1 - p)) / 2  # noqa: E731
        within = mpmath.findroot(lambda p: divergence(p) - mpmath.mpf("0.1"), 0.7)
        # rho = 2, so the bound is 2 (p - 1/2) - C divergence(p); its derivative vanishes at the best step.
        best = mpmath.findroot(lambda p: 2 - 4 * (2 * p - 1) / (2 * p * (1 - p)), 0.6)
    assert constrained_step(model, 0.1)[0, 0] == pytest.approx(float(within), abs=1e-12)
    assert penalised_step(model)[0, 0] == pytest.approx(float(best), abs=1e-9)


def test_without_a_future_the_step_is_greedy():
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.0)
    model = surrogate(bandit, np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]]))
    np.testing.assert_allclose(penalised_step(model), [[1.0, 0.0]], atol=1e-12)


def test_actions_never_taken_stay_so(gridworld, goal_cost):
    policy = np.tile([0.5, 0.5, 0.0, 0.0], (64, 1))
    step = constrained_step(surrogate(gridworld, policy, goal_cost), 0.1)
    assert np.all(step[:, 2:] == 0.0)


def test_the_bound_needs_a_discount(gridworld, goal_cost):
    finite = time_expanded(gridworld, 2)
    with pytest.raises(ValueError, match="discount below one"):
        surrogate(finite, np.full((128, 4), 0.25), np.tile(goal_cost, (2, 1)))


RUNS = {
    "penalised": lambda mdp, cost, iterations, **given: penalised_run(mdp, cost, iterations, **given),
    "constrained": lambda mdp, cost, iterations, **given: constrained_run(mdp, cost, iterations, 0.1, **given),
    "natural": lambda mdp, cost, iterations, **given: natural_gradient_run(mdp, cost, iterations, 0.5, **given),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_runs_refuse_what_makes_no_sense(run, gridworld, goal_cost):
    with pytest.raises(ValueError, match="iterations must be at least 0, got -1"):
        run(gridworld, goal_cost, -1)
    with pytest.raises(TypeError, match=r"iterations must be a whole number such as 10, got 2\.0"):
        run(gridworld, goal_cost, 2.0)
    with pytest.raises(ValueError, match=r"cost must have shape .* got \(4, 64\)"):
        run(gridworld, goal_cost.T, 1)
    with pytest.raises(ValueError, match="cost at state 0, action 0 is nan"):
        run(gridworld, np.full_like(goal_cost, np.nan), 1)
    with pytest.raises(ValueError, match=r"policy must have shape .* got \(4,\)"):
        run(gridworld, goal_cost, 1, start=np.full(4, 0.25))
    with pytest.raises(ValueError, match="probability nan at state 0, action 0"):
        run(gridworld, goal_cost, 1, start=np.full((64, 4), np.nan))
    assert run(gridworld, goal_cost, 0).steps == (0,)


@pytest.mark.parametrize("amount", [-0.1, np.nan, np.inf])
def test_steps_and_radii_are_amounts(amount, gridworld, goal_cost):
    with pytest.raises(ValueError, match=f"radius must be finite and positive, got {amount}"):
        constrained_run(gridworld, goal_cost, 1, amount)
    with pytest.raises(ValueError, match=f"radius must be finite and positive, got {amount}"):
        constrained_step(surrogate(gridworld, np.full((64, 4), 0.25), goal_cost), amount)
    with pytest.raises(ValueError, match=f"step_size must be finite and not negative, got {amount}"):
        natural_gradient_run(gridworld, goal_cost, 1, amount)


def test_the_model_needs_a_policy_and_a_cost(gridworld, goal_cost):
    with pytest.raises(ValueError, match="the row of state 0 sums to 4"):
        surrogate(gridworld, np.ones((64, 4)), goal_cost)
    with pytest.raises(ValueError, match="cost must have shape"):
        surrogate(gridworld, np.full((64, 4), 0.25), goal_cost[:3])
