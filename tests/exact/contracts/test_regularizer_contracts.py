"""What every psi must satisfy. The list is `library`'s, and a class that is missing there is an error here."""

import importlib.util
import inspect
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from gail.exact import regularizers
from gail.exact.regularizers import (
    Constant,
    LinearCosts,
    Lipschitz,
    Repairable,
    Separable,
    SmoothConjugate,
    SmoothCosts,
    demands_equality,
)

_SPEC = importlib.util.spec_from_file_location("psi_library", Path(__file__).with_name("psi_library.py"))
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)

SHAPE = (3, 2)
LIBRARY = _MODULE.library(*SHAPE)
SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=40)
FEW = settings(deadline=None, derandomize=True, max_examples=10)


def every(condition=lambda psi: True):
    chosen = {name: psi for name, psi in LIBRARY.items() if condition(psi)}
    return pytest.mark.parametrize("psi", chosen.values(), ids=chosen.keys())


def of(protocol):
    return lambda psi: isinstance(psi, protocol)


def is_smooth_separable(psi):
    return isinstance(psi, SmoothConjugate) and isinstance(psi, SmoothCosts)


def measures(seed, scale=3.0, equal_mass=False):
    """Two positive measures, spread over scales."""
    rng = np.random.default_rng(seed)
    rho, expert = np.exp(rng.normal(scale=scale, size=(2, *SHAPE)))
    return (rho * expert.sum() / rho.sum() if equal_mass else rho), expert


def costs(psi, seed):
    """A cost inside the domain."""
    rng = np.random.default_rng(seed)
    cost = rng.normal(size=SHAPE)
    if isinstance(psi, Separable):
        low, high = psi.domain
        cost = -np.exp(cost) if high == 0.0 else cost
        return np.maximum(cost, 0.9 * low) if np.isfinite(low) else cost
    if isinstance(psi, Repairable):
        return psi.repaired(cost)
    return cost


def test_every_class_is_in_the_library():
    found = {
        name
        for name, thing in vars(regularizers).items()
        if inspect.isclass(thing)
        and hasattr(thing, "conjugate")
        and not inspect.isabstract(thing)
        and not getattr(thing, "_is_protocol", False)
    }
    assert found == set(LIBRARY)


@every()
@CHECKED
@given(seed=SEEDS)
def test_fenchel_young_with_equality_at_the_returned_cost(psi, seed):
    rho, expert = measures(seed, equal_mass=isinstance(psi, Lipschitz))
    cost = costs(psi, seed)
    assert np.isfinite(psi.value(cost, expert))
    value, _ = psi.conjugate(rho, expert)
    assert value + psi.value(cost, expert) >= np.sum((rho - expert) * cost) - 1e-9 * (1.0 + abs(value))
    for learner in (rho, expert):
        value, best = psi.conjugate(learner, expert)
        if np.isfinite(value):
            attained = np.sum((learner - expert) * best) - psi.value(best, expert)
            size = np.sum((learner + expert) * abs(best))
            np.testing.assert_allclose(attained, value, rtol=1e-9, atol=1e-9 + 1e-12 * size)


@every()
@CHECKED
@given(seed=SEEDS, share=st.floats(0.0, 1.0))
def test_psi_and_its_conjugate_are_convex(psi, seed, share):
    rho, expert = measures(seed, equal_mass=isinstance(psi, Lipschitz))
    other = measures(seed + 1)[0]
    other = other * (rho.sum() / other.sum())
    one, two = costs(psi, seed), costs(psi, seed + 1)
    ends = psi.value(one, expert), psi.value(two, expert)
    mixed = psi.value(share * one + (1.0 - share) * two, expert)
    assert mixed <= share * ends[0] + (1.0 - share) * ends[1] + 1e-9 * (1.0 + sum(map(abs, ends)))
    ends = psi.conjugate(rho, expert)[0], psi.conjugate(other, expert)[0]
    if np.all(np.isfinite(ends)):
        mixed = psi.conjugate(share * rho + (1.0 - share) * other, expert)[0]
        assert mixed <= share * ends[0] + (1.0 - share) * ends[1] + 1e-9 * (1.0 + sum(map(abs, ends)))


