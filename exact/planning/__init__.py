"""RL(c): the optimal policy of a known cost (Ho & Ermon 2016, Eq. 2),

    RL(c) = argmin_pi -lambda H(pi) + E_pi[c].

| module | content |
|---|---|
| `rl` | `solve_rl`: policy iteration for lambda = 0, soft planning for lambda > 0 |
| `bellman` | the (soft) Bellman operator, and lower bounds on the optimum from any state function |
| `value_iteration` | a first guess of the values, for policy iteration |
| `soft_planning` | Newton's method on the soft Bellman equation |
| `warm_start` | starts at the solution of a nearby problem; falling entropy weights |
| `average_cost` | the average cost per step, on recurrent processes |
| `linear_program` | the linear program over occupancy measures, an independent route for lambda = 0 |
"""
