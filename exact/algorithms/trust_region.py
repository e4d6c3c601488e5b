"""Exact trust region policy optimization on tabular policies, for a known cost without entropy.

With A = V - Q the advantages of a cost (positive where an action saves), unnormalised visits rho, and
C = 4 eps gamma / (1-gamma)^2, eps = max |A(s,a)|, every pair of policies satisfies

    E_pi[c] - E_pi'[c]  >=  sum_s rho_pi(s) sum_a pi'(a|s) A_pi(s,a) - C max_s KL(pi(.|s), pi'(.|s))

(Schulman et al. 2015, Theorem 1), so maximising the right side over pi' never increases the cost: the right side
is zero at pi' = pi. `penalised_run` performs that maximisation exactly. Given the largest divergence delta, states
decouple, and in each state the maximiser of <pi', A> over KL(pi, pi') <= delta is

    pi'(a) = eta pi(a) / (mu - A(a)),       1/eta = sum_a pi(a) / (mu - A(a)),       mu > max A,
    KL = log(1/eta) + sum_a pi(a) log(mu - A(a)),

with the multiplier eta >= 0. The outer problem is concave in delta with slope sum_s rho(s) eta_s(delta) - C,
whose zero is bracketed. `constrained_run` takes the same step at a fixed delta, as long as the cost
decreases (the practical TRPO); `natural_gradient_run` follows the natural gradient at a fixed step size, which is
monotone on tabular policies without a bound and satisfies

    E_pi_T[c] - optimum <= (log(number of actions) / eta + 1 / (1-gamma)) / ((1-gamma) T),    costs in [0, 1]

(Agarwal, Kakade, Lee & Mahajan 2021, Theorem 16).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_softmax, rel_entr

from gail.exact.algorithms.argument_checks import validate_amount, validate_start
from gail.exact.algorithms.game import Run, RunRecorder
from gail.exact.linear_systems.markov_chain import Chain
from gail.exact.occupancy import validate_policy, visits_along
from gail.exact.planning.bellman import action_values
from gail.exact.problems import Planning
from gail.exact.process.arrays import Array, validate_count
from gail.exact.process.finite_mdp import FiniteMDP, validate_cost
from gail.exact.process.reachability import Reachable

BISECTIONS = 60
"""Halvings of an interval of logarithms: to rounding."""

SPAN = 60.0
"""Logarithmic range of multipliers around the scale of the advantages."""


@dataclass(frozen=True, eq=False)
class Surrogate:
    """The local model of a cost around a policy: values, advantages, visits, and the penalty C."""

    policy: Array
    values: Array
    advantage: Array
    visits: Array
    penalty: float

    def gain(self, policy: Array) -> float:
        """L_pi(pi') - eta(pi): sum_s rho_pi(s) sum_a pi'(a|s) A_pi(s,a)."""
        return float(self.visits @ (policy * self.advantage).sum(axis=1))

    def divergence(self, policy: Array) -> float:
        """max_s KL(pi(.|s), pi'(.|s)), old policy first."""
        return float(rel_entr(self.policy, policy).sum(axis=1).max())

    def bound(self, policy: Array) -> float:
        """Certified decrease of the cost from pi to pi'."""
        divergence = self.divergence(policy)
        return self.gain(policy) - (self.penalty * divergence if divergence > 0.0 else 0.0)


def surrogate(mdp: FiniteMDP, policy: Array, cost: Array) -> Surrogate:
    """The model around a policy (S, A), at all states.

    Raises:
        InvalidCost: the cost is not a finite (S, A) array.
        InvalidPolicy: the policy is not one of the process.
        ValueError: the discount is one, where C is infinite.
    """
    if mdp.discount == 1.0:
        raise ValueError("the monotone bound needs a discount below one, got 1")
    policy, cost = validate_policy(mdp, policy), validate_cost(mdp, cost)
    chain = Chain(mdp, policy)
    values = chain.values((policy * cost).sum(axis=1))
    advantage = values[:, None] - action_values(mdp, cost, values)
    penalty = 4.0 * float(abs(advantage).max()) * mdp.discount / (1.0 - mdp.discount) ** 2
    return Surrogate(policy, values, advantage, visits_along(mdp, chain), penalty)


def constrained_step(model: Surrogate, radius: float) -> Array:
    """The policy (S, A) that maximises the gain with KL(pi(.|s), pi'(.|s)) <= radius in every state.

    Raises:
        TypeError, ValueError: a radius that is no finite number, or not positive.
    """
    return _within(model, validate_amount("radius", radius, positive=True))[0]


def penalised_step(model: Surrogate) -> Array:
    """The policy (S, A) that maximises the certified decrease."""
    scale = float(np.ptp(model.advantage))
    if scale == 0.0:
        return model.policy
    if model.penalty == 0.0:  # no future, so C is zero: the greedy policy
        return _within(model, np.exp(SPAN))[0]

    def slope(log_radius: float) -> float:
        _, multipliers = _within(model, float(np.exp(log_radius)))
        return float(model.visits @ multipliers) - model.penalty

    low, high = -SPAN, float(np.log(SPAN))
    if slope(low) <= 0.0:
        return model.policy  # the penalty exceeds the gain of every step that double precision resolves
    if slope(high) >= 0.0:
        return _within(model, SPAN)[0]
    return _within(model, float(np.exp(brentq(slope, low, high, xtol=1e-12, rtol=1e-12))))[0]


def penalised_run(mdp: FiniteMDP, cost: Array, iterations: int, *, start: Array | None = None) -> Run:
    """Algorithm 1 of Schulman et al. (2015) from a policy (S, A), uniform by default: monotone by Theorem 1.

    Raises:
        InvalidCost: the cost is not a finite (S, A) array.
        InvalidPolicy: the start is not a policy of the process.
        TypeError, ValueError: iterations that are not whole, or negative; or the discount is one.
    """
    return _iterate(mdp, cost, iterations, start, penalised_step)


def constrained_run(mdp: FiniteMDP, cost: Array, iterations: int, radius: float, *, start: Array | None = None) -> Run:
    """TRPO with exact steps: the radius is halved until the cost does not rise, doubled after a success.

    Raises:
        InvalidCost, InvalidPolicy, TypeError, ValueError: as `penalised_run`; or the radius is not a positive number.
    """
    current = radius = validate_amount("radius", radius, positive=True)
    cost = validate_cost(mdp, cost)

    def step(model: Surrogate) -> Array:
        nonlocal current
        while current > radius * 1e-12:
            policy = constrained_step(model, current)
            values = Chain(part, policy).values((policy * small_cost).sum(axis=1))
            if part.initial @ values <= part.initial @ model.values:
                current = min(2.0 * current, radius)
                return policy
            current *= 0.5
        return model.policy

    reachable = Reachable(mdp)
    part, small_cost = reachable.mdp, reachable.restrict(cost)
    return _iterate(mdp, cost, iterations, start, step)


def natural_gradient_run(
    mdp: FiniteMDP, cost: Array, iterations: int, step_size: float, *, start: Array | None = None
) -> Run:
    """Natural policy gradient, pi <- pi exp(eta A) normalised, at a fixed step size.

    Raises:
        InvalidCost, InvalidPolicy, TypeError, ValueError: as `penalised_run`; or a negative or non-finite step size.
    """
    validate_amount("step_size", step_size)

    def step(model: Surrogate) -> Array:
        logits = np.log(np.maximum(model.policy, 1e-300)) + step_size * model.advantage
        policy: Array = np.exp(log_softmax(logits, axis=1))
        return policy

    return _iterate(mdp, cost, iterations, start, step)


def _iterate(
    mdp: FiniteMDP, cost: Array, iterations: int, start: Array | None, step: Callable[[Surrogate], Array]
) -> Run:
    """Evaluate each policy by its cost, and by the bound that its values certify; the start is point 0."""
    iterations, cost = validate_count("iterations", iterations, 0), validate_cost(mdp, cost)
    part = Reachable(mdp)
    small_cost = part.restrict(cost)
    small = Planning(part.mdp, small_cost, 0.0)
    recorder = RunRecorder(Planning(mdp, cost, 0.0))
    policy = part.restrict(validate_start(mdp, start))
    for iteration in range(iterations + 1):
        model = surrogate(small.mdp, policy, small_cost)
        occupancy = model.visits[:, None] * policy
        recorder.record(iteration, part.extend(occupancy, 0.0), cost, part.extend(model.values, 0.0))
        if iteration < iterations:
            policy = step(model)
    return recorder.finished(part.extend(policy, 1.0 / mdp.num_actions), cost)


def _within(model: Surrogate, radius: float) -> tuple[Array, Array]:
    """The constrained step, and the multipliers eta (S,) of its divergence constraints.

    In terms of x = log(mu - max A) the divergence falls as x grows, so x is bisected in all states at once.
    Where the policy takes one action only, or advantages are equal, nothing moves and eta is zero.
    """
    taken = model.policy > 0.0
    best = np.where(taken, model.advantage, -np.inf).max(axis=1, keepdims=True)
    loss = np.where(taken, best - model.advantage, 0.0)
    scale = loss.max(axis=1)
    moving = scale > 0.0
    base = np.log(np.where(moving, scale, 1.0))
    low, high = base - SPAN, base + SPAN
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        wide = _tilted(model.policy, loss, middle)[1] > radius
        low, high = np.where(wide, middle, low), np.where(wide, high, middle)
    policy, _, multipliers = _tilted(model.policy, loss, high)
    return np.where(moving[:, None], policy, model.policy), np.where(moving, multipliers, 0.0)


def _tilted(policy: Array, loss: Array, log_margin: Array) -> tuple[Array, Array, Array]:
    """pi' = eta pi / (margin + loss), its divergence KL(pi, pi') (S,), and eta (S,)."""
    distance = np.exp(log_margin)[:, None] + loss
    eta = 1.0 / (policy / distance).sum(axis=1)
    # Relative to eta, so that small divergences are not lost: -log(pi'/pi) = log1p(distance/eta - 1).
    divergence = (policy * np.log(distance / eta[:, None])).sum(axis=1)
    tilted = policy * (eta[:, None] / distance)
    return tilted / tilted.sum(axis=1, keepdims=True), divergence, eta
