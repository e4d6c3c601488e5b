"""Statements 11 to 13: surrogate losses, and psi_GA of generative adversarial imitation (Ho & Ermon 2016, section 5).

    psi_phi*(rho - rho_E) = - min over logits g of sum rho phi(g) + rho_E phi(-g),     psi_GA: phi(g) = log(1 + e^-g)

| module             | what it checks                                                        |
|--------------------|-----------------------------------------------------------------------|
| `surrogate_family` | Proposition A.1, numerically from phi alone                           |
| `jensen_shannon`   | Corollary A.1.1: psi_GA* is a Jensen-Shannon divergence; closed forms |
| `uniqueness`       | Eq. 15-16: the minimiser for psi_GA is unique                         |
| `entropy_bias`     | Eq. 15-16: how far entropy moves the minimiser from the expert        |
"""
