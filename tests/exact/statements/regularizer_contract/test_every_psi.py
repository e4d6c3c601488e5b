"""What every psi must satisfy. The list is `library`'s, and a class that is missing there is an error here."""

import importlib.util
import inspect
from pathlib import Path

import numpy as np
import pytest
import torch

from gail.exact import check_regularizer, regularizers
from gail.exact.regularizers import LinearCosts, Repairable, Separable, requires_equality

_SPEC = importlib.util.spec_from_file_location("psi_library", Path(__file__).parents[2] / "psi_library.py")
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)

SHAPE = (3, 2)
LIBRARY = _MODULE.library(*SHAPE)


def every(condition=lambda psi: True):
    chosen = {name: psi for name, psi in LIBRARY.items() if condition(psi)}
    return pytest.mark.parametrize("psi", chosen.values(), ids=chosen.keys())


def of(protocol):
    return lambda psi: isinstance(psi, protocol)


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


def failures(verification):
    return [(one.statement, one.violation, one.numbers) for one in verification.certificates if not one.holds]


@every()
@pytest.mark.parametrize("seed", range(4))
def test_the_contract_is_kept(psi, seed):
    verification = check_regularizer(psi, *SHAPE, np.random.default_rng(seed), tensor=torch.tensor)
    assert failures(verification) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (4, 1)], ids=str)
@pytest.mark.parametrize("name", LIBRARY)
def test_the_contract_is_kept_on_the_smallest_processes(name, shape):
    psi = _MODULE.library(*shape)[name]
    assert failures(check_regularizer(psi, *shape, np.random.default_rng(0))) == []


@every(of(LinearCosts))
def test_costs_outside_a_feature_class_are_refused(psi):
    expert = np.ones(SHAPE)
    twice = 2.0 * (np.ones(3) if requires_equality(psi) else psi.response(np.ones(3)))
    assert psi.value(psi.features @ twice, expert) == (0.0 if requires_equality(psi) else np.inf)
    assert psi.value(psi.features @ psi.start_weights() + 1e-6, expert) == np.inf


@pytest.mark.parametrize("wrong", [1.0 + 1e-9, -1.0 - 1e-9, np.inf, np.nan])
def test_bounded_costs_are_bounded_on_both_sides(wrong):
    cost = np.zeros(SHAPE)
    assert regularizers.LInfBall().value(cost, np.ones(SHAPE)) == 0.0
    cost[1, 1] = wrong
    assert regularizers.LInfBall().value(cost, np.ones(SHAPE)) == np.inf


@every(requires_equality)
@pytest.mark.parametrize("seed", range(5))
def test_demands_of_equality_are_indicators(psi, seed):
    """Zero where nothing that the costs see differs; elsewhere costs of the domain run to infinity."""
    rho, expert = np.exp(3.0 * np.random.default_rng(seed).normal(size=(2, *SHAPE)))
    seen = psi.repaired(rho - expert) if isinstance(psi, Repairable) else rho - expert
    unseen = expert + (rho - expert - seen)
    value, cost = psi.conjugate(unseen, expert)
    assert (value, abs(cost).max()) == (0.0, 0.0)
    value, cost = psi.conjugate(rho, expert)
    assert value == np.inf
    assert psi.value(1e6 * seen, expert) == 0.0
    assert np.sum((rho - expert) * seen) > 0.0
    assert np.all(np.isinf(cost) == (cost != 0.0))
    assert np.sum(np.sign(cost) * (rho - expert)) > 0.0


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
