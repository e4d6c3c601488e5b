import cvxpy as cp
import numpy as np
import pytest

from gail.exact import (
    FiniteMDP,
    NotOptimal,
    SharedCostSolution,
    Status,
    match_occupancy,
    occupancy_of,
    solve_shared_irl,
)
from gail.exact import regularizers as psi

SMOOTH = (psi.Logistic(), psi.Quadratic(0.7), psi.Exponential(), psi.ReverseKL())


def case(seed):
    """One to three processes of one size, an expert on each, and weights."""
    rng = np.random.default_rng(seed)
    count, states, actions = int(rng.integers(1, 4)), int(rng.integers(1, 6)), int(rng.integers(2, 4))
    processes = [
        FiniteMDP(
            rng.dirichlet(np.full(states, 0.5), size=(states, actions)),
            rng.dirichlet(np.ones(states)),
            float(rng.choice([0.5, 0.9, 0.99])),
        )
        for _ in range(count)
    ]
    experts = [occupancy_of(mdp, rng.dirichlet(np.ones(actions), size=states)) for mdp in processes]
    return processes, experts, rng.random(count) + 0.1


def value_by_cvxpy(processes, experts, weights, regularizer, entropy_weight):
    shares = weights / weights.sum()
    learners = [cp.Variable(rho.shape, nonneg=True) for rho in experts]
    mean = sum(share * rho for share, rho in zip(shares, learners, strict=True))
    target = sum(share * rho for share, rho in zip(shares, experts, strict=True))
    objective, constraints = regularizer.conic(cp, mean, target)
    for mdp, share, rho in zip(processes, shares, learners, strict=True):
        state = cp.sum(rho, axis=1, keepdims=True) @ np.ones((1, mdp.num_actions))
        objective = objective + share * entropy_weight * cp.sum(cp.rel_entr(rho, state))
        constraints = [*constraints, mdp.flow_matrix @ cp.vec(rho, order="C") == mdp.initial]
    program = cp.Problem(cp.Minimize(objective), constraints)
    program.solve(solver=cp.CLARABEL)
    return float(program.value)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("regularizer", SMOOTH, ids=lambda one: type(one).__name__)
def test_cvxpy_finds_the_same_value(regularizer, seed):
    processes, experts, weights = case(seed)
    for entropy_weight in (1.0, 1e-2):
        found = solve_shared_irl(processes, experts, regularizer, entropy_weight, weights=weights).require_optimal()
        value = value_by_cvxpy(processes, experts, weights, regularizer, entropy_weight)
        assert found.primal_value == pytest.approx(value, abs=1e-5 * max(1.0, abs(value)))


def test_one_process_is_matching():
    processes, experts, _ = case(6)
    alone = match_occupancy(processes[0], experts[0], psi.Logistic(), 0.3)
    found = solve_shared_irl(processes[:1], experts[:1], psi.Logistic(), 0.3).require_optimal()
    assert found.primal_value == pytest.approx(alone.primal_value)
    assert found.policies[0] == pytest.approx(alone.policy, abs=1e-8)


def test_only_the_mean_is_compared():
    """One expert of a bandit takes the first action, one the second: uniform learners match their mean."""
    bandit = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5)
    experts = [occupancy_of(bandit, [[1.0, 0.0]]), occupancy_of(bandit, [[0.0, 1.0]])]
    found = solve_shared_irl([bandit, bandit], experts, psi.Quadratic(), 0.1).require_optimal()
    assert found.policies[0] == pytest.approx(np.array([[0.5, 0.5]]))
    assert found.cost == pytest.approx(np.zeros((1, 2)), abs=1e-12)


def test_weights_say_how_much_a_process_counts():
    processes, experts, _ = case(7)
    far = solve_shared_irl(processes, experts, psi.Logistic(), 0.3, weights=[1.0, *[1e-9] * (len(processes) - 1)])
    alone = solve_shared_irl(processes[:1], experts[:1], psi.Logistic(), 0.3)
    assert len(processes) > 1
    assert far.primal_value == pytest.approx(alone.primal_value, rel=1e-6)


def test_a_wrong_cost_is_never_optimal():
    processes, experts, weights = case(2)
    found = solve_shared_irl(processes, experts, psi.Logistic(), 0.3, weights=weights)
    claimed = SharedCostSolution(found.problem, 1.1 * found.cost, found.policies, found.values)
    assert claimed.status is Status.NOT_CONVERGED
    assert claimed.gap > 0.0
    with pytest.raises(NotOptimal, match="relative gap"):
        claimed.require_optimal()
    assert repr(found).startswith(f"SharedCostSolution({len(processes)} processes of ")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([], [], psi.Logistic()), ValueError, "one expert per process is needed, got 0 for 0"),
        (("both", "one", psi.Logistic()), ValueError, "one expert per process is needed, got 1 for 2"),
        (("other", "both", psi.Logistic()), ValueError, r"same states and actions, got sizes \[\(1, 2\), \(2, 2\)\]"),
        (("both", "both", psi.LInfBall()), TypeError, "smooth in the cost, got LInfBall"),
        (("both", "both", psi.ReverseKL()), ValueError, "ReverseKL has an optimal cost only if some expert"),
    ],
)
def test_what_does_not_fit_is_named(arguments, error, message):
    bandit, pair = FiniteMDP(np.ones((1, 2, 1)), [1.0], 0.5), FiniteMDP(np.full((2, 2, 2), 0.5), [0.5, 0.5], 0.5)
    one = occupancy_of(bandit, [[1.0, 0.0]])
    named = {"both": [bandit, bandit], "other": [bandit, pair], "one": [one]}
    processes, experts, regularizer = arguments
    given = [one, one] if experts == "both" else named.get(experts, experts) if isinstance(experts, str) else experts
    with pytest.raises(error, match=message):
        solve_shared_irl(named[processes] if processes else [], given, regularizer)


def test_weights_and_entropy_must_be_positive():
    processes, experts, _ = case(1)
    with pytest.raises(ValueError, match="positive numbers"):
        solve_shared_irl(processes, experts, psi.Logistic(), 0.3, weights=[0.0] * len(processes))
    with pytest.raises(ValueError, match="entropy_weight > 0"):
        solve_shared_irl(processes, experts, psi.Logistic(), 0.0)
