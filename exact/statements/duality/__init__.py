"""Statements 4 to 8: RL(c), IRL and occupancy matching as convex programs and their duals.

    RL(IRL_psi(pi_E)) = argmin over rho of -lambda Hbar(rho) + psi*(rho - rho_E)     (Ho & Ermon 2016, Proposition 3.2)

| module            | what it checks                                                                 |
|-------------------|--------------------------------------------------------------------------------|
| `planning`        | RL(c) as a linear program; with entropy, the soft Bellman equation as the dual |
| `proposition_3_2` | Proposition 3.2 for any psi; Corollary 3.2.1 for constant psi                  |
| `without_entropy` | Proposition 3.2 at lambda = 0, where one inclusion remains                     |
| `unattained_dual` | Corollary 3.2.1 for an expert without coverage: no optimal cost exists         |
| `irl_is_dual`     | the multipliers of rho = rho_E are an IRL cost; dual ascent finds one          |
"""
