"""Checks of a matching problem before it is solved: psi, memory, the expert, and whether their sizes fit.

The memory estimate is rough, and uses sizes alone. With N = S A pairs, n entries of the transitions and m of psi's own
arrays (features, or bounds),

    tables of N numbers, copies of the transitions and of the features   where steps are taken on policies or weights;
    `linear_program.BYTES_PER_ENTRY` (n + N + m)                         where constraints are factored as a whole;
    `CONIC_BYTES_PER_ENTRY` (n + N + m)                                  where CVXPY and Clarabel do so.

Methods whose memory depends on more than sizes check again later (`gail.exact.linear_systems.newton_system`).
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from gail.exact.occupancy import validate_occupancy
from gail.exact.planning import rl as planning
from gail.exact.planning.linear_program import BYTES_PER_ENTRY
from gail.exact.problems import Matching, validate_entropy_weight
from gail.exact.process.finite_mdp import FiniteMDP, validate_process
from gail.exact.process.memory import require_memory
from gail.exact.regularizers import BoundedCosts, LinearCosts, Regularizer, Simplex, validate_regularizer

PEAK_ARRAYS, PEAK_TRANSITION_COPIES = 2 * planning.PEAK_ARRAYS, 2 * planning.PEAK_TRANSITION_COPIES
"""Arrays of size (S, A), and copies of the transitions: those of planning, which every step needs, times two."""

FEATURE_COPIES = 12
"""Copies of the features, on gridworlds: their own, decompositions, and derivatives of their expectations."""

CONIC_BYTES_PER_ENTRY = 2500.0
"""Memory of CVXPY and Clarabel with its factors, per entry of the constraints, on gridworlds, where lambda > 0."""


def checked_matching(
    mdp: FiniteMDP, expert_occupancy: ArrayLike, psi: Regularizer, entropy_weight: float, work: str, *, conic: bool
) -> Matching:
    """The checked problem. `work` names it in error messages; `conic` says that CVXPY will solve it.

    Raises:
        InvalidOccupancy: the expert's occupancy (S, A) is not one of this process.
        InvalidRegularizer: psi is for another number of states or actions.
        NotEnoughMemory: the work would need more than is available.
        TypeError: the process is no FiniteMDP, or psi is no instance of a regularizer.
        ValueError: a negative entropy weight.
    """
    validate_process(mdp)
    validate_regularizer(psi)
    weight = validate_entropy_weight(entropy_weight)
    needed = bytes_to_match(mdp, psi, weight, conic=conic)
    require_memory(needed, f"{work} on {mdp.num_states} states and {mdp.num_actions} actions")
    expert = validate_occupancy(mdp, expert_occupancy)
    if hasattr(psi, "restricted"):
        psi.conjugate(expert, expert)  # raises unless its arrays fit, before they are restricted to fewer states
    return Matching(mdp, expert, psi, weight)


def bytes_to_match(mdp: FiniteMDP, psi: Regularizer, entropy_weight: float, *, conic: bool) -> float:
    """Estimated peak memory of the structured solvers, or of CVXPY."""
    pairs, links, own = mdp.num_states * mdp.num_actions, mdp.transitions.nnz, 0
    if isinstance(psi, LinearCosts):
        own = psi.features.size
    elif isinstance(psi, BoundedCosts):
        own = psi.bounds(mdp.num_states, mdp.num_actions)[0].nnz
    needed = 8.0 * (PEAK_ARRAYS * pairs + PEAK_TRANSITION_COPIES * links + FEATURE_COPIES * own)
    # Without entropy the zero cost certifies the expert for every class that contains it; the simplex does not.
    factored = isinstance(psi, BoundedCosts if entropy_weight > 0.0 else Simplex)
    per_entry = CONIC_BYTES_PER_ENTRY if conic else BYTES_PER_ENTRY if factored else 0.0
    return needed + per_entry * (links + pairs + own)
