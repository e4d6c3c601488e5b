"""Checks that the formulas of a psi, also of a user-defined one, are consistent.

    psi*(rho - rho_E) = sup over c of <rho - rho_E, c> - psi(c)

| module              | what it computes                                                     |
|---------------------|----------------------------------------------------------------------|
| `contract`          | `check_regularizer`: all checks on random pairs of measures          |
| `conjugacy`         | checks of psi against psi* and of the returned cost                  |
| `solver_interfaces` | checks of the further methods that solvers use, against psi and psi* |
"""
