import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.envs import garnet
from gail.exact import FiniteMDP, solve_rl
from gail.exact.dynamics import constrained_run, natural_gradient_run, penalised_run, surrogate
from gail.exact.dynamics.trust_region import constrained_step, penalised_step
from gail.exact.time_expanded import time_expanded

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
    optimum = solve_rl(mdp, cost)
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
    optimum = solve_rl(task.mdp, task.cost).dual_value
    penalised = penalised_run(task.mdp, task.cost, 80).excess(optimum)
    assert penalised[-1] <= 0.05 * penalised[0]
    assert constrained_run(task.mdp, task.cost, 80, 0.1).excess(optimum)[-1] <= 1e-9
    for step_size in (0.1, 1.0, 10.0):
        natural = natural_gradient_run(task.mdp, task.cost, 40, step_size).excess(optimum)
        steps = np.arange(1, 41)
        assert np.all(natural[1:] <= (np.log(3) / step_size + 2.0) / (0.5 * steps))
    assert natural[-1] <= 1e-9


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
