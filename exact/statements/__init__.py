"""Statements of the theory as numerical checks: each takes an instance and returns its `Verification`.

| statement  | check                                                          | module                           |
|------------|----------------------------------------------------------------|----------------------------------|
| 1, 2, 3    | `check_proposition_3_1`, `check_lemma_3_1`, `check_lemma_3_2`  | `occupancy_measures`             |
| 4, 5       | `check_planning_duality`, `check_soft_planning_duality`        | `duality.planning`               |
| 6          | `check_proposition_3_2`                                        | `duality.proposition_3_2`        |
| 6          | `check_without_entropy`                                        | `duality.without_entropy`        |
| 7          | `check_corollary_3_2_1`                                        | `duality.proposition_3_2`        |
| 7          | `check_unattained_dual`                                        | `duality.unattained_dual`        |
| 8          | `check_irl_is_dual`                                            | `duality.irl_is_dual`            |
| 9          | `check_feature_classes`                                        | `apprenticeship.feature_classes` |
| 9 (Eq. 11) | `check_class_scaling`                                          | `apprenticeship.class_scaling`   |
| 10         | `check_unexpressive_class`                                     | `apprenticeship.expressiveness`  |
| 11         | `check_surrogate_family`                                       | `surrogates.surrogate_family`    |
| 12         | `check_jensen_shannon`                                         | `surrogates.jensen_shannon`      |
| 13         | `check_uniqueness_and_bias`                                    | `surrogates.uniqueness`          |
| 13         | `bias_curve`                                                   | `surrogates.entropy_bias`        |
| 14         | `check_lemma_a_1`                                              | `learning.gradients`             |
| 15         | `check_imitation_gradient`, `check_gradient_elsewhere`         | `learning.gradients`             |
| 16         | `check_monotone_improvement`                                   | `learning.monotone_improvement`  |
| 17         | `check_guided_cost_learning`, `check_guided_cost_inequalities` | `learning.guided_cost_learning`  |
| 18         | `check_compounding_error`, `check_recovery_family`             | `learning.compounding_error`     |
| 19         | `check_constrained_duality`                                    | `duality.constrained`            |
| 20         | `check_average_cost`                                           | `duality.average_cost`           |
| 21         | `check_shared_cost`                                            | `duality.shared_cost`            |
| 22         | `check_identifiability`, `check_two_sides`                     | `rewards.identifiability`        |
| 23         | `check_airl`, `check_airl_bias`                                | `rewards.adversarial_irl`        |
| 24         | `check_transfer`, `check_entangled_rewards`                    | `rewards.other_dynamics`         |
| 25         | `check_two_discounts`, `check_two_dynamics`                    | `rewards.two_experts`            |
| any psi    | `check_regularizer`                                            | `regularizer_contract.contract`  |

`certificates` and `verdicts` define the results of a check; `worst_case` keeps the worst of many trials.
"""

from gail.exact.statements.apprenticeship.class_scaling import check_class_scaling
from gail.exact.statements.apprenticeship.expressiveness import (
    UnexpressiveInstance,
    check_unexpressive_class,
    unexpressive_instance,
)
from gail.exact.statements.apprenticeship.feature_classes import check_feature_classes
from gail.exact.statements.certificates import Certificate, Verification
from gail.exact.statements.duality.average_cost import check_average_cost
from gail.exact.statements.duality.constrained import check_constrained_duality
from gail.exact.statements.duality.irl_is_dual import check_irl_is_dual
from gail.exact.statements.duality.planning import check_planning_duality, check_soft_planning_duality
from gail.exact.statements.duality.proposition_3_2 import check_corollary_3_2_1, check_proposition_3_2
from gail.exact.statements.duality.shared_cost import check_shared_cost
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
from gail.exact.statements.rewards.adversarial_irl import check_airl, check_airl_bias
from gail.exact.statements.rewards.identifiability import check_identifiability, check_two_sides
from gail.exact.statements.rewards.other_dynamics import check_entangled_rewards, check_transfer
from gail.exact.statements.rewards.two_experts import check_two_discounts, check_two_dynamics
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
    "check_airl",
    "check_airl_bias",
    "check_average_cost",
    "check_class_scaling",
    "check_compounding_error",
    "check_constrained_duality",
    "check_corollary_3_2_1",
    "check_entangled_rewards",
    "check_feature_classes",
    "check_gradient_elsewhere",
    "check_guided_cost_inequalities",
    "check_guided_cost_learning",
    "check_identifiability",
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
    "check_shared_cost",
    "check_soft_planning_duality",
    "check_surrogate_family",
    "check_transfer",
    "check_two_discounts",
    "check_two_dynamics",
    "check_two_sides",
    "check_unattained_dual",
    "check_unexpressive_class",
    "check_uniqueness_and_bias",
    "check_without_entropy",
    "compounding_curves",
    "recovery_family",
    "unattained_curve",
    "unexpressive_instance",
]
