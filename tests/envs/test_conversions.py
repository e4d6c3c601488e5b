"""Converted tasks have the dynamics and rewards of the original."""

import gymnasium
import networkx as nx
import numpy as np
import pytest
from scipy import stats

from gail.envs.conversions import NotTabular, chain, from_graph, from_gymnasium, from_table
from gail.envs.tabular import TabularEnv, TabularVectorEnv
from gail.exact import FiniteMDP, occupancy_of, solve_rl

TOY_TEXT = pytest.mark.parametrize(
    ("name", "options"),
    [
        ("FrozenLake-v1", {}),
        ("FrozenLake-v1", {"is_slippery": False, "map_name": "8x8"}),
        ("CliffWalking-v1", {}),
        ("CliffWalking-v1", {"is_slippery": True}),
        ("Taxi-v4", {}),
        ("Taxi-v4", {"is_rainy": True}),
    ],
)


def made(name, options):
    if name not in gymnasium.registry:
        name = {"CliffWalking-v1": "CliffWalking-v0", "Taxi-v4": "Taxi-v3"}[name]
    return gymnasium.make(name, **options).unwrapped


def outcome_table(env):
    """P(s', not ended | s, a), then P(ended | s, a) as last column, (S, A, S + 1); and expected rewards, (S, A)."""
    states, actions = len(env.P), len(env.P[0])
    law, reward = np.zeros((states, actions, states + 1)), np.zeros((states, actions))
    for state in range(states):
        for action in range(actions):
            for probability, successor, gain, over in env.P[state][action]:
                law[state, action, states if over else successor] += probability
                reward[state, action] += probability * gain
    return law, reward


def surprise(counts, law):
    """p-value of a chi-square test of counts (rows, outcomes) against `law`; fails if an impossible outcome occurs."""
    assert not counts[law == 0.0].any()
    expected = law * counts.sum(axis=1, keepdims=True)
    cells = expected > 0.0
    statistic = ((counts - expected)[cells] ** 2 / expected[cells]).sum()
    freedom = (cells.sum(axis=1) - 1)[counts.sum(axis=1) > 0].sum()
    return stats.chi2.sf(statistic, freedom) if freedom else 1.0


@TOY_TEXT
def test_the_table_survives_the_conversion_exactly(name, options):
    env = made(name, options)
    task = from_gymnasium(env, discount=0.9)
    law, reward = outcome_table(env)
    states, actions = task.cost.shape
    kept = task.mdp.transitions.toarray().reshape(states, actions, states)
    np.testing.assert_allclose(kept, law[:, :, :states], rtol=0, atol=1e-15)
    np.testing.assert_allclose(1.0 - kept.sum(axis=2), law[:, :, states], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(task.mdp.terminal, law[:, :, states].any(axis=1))
    np.testing.assert_array_equal(task.mdp.initial, env.initial_state_distrib)
    np.testing.assert_allclose(-task.cost, reward, rtol=1e-15, atol=1e-15)


@TOY_TEXT
def test_single_steps_of_original_and_copy_follow_the_table(name, options):
    """150 steps from each of up to 200 pairs (s, a): chi-square for outcomes, standard errors for mean rewards."""
    env = made(name, options)
    task = from_gymnasium(env, discount=0.9)
    law, reward = outcome_table(env)
    states, actions = task.cost.shape
    rng = np.random.default_rng(0)
    rows = rng.permutation(states * actions)[:200]
    law, tries = law.reshape(-1, states + 1)[rows], 150
    env.reset(seed=0)
    counts, gains = np.zeros(law.shape, dtype=int), np.zeros((len(rows), tries))
    for index, (state, action) in enumerate(zip(*np.divmod(rows, actions), strict=True)):
        for turn in range(tries):
            env.s = int(state)
            after, gains[index, turn], over, _, _ = env.step(int(action))
            counts[index, states if over else after] += 1
    assert surprise(counts, law) > 1e-3
    spread = gains.std(axis=1) / np.sqrt(tries)
    assert (abs(gains.mean(axis=1) - reward.ravel()[rows]) <= 6 * spread + 1e-9).all()

    everywhere = np.full(states, 1.0 / states)
    copies = TabularVectorEnv(
        FiniteMDP(task.mdp.transitions, everywhere, 0.9, task.mdp.terminal), task.cost, 100_000, horizon=None
    )
    before, _ = copies.reset(seed=0)
    chosen = rng.integers(actions, size=100_000)
    after, paid, over, _, _ = copies.step(chosen)
    np.testing.assert_allclose(paid, reward[before, chosen], rtol=1e-15, atol=1e-15)
    counts = np.zeros((states * actions, states + 1), dtype=int)
    np.add.at(counts, (before * actions + chosen, np.where(over, states, after)), 1)
    assert surprise(counts[rows], law) > 1e-3


@TOY_TEXT
def test_where_an_episode_is_after_some_steps_is_the_chains_marginal(name, options):
    """Uniform policy, original and copy: the state after t steps has the law p0 P^t; the missing mass has ended."""
    env = made(name, options)
    task = from_gymnasium(env, discount=0.9)
    states, actions = task.cost.shape
    chain = task.mdp.transitions.toarray().reshape(states, actions, states).mean(axis=1)
    episodes, horizon = 800, 12
    at = {3: 0, 12: 1}
    marginal, laws = task.mdp.initial, np.zeros((2, states + 1))
    for step in range(1, horizon + 1):
        marginal = marginal @ chain
        if step in at:
            laws[at[step]] = np.append(marginal, 1.0 - marginal.sum())
    laws[abs(laws) < 1e-12] = 0.0
    rng = np.random.default_rng(1)
    for original in (env, TabularEnv(task.mdp, task.cost)):
        counts = np.zeros(laws.shape, dtype=int)
        for episode in range(episodes):
            original.reset(seed=None if episode else 5)
            over = False
            for step in range(1, horizon + 1):
                if not over:
                    state, _, over, _, _ = original.step(int(rng.integers(actions)))
                if step in at:
                    counts[at[step], states if over else state] += 1
        for seen, law in zip(counts, laws, strict=True):
            assert surprise(*_merged(seen[None], law[None])) > 1e-3


def _merged(counts, law):
    """Merge outcomes that are expected fewer than five times into one."""
    assert not counts[law == 0.0].any()
    rare = (law * counts.sum() < 5.0)[0]
    merge = lambda table: np.append(table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True), axis=1)  # noqa: E731
    return merge(counts), merge(law)


