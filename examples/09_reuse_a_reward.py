"""Which learned reward survives a change of dynamics: AIRL on a random table, used on five others.

Run it: python examples/09_reuse_a_reward.py
"""

import numpy as np

from gail.exact import FiniteMDP, compare_rewards, fit_airl, reward_ambiguity, solve_rl, transfer

STATES, ACTIONS, DISCOUNT = 16, 4, 0.9
rng = np.random.default_rng(0)


def random_table() -> FiniteMDP:
    """Random transitions, as in the experiment of Fu, Luo & Levine (2018)."""
    return FiniteMDP(rng.dirichlet(np.ones(STATES), size=(STATES, ACTIONS)), 0, DISCOUNT)


# The expert is soft-optimal with entropy weight 1. Its reward, 10 in one state, depends on the state only.
source, reward = random_table(), 10.0 * np.eye(STATES)[7]
expert = solve_rl(source, -reward, entropy_weight=1.0).require_optimal()
print("what the expert determines: ", reward_ambiguity(source))

# g + gamma h(s') - h(s) explains the expert's advantage; g is the reward. A state-only g is the true reward and a
# constant, a state-action g contains the expert's policy. With the sampled next state in place of the expected one,
# as in the paper, a state-only g is biased, because the dynamics are stochastic.
learned = {
    "true reward": reward,
    "AIRL, state-only": fit_airl(source, expert.occupancy, next_state="expected").reward,
    "AIRL, state-only, sampled s'": fit_airl(source, expert.occupancy, next_state="sampled").reward,
    "AIRL, state-action": fit_airl(source, expert.occupancy, state_only=False, next_state="expected").reward,
    "log pi_E": np.log(expert.policy),
}

# Regrets are relative: 0 for the optimal policy, 1 for the uniform one. Plans and optima are certified.
targets = [random_table() for _ in range(5)]
print(f"\n{'reward':30s}{'error':>8s}{'source':>10s}{'five others, mean':>20s}")
regrets = {}
for name, one in learned.items():
    here, *there = [transfer(one, mdp, -reward) for mdp in (source, *targets)]
    assert here.certified
    assert all(found.certified for found in there)
    error = compare_rewards(source, one, reward).constant_residual
    regrets[name] = np.mean([found.relative_regret for found in there])
    print(f"{name:30s}{error:8.2f}{abs(here.relative_regret):10.3f}{abs(regrets[name]):20.3f}")

assert regrets["AIRL, state-only"] < 1e-6
assert min(regrets[name] for name in ("AIRL, state-only, sampled s'", "AIRL, state-action", "log pi_E")) > 0.1
