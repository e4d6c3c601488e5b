from dataclasses import replace

import numpy as np
import pytest

from gail.exact import FiniteMDP, statements
from gail.exact.statements.duality import average_cost


def process(seed):
    rng = np.random.default_rng(seed)
    return FiniteMDP(rng.dirichlet(np.ones(5), size=(5, 3)), np.full(5, 0.2), 0.9), rng.normal(size=(5, 3))


def check(seed):
    return statements.check_average_cost(*process(seed), 0.3, "random", np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(4))
def test_the_bias_proves_the_average(seed, failures):
    found = check(seed)
    assert failures(found) == []
    assert len(found.certificates) == 2 * 6


def test_processes_that_are_not_recurrent_have_no_claims():
    mdp = FiniteMDP(np.eye(2)[:, None], [0.5, 0.5], 0.9)
    assert (
        statements.check_average_cost(mdp, np.ones((2, 1)), 1.0, "apart", np.random.default_rng(0)).certificates == ()
    )


@pytest.mark.parametrize(
    ("spoil", "claim"),
    [
        (lambda found: replace(found, bias=2.0 * found.bias), "the bias proves the average cost"),
        (lambda found: replace(found, bias=0.1 * found.bias), "it is the limit of discounting"),
        (lambda found: replace(found, stationary=1.01 * found.stationary), "the policy's distribution is stationary"),
        (
            lambda found: replace(
                found, policy=found.policy[:, ::-1], stationary=found.stationary[:, ::-1], cost=found.cost
            ),
            "no policy has a lower average",
        ),
    ],
)
def test_wrong_solutions_are_reported(spoil, claim, monkeypatch):
    solve = average_cost.solve_average_rl
    monkeypatch.setattr(average_cost, "solve_average_rl", lambda *arguments: spoil(solve(*arguments)))
    violated = {one.statement for one in check(0).certificates if not one.holds}
    assert f"Average cost: with entropy: {claim}" in violated
