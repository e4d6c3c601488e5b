import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gail.envs import garnet
from gail.exact import FiniteMDP
from gail.exact.statements import check_monotone_improvement
from gail.exact.statements.learning import monotone_improvement as improvement


@settings(deadline=None, derandomize=True, max_examples=8)
@given(mdp=..., seed=st.integers(0, 2**32 - 1))
def test_statement_16_on_random_processes(mdp: FiniteMDP, seed, failures, random_cost):
    rng = np.random.default_rng(seed)
    assert failures(check_monotone_improvement(mdp, random_cost(mdp, seed), "random", rng)) == []


@pytest.mark.parametrize("factor", [0.0, -1.0])
def test_a_wrong_penalty_is_caught(failures, monkeypatch, factor):
    """Without the penalty the local model is no bound."""
    task = garnet(6, 3, 2, np.random.default_rng(0), discount=0.9)
    honest = improvement.surrogate

    def cheap(*arguments):
        model = honest(*arguments)
        object.__setattr__(model, "penalty", factor * model.penalty)
        return model

    monkeypatch.setattr(improvement, "surrogate", cheap)
    caught = failures(check_monotone_improvement(task.mdp, task.cost, "broken", np.random.default_rng(0)))
    assert "at random pairs" in " ".join(name for name, _ in caught)
