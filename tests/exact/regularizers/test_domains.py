"""What each psi is as a divergence, and what it refuses."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog
from scipy.special import lambertw

from gail.exact import FiniteMDP, Matching, match_occupancy, occupancy_of, solve_irl
from gail.exact import regularizers as psi
from gail.exact.regularizers import InvalidRegularizer, transport


@pytest.fixture(scope="module")
def pair(gridworld):
    """Two occupancy measures, and their mass."""
    rng = np.random.default_rng(0)
    one, two = (occupancy_of(gridworld, rng.dirichlet(np.ones(4), size=64)) for _ in range(2))
    return one, two, 1.0 / (1.0 - gridworld.discount)


def test_surrogates_are_the_divergences_of_the_table(pair):
    one, two, mass = pair
    p, q = one / mass, two / mass
    middle = 0.5 * (p + q)
    jensen = 0.5 * np.sum(p * np.log(p / middle)) + 0.5 * np.sum(q * np.log(q / middle))
    hellinger = 0.5 * np.sum((np.sqrt(p) - np.sqrt(q)) ** 2)
    forward, reverse = np.sum(two * np.log(two / one)), np.sum(one * np.log(one / two))
    expected = {
        psi.Logistic(): 2.0 * mass * (jensen - np.log(2.0)),
        psi.Exponential(): 2.0 * mass * (hellinger - 1.0),
        psi.TruncatedQuadratic(): np.sum((one - two) ** 2 / (one + two)) - 2.0 * mass,
        psi.Hinge(): np.sum(abs(one - two)) - 2.0 * mass,
        psi.Jeffreys(): forward + reverse - 2.0 * mass,
        psi.ReverseKL(): reverse,
        psi.ForwardKL(): forward,
        psi.LInfBall(): np.sum(abs(one - two)),
        psi.Quadratic(0.5): np.sum((one - two) ** 2),
    }
    for regularizer, value in expected.items():
        assert regularizer.conjugate(one, two)[0] == pytest.approx(value, rel=1e-11, abs=1e-11), regularizer


@pytest.mark.parametrize(
    ("surrogate", "inverse"),
    [
        (psi.Logistic(), lambda y: -np.log(np.expm1(y))),
        (psi.Exponential(), lambda y: -np.log(y)),
        (psi.TruncatedQuadratic(), lambda y: 1.0 - np.sqrt(y)),
        (psi.Hinge(), lambda y: 1.0 - y),
        (psi.Jeffreys(), lambda y: np.real(lambertw(np.exp(y))) - y),
    ],
    ids=lambda thing: repr(thing) if isinstance(thing, psi.Surrogate) else "",
)
def test_penalties_are_those_of_phi(surrogate, inverse):
    """g(x) = -x + phi(-phi^-1(-x))."""
    low, high = surrogate.domain
    x = np.linspace(max(low, -3.9), min(high, 3.0) - 1e-3, 50)
    np.testing.assert_allclose(surrogate.phi(inverse(-x)), -x, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(surrogate.penalty(x), -x + surrogate.phi(-inverse(-x)), rtol=1e-9)


def test_logits_outside_the_interval_are_clipped():
    for surrogate in (psi.TruncatedQuadratic(), psi.Hinge()):
        np.testing.assert_array_equal(surrogate.cost(np.array([-7.0, 9.0])), [surrogate.domain[0], 0.0])
        assert surrogate.discriminator_loss(np.array([5.0]), np.array([-5.0])) == 0.0


def test_feature_classes_measure_feature_expectations(pair):
    one, two, _ = pair
    features = np.random.default_rng(1).normal(size=(64, 4, 5))
    gap = np.einsum("sak,sa->k", features, one - two)
    assert psi.L2Ball(features).conjugate(one, two)[0] == pytest.approx(np.linalg.norm(gap))
    assert psi.Simplex(features).conjugate(one, two)[0] == pytest.approx(gap.max())
    # Redundant features change nothing, and do not confuse the test of membership.
    twice = psi.L2Ball(np.concatenate([features, features], axis=2))
    value, cost = twice.conjugate(one, two)
    assert value == pytest.approx(np.sqrt(2.0) * np.linalg.norm(gap))
    assert twice.value(cost, two) == 0.0
    assert twice.value(1.001 * cost, two) == np.inf


def test_transport_on_a_line_is_the_area_between_distribution_functions():
    rng = np.random.default_rng(2)
    one, two = rng.dirichlet(np.ones(10), size=2).reshape(2, 5, 2)
    places = np.sort(rng.random(10))
    metric = abs(places[:, None] - places)
    value, cost = psi.Lipschitz(metric).conjugate(one, two)
    area = np.sum(abs(np.cumsum((one - two).ravel()))[:-1] * np.diff(places))
    assert value == pytest.approx(area, rel=1e-11)
    assert np.sum((one - two) * cost) == pytest.approx(area, rel=1e-11)


def test_a_distance_and_its_potential_agree_to_twelve_digits():
    rng = np.random.default_rng(4)
    for _ in range(40):
        points = rng.normal(size=(24, 2))
        metric = psi.Lipschitz(np.linalg.norm(points[:, None] - points, axis=2))
        one, two = rng.dirichlet(np.ones(24), size=2).reshape(2, 8, 3)
        value, cost = metric.conjugate(one, two)
        assert value == pytest.approx(np.sum((one - two) * cost), rel=2e-12)


def test_transport_that_stalls_is_left_to_a_linear_program(monkeypatch):
    rng = np.random.default_rng(2)
    one, two = rng.dirichlet(np.ones(10), size=2).reshape(2, 5, 2)
    line = psi.Lipschitz(abs(np.arange(10)[:, None] - np.arange(10.0)))
    expected = line.conjugate(one, two)[0]
    monkeypatch.setattr(transport, "MAX_ITERATIONS", 1)
    value, cost = line.conjugate(one, two)
    assert value == pytest.approx(expected, rel=1e-9)
    assert np.sum((one - two) * cost) == pytest.approx(expected, rel=1e-9)


def test_transport_is_the_transport_problem():
    rng = np.random.default_rng(3)
    one, two = rng.dirichlet(np.ones(6), size=2)
    points = rng.normal(size=(6, 2))
    metric = np.linalg.norm(points[:, None] - points, axis=2)
    rows, columns = np.kron(np.eye(6), np.ones(6)), np.kron(np.ones(6), np.eye(6))
    plan = linprog(metric.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([one, two]))
    value = psi.Lipschitz(metric.reshape(3, 2, 3, 2)).conjugate(one.reshape(3, 2), two.reshape(3, 2))[0]
    assert value == pytest.approx(plan.fun, rel=1e-9)


def test_transport_between_unequal_masses_is_infinite():
    metric = psi.Lipschitz(1.0 - np.eye(2))
    value, cost = metric.conjugate(np.array([[2.0, 1.0]]), np.array([[1.0, 1.0]]))
    assert value == np.inf
    assert np.all(cost == np.inf)


def test_a_metric_restricted_to_some_states_keeps_its_distances():
    """On a path, whose middle state is left out."""
    path = psi.Lipschitz.on_graph(sparse.csr_array(np.diag(np.ones(2), 1) + np.diag(np.ones(2), -1)))
    ends = path.restricted(np.array([True, False, True]))
    assert ends.conjugate(np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]]))[0] == pytest.approx(2.0)
    whole = path.extended(np.array([[2.0], [0.0]]), np.array([True, False, True]))
    assert path.value(whole, np.ones((3, 1))) == 0.0
    np.testing.assert_allclose(whole[[0, 2], 0], [2.0, 0.0])


def broken(row, column, length):
    metric = 1.0 - np.eye(4)
    metric[row, column] = metric[column, row] = length
    return metric


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (broken(0, 2, 5.0), "pair 0 to pair 2 is 5.0, but 2.0 through pair 1"),
        (broken(0, 2, -1.0), "distance -1.0 from pair 0 to pair 2 is negative"),
        (broken(1, 3, 0.0), "from pair 1 to pair 3 must be zero from a pair to itself, and only there"),
        (broken(1, 3, np.nan), "from pair 1 to pair 3 is not finite"),
        (np.triu(np.ones((3, 3)), 1) + 0.5 * np.tril(np.ones((3, 3)), -1), "pair 0 to pair 1 is not symmetric"),
        (np.ones((2, 3)), r"got \(2, 3\)"),
    ],
)
def test_what_is_not_a_metric_is_refused(metric, message):
    with pytest.raises(InvalidRegularizer, match=message):
        psi.Lipschitz(metric)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (np.array([[0.0, -1.0], [-1.0, 0.0]]), r"edge \(0, 1\) has length -1.0"),
        (np.array([[0.0, 1.0], [2.0, 0.0]]), "has two lengths, one per direction"),
        (np.zeros((2, 2)), "not connected"),
        (np.zeros((2, 3)), r"shape \(2, 3\)"),
    ],
)
def test_graphs_without_a_metric_are_refused(graph, message):
    with pytest.raises(InvalidRegularizer, match=message):
        psi.Lipschitz.on_graph(sparse.csr_array(graph))


@pytest.mark.parametrize("pairs", [-1, 0, 3])
def test_the_pairs_of_a_graph_are_some_of_its_nodes(pairs):
    with pytest.raises(InvalidRegularizer, match=f"with {pairs} pairs"):
        psi.Lipschitz.on_graph(sparse.csr_array(1.0 - np.eye(2)), pairs)


def test_what_does_not_fit_is_refused():
    mdp = FiniteMDP(np.full((3, 2, 3), 1.0 / 3.0), np.eye(3)[0], 0.5)
    expert = occupancy_of(mdp, np.full((3, 2), 0.5))
    for wrong in (psi.L2Ball(np.ones((2, 2, 1))), psi.Simplex(np.ones((3, 1, 1))), psi.Lipschitz(1.0 - np.eye(4))):
        with pytest.raises(InvalidRegularizer, match="not fit"):
            match_occupancy(mdp, expert, wrong)
        with pytest.raises(InvalidRegularizer, match="not fit"):
            Matching(mdp, expert, wrong, 1.0).primal(expert)
    with pytest.raises(InvalidRegularizer, match=r"shape \(states, actions, k\), got \(3, 2\)"):
        psi.L2Ball(np.ones((3, 2)))
    features = np.ones((3, 2, 2))
    features[1, 0, 1] = np.nan
    with pytest.raises(InvalidRegularizer, match="feature 1 at state 1, action 0 is nan"):
        psi.Simplex(features)
    with pytest.raises(InvalidRegularizer, match="weight must be positive"):
        psi.Quadratic(0.0)


@pytest.mark.parametrize("solve", ["structured", "conic", "irl", "no entropy"])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (psi.L2Ball(np.ones((3, 5, 2))), "do not fit 5 states and 3 actions"),
        (psi.Simplex(np.ones((3, 5, 2))), "do not fit 5 states and 3 actions"),
        (psi.LinearSpan(np.ones((5, 2, 2))), "do not fit 5 states and 3 actions"),
        (psi.Lipschitz(1.0 - np.eye(14)), "14 state-action pairs does not fit 15"),
        (psi.Lipschitz(1.0 - np.eye(20)), "20 state-action pairs does not fit 15"),
    ],
    ids=lambda thing: type(thing).__name__ if not isinstance(thing, str) else "",
)
def test_every_entry_names_the_sizes_that_were_wanted(solve, wrong, message):
    mdp = FiniteMDP(np.full((5, 3, 5), 0.2), np.eye(5)[0], 0.5)
    expert = occupancy_of(mdp, np.full((5, 3), 1.0 / 3.0))
    with pytest.raises(InvalidRegularizer, match=message):
        if solve == "irl":
            solve_irl(mdp, expert, wrong)
        else:
            weight, method = (0.0, "structured") if solve == "no entropy" else (1.0, solve)
            match_occupancy(mdp, expert, wrong, weight, method)


@pytest.mark.parametrize("wrong", [psi.L2Ball(np.ones((3, 5, 2))), psi.Lipschitz(1.0 - np.eye(14))], ids=repr)
def test_a_conic_form_fits_or_is_refused(wrong):
    import cvxpy as cp

    with pytest.raises(InvalidRegularizer, match="not fit"):
        wrong.conic(cp, cp.Variable((5, 3)), np.ones((5, 3)))


@pytest.mark.parametrize("solve", [match_occupancy, solve_irl])
@pytest.mark.parametrize("kind", [psi.Logistic, psi.L2Ball, psi.LInfBall])
def test_a_class_in_place_of_an_instance_is_refused(solve, kind):
    mdp = FiniteMDP(np.full((5, 3, 5), 0.2), np.eye(5)[0], 0.5)
    with pytest.raises(TypeError, match=rf"psi must be an instance: {kind.__name__}\(\)"):
        solve(mdp, occupancy_of(mdp, np.full((5, 3), 1.0 / 3.0)), kind)
