"""Matching for bounded and Lipschitz costs: total variation and transport distances.

| module | content |
|---|---|
| `interior_point` | lambda > 0: an interior point method |
| `newton_systems` | its linear systems |
| `equal_mass` | processes whose episodes end: learners of the expert's mass |
| `linear_program` | lambda = 0: a linear program |
"""
