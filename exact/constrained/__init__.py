"""Planning and matching under extra constraints on the occupancy measure: E_rho[d_i] <= b_i.

| module | content |
|---|---|
| `constraints` | the constraints, and whether any policy meets them |
| `planning` | RL(c) under constraints: a linear program, or Newton's method on the multipliers |
| `matching` | occupancy matching under constraints |
| `tilted` | psi* plus a linear function of the occupancy measure, as a psi |
| `multipliers` | Newton's method on multipliers |
| `solution` | the result, with multipliers and certificate |
"""
