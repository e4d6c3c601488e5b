"""Statements 14 to 18: gradients and learning algorithms.

| module                 | what it checks                                                                         |
|------------------------|----------------------------------------------------------------------------------------|
| `gradients`            | the gradient of causal entropy (Lemma A.1) and of the imitation objective (Eq. 12, 18) |
| `monotone_improvement` | TRPO's lower bound, and policy iteration that maximises it                             |
| `guided_cost_learning` | GAN-GCL and guided cost learning on enumerated paths                                   |
| `compounding_error`    | error bounds of cloning, O(eps H^2), and of matching, O(eps H), for a horizon H        |
"""
