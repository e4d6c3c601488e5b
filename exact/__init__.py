"""Exact imitation learning on finite Markov decision processes, to certified precision.

`FiniteMDP` and a cost go into `solve_rl`; an expert's occupancy goes into `solve_irl` and `match_occupancy`
with a cost regularizer from `regularizers`. Every result is a `Solution` that recomputes its own certificate.
"""

from gail.exact import regularizers
from gail.exact.imitation.empirical import InvalidSamples, Unmatchable, empirical_occupancy, match_empirical
from gail.exact.imitation.irl import solve_irl
from gail.exact.imitation.matching import match_occupancy
from gail.exact.occupancy import (
    InvalidOccupancy,
    InvalidPolicy,
    causal_entropy,
    feature_expectations,
    flow_residual,
    occupancy_of,
    policy_of,
    validate_occupancy,
)
from gail.exact.planning.linear_program import LinearProgramFailed, solve_occupancy_lp
from gail.exact.planning.rl import solve_rl
from gail.exact.problems import Matching, Planning
from gail.exact.process.absorbing_states import continuing, continuing_cost
from gail.exact.process.finite_mdp import FiniteMDP, InvalidCost, InvalidMDP, validate_cost
from gail.exact.process.memory import NotEnoughMemory
from gail.exact.solution import BackendFailed, NotOptimal, Solution, Status
from gail.exact.statements.certificates import Certificate, Verification
from gail.exact.statements.duality.proposition_3_2 import check_corollary_3_2_1, check_proposition_3_2
from gail.exact.statements.regularizer_contract.contract import check_regularizer

__all__ = [
    "BackendFailed",
    "Certificate",
    "FiniteMDP",
    "InvalidCost",
    "InvalidMDP",
    "InvalidOccupancy",
    "InvalidPolicy",
    "InvalidSamples",
    "LinearProgramFailed",
    "Matching",
    "NotEnoughMemory",
    "NotOptimal",
    "Planning",
    "Solution",
    "Status",
    "Unmatchable",
    "Verification",
    "causal_entropy",
    "check_corollary_3_2_1",
    "check_proposition_3_2",
    "check_regularizer",
    "continuing",
    "continuing_cost",
    "empirical_occupancy",
    "feature_expectations",
    "flow_residual",
    "match_empirical",
    "match_occupancy",
    "occupancy_of",
    "policy_of",
    "regularizers",
    "solve_irl",
    "solve_occupancy_lp",
    "solve_rl",
    "validate_cost",
    "validate_occupancy",
]
