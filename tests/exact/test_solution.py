import numpy as np
import pytest

from gail.exact import FiniteMDP, NotOptimal, Planning, Status, solve_rl
from gail.exact.solution import Solution, certify

# One state, two actions: cost 1 and 3, forever; the optimum is 1 / (1 - 0.5) = 2.
BANDIT = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
COST = np.array([[1.0, 3.0]])
PROBLEM = Planning(BANDIT, COST, 0.0)
BEST, WORST = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])


# The same, except that the episode ends after the first step with probability 1/2: the optimum is 1 / (1 - 0.25) = 4/3.
ENDING = Planning(FiniteMDP(np.full((1, 2, 1), 0.5), [1.0], 0.5, terminal=[True]), COST, 0.0)


def test_values_are_computed_from_the_problem():
    solution = certify(ENDING, WORST, COST, np.array([1.0]), tolerance=1e-9)
    assert solution.primal_value == pytest.approx(4.0)
    # V = 1 is feasible as it stands: T V = 1 + 0.25.
    assert solution.dual_value == 1.0
    assert solution.gap == pytest.approx(3.0)
    assert solution.relative_gap == pytest.approx(0.75)
    assert solution.flow_residual <= 1e-15
    assert solution.status is Status.NOT_CONVERGED


def test_infeasible_values_are_lowered_not_believed():
    # T V = 1 + 0.75 is exceeded by 1.25; the bound falls by 1.25 times the duration 4/3 of an episode.
    solution = certify(ENDING, BEST, COST, np.array([3.0]), tolerance=1e-9)
    assert solution.dual_value == pytest.approx(4.0 / 3.0)


@pytest.mark.parametrize("constant", [-7.0, 0.0, 1.5, 4.0])
def test_where_no_episode_ends_the_bound_does_not_depend_on_the_constant(constant):
    assert certify(PROBLEM, BEST, COST, np.array([constant]), tolerance=1e-9).dual_value == 2.0


def test_a_wrong_claim_of_optimality_does_not_pass():
    claimed = Solution(PROBLEM, np.array([[0.0, 2.0]]), WORST, COST, np.array([2.0]), Status.OPTIMAL, ())
    with pytest.raises(
        NotOptimal,
        match=r"primal 6, dual 2, gap 4 \(relative 0.667, required 1e-09, rounding alone leaves about 1e-15\)",
    ):
        claimed.require_optimal()


def test_an_infeasible_occupancy_shows_as_a_negative_gap_and_does_not_pass():
    claimed = Solution(PROBLEM, np.array([[1.0, 0.0]]), BEST, COST, np.array([2.0]), Status.OPTIMAL, ())
    assert claimed.gap == -1.0
    assert claimed.relative_gap == pytest.approx(-1.0 / 3.0)  # the largest cost of a step is 3
    assert claimed.flow_residual == 0.5
    with pytest.raises(NotOptimal, match=r"gap -1 .*flow residual 0.5"):
        claimed.require_optimal(tolerance=0.1)


def test_a_closed_gap_off_the_flow_does_not_pass():
    free = Planning(BANDIT, np.zeros((1, 2)), 0.0)
    claimed = Solution(free, np.array([[1.0, 0.0]]), BEST, free.cost, np.zeros(1), Status.OPTIMAL, ())
    assert claimed.gap == 0.0
    with pytest.raises(NotOptimal, match=r"flow residual 0\.5"):
        claimed.require_optimal()


class Boastful:
    """A problem with a mistake: its bound exceeds its value."""

    mdp, unit = BANDIT, 1.0

    def rounding(self, occupancy, cost, values):
        return 0.0

    def primal(self, occupancy):
        return 1.0

    def dual(self, cost, values):
        return 2.0


def test_a_bound_above_the_value_is_never_called_optimal():
    solution = certify(Boastful(), BEST, COST, np.array([2.0]), tolerance=1e-9)
    assert solution.relative_gap == -0.5  # a gap of -1 over the larger value
    assert solution.status is Status.NOT_CONVERGED
    claimed = Solution(Boastful(), solution.occupancy, BEST, COST, np.array([2.0]), Status.OPTIMAL, ())
    with pytest.raises(NotOptimal, match=r"gap -1 .*flow residual 0"):
        claimed.require_optimal()


def test_without_a_cost_nothing_is_proven():
    solution = certify(PROBLEM, BEST, None, None, tolerance=1e-9)
    assert solution.dual_value == -np.inf
    assert solution.gap == np.inf
    with pytest.raises(NotOptimal, match="not converged"):
        solution.require_optimal()


def test_require_optimal_gives_the_solution_back():
    solution = solve_rl(BANDIT, COST, entropy_weight=0.0)
    assert solution.require_optimal() is solution


def test_relative_gaps_do_not_depend_on_the_unit_of_cost():
    for unit in (1e-12, 1.0, 1e12):
        problem = Planning(BANDIT, unit * COST, 0.0)
        solution = certify(problem, WORST, unit * COST, np.array([1.5 * unit]), tolerance=1e-9)
        assert solution.relative_gap == pytest.approx(2.0 / 3.0)
        assert solution.rounding_floor == pytest.approx(
            certify(PROBLEM, WORST, COST, np.array([1.5]), tolerance=1e-9).rounding_floor
        )


class Rounded(Boastful):
    """A problem whose gap is 1e-7, of which rounding explains a given part."""

    def __init__(self, rounding):
        self._rounding = rounding

    def dual(self, cost, values):
        return 1.0 - 1e-7

    def rounding(self, occupancy, cost, values):
        return self._rounding


@pytest.mark.parametrize(
    ("rounding", "status", "shown"),
    [
        (1e-9, Status.NOT_CONVERGED, "relative gap 1e-07"),
        (2e-7, Status.OPTIMAL, "relative gap below rounding, 2.0e-07"),
        (2e-6, Status.NOT_CONVERGED, "relative gap below rounding, 2.0e-06"),  # nothing to six digits is proven
    ],
)
def test_a_gap_is_judged_by_the_precision_of_its_certificate(rounding, status, shown):
    solution = certify(Rounded(rounding), BEST, COST, np.array([2.0]), tolerance=1e-9)
    assert solution.status is status
    assert shown in repr(solution)


@pytest.mark.parametrize(("stays", "growth"), [(1.0, 100.0), (0.5, 1.0)])
def test_the_rounding_floor_grows_with_the_horizon_where_states_do_not_meet(stays, growth):
    """Relative to values that themselves grow with the horizon: once more if states stay, else not."""

    def floor(discount):
        towards = stays * np.eye(2) + (1.0 - stays) * np.eye(2)[::-1]
        process = FiniteMDP(np.repeat(towards[:, None], 2, axis=1), [0.5, 0.5], discount)
        return solve_rl(process, np.array([[0.0, 1.0], [1.0, 2.0]]), entropy_weight=1.0).rounding_floor

    assert floor(0.999) / floor(0.9) == pytest.approx(growth, rel=0.7)


def test_every_status_has_its_own_message():
    assert len({status.value for status in Status}) == len(Status)


def test_a_solution_is_shown_in_a_line():
    shown = repr(certify(PROBLEM, WORST, COST, np.array([1.5]), tolerance=1e-9))
    assert shown == "Solution(Planning on 1 states and 2 actions, NOT_CONVERGED, primal 6, relative gap 0.667)"


def test_a_notebook_shows_the_certificate():
    page = solve_rl(BANDIT, COST, entropy_weight=0.0)._repr_html_()
    for needle in ("OPTIMAL", "Planning on", "primal value", "duality gap", "flow residual"):
        assert needle in page
