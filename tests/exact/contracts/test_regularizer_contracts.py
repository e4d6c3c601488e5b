"""What every psi must satisfy; a new one joins the list below and nothing else."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from gail.exact.regularizers import Constant, Logistic, SmoothConjugate, SmoothCosts

REGULARIZERS = [Constant(), Logistic()]
SMOOTH_CONJUGATES = [psi for psi in REGULARIZERS if isinstance(psi, SmoothConjugate)]
SMOOTH_COSTS = [psi for psi in REGULARIZERS if isinstance(psi, SmoothCosts)]
SURROGATES = [psi for psi in REGULARIZERS if hasattr(psi, "discriminator_loss")]
SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=50)
every_psi = pytest.mark.parametrize("psi", REGULARIZERS, ids=repr)


def measures(seed):
    """Two positive measures and a cost inside every domain, spread over scales."""
    rng = np.random.default_rng(seed)
    rho, expert = np.exp(rng.normal(scale=3.0, size=(2, 3, 2)))
    return rho, expert, -np.exp(rng.normal(size=(3, 2)))


@every_psi
@CHECKED
@given(seed=SEEDS)
def test_fenchel_young_with_equality_at_the_returned_cost(psi, seed):
    rho, expert, cost = measures(seed)
    value, _ = psi.conjugate(rho, expert)
    assert value + psi.value(cost, expert) >= np.sum((rho - expert) * cost) - 1e-9
    for learner in (rho, expert):
        value, best = psi.conjugate(learner, expert)
        if np.isfinite(value):
            attained = np.sum((learner - expert) * best) - psi.value(best, expert)
            np.testing.assert_allclose(attained, value, rtol=1e-9, atol=1e-9)


@every_psi
@CHECKED
@given(seed=SEEDS, share=st.floats(0.0, 1.0))
def test_psi_and_its_conjugate_are_convex(psi, seed, share):
    rho, expert, cost = measures(seed)
    other, _, price = measures(seed + 1)
    mixed = psi.value(share * cost + (1.0 - share) * price, expert)
    assert mixed <= share * psi.value(cost, expert) + (1.0 - share) * psi.value(price, expert) + 1e-9
    one, two = psi.conjugate(rho, expert)[0], psi.conjugate(other, expert)[0]
    if np.isfinite(one) and np.isfinite(two):
        assert psi.conjugate(share * rho + (1.0 - share) * other, expert)[0] <= share * one + (1.0 - share) * two + 1e-9


@pytest.mark.parametrize("psi", SMOOTH_CONJUGATES, ids=repr)
@CHECKED
@given(seed=SEEDS)
def test_cost_and_elasticity_are_the_conjugates_derivatives(psi, seed):
    rho, expert, _ = measures(seed)
    direction = rho * np.random.default_rng(seed).normal(size=rho.shape)
    cost, elasticity = psi.conjugate(rho, expert)[1], psi.conjugate_elasticity(rho, expert)
    above, cost_above = psi.conjugate(rho + 1e-5 * direction, expert)
    below, cost_below = psi.conjugate(rho - 1e-5 * direction, expert)
    np.testing.assert_allclose((above - below) / 2e-5, np.sum(cost * direction), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose((cost_above - cost_below) / 2e-5, elasticity * direction / rho, rtol=1e-5, atol=1e-6)
    assert np.all(elasticity >= 0.0)


@pytest.mark.parametrize("psi", SMOOTH_COSTS, ids=repr)
@CHECKED
@given(seed=SEEDS)
def test_derivatives_in_the_cost(psi, seed):
    rho, expert, cost = measures(seed)
    direction = cost * np.random.default_rng(seed).normal(size=cost.shape)
    slope, curvature = psi.derivatives(cost, expert)
    above, below = cost + 1e-6 * direction, cost - 1e-6 * direction
    numeric = (psi.value(above, expert) - psi.value(below, expert)) / 2e-6
    size = abs(slope * direction).sum()
    np.testing.assert_allclose(numeric, np.sum(slope * direction), rtol=1e-5, atol=1e-6 * (1.0 + size))
    bend = (psi.derivatives(above, expert)[0] - psi.derivatives(below, expert)[0]) / 2e-6
    np.testing.assert_allclose(bend, curvature * direction, rtol=1e-5, atol=1e-6 * (1.0 + size))
    start, free = psi.start(rho, expert)
    assert np.isfinite(psi.value(start, expert))
    assert free.shape == cost.shape
    assert np.isfinite(psi.value(psi.move(cost, 1e3 * direction), expert))


@pytest.mark.parametrize("psi", SMOOTH_CONJUGATES, ids=repr)
@settings(deadline=None, derandomize=True, max_examples=10)
@given(seed=SEEDS)
def test_conjugate_is_the_numeric_supremum(psi, seed):
    """Separable: entry by entry, over costs on a logarithmic scale of both signs."""
    rho, expert, _ = measures(seed)
    for learner, demonstrator in zip(rho.ravel(), expert.ravel(), strict=True):
        single = np.array([[demonstrator]])

        def loss(log_size, sign, learner=learner, single=single):
            cost = np.array([[sign * np.exp(log_size)]])
            return psi.value(cost, single) - (learner - single[0, 0]) * cost[0, 0]

        best = -np.inf
        for sign in (-1.0, 1.0):
            grid = np.linspace(-25.0, 5.0, 121)
            if not np.isfinite([loss(point, sign) for point in grid]).any():
                continue  # outside the domain
            around = grid[np.argmin([loss(point, sign) for point in grid])]
            found = minimize_scalar(loss, bounds=(around - 0.5, around + 0.5), args=(sign,), method="bounded")
            best = max(best, -found.fun)
        value, _ = psi.conjugate(np.array([[learner]]), single)
        np.testing.assert_allclose(best, value, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("psi", SURROGATES, ids=repr)
@CHECKED
@given(seed=SEEDS)
def test_numpy_and_torch_are_one(psi, seed):
    rng = np.random.default_rng(seed)
    learner, expert = 10.0 * rng.normal(size=7), 10.0 * rng.normal(size=5)
    weights = rng.random(7), rng.random(5)
    np.testing.assert_allclose(psi.cost(learner), psi.cost(torch.tensor(learner)).numpy(), rtol=1e-14)
    arrays = (learner, expert, *weights)
    tensors = tuple(torch.tensor(array) for array in arrays)
    for count in (2, 4):
        np.testing.assert_allclose(
            psi.discriminator_loss(*arrays[:count]), psi.discriminator_loss(*tensors[:count]).item(), rtol=1e-13
        )


@pytest.mark.parametrize("psi", SURROGATES, ids=repr)
@CHECKED
@given(seed=SEEDS)
def test_no_table_of_logits_beats_the_conjugate(psi, seed):
    rho, expert, _ = measures(seed)
    logits = np.random.default_rng(seed).normal(size=rho.shape)
    value, cost = psi.conjugate(rho, expert)
    loss = psi.discriminator_loss(logits, logits, weights_learner=rho, weights_expert=expert)
    assert loss >= -value - 1e-9
    # The logits whose cost is the best response attain it.
    best = -np.log(np.expm1(-cost))
    attained = psi.discriminator_loss(best, best, weights_learner=rho, weights_expert=expert)
    if isinstance(psi, Logistic):
        np.testing.assert_allclose(psi.cost(best), cost, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(attained, -value, rtol=1e-9)
