import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP, InvalidCost, Matching, occupancy_of
from gail.exact import regularizers as psi
from gail.exact.algorithms import entropy_gradient, imitation_gradient, policy_gradient, softmax_policy

SEEDS = st.integers(0, 2**32 - 1)
CHECKED = settings(deadline=None, derandomize=True, max_examples=25)


def torch_occupancy(mdp, logits):
    """rho (S, A) and log pi by dense linear algebra that automatic differentiation passes through."""
    dense = torch.tensor(mdp.transitions.toarray().reshape(mdp.num_states, mdp.num_actions, -1))
    log_policy = torch.log_softmax(logits, dim=1)
    chain = mdp.discount * torch.einsum("sa,san->sn", log_policy.exp(), dense)
    identity = torch.eye(mdp.num_states, dtype=torch.float64)
    visits = torch.linalg.solve((identity - chain).T, torch.tensor(np.array(mdp.initial)))
    return visits[:, None] * log_policy.exp(), log_policy


def gradient_of(mdp, logits, objective):
    theta = torch.tensor(logits, requires_grad=True)
    value = objective(*torch_occupancy(mdp, theta))
    (gradient,) = torch.autograd.grad(value, theta)
    return gradient.numpy()


def assert_close(claimed, oracle):
    np.testing.assert_allclose(claimed, oracle, atol=1e-10 * (1.0 + abs(oracle).max()))


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_gradients_are_those_of_automatic_differentiation(mdp: FiniteMDP, seed, random_cost, random_policy):
    logits, cost = 2.0 * random_cost(mdp, seed), random_cost(mdp, seed + 1)
    price = torch.tensor(cost)
    assert_close(entropy_gradient(mdp, logits), gradient_of(mdp, logits, lambda rho, log: -(rho * log).sum()))
    claimed = policy_gradient(mdp, logits, cost, 0.3)
    assert_close(claimed, gradient_of(mdp, logits, lambda rho, log: (rho * (price + 0.3 * log)).sum()))


@CHECKED
@given(mdp=..., seed=SEEDS)
def test_equations_12_and_18_are_gradients_of_the_maximised_objective(mdp: FiniteMDP, seed, random_cost, random_policy):
    logits, expert = random_cost(mdp, seed), occupancy_of(mdp, random_policy(mdp, seed))
    reach = torch.tensor(np.array(mdp.reachable))
    target = torch.tensor(expert)[reach]

    def jensen_shannon(rho, log_policy):
        rho, log_policy = rho[reach], log_policy[reach]
        both = rho + target
        return (rho * (rho / both).log() + target * (target / both).log() + 0.2 * rho * log_policy).sum()

    claimed = imitation_gradient(Matching(mdp, expert, psi.Logistic(), 0.2), logits)
    assert_close(claimed, gradient_of(mdp, logits, jensen_shannon))
    features = np.random.default_rng(seed).normal(size=(*expert.shape, 3))

    def gap(rho, log_policy):
        return torch.einsum("sak,sa->k", torch.tensor(features), rho - torch.tensor(expert)).norm()

    distance = psi.L2Ball(features).conjugate(occupancy_of(mdp, softmax_policy(logits)), expert)[0]
    if distance > 1e-6:  # at a gap of zero every cost is a best one
        claimed = imitation_gradient(Matching(mdp, expert, psi.L2Ball(features), 0.0), logits)
        np.testing.assert_allclose(claimed, gradient_of(mdp, logits, gap), atol=1e-7 * expert.sum() / distance)


def test_a_bandit_by_hand():
    """One state, discount 0: grad_a E[c] = pi_a (c_a - mean cost)."""
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.0)
    logits = np.log([[0.25, 0.75]])
    gradient = policy_gradient(bandit, logits, np.array([[1.0, 3.0]]), entropy_weight=0.0)
    np.testing.assert_allclose(gradient, [[0.25 * (1.0 - 2.5), 0.75 * (3.0 - 2.5)]], atol=1e-15)
    assert entropy_gradient(bandit, np.zeros((1, 2))) == pytest.approx(np.zeros((1, 2)), abs=1e-16)


def test_gradients_refuse_what_has_no_meaning():
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    problem = Matching(bandit, occupancy_of(bandit, [[0.5, 0.5]]), psi.Logistic(), 0.5)
    cost = np.zeros((1, 2))
    for function in (
        lambda logits: policy_gradient(bandit, logits, cost, entropy_weight=0.0),
        lambda logits: entropy_gradient(bandit, logits),
        lambda logits: imitation_gradient(problem, logits),
    ):
        with pytest.raises(ValueError, match=r"logits must have shape \(states, actions\) = \(1, 2\), got \(1, 3\)"):
            function(np.zeros((1, 3)))
        with pytest.raises(ValueError, match="logits must be finite, got nan at state 0, action 1"):
            function(np.array([[0.0, np.nan]]))
    with pytest.raises(ValueError, match="logits must be finite, got inf at state 0, action 0"):
        softmax_policy([[np.inf, 0.0]])
    with pytest.raises(ValueError, match=r"logits must have shape \(states, actions\), got \(2,\)"):
        softmax_policy([0.0, 1.0])
    with pytest.raises(ValueError, match="cost at state 0, action 0 is inf"):
        policy_gradient(bandit, cost, np.full((1, 2), np.inf), entropy_weight=0.0)
    with pytest.raises(ValueError, match="entropy_weight must be finite and nonnegative, got -1"):
        policy_gradient(bandit, cost, cost, -1.0)
    with pytest.raises(TypeError, match=r"psi must be an instance: Logistic\(\)"):
        imitation_gradient(Matching(bandit, problem.expert, psi.Logistic, 0.5), cost)


def test_an_infinite_best_cost_has_no_gradient():
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    one_sided = occupancy_of(bandit, [[1.0, 0.0]])
    with pytest.raises(InvalidCost, match=r"best cost of ReverseKL is infinite off the expert's support, .* action 1"):
        imitation_gradient(Matching(bandit, one_sided, psi.ReverseKL(), 0.5), np.zeros((1, 2)))
    assert np.all(np.isfinite(imitation_gradient(Matching(bandit, one_sided, psi.Logistic(), 0.5), np.zeros((1, 2)))))
