"""`gail evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import Positional, arg

from gail.approx.policies.policy import load_policy
from gail.envs.task_ids import with_arguments
from gail.envs.tasks import find_task
from gail.experiments.data.task_arguments import EnvArgs
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.run import Run
from gail.experiments.runs.training import check_policy_fits
from gail.experiments.train.evaluation import evaluate_beside, evaluation_table
from gail.experiments.train.video import check_video, film

_CONSOLE = Console()


def evaluate(
    what: Annotated[Positional[Path], arg(metavar="RUN_OR_POLICY")],
    /,
    task: str | None = None,
    env_arg: EnvArgs = (),
    episodes: int = 50,
    seed: int = 0,
    video: Path | None = None,
) -> int:
    """Evaluate a policy over whole episodes, with sampled and with mean actions, beside expert and random play.

    Args:
        what: a run's folder, or a policy's .safetensors file.
        task: task to play; default: the one that the run or the policy file names.
        episodes: number of whole episodes for mean actions, and again for sampled ones.
        seed: seed of the episodes.
        video: also record one episode with mean actions to this file, such as x.mp4; needs no display.
    """
    if episodes < 1:
        raise InvalidRequest(f"--episodes is {episodes}: at least one is needed")
    if video is not None:
        check_video(video)
    named, path, demonstrated, clone = task, what, None, None
    if what.is_dir():
        run = Run.open(what)
        named, path, demonstrated = run.config.task, run.policy, run.demonstrated_return()
        if not path.exists():
            raise InvalidRequest(f"{what}: the run is not finished and has no policy: go on with `gail resume {what}`")
        clone = load_policy(run.clone) if run.clone.exists() else None
    policy = load_policy(path)
    named = named or policy.task
    if named is None:
        raise InvalidRequest(f"{what}: this policy file does not name its task: name it with --task")
    task_id = find_task(with_arguments(named, env_arg)).id
    check_policy_fits(policy, task_id, path)
    found = evaluate_beside(policy, task_id, episodes, seed, clone=clone, demonstrated=demonstrated)
    _CONSOLE.print(evaluation_table(found, task_id, seed))
    if video is not None:
        filmed = film(path, task_id, seed, video)
        _CONSOLE.print(
            f"{filmed.frames:,} frames, return {filmed.total_reward:,.1f}: [bold]{video.resolve()}[/bold]",
            soft_wrap=True,
            highlight=False,
        )
    return 0
