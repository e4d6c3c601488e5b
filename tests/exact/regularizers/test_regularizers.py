import numpy as np
import pytest
import torch

from gail.exact import FiniteMDP, occupancy_of
from gail.exact.regularizers import Constant, Logistic


def test_logistic_conjugate_is_jensen_shannon(gridworld):
    """psi*(rho - rho_E) = 2 m (JSD(p, p_E) - log 2) for measures of mass m."""
    rng = np.random.default_rng(0)
    one, two = (occupancy_of(gridworld, rng.dirichlet(np.ones(4), size=64)) for _ in range(2))
    mass = 1.0 / (1.0 - gridworld.discount)
    p, q = one / mass, two / mass
    middle = 0.5 * (p + q)
    divergence = 0.5 * np.sum(p * np.log(p / middle)) + 0.5 * np.sum(q * np.log(q / middle))
    assert Logistic().conjugate(one, two)[0] == pytest.approx(2.0 * mass * (divergence - np.log(2.0)), rel=1e-12)
    assert Logistic().conjugate(two, two)[0] == pytest.approx(-2.0 * mass * np.log(2.0), rel=1e-14)


def test_logistic_conjugate_at_zeros():
    rho, expert = np.array([[0.0, 0.0, 2.0, 1.0]]), np.array([[0.0, 3.0, 0.0, 1.0]])
    value, cost = Logistic().conjugate(rho, expert)
    assert value == pytest.approx(2.0 * np.log(0.5))
    np.testing.assert_array_equal(cost, [[0.0, -np.inf, 0.0, np.log(0.5)]])


def test_logistic_value_and_its_domain():
    expert = np.array([[2.0, 0.0]])
    psi, cost = Logistic(), np.array([[-1.0, 0.0]])
    assert psi.value(cost, expert) == pytest.approx(2.0 * (1.0 - np.log(1.0 - np.exp(-1.0))))
    assert psi.value(np.array([[0.0, 0.0]]), expert) == np.inf
    assert psi.value(np.array([[-1.0, 1e-9]]), expert) == np.inf
    # Accurate at both ends: -log(1 - e^x) is -log(-x) near zero and e^x far from it.
    assert psi.value(np.array([[-1e-12, 0.0]]), expert) == pytest.approx(-2.0 * np.log(1e-12))
    assert psi.value(np.array([[-800.0, 0.0]]), expert) == 1600.0


def test_constant_conjugate_is_the_indicator_of_zero():
    expert = np.array([[1.0, 2.0]])
    value, cost = Constant().conjugate(expert * (1.0 + 1e-12), expert)
    assert value == 0.0
    np.testing.assert_array_equal(cost, 0.0)
    value, cost = Constant().conjugate(np.array([[1.0, 2.1]]), expert)
    assert value == np.inf
    np.testing.assert_array_equal(cost, [[0.0, np.inf]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_losses_and_costs_are_stable(dtype, library):
    logits = np.array([-1e4, -50.0, -1.0, 0.0, 1.0, 50.0, 1e4], dtype=dtype)
    given = logits if library == "numpy" else torch.tensor(logits)
    cost = np.asarray(Logistic().cost(given))
    assert cost.dtype == dtype
    expected = -np.logaddexp(0.0, -logits.astype(np.float64))
    np.testing.assert_allclose(cost, expected, rtol=1e-6 if dtype is np.float32 else 1e-14)
    loss = Logistic().discriminator_loss(given, given)
    wanted = -expected.mean() + np.logaddexp(0.0, logits.astype(np.float64)).mean()
    assert float(loss) == pytest.approx(wanted, rel=1e-6)


def test_gradients_through_torch_are_finite_and_right():
    logits = torch.tensor([-1e4, -1.0, 0.0, 2.0, 1e4], dtype=torch.float64, requires_grad=True)
    Logistic().discriminator_loss(logits, logits.detach()).backward()
    np.testing.assert_allclose(logits.grad, -torch.sigmoid(-logits.detach()) / 5.0, atol=1e-15)


def test_a_trained_table_of_logits_ties_loss_and_conjugate():
    """Weighted by two occupancies, the least loss is -psi*, and the cost there is the conjugate's gradient."""
    mdp = FiniteMDP(np.random.default_rng(0).dirichlet(np.ones(3), size=(3, 2)), np.eye(3)[0], 0.8)
    rng = np.random.default_rng(1)
    rho, expert = (torch.tensor(occupancy_of(mdp, rng.dirichlet(np.ones(2), size=3))) for _ in range(2))
    table = torch.zeros(3, 2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([table], max_iter=200, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = Logistic().discriminator_loss(table, table, weights_learner=rho, weights_expert=expert)
        loss.backward()
        return loss

    optimizer.step(closure)
    value, cost = Logistic().conjugate(rho.numpy(), expert.numpy())
    assert closure().item() == pytest.approx(-value, rel=1e-10)
    np.testing.assert_allclose(Logistic().cost(table.detach()).numpy(), cost, atol=1e-5)


def test_moves_stay_inside_the_domain():
    psi, expert = Logistic(), np.ones((1, 3))
    cost = np.array([[-1.0, -1e-140, -3.0]])
    moved = psi.move(cost, np.array([[5.0, 1.0, -2.0]]))
    assert np.isfinite(psi.value(moved, expert))
    np.testing.assert_allclose(moved[0, [0, 2]], [-0.01, -5.0])
    tiny = 1e-8 * np.array([[1.0, 0.0, -1.0]])
    np.testing.assert_array_equal(psi.move(cost, tiny), cost + tiny)
