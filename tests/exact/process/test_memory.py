import importlib.util
from pathlib import Path

import numpy as np
import pytest

from gail.exact import NotEnoughMemory, match_occupancy, occupancy_of, solve_irl, solve_occupancy_lp, solve_rl
from gail.exact import regularizers as psi
from gail.exact.imitation.problem_checks import bytes_to_match
from gail.exact.process import memory

_SPEC = importlib.util.spec_from_file_location("psi_library", Path(__file__).parents[1] / "psi_library.py")
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
LIBRARY = _MODULE.library(64, 4)

ENTRIES = {
    "irl": lambda *given: solve_irl(*given, 0.1),
    "structured": lambda *given: match_occupancy(*given, 0.1),
    "conic": lambda *given: match_occupancy(*given, 0.1, method="conic"),
    "no entropy": lambda *given: match_occupancy(*given, 0.0),
}


def test_what_is_available_is_a_positive_number_of_bytes():
    assert 1e6 < memory.available_memory() < 1e18


@pytest.mark.parametrize("work", ["planning", "the linear program", "matching"])
def test_work_beyond_the_memory_is_refused_with_both_numbers(gridworld, goal_cost, monkeypatch, work):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    start = {
        "planning": lambda: solve_rl(gridworld, goal_cost, 1.0),
        "the linear program": lambda: solve_occupancy_lp(gridworld, goal_cost),
        "matching": lambda: match_occupancy(gridworld, expert, psi.Logistic(), 0.1),
    }[work]
    start()
    monkeypatch.setattr(memory, "available_memory", lambda: 1e3)
    with pytest.raises(NotEnoughMemory, match=rf"{work}.* would need about [\d.e-]+ GB of memory, and 1e-06 GB"):
        start()
    assert issubclass(NotEnoughMemory, MemoryError)


def test_the_factors_of_a_newton_step_count(gridworld, monkeypatch):
    """An instance whose tables would fit is refused when its factors would not."""
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    asked: list[float] = []
    monkeypatch.setattr(
        "gail.exact.linear_systems.newton_system.require_memory", lambda needed, work: asked.append(needed)
    )
    match_occupancy(gridworld, expert, psi.Logistic(), 0.1)
    assert len(asked) == 2
    assert asked[1] > 8 * (2 * 64) ** 2 / 2


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("name", LIBRARY)
def test_every_entry_refuses_before_anything_is_solved(gridworld, monkeypatch, name, entry):
    expert = occupancy_of(gridworld, np.full((64, 4), 0.25))
    work = "inverse reinforcement learning" if entry == "irl" else "matching"
    begun: list[str] = []
    monkeypatch.setattr("gail.exact.imitation.problem_checks.validate_occupancy", lambda *given: begun.append(name))
    monkeypatch.setattr(memory, "available_memory", lambda: 1e3)
    with pytest.raises(NotEnoughMemory, match=rf"^{work} on 64 states and 4 actions would need about"):
        ENTRIES[entry](gridworld, expert, LIBRARY[name])
    assert not begun


@pytest.mark.parametrize("name", LIBRARY)
def test_a_second_opinion_needs_more_and_so_do_constraints_that_are_factored(gridworld, name):
    one = LIBRARY[name]
    structured, conic, bare = (
        bytes_to_match(gridworld, one, weight, conic=by_cvxpy)
        for weight, by_cvxpy in ((0.1, False), (0.1, True), (0.0, False))
    )
    tables = 8 * 32 * gridworld.num_states * gridworld.num_actions
    assert tables < min(structured, bare) < 1e8
    assert conic > structured
    assert (structured > bare) == isinstance(one, psi.BoundedCosts)
    assert (bare > structured) == (name == "Simplex")
