"""Logistic regression on a population.

    min over theta of  F = sum_i w_i [log(1 + e^{l_i}) - y_i l_i],       l = X theta - b

for samples i with weights w_i > 0 and shares y_i in [0,1] of the positive class. F is convex. Newton's method: each
step is the weighted least-squares solution of least norm, so that theta is the optimum of least norm in the directions
that change no logit. F is flat at its optimum: the last steps are judged by the gradient. log(1 + e^l) is the maximum
over u in (0,1) of u l + ent(u), ent(u) = -u log u - (1-u) log(1-u), so that every u with X^T w(u - y) = 0 proves

    F >= sum_i w_i [ent(u_i) - (u_i - y_i) b_i].

The bound is evaluated at u = sigmoid(l) minus its first-order change along the next Newton step, which satisfies the
constraint up to rounding. Without an optimum, as with separable classes, logits grow without limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import entr, expit, logit

from gail.exact.process.arrays import Array, Sparse
from gail.exact.process.memory import require_memory
from gail.exact.solution import Status

MAX_STEPS = 100

LARGEST_STEP = 4.0
"""Largest change of a logit per step: beyond it, the quadratic model is of no use."""

LEAST_SHARE = 1e-12
"""Shares of a class are taken as at least this much for the start."""

TOLERANCE = 1e-12
"""Gap, relative to the total weight, at which the optimum is reached."""

SATURATED = 30.0
"""Absolute value of a logit, at samples of one class only, that shows that logits grow without limit."""

HALVINGS = 40

POLISHING = 5
"""Full Newton steps at the end, each of which must halve the gradient."""

COPIES = 4
"""Dense copies of X at the peak of a least-squares step."""


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """A point of the regression with its certificate.

    Attributes:
        parameters: theta.
        logits: l at each sample.
        loss: F.
        bound: a number that no F is below, up to rounding.
        gradient: largest entry of X^T w(sigmoid(l) - y).
        status: OPTIMAL if loss - bound is at most 1e-12 of the total weight.
    """

    parameters: Array
    logits: Array
    loss: float
    bound: float
    gradient: float
    status: Status


def fit_logistic(design: Sparse, offset: Array, weights: Array, shares: Array) -> LogisticFit:
    """The optimum of least norm for X (N, K) sparse and b, w, y, each (N,).

    Raises:
        NotEnoughMemory: X, held densely, would need more than is available.
    """
    samples, size = design.shape
    require_memory(8.0 * COPIES * samples * max(size, 1), f"a regression with {size} parameters on {samples} samples")
    problem = _Regression(np.asarray(design.toarray(), dtype=np.float64), offset, weights, shares)
    theta = problem.start()
    loss = problem.loss(theta)
    for _ in range(MAX_STEPS):
        step = problem.newton_step(theta)
        taken = problem.search(theta, step, loss)
        if taken is None:
            break
        theta, loss = taken
    theta = problem.polished(theta)
    return problem.certified(theta)


class _Regression:
    """F with its derivatives, for a dense X."""

    def __init__(self, design: Array, offset: Array, weights: Array, shares: Array) -> None:
        self.design, self.offset, self.weights, self.shares = design, offset, weights, shares

    def logits(self, theta: Array) -> Array:
        return np.asarray(self.design @ theta - self.offset)

    def loss(self, theta: Array) -> float:
        logits = self.logits(theta)
        # y log(1 + e^-l) + (1-y) log(1 + e^l): no difference of large numbers.
        costs = self.shares * np.logaddexp(0.0, -logits) + (1.0 - self.shares) * np.logaddexp(0.0, logits)
        return float(self.weights @ costs)

    def slope(self, logits: Array) -> Array:
        """w(sigmoid(l) - y), without cancellation where sigmoid(l) and y are near one."""
        return self.weights * ((1.0 - self.shares) * expit(logits) - self.shares * expit(-logits))

    def curvature(self, logits: Array) -> Array:
        return self.weights * expit(logits) * expit(-logits)

    def start(self) -> Array:
        """The nearest theta to the best of all logits, log y/(1-y): the optimum, if that is attained.

        Where it is attained equal weights find it most precisely, because true weights differ by orders of magnitude.
        """
        shares = np.clip(self.shares, LEAST_SHARE, 1.0 - LEAST_SHARE)
        wanted = logit(shares) + self.offset
        roots = (np.ones_like(shares), np.sqrt(self.weights * shares * (1.0 - shares)))
        return min((self._least_squares(root, root * wanted) for root in roots), key=self.loss)

    def newton_step(self, theta: Array) -> Array:
        """The step of least norm that minimises the quadratic model."""
        logits = self.logits(theta)
        root = np.sqrt(np.maximum(self.curvature(logits), np.finfo(np.float64).tiny))
        return self._least_squares(root, -self.slope(logits) / root)

    def _least_squares(self, root: Array, wanted: Array) -> Array:
        step, *_ = np.linalg.lstsq(root[:, None] * self.design, wanted, rcond=None)
        return np.asarray(step, dtype=np.float64)

    def search(self, theta: Array, step: Array, loss: float) -> tuple[Array, float] | None:
        """The first of theta + step, theta + step/2, ... with less loss; None if there is none."""
        step = step * (LARGEST_STEP / max(LARGEST_STEP, float(abs(self.design @ step).max(initial=0.0))))
        for _ in range(HALVINGS):
            reached = self.loss(theta + step)
            if reached < loss:
                return theta + step, reached
            step = 0.5 * step
        return None

    def gradient(self, theta: Array) -> float:
        """Largest derivative of F."""
        return float(abs(self.design.T @ self.slope(self.logits(theta))).max(initial=0.0))

    def polished(self, theta: Array) -> Array:
        """Full steps from where rounding hides what F gains."""
        left = self.gradient(theta)
        for _ in range(POLISHING):
            ahead = theta + self.newton_step(theta)
            after = self.gradient(ahead)
            if not after < 0.5 * left:
                break
            theta, left = ahead, after
        return theta

    def certified(self, theta: Array) -> LogisticFit:
        logits, loss = self.logits(theta), self.loss(theta)
        bound = self.bound(theta)
        status = Status.OPTIMAL if loss - bound <= TOLERANCE * float(self.weights.sum()) else Status.NOT_CONVERGED
        one_class = (self.shares == 0.0) | (self.shares == 1.0)
        if float(abs(logits[one_class]).max(initial=0.0)) > SATURATED:
            status = Status.DUAL_NOT_ATTAINED
        return LogisticFit(theta, logits, loss, bound, self.gradient(theta), status)

    def bound(self, theta: Array) -> float:
        """The lower bound of the module's docstring."""
        logits = self.logits(theta)
        change = self.curvature(logits) / self.weights * (self.design @ self.newton_step(theta))
        chances = np.clip(expit(logits) + change, 0.0, 1.0)
        entropies = entr(chances) + entr(1.0 - chances)
        return float(self.weights @ (entropies - (chances - self.shares) * self.offset))
