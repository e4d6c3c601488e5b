"""One instance of every psi of the library, on processes of any size; the contracts run on all of them.

A new psi joins `library` and nothing else. `test_regularizer_contracts` fails while one is missing.
"""

import numpy as np

from gail.exact import regularizers as psi


def library(states, actions, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(states * actions, 2))
    metric = np.linalg.norm(points[:, None] - points[None], axis=2).reshape(states, actions, states, actions)
    features = rng.normal(size=(states, actions, 3))
    return {
        type(one).__name__: one
        for one in (
            psi.Constant(),
            psi.Quadratic(0.7),
            psi.L2Ball(features),
            psi.Simplex(features),
            psi.LinearSpan(features),
            psi.LInfBall(),
            psi.Lipschitz(metric),
            psi.Logistic(),
            psi.Exponential(),
            psi.TruncatedQuadratic(),
            psi.Hinge(),
            psi.Jeffreys(),
            psi.ReverseKL(),
            psi.ForwardKL(),
        )
    }
