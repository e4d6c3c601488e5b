"""Small answers in fifty digits: the fixed point of the soft Bellman equation and psi_GA's optimum, by mpmath."""

import mpmath as mp
import numpy as np
import pytest

from gail.exact import FiniteMDP, match_occupancy, solve_irl, solve_rl
from gail.exact import regularizers as psi

TRANSITIONS = [[["0.9", "0.1"], ["0.2", "0.8"]], [["0.5", "0.5"], ["0.05", "0.95"]]]
COST = [["0.3", "1.7"], ["-0.4", "0.25"]]
START = ["0.75", "0.25"]


def process(discount: str) -> FiniteMDP:
    return FiniteMDP(np.array(TRANSITIONS, dtype=float), np.array(START, dtype=float), float(discount))


def precise(array):
    return [precise(entry) if isinstance(entry, list) else mp.mpf(entry) for entry in array]


def soft_values(cost, discount, weight):
    """V of two states, from its two equations."""
    transitions, discount, weight = precise(TRANSITIONS), mp.mpf(discount), mp.mpf(weight)

    def equation(state):
        def residual(*values):
            ahead = [
                cost[state][a] + discount * sum(p * v for p, v in zip(transitions[state][a], values, strict=True))
                for a in range(2)
            ]
            return values[state] + weight * mp.log(sum(mp.exp(-q / weight) for q in ahead))

        return residual

    start = [0.0, 0.0]
    for _ in range(200):  # a contraction brings Newton's method near enough
        start = [s - equation(i)(*start) for i, s in enumerate(start)]
    found = mp.findroot([equation(0), equation(1)], start, tol=mp.mpf(10) ** -60)
    return [found[0], found[1]]


@pytest.mark.parametrize(("discount", "weight"), [("0", "1"), ("0.9", "0.5"), ("0.999", "0.5"), ("0.9", "0.01")])
def test_soft_values(discount, weight):
    with mp.workdps(50):
        expected = [float(v) for v in soft_values(precise(COST), discount, weight)]
    solution = solve_rl(process(discount), np.array(COST, dtype=float), float(weight))
    np.testing.assert_allclose(solution.values, expected, rtol=1e-12)


def occupancy(policy, discount):
    """rho (2, 2) of a policy given by its probabilities of action 0."""
    transitions, start, discount = precise(TRANSITIONS), precise(START), mp.mpf(discount)
    acts = [[policy[s], 1 - policy[s]] for s in range(2)]
    step = mp.matrix(2, 2)
    for s in range(2):
        for t in range(2):
            step[t, s] = discount * sum(acts[s][a] * transitions[s][a][t] for a in range(2))
    visits = mp.lu_solve(mp.eye(2) - step, mp.matrix(start))
    return [[visits[s] * acts[s][a] for a in range(2)] for s in range(2)]


def objective(logits, expert, discount, weight):
    """-lambda Hbar + psi_GA*, of the policy with these two logits."""
    rho = occupancy([1 / (1 + mp.exp(-g)) for g in logits], discount)
    total = mp.mpf(0)
    for s in range(2):
        for a in range(2):
            r, e = rho[s][a], expert[s][a]
            total += weight * r * mp.log(r / sum(rho[s])) + r * mp.log(r / (r + e)) + e * mp.log(e / (r + e))
    return total


@pytest.mark.parametrize(("discount", "weight"), [("0", "0.3"), ("0.9", "0.3"), ("0.99", "1")])
def test_the_logistic_imitator(discount, weight):
    with mp.workdps(50):
        chances = [mp.mpf("0.8"), mp.mpf("0.35")]
        expert = occupancy(chances, discount)

        def slope(index):
            def derivative(*logits):
                def along(x):
                    moved = [x if i == index else g for i, g in enumerate(logits)]
                    return objective(moved, expert, discount, mp.mpf(weight))

                return mp.diff(along, logits[index])

            return derivative

        start = [mp.log(p / (1 - p)) for p in chances]
        found = mp.findroot([slope(0), slope(1)], start, tol=mp.mpf(10) ** -30)
        best = float(objective([found[0], found[1]], expert, discount, mp.mpf(weight)))
        policy = [float(1 / (1 + mp.exp(-g))) for g in found]
        rho = np.array([[float(x) for x in row] for row in expert])
    for solve in (solve_irl, match_occupancy):
        solution = solve(process(discount), rho, psi.Logistic(), float(weight))
        np.testing.assert_allclose(solution.primal_value, best, rtol=1e-12)
        np.testing.assert_allclose(solution.dual_value, best, rtol=1e-12)
        np.testing.assert_allclose(solution.policy[:, 0], policy, rtol=1e-7)
