"""Notes on observations: constants and changes that are lost are named, everything that can be standardized is not."""

import numpy as np
import pytest

from gail.approx import Demonstrations, Provenance, Trajectories
from gail.experiments.data.odd_coordinates import odd_coordinates

CHANGES = np.random.default_rng(0).normal(size=40)


def noticed(*columns, dtype=np.float32):
    observations = np.stack(columns, axis=1).astype(dtype)
    episodes = Trajectories(
        observations=observations,
        actions=np.zeros((len(observations), 1)),
        rewards=None,
        final_observations=observations[:1],
        lengths=np.array([len(observations)]),
        terminated=np.array([False]),
        truncated=np.array([True]),
    )
    return odd_coordinates(Demonstrations(episodes, Provenance(None, "test")))


@pytest.mark.parametrize("columns", [(CHANGES,), (1e12 * CHANGES, 1e-5 * CHANGES), (1e3 + CHANGES,), (CHANGES > 0,)])
def test_units_and_offsets_that_can_be_standardized_are_not_mentioned(columns):
    assert noticed(*columns) == []


def test_constants_are_listed_with_their_values():
    (sentence,) = noticed(CHANGES, np.full(40, 0.5), np.full(40, -1.0))
    assert "observation[1] is 0.5, [2] is -1 in every demonstrated step" in sentence
    (sentence,) = noticed(*(np.zeros(40) for _ in range(9)))
    assert "[4] is 0 and 4 more" in sentence


@pytest.mark.parametrize(
    ("column", "dtype", "said"),
    [
        (1e12 + CHANGES, np.float32, "observation[0] is 1e+12"),
        (1e-8 * CHANGES, np.float64, "lost in float64 or in standardization"),
        (1e6 + CHANGES, np.float32, "1e+06 ± "),
    ],
)
def test_changes_that_rounding_hides_are_named(column, dtype, said):
    (sentence,) = noticed(column, dtype=dtype)
    assert said in sentence


def test_double_precision_resolves_more():
    assert noticed(1e12 + CHANGES, dtype=np.float64) == []
