"""The natural gradient step: its parts agree with dense linear algebra, and a rejected step changes nothing."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call

from gail.approx.policies.distributions import Categorical, CategoricalProduct, DiagonalGaussian
from gail.approx.policies.policy import Policy, PolicySettings
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.policy_players import trust_region
from gail.approx.policy_players.trust_region import (
    StepOutcome,
    TrustRegionSettings,
    conjugate_gradient,
    fisher_vector_product,
    trust_region_step,
)

laws = settings(derandomize=True, deadline=None, max_examples=40)


# Conjugate gradient


@laws
@given(size=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
def test_conjugate_gradient_is_exact_in_as_many_steps_as_dimensions(size, seed):
    g = torch.Generator().manual_seed(seed)
    root = torch.randn(size, size, generator=g, dtype=torch.float64)
    matrix = root @ root.T + torch.eye(size, dtype=torch.float64)
    target = torch.randn(size, generator=g, dtype=torch.float64)
    solution = conjugate_gradient(lambda v: matrix @ v, target, size, tolerance=0.0)
    torch.testing.assert_close(matrix @ solution, target, rtol=1e-6, atol=1e-6)


def test_conjugate_gradient_minimises_over_krylov_spaces():
    # One iteration is steepest descent with exact line search.
    matrix, target = torch.diag(torch.tensor([1.0, 4.0])), torch.tensor([1.0, 1.0])
    solution = conjugate_gradient(lambda v: matrix @ v, target, 1)
    torch.testing.assert_close(solution, target * (2.0 / 5.0))


def test_conjugate_gradient_stops_when_done():
    products = []
    target = torch.ones(3)
    solution = conjugate_gradient(lambda v: (products.append(v), 2.0 * v)[1], target, 50)
    torch.testing.assert_close(solution, target / 2)
    assert len(products) == 1


def test_conjugate_gradient_stops_where_rounding_has_made_the_product_negative():
    # Along the second search direction the curvature is negative: the result is that of the first iteration.
    matrix, target = torch.diag(torch.tensor([1.0, -0.1])), torch.tensor([1.0, 0.1])
    first = conjugate_gradient(lambda v: matrix @ v, target, 1)
    torch.testing.assert_close(conjugate_gradient(lambda v: matrix @ v, target, 5), first)
    assert not conjugate_gradient(lambda v: -v, target, 5).any()


def test_the_solution_of_zero_is_zero():
    assert not conjugate_gradient(lambda v: v, torch.zeros(3), 5).any()


# Fisher-vector product


def small_network(outputs, seed):
    network = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, outputs)).double()
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(generator=g)
    return network, torch.randn(7, 2, generator=g, dtype=torch.float64)


@pytest.mark.parametrize("family", ["gaussian", "categorical", "product"])
def test_the_product_is_with_the_hessian_of_the_mean_divergence(family):
    gaussian = family == "gaussian"
    network, states = small_network({"gaussian": 2, "categorical": 4, "product": 5}[family], 0)
    log_std = nn.Parameter(torch.tensor([0.3, -0.5], dtype=torch.float64))
    parameters = [*network.parameters(), *([log_std] if gaussian else [])]

    def distribution(vector=None):
        if vector is None:
            output, spread = network(states), log_std
        else:
            pieces = torch.split(vector, [p.numel() for p in parameters])
            names = [name for name, _ in network.named_parameters()]
            shaped = {n: v.view_as(p) for n, v, p in zip(names, pieces, network.parameters(), strict=False)}
            output, spread = functional_call(network, shaped, (states,)), pieces[-1]
        if family == "product":
            return CategoricalProduct(output, (3, 2))
        return DiagonalGaussian(output, spread) if gaussian else Categorical(output)

    old = distribution().detach()
    start = torch.cat([p.detach().reshape(-1) for p in parameters])
    hessian = torch.autograd.functional.hessian(lambda v: old.kl_to(distribution(v)).mean(), start)
    damping = 0.1
    product = fisher_vector_product(distribution, parameters, damping)
    for row, unit in enumerate(torch.eye(len(start), dtype=torch.float64)):
        torch.testing.assert_close(product(unit), hessian[row] + damping * unit)


# The step


def one_hot_policy(states, actions, seed=0):
    """A softmax policy that is linear in one-hot observations, with a random table of logits."""
    policy = Policy(
        SpaceSpec(states, actions, None, None), PolicySettings(hidden=()), torch.Generator().manual_seed(seed)
    )
    with torch.no_grad():
        policy.network[0].weight.normal_(generator=torch.Generator().manual_seed(seed))
    return policy


def flat_parameters(policy):
    return torch.cat([p.detach().reshape(-1) for p in policy.parameters()])


def problem(policy, rows=300, seed=0):
    """Observations, actions drawn by the policy, and random advantages."""
    rng = np.random.default_rng(seed)
    size = policy.spec.observation_size
    observations = rng.normal(size=(rows, size))
    actions = policy.act(observations, torch.Generator().manual_seed(seed))
    return observations, actions, rng.normal(size=rows)


def take(policy, observations, actions, advantages, **changes):
    return trust_region_step(
        policy, observations, actions, advantages, TrustRegionSettings(**changes), torch.Generator()
    )


def test_on_a_table_it_is_the_natural_gradient_step():
    states, actions, damping, max_kl = 3, 4, 0.01, 1e-4
    policy = one_hot_policy(states, actions)
    rng = np.random.default_rng(0)
    visited = rng.integers(states, size=500)
    observations = np.eye(states)[visited]
    drawn = policy.act(observations, torch.Generator().manual_seed(0))
    advantages = rng.normal(size=500)

    # By hand, in float64: theta = (table, bias), logits of state s = table[:, s] + bias.
    before = flat_parameters(policy).double().numpy()
    table, bias = before[:-actions].reshape(actions, states), before[-actions:]
    gradient, fisher = np.zeros(len(before)), np.zeros((len(before), len(before)))
    for state, action, advantage in zip(visited, drawn, advantages, strict=True):
        logits = table[:, state] + bias
        pi = np.exp(logits) / np.exp(logits).sum()
        jacobian = np.zeros((actions, len(before)))
        jacobian[np.arange(actions), np.arange(actions) * states + state] = 1.0
        jacobian[np.arange(actions), actions * states + np.arange(actions)] = 1.0
        gradient += advantage * (np.eye(actions)[action] - pi) @ jacobian / 500
        fisher += jacobian.T @ (np.diag(pi) - np.outer(pi, pi)) @ jacobian / 500
    damped = fisher + damping * np.eye(len(before))
    direction = np.linalg.solve(damped, gradient)
    expected = direction * np.sqrt(2 * max_kl / (direction @ damped @ direction))

    report = take(
        policy, observations, drawn, advantages,
        max_kl=max_kl, damping=damping, fisher_fraction=1.0, cg_iterations=50,
    )  # fmt: skip
    assert report.outcome is StepOutcome.ACCEPTED
    assert report.backtracks == 0
    moved = flat_parameters(policy).double().numpy() - before
    np.testing.assert_allclose(moved, expected, atol=2e-3 * np.abs(expected).max())
    # To first order, the gain is gradient x step. To second order, the divergence is step x Fisher x step / 2.
    assert report.improvement == pytest.approx(gradient @ expected, rel=0.02)
    assert report.kl == pytest.approx(0.5 * expected @ fisher @ expected, rel=0.02)


def reference(distribution):
    if isinstance(distribution, Categorical):
        return torch.distributions.Categorical(logits=distribution.logits.detach())
    normal = torch.distributions.Normal(distribution.mean.detach(), distribution.log_std.detach().exp())
    return torch.distributions.Independent(normal, 1)


@pytest.mark.parametrize("spec", ["box_spec", "discrete_spec"])
@pytest.mark.parametrize("max_kl", [1e-3, 1e-2, 1.0, 20.0])
def test_an_accepted_step_stays_in_the_region_and_improves(spec, max_kl, request, make_policy):
    policy = make_policy(request.getfixturevalue(spec))
    observations, actions, advantages = problem(policy)
    rows, drawn = torch.from_numpy(observations), torch.from_numpy(actions)
    old = reference(policy(rows))
    addresses = [p.data_ptr() for p in policy.parameters()]
    report = take(policy, observations, actions, advantages, max_kl=max_kl)
    new = reference(policy(rows))
    assert report.accepted
    kl = torch.distributions.kl_divergence(old, new).mean().item()
    ratio = (new.log_prob(drawn) - old.log_prob(drawn)).exp().double().numpy()
    improvement = (ratio * advantages).mean() - advantages.mean()
    assert 0 < kl <= max_kl * (1 + 1e-5)
    assert improvement > 0
    assert report.kl == pytest.approx(kl, rel=1e-3, abs=1e-6)
    assert report.improvement == pytest.approx(improvement, rel=1e-3, abs=1e-5)
    assert [p.data_ptr() for p in policy.parameters()] == addresses  # parameters are updated in place


def test_a_step_that_overshoots_is_shortened(discrete_spec, make_policy):
    policy = make_policy(discrete_spec)
    report = take(policy, *problem(policy), max_kl=20.0)
    assert report.accepted
    assert report.backtracks > 0


def test_a_step_that_leaves_the_trust_region_comes_back_to_most_of_it(box_spec, make_policy):
    """A shortened step aims at a KL of 0.81 of the bound, which it meets if the KL is nearly quadratic in the step."""
    steps = []
    for seed in range(20):
        policy = make_policy(box_spec)
        observations, actions, _ = problem(policy)
        gains = np.random.default_rng(seed).normal(size=len(observations))
        steps.append(take(policy, observations, actions, gains, max_kl=0.05, fisher_fraction=0.1))
    shortened = [step for step in steps if step.accepted and step.backtracks == 1]
    assert len(shortened) >= 5
    assert all(0.6 * 0.05 < step.kl <= 0.05 for step in shortened)


def test_the_sign_of_the_advantages_decides_the_direction():
    for sign in (1.0, -1.0):
        policy = one_hot_policy(2, 2)
        observations = np.eye(2)[np.arange(200) % 2]
        actions = policy.act(observations, torch.Generator())
        before = policy(torch.from_numpy(observations)).log_prob(torch.ones(200)).mean()
        assert take(policy, observations, actions, sign * (actions - 0.5)).accepted
        after = policy(torch.from_numpy(observations)).log_prob(torch.ones(200)).mean()
        assert (after - before) * sign > 0


def nowhere(advantages):
    return advantages


REJECTIONS = {
    "zero advantages": (lambda a: 0.0 * a, {}, StepOutcome.ZERO_GRADIENT),
    "impossible ratio": (nowhere, {"accept_ratio": 1e9}, StepOutcome.NO_IMPROVEMENT),
    "nan": (lambda a: np.where(np.arange(len(a)) == 3, np.nan, a), {}, StepOutcome.NOT_FINITE),
    "infinite": (lambda a: a * 1e300, {}, StepOutcome.NOT_FINITE),
}


@pytest.mark.parametrize("spec", ["box_spec", "discrete_spec", "product_spec"])
@pytest.mark.parametrize("case", REJECTIONS)
def test_a_rejected_step_leaves_the_policy_bitwise_as_it_was(case, spec, request, make_policy):
    distort, changes, outcome = REJECTIONS[case]
    policy = make_policy(request.getfixturevalue(spec))
    observations, actions, advantages = problem(policy)
    before = {name: tensor.clone() for name, tensor in policy.state_dict().items()}
    addresses = [p.data_ptr() for p in policy.parameters()]
    report = take(policy, observations, actions, distort(advantages), **changes)
    assert report.outcome is outcome
    assert not report.accepted
    assert (report.kl, report.improvement) == (0.0, 0.0)
    assert all(torch.equal(before[name], tensor) for name, tensor in policy.state_dict().items())
    assert [p.data_ptr() for p in policy.parameters()] == addresses


def test_a_curvature_lost_in_rounding_is_a_rejection_and_no_failure(monkeypatch, discrete_spec, make_policy):
    monkeypatch.setattr(trust_region, "fisher_vector_product", lambda *arguments: torch.neg)
    policy = make_policy(discrete_spec)
    before = [p.clone() for p in policy.parameters()]
    assert take(policy, *problem(policy)).outcome is StepOutcome.NO_CURVATURE
    assert all(torch.equal(old, new) for old, new in zip(before, policy.parameters(), strict=True))


def test_the_line_search_ends_after_the_asked_steps(discrete_spec, make_policy):
    policy = make_policy(discrete_spec)
    report = take(policy, *problem(policy), accept_ratio=1e9, backtracks=3)
    assert report.backtracks == 3


def test_randomness_is_its_generator_alone(box_spec, make_policy, untouched_random_state):
    results = []
    for seed in (0, 0, 1):
        policy = make_policy(box_spec)
        generator = torch.Generator().manual_seed(seed)
        trust_region_step(policy, *problem(policy), TrustRegionSettings(), generator)
        results.append(flat_parameters(policy))
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])


def test_one_row_is_enough(discrete_spec, make_policy):
    policy = make_policy(discrete_spec)
    observations, actions, _ = problem(policy, rows=1)
    assert take(policy, observations, actions, np.array([1.0])).accepted
