"""Cost regularizers psi. The choice of psi decides which imitation algorithm the saddle point describes.

IRL_psi maximises -psi(c) + min_pi (-lambda H(pi) + E_pi[c]) - E_E[c] over costs. The dual problem compares the
learner with the expert through the convex conjugate psi*(d) = sup_c <d, c> - psi(c), d = rho - rho_E
(Ho & Ermon 2016, Eq. 4 and Proposition 3.2). For measures of mass m:

| psi                                  | psi(c)                              | psi*(rho - rho_E)                   |
|--------------------------------------|-------------------------------------|-------------------------------------|
| `Constant()`                         | 0                                   | 0 if rho = rho_E, else +inf         |
| `LinearSpan(features)`               | c = F w, any w                      | 0 if F^T rho = F^T rho_E, else +inf |
| `Quadratic(weight)`                  | weight/2 sum c^2                    | squared l2 distance / (2 weight)    |
| `L2Ball(features)`                   | c = F w with w in the unit ball     | l2 distance of feature expectations |
| `Simplex(features)`                  | c = F w with w in the simplex       | largest signed gap of a feature     |
| `LInfBall()`                         | abs(c) <= 1                         | l1 distance: total variation        |
| `Lipschitz(metric)`                  | c 1-Lipschitz                       | Wasserstein-1 distance              |
| `Logistic()`                         | surrogate log(1 + e^-g)             | 2m (Jensen-Shannon - log 2)         |
| `Exponential()`                      | surrogate e^-g                      | 2m (Hellinger squared - 1)          |
| `TruncatedQuadratic()`               | surrogate (1-g)^2, abs(g) <= 1      | triangular discrimination - 2m      |
| `Hinge()`                            | surrogate 1 - g, abs(g) <= 1        | l1 distance - 2m                    |
| `Jeffreys()`                         | surrogate e^-g - g                  | KL both ways - 2m                   |
| `ReverseKL()`                        | sum rho_E (e^(c-1) - c)             | KL(rho, rho_E)                      |
| `ForwardKL()`                        | sum rho_E (-1 - log(-c) - c), c < 0 | KL(rho_E, rho)                      |

`protocols` lists the methods that every psi must have, and the further methods that each solver needs.
Label convention: D = sigmoid(g) is the probability that a state-action pair came from the learner.
"""

from gail.exact.regularizers.constant import Constant
from gail.exact.regularizers.divergences import ForwardKL, ReverseKL
from gail.exact.regularizers.features import FeatureClass, L2Ball, Simplex
from gail.exact.regularizers.linear_span import LinearSpan
from gail.exact.regularizers.lipschitz import Lipschitz
from gail.exact.regularizers.norms import LInfBall, Quadratic
from gail.exact.regularizers.protocols import (
    BoundedCosts,
    ConicForm,
    InvalidRegularizer,
    LinearCosts,
    Regularizer,
    Repairable,
    SmoothConjugate,
    SmoothCosts,
    needs_coverage,
    requires_equality,
    restricted,
    validate_regularizer,
)
from gail.exact.regularizers.separable import Separable, SmoothSeparable
from gail.exact.regularizers.surrogates import Exponential, Hinge, Jeffreys, Logistic, Surrogate, TruncatedQuadratic

__all__ = [
    "BoundedCosts",
    "ConicForm",
    "Constant",
    "Exponential",
    "FeatureClass",
    "ForwardKL",
    "Hinge",
    "InvalidRegularizer",
    "Jeffreys",
    "L2Ball",
    "LInfBall",
    "LinearCosts",
    "LinearSpan",
    "Lipschitz",
    "Logistic",
    "Quadratic",
    "Regularizer",
    "Repairable",
    "ReverseKL",
    "Separable",
    "Simplex",
    "SmoothConjugate",
    "SmoothCosts",
    "SmoothSeparable",
    "Surrogate",
    "TruncatedQuadratic",
    "needs_coverage",
    "requires_equality",
    "restricted",
    "validate_regularizer",
]
