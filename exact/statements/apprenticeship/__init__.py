"""Statements 9 and 10: cost classes linear in features (Ho & Ermon 2016, Eq. 9-11 and section 4).

    psi = the indicator of {F w : w in W},     psi*(rho - rho_E) = max over w in W of <w, F^T (rho - rho_E)>

| module            | what it checks                                                                               |
|-------------------|----------------------------------------------------------------------------------------------|
| `feature_classes` | psi* of the l2 ball (FEM) and of the simplex (GTAL); minima, against apprenticeship learning |
| `class_scaling`   | scaling the class by alpha is the entropy weight lambda / alpha                              |
| `expressiveness`  | a class without the expert's cost fails to imitate; `Logistic` does not fail                 |
"""
