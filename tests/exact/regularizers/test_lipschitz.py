import numpy as np

from gail.exact.regularizers import Lipschitz


def test_measures_that_differ_by_a_constant_up_to_rounding_have_no_distance():
    """Rounding may move every pair by the same amount; nothing is left to transport."""
    psi = Lipschitz(1.0 - np.eye(2))
    rho = np.array([[1.0, 1.0]])
    value, cost = psi.conjugate(rho, rho * (1.0 - 1e-15))
    assert value == 0.0
    assert np.array_equal(cost, np.zeros((1, 2)))
