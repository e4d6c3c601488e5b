import numpy as np
import pytest

from gail.exact import regularizers as psi
from gail.exact.constrained.tilted import Tilted


@pytest.mark.parametrize(
    "regularizer", [psi.Logistic(), psi.Quadratic(0.7), psi.Jeffreys()], ids=lambda one: type(one).__name__
)
def test_the_conjugate_gains_a_linear_function(regularizer):
    rng = np.random.default_rng(0)
    rho, expert, tilt = rng.random((3, 2)) + 0.1, rng.random((3, 2)) + 0.1, rng.normal(size=(3, 2))
    tilted = Tilted(regularizer, tilt)
    value, cost = tilted.conjugate(rho, expert)
    assert value == pytest.approx(regularizer.conjugate(rho, expert)[0] + np.sum(rho * tilt))
    # Fenchel: the returned cost attains the supremum, and no other cost exceeds it.
    assert np.sum((rho - expert) * cost) - tilted.value(cost, expert) == pytest.approx(value)
    for _ in range(20):
        other = tilted.move(cost, rng.normal(size=(3, 2)))
        assert np.sum((rho - expert) * other) - tilted.value(other, expert) <= value + 1e-12


def test_costs_at_the_end_of_the_domain_stay_in_it():
    """c = 0 + t, minus t, may be positive by rounding: psi must not be infinite there."""
    expert = np.array([[0.0, 1e-30]])
    tilt = np.array([[0.1, 0.3]])
    tilted = Tilted(psi.Logistic(), tilt)
    for cost in (tilt, np.nextafter(tilt, 1.0)):
        assert np.isfinite(tilted.value(cost, expert))
