"""The players of `game`: exact versions of the steps of imitation algorithms.

Cost players. `BestCost` returns the gradient of psi* (a fully trained discriminator). `CostAscent` ascends
-psi(c) + E_pi[c] - E_E[c] in the cost; `LogitAscent` ascends the logistic discriminator's objective
E_pi[log D] + E_E[log(1-D)] in the logits g of D = sigmoid(g), whose gradient is rho (1-D) - rho_E D.
`FeatureAscent` keeps weights w of cost features: on the simplex w_i <- w_i exp(eta <rho - rho_E, F_i>), normalised
(Syed & Schapire 2008, with costs for rewards); on the l2 ball the projection of the same sums.

Policy players. `BestPolicy` plans. `NaturalStep` is the natural gradient on softmax logits, in closed form
pi <- pi exp(-eta A) up to normalisation, with A the advantage of c + lambda log pi (Kakade 2002; Cen et al.
2022): it equals mirror descent with the Kullback-Leibler divergence, and soft policy iteration at
eta = 1/lambda. `GradientStep` is plain gradient descent on the logits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_softmax

from gail.exact.algorithms.argument_checks import validate_amount, validate_features, validate_psi
from gail.exact.algorithms.policy_gradient import policy_gradient, visits_and_advantage
from gail.exact.occupancy import feature_expectations
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching
from gail.exact.process.arrays import Array
from gail.exact.regularizers import Logistic, SmoothCosts

LEAST = 1e-300
"""Least probability whose softmax logit is updated: smaller exponentials would underflow."""


@dataclass(frozen=True)
class BestCost:
    """The cost that attains psi*(rho - rho_E)."""

    def start(self, problem: Matching, occupancy: Array) -> Array:
        """The best response to the first policy."""
        return self.respond(problem, occupancy, occupancy)

    def respond(self, problem: Matching, state: Array, occupancy: Array) -> Array:
        """The best response; it does not depend on the previous cost."""
        # Where visits underflow, the best response to visits just above zero: it is finite, and as good.
        return problem.psi.conjugate(np.maximum(occupancy, LEAST), problem.expert)[1]

    def cost(self, state: Array) -> Array:
        """The state itself."""
        return state


@dataclass(frozen=True)
class CostAscent:
    """A gradient step of -psi(c) + <rho - rho_E, c> in the cost itself, for psi smooth in the cost."""

    step_size: float

    def __post_init__(self) -> None:
        validate_amount("step_size", self.step_size)

    def start(self, problem: Matching, occupancy: Array) -> Array:
        """psi's own start."""
        return _smooth(problem).start(occupancy, problem.expert)[0]

    def respond(self, problem: Matching, state: Array, occupancy: Array) -> Array:
        """c + eta (rho - rho_E - psi'(c)), kept inside psi's domain."""
        psi = _smooth(problem)
        slope, _ = psi.derivatives(state, problem.expert)
        return psi.move(state, self.step_size * (occupancy - problem.expert - slope))

    def cost(self, state: Array) -> Array:
        """The state itself."""
        return state


@dataclass(frozen=True)
class LogitAscent:
    """A gradient step of the logistic discriminator's objective in its logits; starts at D = 1/2.

    With `scaled`, each pair's step is divided by rho + rho_E, four times the curvature at D = 1/2: rare pairs
    then learn as fast as common ones.
    """

    step_size: float
    scaled: bool = False

    def __post_init__(self) -> None:
        validate_amount("step_size", self.step_size)

    def start(self, problem: Matching, occupancy: Array) -> Array:
        """Logits of zero; psi must be Logistic."""
        validate_psi(problem, Logistic, "ascent in a discriminator's logits")
        return np.zeros_like(problem.expert)

    def respond(self, problem: Matching, state: Array, occupancy: Array) -> Array:
        """g + eta (rho (1-D) - rho_E D)."""
        learner = expit(state)
        gradient = occupancy * (1.0 - learner) - problem.expert * learner
        if self.scaled:
            gradient = gradient / np.maximum(occupancy + problem.expert, LEAST)
        moved: Array = state + self.step_size * gradient
        return moved

    def cost(self, state: Array) -> Array:
        """log D."""
        return -np.logaddexp(0.0, -state)


@dataclass(frozen=True, eq=False)
class FeatureAscent:
    """Dual averaging over cost features (S, A, K): weights in a set W from the feature gaps summed so far.

    `weights` maps the sums (K,), times the step size, into W: `scipy.special.softmax` makes it Hedge on the simplex,
    `onto_ball` gradient ascent on the unit l2 ball. The learner's cost is F w.
    """

    features: Array
    step_size: float
    weights: Callable[[Array], Array]

    def __post_init__(self) -> None:
        validate_amount("step_size", self.step_size)

    def start(self, problem: Matching, occupancy: Array) -> Array:
        """Sums of zero (K,)."""
        return np.zeros(validate_features(self.features, problem.expert.shape).shape[2])

    def respond(self, problem: Matching, state: Array, occupancy: Array) -> Array:
        """The sums plus eta <rho - rho_E, F>."""
        return state + self.step_size * feature_expectations(occupancy - problem.expert, self.features)

    def cost(self, state: Array) -> Array:
        """F w."""
        return np.asarray(self.features @ self.weights(state))


def onto_ball(point: Array) -> Array:
    """The point (K,) of the unit l2 ball nearest to a given one."""
    return point / max(1.0, float(np.linalg.norm(point)))


@dataclass(frozen=True)
class BestPolicy:
    """RL(c): the optimal policy, soft where lambda > 0."""

    def respond(self, problem: Matching, policy: Array, cost: Array) -> Array:
        """The optimal policy of the cost; it does not depend on the previous policy."""
        return solve_rl(problem.mdp, cost, problem.entropy_weight).policy


@dataclass(frozen=True)
class NaturalStep:
    """One exact natural policy gradient step."""

    step_size: float

    def __post_init__(self) -> None:
        validate_amount("step_size", self.step_size)

    def respond(self, problem: Matching, policy: Array, cost: Array) -> Array:
        """pi exp(-eta A), normalised, A the soft advantage."""
        log_policy = np.log(np.maximum(policy, LEAST))
        _, advantage = visits_and_advantage(problem.mdp, policy, cost + problem.entropy_weight * log_policy)
        moved: Array = np.exp(log_softmax(log_policy - self.step_size * advantage, axis=1))
        return moved


@dataclass(frozen=True)
class GradientStep:
    """One exact gradient step on the logits of a softmax policy."""

    step_size: float

    def __post_init__(self) -> None:
        validate_amount("step_size", self.step_size)

    def respond(self, problem: Matching, policy: Array, cost: Array) -> Array:
        """softmax(theta - eta grad) at theta = log pi."""
        logits = np.log(np.maximum(policy, LEAST))
        gradient = policy_gradient(problem.mdp, logits, cost, problem.entropy_weight)
        moved: Array = np.exp(log_softmax(logits - self.step_size * gradient, axis=1))
        return moved


def _smooth(problem: Matching) -> SmoothCosts:
    if not isinstance(problem.psi, SmoothCosts):
        raise TypeError(f"{type(problem.psi).__name__} is not smooth in the cost")
    return problem.psi