@pytest.mark.parametrize("name", ["FrozenLake-v1", "CliffWalking-v1", "Taxi-v4"])
def test_a_gymnasium_environment_and_its_task_have_one_law(name):
    """The sampled discounted return of the uniform policy in the original agrees with the task's occupancy measure."""
    original = made(name, {})
    task = from_gymnasium(original, discount=0.8)
    uniform = np.full(task.cost.shape, 1.0 / task.cost.shape[1])
    exact = -np.sum(occupancy_of(task.mdp, uniform) * task.cost)
    rng = np.random.default_rng(0)
    for env in (original, TabularEnv(task.mdp, task.cost)):
        returns = []
        for episode in range(1500):
            env.reset(seed=episode)
            total, factor = 0.0, 1.0
            for _ in range(40):  # 0.8^40 is 1e-4
                _, reward, terminated, _, _ = env.step(int(rng.integers(task.cost.shape[1])))
                total += factor * float(reward)
                factor *= 0.8
                if terminated:
                    break
            returns.append(total)
        assert abs(np.mean(returns) - exact) < 4.5 * np.std(returns) / np.sqrt(len(returns)) + 2e-2 * 0.8**40 * 1e4


def test_an_environment_without_a_table_is_named():
    with pytest.raises(NotTabular, match="CartPole"):
        from_gymnasium(gymnasium.make("CartPole-v1"), discount=0.9)


def test_optimal_walks_on_a_graph_are_its_shortest_paths():
    rng = np.random.default_rng(3)
    graph = nx.gnp_random_graph(30, 0.12, seed=4, directed=True)
    for _, _, data in graph.edges(data=True):
        data["cost"] = float(rng.integers(1, 9))
    goal, discount = 7, 1.0 - 1e-6
    lengths = nx.shortest_path_length(graph, target=goal, weight="cost")
    for start in (0, 11, 23):
        task = from_graph(graph, start=start, goal=goal, discount=discount)
        assert solve_rl(task.mdp, task.cost, entropy_weight=0.0).primal_value == pytest.approx(lengths[start], rel=1e-4)


def test_a_start_that_is_no_node_is_named():
    with pytest.raises(NotTabular, match="start 'a'"):
        from_graph(nx.path_graph(3, create_using=nx.DiGraph), start="a", goal=1, discount=0.9)


def test_the_chain_without_slip_costs_its_length():
    task = chain(6, slip=0.0, discount=0.5)
    assert solve_rl(task.mdp, task.cost, entropy_weight=0.0).primal_value == pytest.approx(
        sum(0.5**t for t in range(5))
    )
    with pytest.raises(ValueError, match="2 states"):
        chain(1)


STAY, END = [(1.0, 0, -1.0, False)], [(0.25, 1, -2.0, False), (0.75, 0, 4.0, True)]


def test_tables_may_be_dictionaries_or_lists():
    tables = {0: {0: STAY, 1: END}, 1: {0: STAY, 1: STAY}}, [[STAY, END], [STAY, STAY]]
    for task in (from_table(table, 0, discount=0.9) for table in tables):
        np.testing.assert_array_equal(task.cost, [[1.0, -2.5], [1.0, 1.0]])
        np.testing.assert_array_equal(task.mdp.terminal, [True, False])
        np.testing.assert_array_equal(task.mdp.transitions.toarray(), [[1, 0], [0, 0.25], [1, 0], [1, 0]])
        np.testing.assert_array_equal(task.mdp.initial, [1.0, 0.0])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({0: {0: STAY, 1: STAY}, 1: {0: STAY}}, "state 1 lacks an action"),
        ({0: {0: STAY}, 2: {0: STAY}}, "state 1 lacks an action or is missing"),
        ({0: {0: [(1.0, 3, 0.0, False)]}}, r"state 0, action 0: \(1.0, 3, 0.0, False\) is no"),
        ({0: {0: [(1.0, 0, 0.0)]}}, r"state 0, action 0: \(1.0, 0, 0.0\) is no"),
    ],
)
def test_tables_that_are_none_are_refused(table, message):
    with pytest.raises(NotTabular, match=message):
        from_table(table, 0, discount=0.9)
