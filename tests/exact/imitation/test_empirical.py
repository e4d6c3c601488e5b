"""Experts known from samples: measures that obey the flow only by luck."""

import importlib.util
from pathlib import Path

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import (
    FiniteMDP,
    InvalidOccupancy,
    InvalidSamples,
    NoFiniteMatch,
    Status,
    causal_entropy,
    continuing,
    empirical_occupancy,
    flow_residual,
    match_empirical,
    match_occupancy,
    occupancy_of,
    solve_rl,
)
from gail.exact import regularizers as psi

_SPEC = importlib.util.spec_from_file_location("psi_library", Path(__file__).parents[1] / "psi_library.py")
psi_library = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(psi_library)

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=20)

EVERYWHERE_FINITE = (
    "Quadratic", "L2Ball", "Simplex", "LInfBall", "Lipschitz", "Logistic", "Exponential", "TruncatedQuadratic",
    "Hinge", "ForwardKL",
)  # fmt: skip


def garnet(seed):
    rng = np.random.default_rng(seed)
    states, actions = 6, 3
    transitions = np.zeros((states, actions, states))
    for row in transitions.reshape(-1, states):
        row[rng.choice(states, 2, replace=False)] = rng.dirichlet(np.ones(2))
    return FiniteMDP(transitions, rng.dirichlet(np.ones(states)), 0.8)


def measure_on(mdp, seed, visited=0.6):
    """A random measure of the process's mass, zero at many reachable pairs and at all others."""
    rng = np.random.default_rng(seed)
    shape = (mdp.num_states, mdp.num_actions)
    measure = rng.exponential(size=shape) * (rng.random(shape) < visited) * mdp.reachable[:, None]
    measure[np.argmax(mdp.reachable), 0] += 0.1
    return measure / (measure.sum() * (1.0 - mdp.discount))


def second_opinion(mdp, measure, regularizer, weight):
    """The least value as Clarabel finds it, from psi's conic form and nothing of the solvers; inf if infeasible."""
    rho = cp.Variable(measure.shape, nonneg=True)
    objective, constraints = regularizer.conic(cp, rho, measure)
    if weight > 0.0:
        state = cp.sum(rho, axis=1, keepdims=True) @ np.ones((1, measure.shape[1]))
        objective = objective + weight * cp.sum(cp.rel_entr(rho, state))
    flow = mdp.flow_matrix @ cp.vec(rho, order="C") == mdp.initial
    program = cp.Problem(cp.Minimize(objective), [flow, *constraints])
    program.solve(solver=cp.CLARABEL)
    return float(program.value)


def sampled(mdp, policy, episodes, seed, steps=80):
    """States, actions and times of episodes of a policy."""
    rng = np.random.default_rng(seed)
    rows = mdp.transitions.toarray().cumsum(axis=1)
    draw = mdp.initial.cumsum()
    state = np.minimum(np.searchsorted(draw, rng.random(episodes)), draw.size - 1)
    samples = []
    for time in range(steps):
        action = (policy.cumsum(axis=1)[state] < rng.random(episodes)[:, None]).sum(axis=1)
        samples.append((state, action, np.full(episodes, time)))
        chances = rows[state * mdp.num_actions + action]
        state = np.minimum((chances < rng.random(episodes)[:, None]).sum(axis=1), mdp.num_states - 1)
    return [np.concatenate(column) for column in zip(*samples, strict=True)]