@every(lambda psi: not demands_equality(psi))
@FEW
@given(seed=SEEDS)
def test_the_cost_is_the_conjugates_gradient(psi, seed):
    """By central differences, along directions that keep the mass."""
    rho, expert = measures(seed, scale=1.0, equal_mass=True)
    direction = rho * np.random.default_rng(seed).normal(size=SHAPE)
    direction -= rho * direction.sum() / rho.sum()
    cost = psi.conjugate(rho, expert)[1]
    above, below = (psi.conjugate(rho + step * direction, expert)[0] for step in (1e-6, -1e-6))
    size = float(np.sum(abs(cost * direction)))
    np.testing.assert_allclose((above - below) / 2e-6, np.sum(cost * direction), atol=1e-5 * (1.0 + size))


@every(of(SmoothConjugate))
@CHECKED
@given(seed=SEEDS)
def test_elasticity_is_the_second_derivative(psi, seed):
    rho, expert = measures(seed)
    direction = rho * np.random.default_rng(seed).normal(size=rho.shape)
    elasticity = psi.conjugate_elasticity(rho, expert)
    (_, above), (_, below) = (psi.conjugate(rho + step * direction, expert) for step in (1e-5, -1e-5))
    cost = psi.conjugate(rho, expert)[1]
    expected = elasticity * direction / rho
    size = abs(cost) + abs(expected)
    assert np.all(abs((above - below) / 2e-5 - expected) <= 1e-6 * size + 1e-9)
    assert np.all(elasticity >= 0.0)


@every(of(SmoothCosts))
@CHECKED
@given(seed=SEEDS)
def test_derivatives_in_the_cost(psi, seed):
    rho, expert = measures(seed)
    cost = costs(psi, seed)
    direction = 0.1 * cost * np.random.default_rng(seed).normal(size=cost.shape)
    slope, curvature = psi.derivatives(cost, expert)
    above, below = cost + 1e-5 * direction, cost - 1e-5 * direction
    numeric = (psi.value(above, expert) - psi.value(below, expert)) / 2e-5
    size = abs(slope * direction).sum() + abs(psi.value(cost, expert))
    np.testing.assert_allclose(numeric, np.sum(slope * direction), rtol=1e-5, atol=1e-6 * (1.0 + size))
    bend = (psi.derivatives(above, expert)[0] - psi.derivatives(below, expert)[0]) / 2e-5
    np.testing.assert_allclose(bend, curvature * direction, rtol=1e-5, atol=1e-6 * (1.0 + size))
    start, free = psi.start(rho, expert)
    assert np.isfinite(psi.value(start, expert))
    assert free.shape == cost.shape
    moved = psi.move(cost, 1e3 * direction)
    finite = np.isfinite(psi.value(moved, expert))
    assert finite or getattr(psi, "domain", (0.0, 0.0))[1] == np.inf  # e^c may overflow
    tiny = 1e-9 * direction
    np.testing.assert_allclose(psi.move(cost, tiny), cost + tiny, rtol=1e-14)


@every(is_smooth_separable)
@settings(deadline=None, derandomize=True, max_examples=5)
@given(seed=SEEDS)
def test_conjugate_is_the_numeric_supremum(psi, seed):
    """Separable: entry by entry, over costs on a logarithmic scale of both signs."""
    if isinstance(psi, Constant):
        return
    rho, expert = measures(seed, scale=1.5)
    for learner, demonstrator in zip(rho.ravel(), expert.ravel(), strict=True):
        single = np.array([[demonstrator]])

        def loss(log_size, sign, learner=learner, single=single):
            cost = np.array([[sign * np.exp(log_size)]])
            with np.errstate(over="ignore"):
                return psi.value(cost, single) - (learner - single[0, 0]) * cost[0, 0]

        best = -np.inf
        for sign in (-1.0, 1.0):
            grid = np.linspace(-25.0, 5.5, 123)
            values = np.array([loss(point, sign) for point in grid])
            if not np.isfinite(values).any():
                continue  # outside the domain
            around = grid[np.nanargmin(values)]
            found = minimize_scalar(loss, bounds=(around - 0.5, around + 0.5), args=(sign,), method="bounded")
            best = max(best, -min(found.fun, values.min()))
        value, _ = psi.conjugate(np.array([[learner]]), single)
        np.testing.assert_allclose(best, value, rtol=1e-6, atol=1e-6)


