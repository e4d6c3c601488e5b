"""Problem instances: finite MDPs with costs, the same MDPs as Gymnasium environments, and control tasks.

| module | content |
|---|---|
| `finite` | `FiniteTask`: a finite MDP with its cost; random Garnet tasks |
| `gridworlds` | gridworlds from ASCII maps |
| `cliff_world` | the cliff world of `seals` |
| `conversions` | finite tasks from Gymnasium's transition tables and from graphs; a chain |
| `tabular` | finite MDPs as Gymnasium environments |
| `tasks` | the table of control tasks, with the paper's protocol |
| `vector` | many copies of a control task, stepped together |
| `transfer_tasks` | pairs of tasks with one reward and different dynamics |
| `wrappers` | episode lengths, flat spaces, other rewards, state features |
| `data` | shipped experts and demonstrations |
"""

from gail.envs.cliff_world import cliff_world
from gail.envs.conversions import NotTabular, chain, from_graph, from_gymnasium, from_table
from gail.envs.finite import FiniteTask, garnet
from gail.envs.gridworlds import ACTIONS, DEMO_8X8, MOVES, GridLayout, InvalidMap, gridworld
from gail.envs.tabular import TabularEnv, TabularVectorEnv
from gail.envs.task_ids import InvalidTaskArgument, with_arguments
from gail.envs.tasks import TASKS, Task, UnknownTask, find_task
from gail.envs.transfer_tasks import TRANSFER_TASKS
from gail.envs.vector import make_gymnasium_vector, make_vector
from gail.envs.wrappers.episode_lengths import AbsorbingStates, FixedHorizon
from gail.envs.wrappers.failures import EnvironmentFailed
from gail.envs.wrappers.flat_spaces import UnsupportedEnvironment
from gail.envs.wrappers.rewards import RewardFailed, TransitionReward, with_reward
from gail.envs.wrappers.state_features import StateFeatures

__all__ = [
    "ACTIONS",
    "DEMO_8X8",
    "MOVES",
    "TASKS",
    "TRANSFER_TASKS",
    "AbsorbingStates",
    "EnvironmentFailed",
    "FiniteTask",
    "FixedHorizon",
    "GridLayout",
    "InvalidMap",
    "InvalidTaskArgument",
    "NotTabular",
    "RewardFailed",
    "StateFeatures",
    "TabularEnv",
    "TabularVectorEnv",
    "Task",
    "TransitionReward",
    "UnknownTask",
    "UnsupportedEnvironment",
    "chain",
    "cliff_world",
    "find_task",
    "from_graph",
    "from_gymnasium",
    "from_table",
    "garnet",
    "gridworld",
    "make_gymnasium_vector",
    "make_vector",
    "with_arguments",
    "with_reward",
]
