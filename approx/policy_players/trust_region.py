"""Trust region policy optimization (Schulman et al. 2015): one natural gradient step under a bound on KL.

With advantages A of the current policy pi_old, the step solves approximately

    maximise   L(theta) = E[ pi_theta(a|s) / pi_old(a|s) * A(s, a) ]
    subject to E[ KL(pi_old(.|s) || pi_theta(.|s)) ] <= delta        (the old policy first)

1. g = grad L at theta_old; F = Hessian of the mean KL there (the Fisher matrix), by products only.
2. Conjugate gradient solves (F + damping I) x = g.
3. The full step is beta x, beta = sqrt(2 delta / x'(F + damping I) x): the KL bound to second order.
4. A backtracking line search shrinks it until the *true* KL on the whole batch is within delta and L has
   improved by a fraction of what its gradient predicts. A step whose KL is k > delta is multiplied by
   0.9 sqrt(delta / k), because the KL grows with the square of the step; halving would waste three quarters of the
   trust region.

If no step passes, the parameters are restored bit for bit, and the report says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gail.approx.policies.distributions import Distribution
from gail.approx.policies.policy import Policy
from gail.approx.settings import require

_HALF = 0.5  # where the KL does not say how much too long a step was
_INSIDE = 0.9  # the quadratic model errs: aim for 0.81 of the bound
_LEAST_SHRINKAGE = 0.1  # for long steps the quadratic model is meaningless


@dataclass(frozen=True)
class TrustRegionSettings:
    """Size of the step and accuracy of its pieces."""

    max_kl: float = 0.01
    """Bound delta on the mean KL(old || new) of one step, in nats."""
    damping: float = 0.1
    """Added to the diagonal of the Fisher matrix."""
    cg_iterations: int = 10
    """Conjugate gradient iterations at most."""
    fisher_fraction: float = 0.2
    """Fraction of the batch on which Fisher-vector products are taken."""
    backtracks: int = 10
    """Shorter steps tried before it is rejected."""
    accept_ratio: float = 0.1
    """Least actual improvement of the surrogate, as a fraction of the improvement that its gradient predicts."""

    def __post_init__(self) -> None:
        require(
            self,
            at_least_one=("cg_iterations",),
            not_negative=("damping", "backtracks", "accept_ratio"),
            positive=("max_kl",),
            fraction=("fisher_fraction",),
        )


class StepOutcome(Enum):
    """How a step ended; the value is for people."""

    ACCEPTED = "accepted"
    NO_IMPROVEMENT = "rejected: no step within the trust region improves the surrogate"
    ZERO_GRADIENT = "rejected: the gradient is zero"
    NO_CURVATURE = "rejected: along the step the KL does not change beyond rounding"
    NOT_FINITE = "rejected: the gradient or the step is not finite"


@dataclass(frozen=True)
class StepReport:
    """What one trust region step did."""

    outcome: StepOutcome
    kl: float
    """Mean KL(old || new) over the whole batch, in nats; 0 where the step was rejected."""
    improvement: float
    """Gain of the surrogate objective; 0 where the step was rejected."""
    backtracks: int
    """How often the step was shortened."""

    @property
    def accepted(self) -> bool:
        """True if the parameters moved."""
        return self.outcome is StepOutcome.ACCEPTED


def trust_region_step(
    policy: Policy,
    observations: NDArray[Any],
    actions: NDArray[Any],
    advantages: NDArray[np.float64],
    settings: TrustRegionSettings,
    generator: torch.Generator,
) -> StepReport:
    """Improve `policy` in place by one step of the problem in the module docstring.

    Args:
        policy: the policy that drew the actions.
        observations: shape (N, observation size).
        actions: as the policy drew them, before any clipping.
        advantages: of the reward (larger is better), shape (N,); commonly standardized.
        settings: the trust region.
        generator: draws the subsample for Fisher-vector products.
    """
    states = policy.moments(torch.from_numpy(observations))
    drawn = torch.from_numpy(actions)
    gains = torch.from_numpy(advantages).to(states.dtype)
    parameters = [p for p in policy.parameters() if p.requires_grad]

    def distribution(rows: Tensor) -> Distribution:
        result: Distribution = policy.head(policy.network(rows))
        return result

    with torch.no_grad():
        old = distribution(states).detach()
        old_log_prob = old.log_prob(drawn)

    def surrogate() -> tuple[Tensor, Distribution]:
        new = distribution(states)
        return ((new.log_prob(drawn) - old_log_prob).exp() * gains).mean(), new

    objective, _ = surrogate()
    gradient = _flat(torch.autograd.grad(objective, parameters))
    if not torch.isfinite(gradient).all():
        return StepReport(StepOutcome.NOT_FINITE, 0.0, 0.0, 0)
    if not gradient.any():
        return StepReport(StepOutcome.ZERO_GRADIENT, 0.0, 0.0, 0)

    sample = _subsample(states, settings.fisher_fraction, generator)
    fisher = fisher_vector_product(lambda: distribution(sample), parameters, settings.damping)
    direction = conjugate_gradient(fisher, gradient, settings.cg_iterations)
    curvature = direction @ fisher(direction)
    if curvature <= 0.0:
        return StepReport(StepOutcome.NO_CURVATURE, 0.0, 0.0, 0)
    step = direction * torch.sqrt(2.0 * settings.max_kl / curvature)
    if not torch.isfinite(step).all():
        return StepReport(StepOutcome.NOT_FINITE, 0.0, 0.0, 0)
    predicted = float(gradient @ step)
    return _line_search(surrogate, old, parameters, step, float(objective.detach()), predicted, settings)


def _line_search(
    surrogate: Callable[[], tuple[Tensor, Distribution]],
    old: Distribution,
    parameters: list[torch.nn.Parameter],
    step: Tensor,
    before: float,
    predicted: float,
    settings: TrustRegionSettings,
) -> StepReport:
    start = torch.cat([p.detach().reshape(-1) for p in parameters])
    scale = 1.0
    with torch.no_grad():
        for shortened in range(settings.backtracks + 1):
            _put(start + scale * step, parameters)
            objective, new = surrogate()
            improvement = float(objective) - before
            kl = float(old.kl_to(new).mean())
            # Comparisons with nan are False: a step into non-finite numbers is never accepted.
            if kl <= settings.max_kl and improvement > settings.accept_ratio * scale * predicted:
                return StepReport(StepOutcome.ACCEPTED, kl, improvement, shortened)
            scale *= _shrinkage(kl, settings.max_kl)
        _put(start, parameters)
    return StepReport(StepOutcome.NO_IMPROVEMENT, 0.0, 0.0, settings.backtracks)


def _shrinkage(kl: float, max_kl: float) -> float:
    """The factor by which a step is shortened: back to the trust region if it left it, by half otherwise."""
    if not max_kl < kl < math.inf:
        return _HALF
    return max(_LEAST_SHRINKAGE, _INSIDE * math.sqrt(max_kl / kl))


def fisher_vector_product(
    distribution: Callable[[], Distribution], parameters: list[torch.nn.Parameter], damping: float
) -> Callable[[Tensor], Tensor]:
    """Return v -> (F + damping I) v, F the Hessian of the mean KL(old || new) at new = old.

    `distribution()` builds the current action distributions as a function of `parameters`. The gradient of
    the KL is built once; each product is one backward pass through it (Pearlmutter 1994).
    """
    current = distribution()
    kl = current.detach().kl_to(current).mean()
    kl_gradient = _flat(torch.autograd.grad(kl, parameters, create_graph=True))

    def product(vector: Tensor) -> Tensor:
        curved = torch.autograd.grad(kl_gradient @ vector, parameters, retain_graph=True)
        return _flat(curved) + damping * vector

    return product


def conjugate_gradient(
    product: Callable[[Tensor], Tensor], target: Tensor, iterations: int, tolerance: float = 1e-10
) -> Tensor:
    """Solve product(x) = target for a symmetric positive definite product, from x = 0.

    Stops after `iterations`, when the squared residual has fallen by the factor `tolerance`, or where rounding makes
    the product not positive along the search, as for nearly deterministic policies.
    """
    solution = torch.zeros_like(target)
    residual = target.clone()
    search = residual.clone()
    size = residual @ residual
    enough = tolerance * size
    for _ in range(iterations):
        if size <= enough:
            break
        image = product(search)
        curvature = search @ image
        if curvature <= 0.0:  # only rounding can cause this: keep the current solution
            break
        length = size / curvature
        solution += length * search
        residual -= length * image
        next_size = residual @ residual
        search = residual + (next_size / size) * search
        size = next_size
    return solution


def _subsample(states: Tensor, fraction: float, generator: torch.Generator) -> Tensor:
    count = max(1, round(fraction * states.shape[0]))
    if count >= states.shape[0]:
        return states
    return states[torch.randperm(states.shape[0], generator=generator)[:count]]


def _put(vector: Tensor, parameters: list[torch.nn.Parameter]) -> None:
    """Copy a flat vector into the parameters, each in its own memory.

    Views into the vector would have another memory alignment than parameters read from a file. Matrix products may then
    round differently, and a resumed run would differ from the uninterrupted one.
    """
    sizes = [p.numel() for p in parameters]
    for parameter, values in zip(parameters, torch.split(vector, sizes), strict=True):
        parameter.copy_(values.view_as(parameter))


def _flat(gradients: tuple[Tensor, ...]) -> Tensor:
    return torch.cat([g.reshape(-1) for g in gradients])