@every(lambda psi: isinstance(psi, Repairable))
@FEW
@given(seed=SEEDS)
def test_no_cost_of_a_class_does_better(psi, seed):
    """The numeric supremum of a class: many costs inside it, none above the conjugate."""
    rho, expert = measures(seed, equal_mass=True)
    value = psi.conjugate(rho, expert)[0]
    rng = np.random.default_rng(seed)
    for size in (0.1, 1.0, 10.0):
        cost = psi.repaired(size * rng.normal(size=SHAPE))
        charge = psi.value(cost, expert)
        assert np.isfinite(charge)
        assert np.sum((rho - expert) * cost) - charge <= value + 1e-9 * (1.0 + abs(value))
        np.testing.assert_allclose(psi.repaired(cost), cost, rtol=1e-9, atol=1e-9)


@every(of(LinearCosts))
def test_costs_outside_a_feature_class_are_refused(psi):
    expert = np.ones(SHAPE)
    twice = 2.0 * (np.ones(3) if demands_equality(psi) else psi.response(np.ones(3)))
    assert psi.value(psi.features @ twice, expert) == (0.0 if demands_equality(psi) else np.inf)
    assert psi.value(psi.features @ psi.start_weights() + 1e-6, expert) == np.inf


@every(demands_equality)
@FEW
@given(seed=SEEDS)
def test_demands_of_equality_are_indicators(psi, seed):
    """Zero where nothing that the costs see differs; elsewhere costs of the domain run to infinity."""
    rho, expert = measures(seed)
    seen = psi.repaired(rho - expert) if isinstance(psi, Repairable) else rho - expert
    unseen = expert + (rho - expert - seen)
    value, cost = psi.conjugate(unseen, expert)
    assert (value, abs(cost).max()) == (0.0, 0.0)
    value, cost = psi.conjugate(rho, expert)
    assert value == np.inf
    assert psi.value(1e6 * seen, expert) == 0.0
    assert np.sum((rho - expert) * seen) > 0.0
    assert np.all(np.isinf(cost) == (cost != 0.0))


@every(of(Separable))
@CHECKED
@given(seed=SEEDS)
def test_numpy_and_torch_are_one(psi, seed):
    rng = np.random.default_rng(seed)
    learner, expert = 3.0 * rng.normal(size=7), 3.0 * rng.normal(size=5)
    weights = rng.random(7), rng.random(5)
    np.testing.assert_allclose(psi.cost(learner), psi.cost(torch.tensor(learner)).numpy(), rtol=1e-13)
    arrays = (learner, expert, *weights)
    tensors = tuple(torch.tensor(array) for array in arrays)
    for count in (2, 4):
        np.testing.assert_allclose(
            psi.discriminator_loss(*arrays[:count]), psi.discriminator_loss(*tensors[:count]).item(), rtol=1e-12
        )


@every(of(Separable))
@CHECKED
@given(seed=SEEDS)
def test_the_least_loss_of_logits_is_minus_the_conjugate(psi, seed):
    """-R_phi and its f-divergence analogue: entry by entry, by direct numeric minimisation over the logit."""
    rho, expert = measures(seed, scale=1.0)
    value, cost = psi.conjugate(rho, expert)
    least, found = 0.0, np.empty(SHAPE)
    for index in np.ndindex(SHAPE):
        one, other = rho[index], expert[index]

        def risk(logit, one=one, other=other):
            logit = np.array([logit])
            return float(psi.discriminator_loss(logit, logit, np.array([one]), np.array([other])))

        reach = min(psi.limit, 12.0)
        result = minimize_scalar(risk, bounds=(-reach, reach), method="bounded", options={"xatol": 1e-9})
        least += result.fun
        found[index] = psi.cost(np.array([result.x]))[0]
    np.testing.assert_allclose(least, -value, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(found, cost, rtol=1e-3, atol=1e-3)
    logits = np.random.default_rng(seed).normal(size=SHAPE)
    assert psi.discriminator_loss(logits, logits, rho, expert) >= -value - 1e-9


@every(of(Separable))
def test_zeros_follow_the_closure(psi):
    """sup over the closure of T where rho_E = 0; elsewhere the limit."""
    rho, expert = np.array([[0.0, 2.0], [0.0, 1.0]]), np.array([[0.0, 0.0], [3.0, 1.0]])
    value, cost = psi.conjugate(rho, expert)
    top = psi.domain[1]
    assert cost[0, 1] == top
    assert cost[0, 0] == (top if np.isfinite(top) else psi.unit_cost)
    assert cost[1, 0] == psi.domain[0]
    assert cost[1, 1] == pytest.approx(psi.unit_cost)
    if np.isinf(top):
        assert value == np.inf
    closed = np.where(np.isfinite(top), top, 5.0) * np.ones((1, 1))
    assert psi.value(closed, np.zeros((1, 1))) == 0.0
