"""Input in single precision: accepted up to its own rounding, normalised, and said; other errors stay errors."""

import warnings

import numpy as np
import pytest
from scipy import sparse

from gail.exact import (
    FiniteMDP,
    InvalidMDP,
    InvalidOccupancy,
    InvalidPolicy,
    RoundedInput,
    occupancy_of,
    validate_occupancy,
)

RNG = np.random.default_rng(0)
TABLE = RNG.dirichlet(np.ones(7), size=(7, 3))
START = RNG.dirichlet(np.ones(7))
POLICY = RNG.dirichlet(np.ones(3), size=7)
EXACT = FiniteMDP(TABLE, START, 0.95)


@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_transitions_and_starts_in_lower_precision_are_normalised(kind):
    with pytest.warns(RoundedInput, match="less than double precision, off by up to"):
        mdp = FiniteMDP(TABLE.astype(kind), START.astype(kind), 0.95)
    np.testing.assert_allclose(mdp.transitions.sum(axis=1), 1.0, rtol=0, atol=1e-15)
    np.testing.assert_allclose(mdp.transitions.toarray(), EXACT.transitions.toarray(), atol=10 * np.finfo(kind).eps)
    if kind is np.float32:  # scipy has no sparse arrays of half precision
        with pytest.warns(RoundedInput, match="transitions"):
            FiniteMDP(sparse.csr_array(TABLE.astype(kind).reshape(21, 7)), START, 0.95)
    with pytest.warns(RoundedInput, match="transitions"):
        FiniteMDP.from_action_matrices(TABLE.astype(kind).transpose(1, 0, 2), START, 0.95)
    if kind is np.float32:
        states, actions = np.divmod(np.arange(21), 3)
        with pytest.warns(RoundedInput, match="transitions"):
            FiniteMDP.from_pairs(states, actions, TABLE.astype(kind).reshape(21, 7), START, 0.95)


def test_policies_and_occupancies_in_single_precision_are_normalised():
    with pytest.warns(RoundedInput, match="policy"):
        rho = occupancy_of(EXACT, POLICY.astype(np.float32))
    np.testing.assert_allclose(rho, occupancy_of(EXACT, POLICY), rtol=1e-5)
    with pytest.warns(RoundedInput, match="occupancy"):
        projected = validate_occupancy(EXACT, rho.astype(np.float32))
    np.testing.assert_allclose(projected, rho, rtol=1e-5)
    np.testing.assert_allclose(EXACT.flow(projected), START, atol=1e-14)


def test_numbers_that_are_exact_in_single_precision_need_no_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FiniteMDP(np.full((4, 1, 4), 0.25, dtype=np.float32), np.eye(4, dtype=np.float32)[0], 0.9)


def test_what_is_wrong_by_more_than_rounding_stays_refused():
    with pytest.raises(InvalidMDP, match="state 0, action 0 sums to"):
        FiniteMDP((TABLE * 1.0001).astype(np.float32), START, 0.95)
    with pytest.raises(InvalidMDP, match="initial sums to"):
        FiniteMDP(TABLE, (START * 1.0001).astype(np.float32), 0.95)
    with pytest.raises(InvalidPolicy, match="the row of state 0"):
        occupancy_of(EXACT, (POLICY * 1.0001).astype(np.float32))
    with pytest.raises(InvalidMDP, match="sums to"):  # the same numbers in double precision claim to be better
        FiniteMDP(TABLE.astype(np.float32).astype(np.float64), START, 0.95)


@pytest.mark.parametrize("mass", [1.0, 0.05, 3.0])
def test_a_normalised_occupancy_is_recognised_by_its_mass(mass):
    rho = occupancy_of(EXACT, POLICY)
    said = rf"the mass {mass:g} where 20 is needed.*Multiply it by {20 / mass:.6g}"
    with pytest.raises(InvalidOccupancy, match=said):
        validate_occupancy(EXACT, rho * (mass / 20.0))
    with pytest.raises(InvalidOccupancy, match="violates the flow"):
        validate_occupancy(EXACT, np.full((7, 3), 1.0))
