"""The record of an algorithm on enumerated paths, compared with the convex program of `path_matching`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gail.exact.algorithms.path_matching import PathMatching
from gail.exact.process.arrays import Array


@dataclass(frozen=True, eq=False)
class PathRun:
    """A run's last point, and the evaluations of all its points.

    Attributes:
        problem: the program.
        reward: (S, A) the reward returned.
        density: (N,) the path distribution returned: p_r, or the generator's.
        steps: the iterations that were evaluated.
        primal: KL(q, P) at each point's distribution, corrected to match the expert's visits; an upper bound on the
            optimum.
        dual: E_p[r] - log Z at each point's reward; a lower bound on the optimum.
        violation: largest difference of visits between each point's own distribution and the expert.
    """

    problem: PathMatching
    reward: Array
    density: Array
    steps: tuple[int, ...]
    primal: Array
    dual: Array
    violation: Array

    @property
    def trace(self) -> Array:
        """Signed gap of each evaluated point against the best bound up to then."""
        return self.primal - np.maximum.accumulate(self.dual)


class PathRunRecorder:
    """Collects the evaluations of a run."""

    def __init__(self, problem: PathMatching) -> None:
        self._problem = problem
        self._evaluations: list[tuple[int, float, float, float]] = []

    def record(self, step: int, reward: Array, density: Array) -> float:
        """Evaluate one point; returns its gap."""
        problem = self._problem
        primal, dual = problem.primal(problem.feasible(density)), problem.dual(reward)
        self._evaluations.append((step, primal, dual, problem.violation(density)))
        return primal - dual

    def finished(self, reward: Array, density: Array) -> PathRun:
        """The finished run."""
        steps, *columns = zip(*self._evaluations, strict=True)
        return PathRun(self._problem, reward, density, steps, *(np.array(column) for column in columns))
