"""The paper's settings: Ho & Ermon (2016), sections 5 and 6, Table 2, and what their released code adds to them.

`docs/imitators.md` says line by line where a number is from, and what is done otherwise here.
"""

from __future__ import annotations

from gail.approx import (
    CriticSettings,
    DiscriminatorSettings,
    Gail,
    PolicySettings,
    TrainingSettings,
    Trpo,
    TrustRegionSettings,
)
from gail.envs.tasks import TASKS, find_task
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.config import RunConfig
from gail.experiments.runs.recipes.imitation import imitation_from, reward_form
from gail.experiments.runs.recipes.paper_of_airl import ALGORITHMS, airl_paper_recipe

_HALF_WIDTHS = {"Humanoid-v5": 0.4}  # of a task's action box, where it is not 1


def paper_recipe(task_id: str, algorithm: str = Gail.name) -> RunConfig:
    """An algorithm on a task, with its paper's settings and budget.

    FEM, GTAL and GAIL imitate the paper's smallest dataset; for others see `paper_of_airl`.

    Raises:
        InvalidRequest: the task is not in the paper.
    """
    task = find_task(task_id)
    if algorithm in ALGORITHMS:
        return airl_paper_recipe(task, algorithm)
    if task.paper_batch is None or task.paper_interactions is None:
        known = ", ".join(name for name, row in TASKS.items() if row.paper_batch is not None)
        raise InvalidRequest(f"--preset paper: {task.id} is not in the paper, which has {known}")
    training = TrainingSettings(
        env_steps=task.paper_interactions,
        batch_size=task.paper_batch,
        whole_episodes=True,
        checkpoint_every=10,
        policy=Trpo(
            network=PolicySettings((100, 100), initial_std=1.0 / _HALF_WIDTHS.get(task.base, 1.0)),
            discount=0.995,
            mixing=0.97,
            critic_mixing=1.0,
            bootstrap_at_time_limit=False,
            entropy_weight=0.0,
            trust_region=TrustRegionSettings(
                max_kl=0.01, damping=0.1, cg_iterations=10, fisher_fraction=0.1, backtracks=10, accept_ratio=0.1
            ),
            critic=CriticSettings((100, 100)),
        ),
    )
    discriminator = DiscriminatorSettings(
        (100, 100), learning_rate=0.01, steps=1, max_steps=1, gradient_penalty=0.0, entropy_bonus=0.001
    )
    cost = {"reward": reward_form(task.base), "discriminator": discriminator}
    return imitation_from(task, algorithm, cost, training)
