"""Instances: gridworlds and other finite MDPs, the same MDPs as environments, and control tasks."""

from gail.envs.cliff_world import cliff_world
from gail.envs.conversions import NotTabular, chain, from_graph, from_gymnasium
from gail.envs.finite import FiniteTask, garnet
from gail.envs.gridworlds import ACTIONS, DEMO_8X8, MOVES, GridLayout, InvalidMap, gridworld
from gail.envs.tabular import TabularEnv, TabularVectorEnv
from gail.envs.tasks import TASKS, Task, UnknownTask, find_task
from gail.envs.vector import make_gymnasium_vector, make_vector
from gail.envs.wrappers.episode_lengths import AbsorbingStates, FixedHorizon
from gail.envs.wrappers.flat_spaces import UnsupportedEnvironment
from gail.envs.wrappers.state_features import StateFeatures

__all__ = [
    "ACTIONS",
    "DEMO_8X8",
    "MOVES",
    "TASKS",
    "AbsorbingStates",
    "FiniteTask",
    "FixedHorizon",
    "GridLayout",
    "InvalidMap",
    "NotTabular",
    "StateFeatures",
    "TabularEnv",
    "TabularVectorEnv",
    "Task",
    "UnknownTask",
    "UnsupportedEnvironment",
    "chain",
    "cliff_world",
    "find_task",
    "from_graph",
    "from_gymnasium",
    "garnet",
    "gridworld",
    "make_gymnasium_vector",
    "make_vector",
]