@pytest.mark.parametrize("weight", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("name", EVERYWHERE_FINITE)
@pytest.mark.parametrize("seed", range(3))
def test_a_conic_solver_finds_the_same_value(seed, name, weight):
    mdp = garnet(seed)
    measure = measure_on(mdp, seed)
    assert abs(flow_residual(mdp, measure)).max() > 0.01
    assert np.any(measure == 0.0)
    regularizer = psi_library.library(6, 3, seed)[name]
    solution = match_empirical(mdp, measure, regularizer, weight).require_optimal(1e-8)
    expected = second_opinion(mdp, measure, regularizer, weight)
    assert solution.primal_value == pytest.approx(expected, rel=1e-6, abs=1e-6)
    np.testing.assert_allclose(solution.problem.expert, measure, rtol=1e-14)


@CHECKED
@given(mdp=..., seed=SEEDS, name=st.sampled_from(EVERYWHERE_FINITE), weight=st.sampled_from([0.0, 0.1, 1.0]))
def test_every_measure_has_a_proven_nearest_occupancy(mdp: FiniteMDP, seed: int, name: str, weight: float):
    mdp = continuing(mdp) if mdp.terminal.any() else mdp
    measure = measure_on(mdp, seed)
    regularizer = psi_library.library(mdp.num_states, mdp.num_actions, seed % 100)[name]
    solution = match_empirical(mdp, measure, regularizer, weight).require_optimal(1e-8)
    other = occupancy_of(mdp, np.random.default_rng(seed).dirichlet(np.ones(mdp.num_actions), size=mdp.num_states))
    assert solution.problem.primal(other) >= solution.primal_value - 1e-8 * solution.problem.unit


@CHECKED
@given(mdp=..., seed=SEEDS, weight=st.sampled_from([0.0, 1.0]))
def test_where_the_flow_is_obeyed_it_is_matching(mdp: FiniteMDP, seed: int, weight: float, random_policy):
    mdp = continuing(mdp) if mdp.terminal.any() else mdp
    expert = occupancy_of(mdp, random_policy(mdp, seed))
    for regularizer in (psi.Logistic(), psi.LInfBall(), psi.Constant()):
        ours = match_empirical(mdp, expert, regularizer, weight)
        theirs = match_occupancy(mdp, expert, regularizer, weight)
        assert ours.status is theirs.status is Status.OPTIMAL
        assert ours.primal_value == pytest.approx(theirs.primal_value, rel=1e-9, abs=1e-9)
        np.testing.assert_allclose(ours.occupancy, theirs.occupancy, rtol=1e-6, atol=1e-9 / (1.0 - mdp.discount))


def test_occupancy_from_counts():
    """gamma^t per sample, at one half, scaled to the mass two: three at time 0, one at 1, one at 2."""
    mdp = FiniteMDP(np.full((2, 2, 2), 0.5), [0.5, 0.5], 0.5)
    found = empirical_occupancy(mdp, [0, 0, 1, 0, 1], [1, 1, 0, 1, 0], [0, 0, 0, 1, 2])
    np.testing.assert_allclose(found, 2.0 / 3.75 * np.array([[0.0, 2.5], [1.25, 0.0]]), rtol=1e-15)
    weighted = empirical_occupancy(mdp, [0, 1], [1, 0], [1, 0], weights=[6.0, 1.0])
    np.testing.assert_allclose(weighted, [[0.0, 1.5], [0.5, 0.0]], rtol=1e-15)


def test_more_samples_come_closer_to_the_expert_and_so_does_what_matches_them():
    """At the rate of the square root: a hundred times as many, about a tenth of the distance."""
    mdp = garnet(5)
    policy = solve_rl(mdp, np.random.default_rng(5).random((6, 3)), 0.2).policy
    expert = occupancy_of(mdp, policy)
    exact = match_occupancy(mdp, expert, psi.Logistic(), 0.1)
    distances = []
    for episodes in (40, 4000):
        measure = empirical_occupancy(mdp, *sampled(mdp, policy, episodes, 0))
        solution = match_empirical(mdp, measure, psi.Logistic(), 0.1).require_optimal(1e-8)
        pairs = ((measure, expert), (solution.occupancy, exact.occupancy))
        distances.append([0.1 * float(abs(one - other).sum()) for one, other in pairs])
    few, many = np.array(distances)
    assert np.all(many <= 0.01)
    assert np.all((few > 4.0 * many) & (few < 25.0 * many))


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_where_no_demonstration_goes_no_discriminator_is_fooled(weight):
    """D = rho / (rho + m) is one at pairs never demonstrated, and log D, the cost, zero: the highest there is."""
    mdp = garnet(2)
    policy = occupancy_of(mdp, np.full((6, 3), 1.0 / 3.0))
    measure = empirical_occupancy(mdp, *sampled(mdp, policy / policy.sum(axis=1, keepdims=True), 1, 3, steps=6))
    unseen = measure == 0.0
    assert unseen.sum() >= 10
    assert np.any(unseen.all(axis=1))
    solution = match_empirical(mdp, measure, psi.Logistic(), weight).require_optimal(1e-8)
    np.testing.assert_array_equal(solution.cost[unseen], 0.0)
    rho, seen = solution.occupancy[~unseen], measure[~unseen]
    np.testing.assert_allclose(solution.cost[~unseen], np.log(rho / (rho + seen)), rtol=1e-12)
    assert np.all(solution.cost[~unseen] < 0.0)
    best = solve_rl(mdp, solution.cost, weight)
    paid = float(np.sum(solution.occupancy * solution.cost)) - weight * causal_entropy(solution.occupancy)
    assert best.primal_value == pytest.approx(paid, rel=1e-7)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_without_a_choice_the_value_is_the_divergence(weight):
    """One action, one occupancy p0 at discount zero, whatever the measure."""
    mdp = FiniteMDP(np.full((2, 1, 2), 0.5), [0.5, 0.5], 0.0)
    solution = match_empirical(mdp, [[0.9], [0.1]], psi.Logistic(), weight).require_optimal(1e-12)
    half = 0.5 * np.log(0.5 / 1.4) + 0.9 * np.log(0.9 / 1.4) + 0.5 * np.log(0.5 / 0.6) + 0.1 * np.log(0.1 / 0.6)
    assert solution.primal_value == pytest.approx(half, rel=1e-13)
    l1 = match_empirical(mdp, [[0.9], [0.1]], psi.LInfBall(), weight).require_optimal(1e-10)
    assert l1.primal_value == pytest.approx(0.8, rel=1e-10)
    np.testing.assert_allclose(l1.cost[1] - l1.cost[0], 2.0, rtol=1e-8)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_constant_psi_has_no_answer(weight):
    mdp = garnet(0)
    with pytest.raises(NoFiniteMatch, match=r"Constant demands rho = measure.* at state \d by [+-]\d"):
        match_empirical(mdp, measure_on(mdp, 0), psi.Constant(), weight)


def forked():
    """From state 0, action 0 stays, 1 leads to state 1, 2 to state 2; both lead back, by both of their actions."""
    transitions = np.zeros((3, 3, 3))
    transitions[0, [0, 1, 2], [0, 1, 2]] = 1.0
    transitions[1:, :, 0] = 1.0
    return FiniteMDP(transitions, [1.0, 0.0, 0.0], 0.5)


@pytest.mark.parametrize("weight", [0.0, 0.1, 1.0])
def test_divergences_that_keep_to_the_support_do_so(weight):
    """State 2 is not in the support: the pair that leads there has to be left as well."""
    mdp = forked()
    within = np.array([[0.5, 0.7, 0.0], [0.6, 0.2, 0.0], [0.0, 0.0, 0.0]])
    for regularizer in (psi.ReverseKL(), psi.Jeffreys()):
        solution = match_empirical(mdp, within, regularizer, weight)
        assert np.all(solution.occupancy[within == 0.0] == 0.0)
        assert solution.primal_value == pytest.approx(second_opinion(mdp, within, regularizer, weight), rel=1e-6)
        if weight == 0.0:
            solution.require_optimal(1e-8)
        else:
            assert (solution.status, solution.cost) == (Status.DUAL_NOT_ATTAINED, None)
    leading_out = np.array([[0.5, 0.5, 0.2], [0.6, 0.2, 0.0], [0.0, 0.0, 0.0]])
    solution = match_empirical(mdp, leading_out, psi.ReverseKL(), weight)
    assert (solution.status, solution.cost) == (Status.DUAL_NOT_ATTAINED, None)
    assert np.all(solution.occupancy[[0, 1, 2], [2, 2, 0]] == 0.0)
    expected = second_opinion(mdp, leading_out, psi.ReverseKL(), weight)
    assert solution.primal_value == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(solution.problem.expert, leading_out, rtol=1e-14)
    with pytest.raises(NoFiniteMatch, match="state 0, action 2 belongs"):
        match_empirical(mdp, leading_out, psi.Jeffreys(), weight)


@pytest.mark.parametrize("regularizer", [psi.ReverseKL(), psi.Jeffreys()], ids=str)
def test_divergences_that_no_policy_keeps_finite_are_refused(regularizer):
    mdp = forked()
    with pytest.raises(NoFiniteMatch, match="every policy leaves it: state 0, action 1, for example"):
        match_empirical(mdp, [[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], regularizer)
    with pytest.raises(NoFiniteMatch, match="episodes may begin at state 0"):
        match_empirical(mdp, [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], regularizer)
    match_empirical(mdp, [[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], psi.Logistic()).require_optimal(1e-8)


@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_expectations_are_matched_if_some_policy_has_them(weight):
    """An occupancy with its states exchanged is none, but features that see only actions do not tell."""
    mdp = garnet(1)
    policy = np.random.default_rng(1).dirichlet(np.ones(3))
    expert = occupancy_of(mdp, np.tile(policy, (6, 1)))
    measure = np.roll(expert, 1, axis=0)
    seeing = psi.LinearSpan(np.tile(np.eye(3)[None, :, :], (6, 1, 1)))
    solution = match_empirical(mdp, measure, seeing, weight).require_optimal(1e-8)
    np.testing.assert_allclose(solution.occupancy.sum(axis=0), measure.sum(axis=0), rtol=1e-9)
    if weight > 0.0:
        expected = second_opinion(mdp, measure, seeing, weight)
        assert solution.primal_value == pytest.approx(expected, rel=1e-6)
    telling = psi.LinearSpan(np.eye(18).reshape(6, 3, 18))
    with pytest.raises(NoFiniteMatch, match="no policy has"):
        match_empirical(mdp, measure, telling, weight)


def test_earlier_solutions_may_be_starts():
    mdp = garnet(3)
    measure = measure_on(mdp, 3)
    earlier = match_empirical(mdp, measure, psi.Logistic(), 0.2)
    again = match_empirical(mdp, measure, psi.Logistic(), 0.1, start=earlier).require_optimal(1e-8)
    alone = match_empirical(mdp, measure, psi.Logistic(), 0.1)
    np.testing.assert_allclose(again.occupancy, alone.occupancy, rtol=1e-6)


def test_what_is_no_measure_of_the_process_is_refused():
    mdp = garnet(0)
    measure = measure_on(mdp, 0)
    with pytest.raises(InvalidOccupancy, match=r"mass 10.* have 1/\(1-gamma\) = 5"):
        match_empirical(mdp, 2.0 * measure, psi.Logistic())
    with pytest.raises(InvalidOccupancy, match=r"is -1\.0 at state 1, action 2"):
        match_empirical(mdp, np.where(np.arange(18).reshape(6, 3) == 5, -1.0, measure), psi.Logistic())
    with pytest.raises(InvalidOccupancy, match="shape"):
        match_empirical(mdp, measure[:5], psi.Logistic())
    with pytest.raises(TypeError, match="instance"):
        match_empirical(mdp, measure, psi.Logistic)
    with pytest.raises(psi.InvalidRegularizer):
        match_empirical(mdp, measure, psi.L2Ball(np.ones((5, 3, 2))))
    stay = FiniteMDP([[[1.0, 0.0]], [[0.0, 1.0]]], [1.0, 0.0], 0.5)
    with pytest.raises(InvalidOccupancy, match="at state 1, action 0, but no policy reaches"):
        match_empirical(stay, [[1.0], [1.0]], psi.Logistic())
    ending = FiniteMDP([[[0.5]]], [1.0], 0.5, terminal=[True])
    with pytest.raises(InvalidOccupancy, match=r"after state 0, action 0.*continuing\(mdp\).*state 1"):
        match_empirical(ending, [[2.0]], psi.Logistic())
    with pytest.raises(InvalidOccupancy, match="continuing"):
        empirical_occupancy(ending, [0], [0], [0])


def test_what_is_no_list_of_samples_is_refused():
    mdp = garnet(0)
    for arguments, message in (
        (([0, 6], [0, 0], [0, 1]), "sample 1: states has 6; the process has 6"),
        (([0, 1], [0, -1], [0, 1]), "sample 1: actions has -1"),
        (([0, 1], [0, 1], [-3, 1]), "sample 0: times has -3"),
        (([0, 1], [0, 1], [0.0, 1.0]), "times must be whole numbers, got float64"),
        (([], [], []), "states must be a list of at least one"),
        (([0, 1], [0], [0, 1]), r"one length, got states \(2,\), actions \(1,\)"),
        (([0, 1], [0, 1], [0, 1], [1.0, np.nan]), "weight nan of sample 1"),
        (([0, 1], [0, 1], [0, 1], [0.0, 0.0]), "all 2 samples have weight zero"),
    ):
        with pytest.raises(InvalidSamples, match=message):
            empirical_occupancy(mdp, *arguments)


def test_a_part_of_the_support_that_no_policy_reaches_within_it_is_left():
    island = np.array([[1.5, 0.0, 0.0], [0.0, 0.0, 0.0], [0.5, 0.0, 0.0]])
    with pytest.raises(NoFiniteMatch, match="state 2, action 0 belongs"):
        match_empirical(forked(), island, psi.Jeffreys())
    solution = match_empirical(forked(), island, psi.ReverseKL())
    assert solution.primal_value == pytest.approx(2.0 * np.log(2.0 / 1.5), rel=1e-12)
