"""The linear systems of the exact solvers.

Policy evaluation and occupancy measures solve systems of I - gamma P_pi; Newton's method on the flow polytope solves
symmetric saddle systems.

| module | content |
|---|---|
| `markov_chain` | the systems of I - gamma P_pi, solved by factorization or by iteration |
| `gauss_seidel` | Gauss-Seidel sweeps in the order of a chain |
| `bicgstab` | stabilised bi-conjugate gradients |
| `newton_system` | the linear system of Newton's method on the flow polytope |
| `multifrontal` | elimination of saddle systems with dense fronts |
| `nested_dissection` | an order of elimination for graphs with small separators |
"""
