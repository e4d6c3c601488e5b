"""A start changes how long a search takes, never what it finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gail.envs.finite import garnet
from gail.exact import Solution, Status, match_occupancy, solve_irl, solve_rl
from gail.experiments.verify.psi_choices import CHOICES

WEIGHT = 0.1


@pytest.fixture(scope="module")
def mdp():
    return garnet(30, 3, 3, np.random.default_rng(5), discount=0.9).mdp


@pytest.fixture(scope="module")
def cost(mdp):
    return np.random.default_rng(1).normal(size=(mdp.num_states, mdp.num_actions))


@pytest.fixture(scope="module")
def expert(mdp, cost):
    return solve_rl(mdp, cost, 0.3).occupancy


@pytest.mark.parametrize("weight", [0.0, WEIGHT])
def test_planning_from_its_own_solution_is_over_at_once(mdp, cost, weight):
    cold = solve_rl(mdp, cost, weight)
    warm = solve_rl(mdp, cost, weight, start=cold).require_optimal()
    assert len(warm.trace) <= 2 < len(cold.trace)
    np.testing.assert_allclose(warm.occupancy, cold.occupancy, atol=1e-12)


@pytest.mark.parametrize("weight", [0.0, WEIGHT])
def test_planning_from_a_nearby_solution_finds_the_same_optimum(mdp, cost, weight):
    there = cost + 1e-3 * np.random.default_rng(2).normal(size=cost.shape)
    cold = solve_rl(mdp, there, weight)
    warm = solve_rl(mdp, there, weight, start=solve_rl(mdp, cost, weight)).require_optimal()
    assert len(warm.trace) <= len(cold.trace)
    np.testing.assert_allclose(warm.occupancy, cold.occupancy, atol=1e-11)


@pytest.mark.parametrize("solve", [match_occupancy, solve_irl])
@pytest.mark.parametrize("name", sorted(CHOICES))
def test_every_psi_finds_its_optimum_from_a_nearby_weight_as_well(mdp, expert, name, solve):
    psi = CHOICES[name](mdp)
    earlier = solve(mdp, expert, psi, WEIGHT)
    cold = solve(mdp, expert, psi, 0.97 * WEIGHT)
    warm = solve(mdp, expert, psi, 0.97 * WEIGHT, start=earlier)
    assert warm.status is cold.status is Status.OPTIMAL
    assert len(warm.trace) <= len(cold.trace)
    np.testing.assert_allclose(warm.occupancy, cold.occupancy, atol=1e-7)


@pytest.mark.parametrize("name", ["logistic", "quadratic", "reverse-kl", "l2-ball", "linear-span"])
@pytest.mark.parametrize("solve", [match_occupancy, solve_irl])
def test_searches_gain_from_a_nearby_start(mdp, expert, name, solve):
    psi = CHOICES[name](mdp)
    start = solve(mdp, expert, psi, WEIGHT)
    assert len(solve(mdp, expert, psi, 0.999 * WEIGHT, start=start).trace) < len(solve(mdp, expert, psi, WEIGHT).trace)


@pytest.mark.parametrize("solve", [match_occupancy, solve_irl])
def test_a_misleading_start_does_no_harm(mdp, cost, expert, solve):
    psi = CHOICES["logistic"](mdp)
    astray = solve_rl(mdp, -100.0 * cost, entropy_weight=0.0)
    cold, warm = solve(mdp, expert, psi, WEIGHT), solve(mdp, expert, psi, WEIGHT, start=astray)
    assert warm.status is Status.OPTIMAL
    np.testing.assert_allclose(warm.occupancy, cold.occupancy, atol=1e-9)


def test_a_start_without_costs_is_as_good_as_none(mdp, expert):
    psi = CHOICES["quadratic"](mdp)
    deterministic = solve_rl(mdp, np.zeros_like(expert) + np.arange(3), entropy_weight=0.0).occupancy
    unattained = solve_irl(mdp, deterministic, CHOICES["constant"](mdp), WEIGHT)
    assert unattained.status is Status.DUAL_NOT_ATTAINED
    for solution in (
        solve_irl(mdp, expert, psi, WEIGHT, start=unattained),
        match_occupancy(mdp, expert, psi, WEIGHT, start=unattained),
        solve_rl(mdp, expert, WEIGHT, start=unattained),
    ):
        assert solution.status is Status.OPTIMAL


def solvers(mdp, expert, start):
    psi = CHOICES["logistic"](mdp)
    yield lambda: solve_rl(mdp, expert, entropy_weight=0.0, start=start)
    yield lambda: solve_irl(mdp, expert, psi, start=start)
    yield lambda: match_occupancy(mdp, expert, psi, start=start)


def test_a_start_for_another_size_is_refused(mdp, expert):
    other = garnet(4, 2, 2, np.random.default_rng(0)).mdp
    small = solve_rl(other, np.zeros((4, 2)), entropy_weight=0.0)
    for solve in solvers(mdp, expert, small):
        with pytest.raises(ValueError, match="start is for 4 states and 2 actions, the process has 30 and 3"):
            solve()


def test_a_start_that_is_no_solution_is_refused(mdp, expert):
    for solve in solvers(mdp, expert, expert):
        with pytest.raises(TypeError, match="start must be an earlier Solution, got ndarray"):
            solve()


def test_a_solution_with_its_arrays_replaced_still_proves_itself(mdp, cost, expert):
    """The certificate is recomputed: nothing of a start's claims is believed."""
    honest = solve_rl(mdp, cost, WEIGHT)
    forged: Solution = replace(honest, values=honest.values + 1e3)
    np.testing.assert_allclose(solve_rl(mdp, cost, WEIGHT, start=forged).occupancy, honest.occupancy, atol=1e-12)
