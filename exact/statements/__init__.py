"""Statements of the theory as numerical checks: each takes an instance and returns its `Verification`.

| statement | check                                                        | module         |
|-----------|--------------------------------------------------------------|----------------|
| 1, 2, 3   | `check_proposition_3_1`, `check_lemma_3_1`, `check_lemma_3_2`| `occupancies`  |
| 4, 5      | `check_planning_duality`, `check_soft_planning_duality`      | `planning`     |
| 8         | `check_irl_is_dual`                                          | `duality`      |
| Eq. 11    | `check_class_scaling`                                        | `scaling`      |
| 14, 15    | `check_lemma_a_1`, `check_imitation_gradient`                | `gradients`    |
| 16        | `check_monotone_improvement`                                 | `improvement`  |
| 17        | `check_guided_cost_learning`, `check_guided_cost_inequalities`| `paths`       |
| 18        | `check_compounding_error`, `check_recovery_family`           | `compounding`  |
"""

from gail.exact.statements.compounding import (
    CompoundingCurves,
    RecoveryFamily,
    check_compounding_error,
    check_recovery_family,
    compounding_curves,
    recovery_family,
)
from gail.exact.statements.duality import check_irl_is_dual
from gail.exact.statements.gradients import check_imitation_gradient, check_lemma_a_1
from gail.exact.statements.improvement import check_monotone_improvement
from gail.exact.statements.occupancies import check_lemma_3_1, check_lemma_3_2, check_proposition_3_1
from gail.exact.statements.paths import check_guided_cost_inequalities, check_guided_cost_learning
from gail.exact.statements.planning import check_planning_duality, check_soft_planning_duality
from gail.exact.statements.scaling import check_class_scaling

__all__ = [
    "CompoundingCurves",
    "RecoveryFamily",
    "check_class_scaling",
    "check_compounding_error",
    "check_guided_cost_inequalities",
    "check_guided_cost_learning",
    "check_imitation_gradient",
    "check_irl_is_dual",
    "check_lemma_3_1",
    "check_lemma_3_2",
    "check_lemma_a_1",
    "check_monotone_improvement",
    "check_planning_duality",
    "check_proposition_3_1",
    "check_recovery_family",
    "check_soft_planning_duality",
    "compounding_curves",
    "recovery_family",
]
