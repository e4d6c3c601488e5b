import numpy as np
import pytest

from gail.exact import NotEnoughMemory, match_occupancy, memory, occupancy_of, solve_occupancy_lp, solve_rl
from gail.exact import regularizers as psi


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
    monkeypatch.setattr("gail.exact.newton_system.require_memory", lambda needed, work: asked.append(needed))
    match_occupancy(gridworld, expert, psi.Logistic(), 0.1)
    assert len(asked) == 2
    assert asked[1] > 8 * (2 * 64) ** 2 / 2
