import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gail.exact import FiniteMDP
from gail.exact.algorithms import GuidedCostGame
from gail.exact.statements import check_guided_cost_inequalities, check_guided_cost_learning


@settings(deadline=None, derandomize=True, max_examples=20)
@given(mdp=..., seed=st.integers(0, 2**32 - 1), horizon=st.integers(1, 3))
def test_statement_17_on_random_processes(mdp: FiniteMDP, seed, horizon, failures, random_cost):
    assume(mdp.num_states * mdp.num_actions <= 16)
    rng = np.random.default_rng(seed)
    assert failures(check_guided_cost_learning(mdp, random_cost(mdp, seed), horizon, "random", rng)) == []


def test_deterministic_dynamics_let_the_generator_reach_the_target(failures, random_cost):
    ring = FiniteMDP([[np.eye(3)[(s + a) % 3] for a in (0, 1)] for s in range(3)], [1.0, 0.0, 0.0], 0.5)
    verification = check_guided_cost_learning(ring, random_cost(ring, 0), 4, "ring", np.random.default_rng(0))
    assert failures(verification) == []
    names = [certificate.statement for certificate in verification.certificates]
    assert any("zero with deterministic dynamics" in name for name in names)
    assert any("with deterministic dynamics GAN-GCL reaches the optimum" in name for name in names)


def test_an_end_by_chance_is_no_deterministic_dynamics(failures, random_cost):
    """Every step leads to one state or ends the episode, which then a generator cannot choose."""
    rows = [[0.5 * np.eye(2)[1], np.eye(2)[0]], [np.eye(2)[0], np.eye(2)[1]]]
    mdp = FiniteMDP(rows, [1.0, 0.0], 0.5, [True, False])
    verification = check_guided_cost_learning(mdp, random_cost(mdp, 0), 3, "ends", np.random.default_rng(0))
    assert failures(verification) == []
    names = [certificate.statement for certificate in verification.certificates]
    assert any("is not negative with stochastic dynamics" in name for name in names)
    assert not any("deterministic dynamics" in name.replace("with stochastic dynamics", "") for name in names)


def test_the_cases_of_inequality(failures):
    verification = check_guided_cost_inequalities("coin")
    assert failures(verification) == []
    assert len(verification.certificates) == 10


@pytest.mark.parametrize(
    ("broken", "caught"),
    [
        (lambda self, reward, log_z: 0.5 * np.exp(self.log_odds(reward, log_z)), "importance sampling estimate"),
        (lambda self, reward, log_z: 2.0 * honest(self, reward, log_z), "2 E_mu[log 2 mu~]"),
    ],
)
def test_a_wrong_mixture_is_caught(failures, random_cost, monkeypatch, broken, caught):
    ring = FiniteMDP([[np.eye(3)[(s + a) % 3] for a in (0, 1)] for s in range(3)], [1.0, 0.0, 0.0], 0.5)
    monkeypatch.setattr(GuidedCostGame, "mixture_estimate", broken)
    verification = check_guided_cost_learning(ring, random_cost(ring, 0), 2, "broken", np.random.default_rng(0))
    assert caught in " ".join(name for name, _ in failures(verification))


honest = GuidedCostGame.mixture_estimate
