"""Small processes with constraints that some policy meets with room to spare, and CVXPY's own statement of the
problems."""

from dataclasses import dataclass

import cvxpy as cp
import numpy as np
import pytest

from gail.exact import Constraints, FiniteMDP, occupancy_of


@dataclass(frozen=True)
class Case:
    mdp: FiniteMDP
    cost: np.ndarray
    constraints: Constraints
    entropy_weight: float
    expert: np.ndarray


def constrained_case(seed):
    rng = np.random.default_rng(seed)
    states, actions, count = int(rng.integers(1, 9)), int(rng.integers(2, 5)), int(rng.integers(1, 4))
    transitions, discount = (
        rng.dirichlet(np.full(states, 0.5), size=(states, actions)),
        float(rng.choice([0.5, 0.9, 0.99])),
    )
    ends = rng.random() < 0.3
    if ends:
        transitions *= rng.uniform(0.3, 1.0, size=(states, actions, 1))
    mdp = FiniteMDP(transitions, rng.dirichlet(np.ones(states)), discount, terminal=np.full(states, ends))
    costs = rng.normal(size=(count, states, actions))
    inside = occupancy_of(mdp, rng.dirichlet(np.ones(actions), size=states))
    limits = np.tensordot(costs, inside, axes=([1, 2], [0, 1])) + rng.exponential(0.05, size=count) * mdp.lifetime.max()
    return Case(
        mdp,
        rng.normal(size=(states, actions)),
        Constraints(costs, limits),
        float(rng.choice([0.0, 1e-2, 1e-1, 1.0])),
        occupancy_of(mdp, rng.dirichlet(np.ones(actions), size=states)),
    )


def value_by_cvxpy(case, psi=None):
    """The optimal value of planning, or of matching under psi, stated in the occupancy measure."""
    mdp, weight, constraints = case.mdp, case.entropy_weight, case.constraints
    rho = cp.Variable((mdp.num_states, mdp.num_actions), nonneg=True)
    objective = cp.sum(cp.multiply(case.cost, rho)) if psi is None else psi.conic(cp, rho, case.expert)[0]
    if weight > 0.0:
        state = cp.sum(rho, axis=1, keepdims=True) @ np.ones((1, mdp.num_actions))
        objective = objective + weight * cp.sum(cp.rel_entr(rho, state))
    limits = [
        cp.sum(cp.multiply(one, rho)) <= limit for one, limit in zip(constraints.costs, constraints.limits, strict=True)
    ]
    program = cp.Problem(cp.Minimize(objective), [mdp.flow_matrix @ cp.vec(rho, order="C") == mdp.initial, *limits])
    program.solve(solver=cp.CLARABEL)
    assert program.status in ("optimal", "optimal_inaccurate")
    return float(program.value)


@pytest.fixture(scope="session")
def case_of():
    return constrained_case


@pytest.fixture(scope="session")
def by_cvxpy():
    return value_by_cvxpy
