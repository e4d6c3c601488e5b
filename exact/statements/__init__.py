"""Statements of the theory as numerical checks: each takes an instance and returns its `Verification`.

| statement | check                                                        | module         |
|-----------|--------------------------------------------------------------|----------------|
| 1, 2, 3   | `check_proposition_3_1`, `check_lemma_3_1`, `check_lemma_3_2`| `occupancies`  |
| 4, 5      | `check_planning_duality`, `check_soft_planning_duality`      | `planning`     |
| 6         | `check_without_entropy`, and `theorems`                      | `without_entropy`|
| 7         | `check_unattained_dual`, and `theorems`                      | `unattained`   |
| 8         | `check_irl_is_dual`                                          | `duality`      |
| 9         | `check_feature_classes`                                      | `feature_classes`|
| 10        | `check_unexpressive_class`                                   | `expressiveness`|
| 11        | `check_surrogate_family`                                     | `surrogates`   |
| 12        | `check_jensen_shannon`                                       | `jensen_shannon`|
| 13        | `check_uniqueness_and_bias`                                  | `uniqueness`, `bias`|
| Eq. 11    | `check_class_scaling`                                        | `scaling`      |
| 14        | `check_lemma_a_1`                                            | `gradients`    |
| 15        | `check_imitation_gradient`, `check_gradient_elsewhere`       | `gradients`    |
| 16        | `check_monotone_improvement`                                 | `improvement`  |
| 17        | `check_guided_cost_learning`, `check_guided_cost_inequalities`| `paths`       |
| 18        | `check_compounding_error`, `check_recovery_family`           | `compounding`  |
"""

from gail.exact.statements.apprenticeship.class_scaling import check_class_scaling
from gail.exact.statements.apprenticeship.expressiveness import (
    UnexpressiveInstance,
    check_unexpressive_class,
    unexpressive_instance,
)
from gail.exact.statements.apprenticeship.feature_classes import check_feature_classes
from gail.exact.statements.certificates import Certificate, Verification
from gail.exact.statements.duality.irl_is_dual import check_irl_is_dual
from gail.exact.statements.duality.planning import check_planning_duality, check_soft_planning_duality
from gail.exact.statements.duality.proposition_3_2 import check_corollary_3_2_1, check_proposition_3_2
from gail.exact.statements.duality.unattained_dual import UnattainedCurve, check_unattained_dual, unattained_curve
from gail.exact.statements.duality.without_entropy import check_without_entropy
from gail.exact.statements.learning.compounding_error import (
    CompoundingCurves,
    RecoveryFamily,
    check_compounding_error,
    check_recovery_family,
    compounding_curves,
    recovery_family,
)
from gail.exact.statements.learning.gradients import check_gradient_elsewhere, check_imitation_gradient, check_lemma_a_1
from gail.exact.statements.learning.guided_cost_learning import (
    check_guided_cost_inequalities,
    check_guided_cost_learning,
)
from gail.exact.statements.learning.monotone_improvement import check_monotone_improvement
from gail.exact.statements.occupancy_measures import check_lemma_3_1, check_lemma_3_2, check_proposition_3_1
from gail.exact.statements.regularizer_contract.contract import check_regularizer
from gail.exact.statements.surrogates.entropy_bias import BiasCurve, bias_curve
from gail.exact.statements.surrogates.jensen_shannon import check_jensen_shannon
from gail.exact.statements.surrogates.surrogate_family import check_surrogate_family
from gail.exact.statements.surrogates.uniqueness import check_uniqueness_and_bias

__all__ = [
    "BiasCurve",
    "Certificate",
    "CompoundingCurves",
    "RecoveryFamily",
    "UnattainedCurve",
    "UnexpressiveInstance",
    "Verification",
    "bias_curve",
    "check_class_scaling",
    "check_compounding_error",
    "check_corollary_3_2_1",
    "check_feature_classes",
    "check_gradient_elsewhere",
    "check_guided_cost_inequalities",
    "check_guided_cost_learning",
    "check_imitation_gradient",
    "check_irl_is_dual",
    "check_jensen_shannon",
    "check_lemma_3_1",
    "check_lemma_3_2",
    "check_lemma_a_1",
    "check_monotone_improvement",
    "check_planning_duality",
    "check_proposition_3_1",
    "check_proposition_3_2",
    "check_recovery_family",
    "check_regularizer",
    "check_soft_planning_duality",
    "check_surrogate_family",
    "check_unattained_dual",
    "check_unexpressive_class",
    "check_uniqueness_and_bias",
    "check_without_entropy",
    "compounding_curves",
    "recovery_family",
    "unattained_curve",
    "unexpressive_instance",
]
