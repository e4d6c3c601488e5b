"""Tasks from elsewhere keep their law."""

import gymnasium
import networkx as nx
import numpy as np
import pytest

from gail.envs.converted import NotTabular, chain, from_graph, from_gymnasium
from gail.envs.tabular import TabularEnv
from gail.exact import occupancy_of, solve_rl


@pytest.mark.parametrize("name", ["FrozenLake-v1", "CliffWalking-v1", "Taxi-v4"])
def test_a_gymnasium_environment_and_its_task_have_one_law(name):
    """The discounted return of uniform play, sampled in the original, is that of the task's occupancy measure."""
    if name not in gymnasium.registry:
        name = {"CliffWalking-v1": "CliffWalking-v0", "Taxi-v4": "Taxi-v3"}[name]
    original = gymnasium.make(name).unwrapped
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
        assert solve_rl(task.mdp, task.cost).primal_value == pytest.approx(lengths[start], rel=1e-4)


def test_a_start_that_is_no_node_is_named():
    with pytest.raises(NotTabular, match="start 'a'"):
        from_graph(nx.path_graph(3, create_using=nx.DiGraph), start="a", goal=1, discount=0.9)


def test_the_chain_without_slip_costs_its_length():
    task = chain(6, slip=0.0, discount=0.5)
    assert solve_rl(task.mdp, task.cost).primal_value == pytest.approx(sum(0.5**t for t in range(5)))
    with pytest.raises(ValueError, match="2 states"):
        chain(1)
