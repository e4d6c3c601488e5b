import numpy as np
import pytest

from gail.exact import Constraints, FiniteMDP, Infeasible, InvalidConstraints, NoInterior, solve_constrained_rl

# One state, two actions, forever: the expected cost d is between 0 (first action) and 2 (second action).
COIN = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
SECOND = np.array([[0.0, 1.0]])


def test_a_limit_that_no_policy_meets_is_named_with_the_least_cost():
    with pytest.raises(Infeasible, match=r"no policy meets constraint 0: its limit is -0\.5, and the least .* is 0"):
        solve_constrained_rl(COIN, SECOND, Constraints(SECOND, -0.5), 0.0)


def test_limits_that_exclude_each_other_are_named():
    """At most half a step of the second action, and at most half a step of the first, of two steps in all."""
    both = Constraints([SECOND, 1.0 - SECOND, 0.0 * SECOND], [0.5, 0.5, 1.0])
    with pytest.raises(Infeasible, match="no policy meets constraints 0, 1 together"):
        solve_constrained_rl(COIN, SECOND, both, 1.0)


def test_a_limit_met_only_with_equality_needs_no_entropy():
    tight = Constraints(SECOND, 0.0)
    with pytest.raises(NoInterior, match="entropy_weight=0"):
        solve_constrained_rl(COIN, -SECOND, tight, 1.0)
    assert solve_constrained_rl(COIN, -SECOND, tight, 0.0).require_optimal().primal_value == pytest.approx(
        0.0, abs=1e-9
    )


@pytest.mark.parametrize(
    ("costs", "limits", "message"),
    [
        (np.zeros((2, 1, 2)), 1.0, "m limits"),
        (np.zeros(2), 1.0, "shape"),
        (np.zeros((0, 1, 2)), [], "shape"),
        ([[0.0, np.inf]], 1.0, r"cost \(0, 0, 1\) .* finite"),
        ([[0.0, 1.0]], np.nan, r"limit \(0,\) .* finite"),
    ],
)
def test_ill_defined_constraints_are_refused(costs, limits, message):
    with pytest.raises(InvalidConstraints, match=message):
        Constraints(costs, limits)


def test_constraints_for_another_process_are_refused():
    with pytest.raises(InvalidConstraints, match=r"\(2, 2\) states and actions, the process has \(1, 2\)"):
        solve_constrained_rl(COIN, SECOND, Constraints(np.zeros((2, 2)), 1.0))
    with pytest.raises(TypeError, match="Constraints"):
        solve_constrained_rl(COIN, SECOND, (SECOND, 1.0))
