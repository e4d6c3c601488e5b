import numpy as np
import pytest
from scipy import optimize, sparse

from gail.exact import NotEnoughMemory, Status
from gail.exact.process import memory
from gail.exact.rewards import logistic_fit
from gail.exact.rewards.logistic_fit import fit_logistic


def problem(seed, samples=30, size=4):
    rng = np.random.default_rng(seed)
    return (
        sparse.csr_array(rng.normal(size=(samples, size))),
        rng.normal(size=samples),
        rng.random(samples),
        rng.random(samples),
    )


@pytest.mark.parametrize("seed", range(10))
def test_the_optimum_is_that_of_a_general_method(seed):
    design, offset, weights, shares = problem(seed)

    def loss(theta):
        logits = design @ theta - offset
        return weights @ (np.logaddexp(0.0, logits) - shares * logits)

    found = fit_logistic(design, offset, weights, shares)
    other = optimize.minimize(loss, np.zeros(4), tol=1e-12)
    assert found.status is Status.OPTIMAL
    assert found.loss == pytest.approx(loss(found.parameters), abs=1e-12)
    assert found.loss <= other.fun + 1e-12
    assert abs(found.loss - found.bound) <= 1e-12
    assert found.gradient <= 1e-14
    np.testing.assert_allclose(found.parameters, other.x, atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_no_bound_exceeds_the_loss_of_any_point(seed):
    design, offset, weights, shares = problem(seed)
    best = fit_logistic(design, offset, weights, shares)
    rng = np.random.default_rng(seed)
    for _ in range(20):
        logits = design @ (best.parameters + rng.normal(size=4)) - offset
        assert weights @ (np.logaddexp(0.0, logits) - shares * logits) >= best.bound


@pytest.mark.parametrize("seed", range(10))
def test_the_bound_holds_and_is_close_before_the_search_has_ended(seed, monkeypatch):
    best = fit_logistic(*problem(seed))
    monkeypatch.setattr(logistic_fit, "MAX_STEPS", 1)
    monkeypatch.setattr(logistic_fit, "POLISHING", 0)
    early = fit_logistic(*problem(seed))
    assert early.loss > best.loss + 1e-9
    assert early.status is Status.NOT_CONVERGED
    assert best.loss - 10.0 * (early.loss - best.loss) <= early.bound <= best.loss


def test_directions_without_effect_stay_at_zero():
    design, offset, weights, shares = problem(0)
    doubled = fit_logistic(sparse.csr_array(sparse.hstack([design, design])), offset, weights, shares)
    once = fit_logistic(design, offset, weights, shares)
    np.testing.assert_allclose(doubled.parameters, 0.5 * np.tile(once.parameters, 2), atol=1e-12)
    assert doubled.status is Status.OPTIMAL


def test_separable_classes_have_no_optimum():
    design = sparse.csr_array([[1.0], [-1.0]])
    found = fit_logistic(design, np.zeros(2), np.ones(2), np.array([1.0, 0.0]))
    assert found.status is Status.DUAL_NOT_ATTAINED


def test_no_parameters_are_a_loss():
    found = fit_logistic(sparse.csr_array((2, 0)), np.zeros(2), np.ones(2), np.array([0.5, 0.5]))
    assert found.loss == pytest.approx(2.0 * np.log(2.0))
    assert found.status is Status.OPTIMAL


def test_too_large_regressions_are_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 100.0)
    with pytest.raises(NotEnoughMemory, match="a regression with 4 parameters on 30 samples would need about"):
        fit_logistic(*problem(0))
