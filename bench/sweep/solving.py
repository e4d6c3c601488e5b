"""Both routes on one instance, with the verdict, the seconds, and the gap in extended precision."""

from __future__ import annotations

import signal
import time
import warnings
from dataclasses import dataclass
from typing import Any

from extended_precision import judged
from instances import Instance, instance

from gail.exact import Status, match_occupancy, solve_irl

LIMIT = 120
"""Seconds after which a solve is stopped."""


@dataclass(frozen=True)
class Row:
    """One solve: the instance, the verdict, and the gap in extended precision."""

    number: int
    psi: str
    route: str
    states: int
    actions: int
    discount: float
    weight: float
    process: str
    expert: str
    status: str
    relative_gap: float
    extended_gap: float
    floor: float
    seconds: float


def solved(number: int, large: bool) -> list[Row]:
    """Both routes on one instance."""
    one = instance(number, large=large)
    return [_row(number, one, route) for route in ("matching", "irl")]


def _row(number: int, one: Instance, route: str) -> Row:
    solve = match_occupancy if route == "matching" else solve_irl
    status, found, since = "ERROR", None, time.perf_counter()
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(LIMIT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = solve(one.mdp, one.expert, one.psi, one.weight)
        status = found.status.name
    except TimeoutError:
        status = "TIMEOUT"
    except Exception as error:  # the sweep goes on, and counts it
        status = f"ERROR {type(error).__name__}"
    finally:
        signal.alarm(0)
    seconds = time.perf_counter() - since
    gap = extended = floor = float("nan")
    if found is not None:
        gap = found.relative_gap
        floor = getattr(found, "rounding_floor", float("nan"))
        # Dense elimination in extended precision takes minutes beyond 100 states.
        extended = (
            judged(one, found) if one.mdp.num_states <= 100 and found.status is not Status.DUAL_NOT_ATTAINED else gap
        )
    return Row(number, type(one.psi).__name__, route, one.mdp.num_states, one.mdp.num_actions, one.mdp.discount,
               one.weight, one.process, one.expert_kind, status, gap, extended, floor, seconds)  # fmt: skip


def _stop(*_: Any) -> None:
    raise TimeoutError
