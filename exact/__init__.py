"""Exact imitation learning on finite Markov decision processes, to certified precision.

`FiniteMDP` and a cost go into `solve_rl`; an expert's occupancy measure goes into `solve_irl` and `match_occupancy`,
with a cost regularizer from `regularizers`. Every result is a `Solution` that recomputes its own certificate.

| part | content |
|---|---|
| `process` | finite MDPs, finite horizons, absorbing states, path distributions |
| `regularizers` | cost regularizers psi and their conjugates |
| `planning` | RL(c): policy iteration, soft planning, the occupancy linear program |
| `imitation` | IRL and occupancy matching, also of several experts with one cost |
| `constrained` | planning and matching under constraints on expected costs |
| `rewards` | rewards that can be used again: what experts determine, AIRL, transfer to other dynamics |
| `linear_systems` | the systems that evaluation and Newton steps solve |
| `algorithms` | imitation algorithms with exact expectations |
| `statements` | the theory's statements as numerical checks, with certificates |

`imitation`, `constrained`, `rewards`, `algorithms` and `statements` are loaded when a name of theirs is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gail.exact import regularizers
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
from gail.exact.process.finite_horizon import at_every_step, by_step, over_time, time_expanded
from gail.exact.process.finite_mdp import FiniteMDP, InvalidCost, InvalidMDP, validate_cost
from gail.exact.process.memory import NotEnoughMemory
from gail.exact.process.precision import RoundedInput
from gail.exact.solution import BackendFailed, NotOptimal, Solution, Status

if TYPE_CHECKING:
    from gail.exact import algorithms, statements
    from gail.exact.constrained.constraints import Constraints, Infeasible, InvalidConstraints, NoInterior
    from gail.exact.constrained.matching import match_constrained
    from gail.exact.constrained.planning import solve_constrained_rl
    from gail.exact.constrained.solution import ConstrainedSolution
    from gail.exact.imitation.empirical import InvalidSamples, NoFiniteMatch, empirical_occupancy, match_empirical
    from gail.exact.imitation.irl import solve_irl
    from gail.exact.imitation.matching import match_occupancy
    from gail.exact.imitation.shared_cost.problem import SharedCostSolution
    from gail.exact.imitation.shared_cost.search import solve_shared_irl
    from gail.exact.planning.average_cost import AverageSolution, NotRecurrent, solve_average_rl
    from gail.exact.rewards.airl import AirlFit, fit_airl
    from gail.exact.rewards.airl_game import AirlRun, play_airl
    from gail.exact.rewards.ambiguity import RewardAmbiguity, reward_ambiguity
    from gail.exact.rewards.linked_classes import linked_classes
    from gail.exact.rewards.shaping import RewardComparison, compare_rewards
    from gail.exact.rewards.transfer import Transfer, transfer
    from gail.exact.statements import (
        Certificate,
        Verification,
        check_corollary_3_2_1,
        check_proposition_3_2,
        check_regularizer,
    )

__all__ = [
    "AirlFit",
    "AirlRun",
    "AverageSolution",
    "BackendFailed",
    "Certificate",
    "ConstrainedSolution",
    "Constraints",
    "FiniteMDP",
    "Infeasible",
    "InvalidConstraints",
    "InvalidCost",
    "InvalidMDP",
    "InvalidOccupancy",
    "InvalidPolicy",
    "InvalidSamples",
    "LinearProgramFailed",
    "Matching",
    "NoFiniteMatch",
    "NoInterior",
    "NotEnoughMemory",
    "NotOptimal",
    "NotRecurrent",
    "Planning",
    "RewardAmbiguity",
    "RewardComparison",
    "RoundedInput",
    "SharedCostSolution",
    "Solution",
    "Status",
    "Transfer",
    "Verification",
    "algorithms",
    "at_every_step",
    "by_step",
    "causal_entropy",
    "check_corollary_3_2_1",
    "check_proposition_3_2",
    "check_regularizer",
    "compare_rewards",
    "continuing",
    "continuing_cost",
    "empirical_occupancy",
    "feature_expectations",
    "fit_airl",
    "flow_residual",
    "linked_classes",
    "match_constrained",
    "match_empirical",
    "match_occupancy",
    "occupancy_of",
    "over_time",
    "play_airl",
    "policy_of",
    "regularizers",
    "reward_ambiguity",
    "solve_average_rl",
    "solve_constrained_rl",
    "solve_irl",
    "solve_occupancy_lp",
    "solve_rl",
    "solve_shared_irl",
    "statements",
    "time_expanded",
    "transfer",
    "validate_cost",
    "validate_occupancy",
]

_LOADED_LATER = {
    "SharedCostSolution": "gail.exact.imitation.shared_cost.problem",
    "solve_shared_irl": "gail.exact.imitation.shared_cost.search",
    "AverageSolution": "gail.exact.planning.average_cost",
    "NotRecurrent": "gail.exact.planning.average_cost",
    "solve_average_rl": "gail.exact.planning.average_cost",
    "AirlFit": "gail.exact.rewards.airl",
    "fit_airl": "gail.exact.rewards.airl",
    "AirlRun": "gail.exact.rewards.airl_game",
    "play_airl": "gail.exact.rewards.airl_game",
    "RewardAmbiguity": "gail.exact.rewards.ambiguity",
    "reward_ambiguity": "gail.exact.rewards.ambiguity",
    "linked_classes": "gail.exact.rewards.linked_classes",
    "RewardComparison": "gail.exact.rewards.shaping",
    "compare_rewards": "gail.exact.rewards.shaping",
    "Transfer": "gail.exact.rewards.transfer",
    "transfer": "gail.exact.rewards.transfer",
    "ConstrainedSolution": "gail.exact.constrained.solution",
    "Constraints": "gail.exact.constrained.constraints",
    "Infeasible": "gail.exact.constrained.constraints",
    "InvalidConstraints": "gail.exact.constrained.constraints",
    "NoInterior": "gail.exact.constrained.constraints",
    "match_constrained": "gail.exact.constrained.matching",
    "solve_constrained_rl": "gail.exact.constrained.planning",
    "InvalidSamples": "gail.exact.imitation.empirical",
    "NoFiniteMatch": "gail.exact.imitation.empirical",
    "empirical_occupancy": "gail.exact.imitation.empirical",
    "match_empirical": "gail.exact.imitation.empirical",
    "solve_irl": "gail.exact.imitation.irl",
    "match_occupancy": "gail.exact.imitation.matching",
    "Certificate": "gail.exact.statements",
    "Verification": "gail.exact.statements",
    "check_corollary_3_2_1": "gail.exact.statements",
    "check_proposition_3_2": "gail.exact.statements",
    "check_regularizer": "gail.exact.statements",
}
"""Names with the module that is imported when they are first used, so that `import gail.exact` is fast."""


def __getattr__(name: str) -> Any:
    if name in ("algorithms", "statements"):
        return import_module(f"gail.exact.{name}")
    if name in _LOADED_LATER:
        return getattr(import_module(_LOADED_LATER[name]), name)
    raise AttributeError(f"module 'gail.exact' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
