"""A seeded sweep over hard instances, judged by arithmetic that shares no code with the solvers (`bench/sweep`)."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gail.exact import match_occupancy

sys.path.insert(0, str(Path(__file__).parents[3] / "bench" / "sweep"))
solving, extended_precision = importlib.import_module("solving"), importlib.import_module("extended_precision")
sys.path.pop(0)

COARSE = 1e-6
"""Largest gap in extended precision of an answer that is called optimal: `solution.COARSEST`."""


def judge(numbers):
    rows = [row for number in numbers for row in solving.solved(number, large=False)]
    assert {row.status for row in rows} <= {"OPTIMAL", "DUAL_NOT_ATTAINED", "NOT_CONVERGED"}
    wrong = [row for row in rows if row.status == "OPTIMAL" and not abs(row.extended_gap) <= COARSE]
    assert wrong == []
    return rows, [row for row in rows if row.status == "NOT_CONVERGED" and row.floor <= COARSE]


def test_one_instance_of_every_psi():
    """No answer is refuted, and none is missing where double precision suffices."""
    rows, unexplained = judge(range(280, 294))
    assert len({row.psi for row in rows}) == 14
    assert unexplained == []


def test_the_arithmetic_notices_a_wrong_answer():
    """A policy, or a cost, that is slightly off has a gap in extended precision too."""
    one = next(
        one
        for one in map(solving.instance, range(7, 700, 14))
        if 5 < one.mdp.num_states < 20 and one.mdp.num_actions > 1
    )
    found = match_occupancy(one.mdp, one.expert, one.psi, one.weight)
    assert abs(extended_precision.judged(one, found)) <= 1e-8
    uniform = np.full_like(found.policy, 1.0 / found.policy.shape[1])
    assert extended_precision.judged(one, replace(found, policy=0.9 * found.policy + 0.1 * uniform)) > 1e-8
    assert extended_precision.judged(one, replace(found, cost=1.01 * found.cost)) > 1e-8


@pytest.mark.slow
def test_a_thousand_instances():
    rows, unexplained = judge(range(1008))
    assert len(unexplained) <= 0.01 * len(rows)
    heavy = [row for row in rows if row.weight >= 0.01]
    assert sum(row.status == "NOT_CONVERGED" for row in heavy) <= 0.002 * len(heavy) + 1
