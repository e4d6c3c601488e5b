"""Record demonstrations, and check given ones against their task."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import gymnasium
import numpy as np

from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations, Provenance, in_flat_spaces
from gail.approx.evaluation import play_episodes, stochastic
from gail.approx.policies.policy import Policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.trajectories.trajectories import Trajectories
from gail.envs.task_ids import split_id
from gail.envs.tasks import TASKS, Task, find_task, native_spaces
from gail.envs.vector import make_vector

_RECORDING_STREAM = 2_000_003  # keeps recorded episodes apart from training and evaluation
_FAULTS_SHOWN = 3
_RETURN_TOLERANCE = 1e-4  # relative: recorded returns are rounded, and rewards stored in single precision


def record(policy: Policy, task_id: str, episodes: int, seed: int, who: str) -> Demonstrations:
    """Whole episodes of a stochastic policy, named `who`; float32 observations and actions, actions clipped."""
    task = find_task(task_id)
    envs = make_vector(task_id, episodes, (_RECORDING_STREAM, seed))
    try:
        played = play_episodes(stochastic(policy, seed), envs)
    finally:
        envs.close()
    returns = tuple(round(float(r), 3) for r in played.returns)
    source = f"{who}, actions clipped to the action space" if task.continuous else who
    return Demonstrations(_in_single_precision(played), Provenance(task_id, source, 1, returns))


def _in_single_precision(episodes: Trajectories) -> Trajectories:
    discrete = episodes.actions.dtype.kind in "iu"
    assert episodes.rewards is not None
    return Trajectories(
        observations=episodes.observations.astype("float32"),
        actions=episodes.actions.astype("int64" if discrete else "float32"),
        rewards=episodes.rewards.astype("float32"),
        final_observations=episodes.final_observations.astype("float32"),
        lengths=episodes.lengths,
        terminated=episodes.terminated,
        truncated=episodes.truncated,
    )


def known_task(demonstrations: Demonstrations, asked: str | None) -> Task | None:
    """The given task, otherwise the one that the file names, if it is registered.

    A name from a file never imports a module, as `module:Name-v0` would.
    """
    if asked is not None:
        return find_task(asked)
    named = demonstrations.provenance.task
    return find_task(named) if named is not None and split_id(named)[0] in gymnasium.registry else None


def digest(path: Path) -> str:
    """SHA-256 of a file, or of the names and contents of a folder's files."""
    found = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]:
        if file != path:
            found.update(f"{file.relative_to(path)}\n".encode())
        with file.open("rb") as stream:
            found.update(hashlib.file_digest(stream, "sha256").digest())
    return found.hexdigest()


def dropped(broken: Sequence[str], kept: int) -> str | None:
    """A sentence on episodes that were left out, with the fault of the first ones; None if there are none."""
    if not broken:
        return None
    shown = "; ".join(broken[:_FAULTS_SHOWN]) + (
        f"; and {len(broken) - _FAULTS_SHOWN} more" * (len(broken) > _FAULTS_SHOWN)
    )
    return f"{len(broken)} of {len(broken) + kept} episodes are broken and left out: {shown}"


def flattened_for(demonstrations: Demonstrations, task_id: str) -> Demonstrations:
    """The demonstrations in the flat spaces in which learners see a task, with its time limits.

    The tasks of the table are flat already.
    """
    demonstrations = with_time_limits(demonstrations, find_task(task_id).horizon)
    if task_id in TASKS or not demonstrations.provenance.native:
        return demonstrations
    return in_flat_spaces(demonstrations, *native_spaces(task_id))


def with_time_limits(demonstrations: Demonstrations, horizon: int) -> Demonstrations:
    """The demonstrations with truncated episodes, where a file calls every time limit a termination.

    Some recorders set `terminal` at the time limit too. If every episode terminates exactly at the task's limit, the
    limit ended them.
    """
    batch = demonstrations.trajectories
    whole = demonstrations.provenance.stride == 1
    if not (whole and demonstrations.provenance.native and batch.terminated.all() and (batch.lengths == horizon).all()):
        return demonstrations
    none = np.zeros_like(batch.terminated)
    note = f"every episode ends as terminated exactly at the time limit of {horizon} steps: taken as truncated"
    provenance = replace(demonstrations.provenance, notes=(*demonstrations.provenance.notes, note))
    return replace(demonstrations, trajectories=replace(batch, terminated=none, truncated=~none), provenance=provenance)


def spec_of(task_id: str) -> SpaceSpec:
    """Sizes and bounds of a task's flat spaces."""
    envs = make_vector(task_id, 1, 0)
    try:
        return SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
    finally:
        envs.close()


def long_stride(demonstrations: Demonstrations, stride: int) -> str | None:
    """A warning if the stride is longer than an episode; otherwise None."""
    lengths = demonstrations.trajectories.lengths
    short = int((lengths < stride).sum())
    if not short:
        return None
    return (
        f"{short:,} of {len(lengths):,} episodes are shorter than the stride of {stride:,} steps (the longest has "
        f"{lengths.max():,}): of each of them one step is kept, a random one"
    )


class Verdict(Enum):
    """Result of a check."""

    HOLDS = "holds"
    NOTE = "note"
    FAILS = "FAILS"


@dataclass(frozen=True)
class Check:
    """One check and its finding."""

    name: str
    verdict: Verdict
    found: str


def check_demonstrations(demonstrations: Demonstrations, task: Task | None, spec: SpaceSpec | None) -> list[Check]:
    """All checks of demonstrations that could be read."""
    notes = [Check("assumed", Verdict.NOTE, note) for note in demonstrations.provenance.notes]
    checks = [*notes, _endings(demonstrations), _returns(demonstrations), _repetitions(demonstrations)]
    if task is None or spec is None:
        named = demonstrations.provenance.task
        found = "the file names no task" if named is None else f"{named} is not registered here"
        return [*checks, Check("task", Verdict.NOTE, f"{found}: name one with --task to check against it")]
    try:
        demonstrations.check_task(task.id)
        demonstrations = flattened_for(demonstrations, task.id)
        demonstrations.check_fits(spec)
    except InvalidDemonstrations as error:
        return [*checks, Check("task", Verdict.FAILS, str(error))]
    fits = f"shapes and types fit {task.id}"
    return [*checks, Check("task", Verdict.HOLDS, fits), _bounds(demonstrations, spec), _lengths(demonstrations, task)]


def _endings(demonstrations: Demonstrations) -> Check:
    batch = demonstrations.trajectories
    ended, cut = int(batch.terminated.sum()), int(batch.truncated.sum())
    unknown = batch.num_trajectories - ended - cut
    found = f"{ended} episodes terminated, {cut} truncated, {unknown} with an unknown ending"
    return Check("endings", Verdict.NOTE if unknown else Verdict.HOLDS, found)


def _returns(demonstrations: Demonstrations) -> Check:
    batch, listed = demonstrations.trajectories, demonstrations.provenance.episode_returns
    if batch.rewards is None or listed is None or demonstrations.provenance.stride != 1:
        return Check("returns", Verdict.HOLDS, "nothing to compare: rewards, or the recorded returns, are left out")
    summed = batch.returns
    apart = np.abs(summed - listed)
    allowed = _RETURN_TOLERANCE * np.maximum(1.0, np.add.reduceat(np.abs(batch.rewards), batch.first_steps))
    worst = int(np.argmax(apart - allowed))
    if apart[worst] > allowed[worst]:
        found = f"episode {worst}: rewards sum to {summed[worst]:g}, the recorded return is {listed[worst]:g}"
        return Check("returns", Verdict.FAILS, found)
    return Check("returns", Verdict.HOLDS, "rewards sum to the recorded returns")


def _repetitions(demonstrations: Demonstrations) -> Check:
    batch = demonstrations.trajectories
    seen: dict[bytes, int] = {}
    for k, (first, last) in enumerate(zip(batch.first_steps, batch.last_steps, strict=True)):
        rows = slice(first, last + 1)
        content = hashlib.sha256(batch.observations[rows].tobytes() + batch.actions[rows].tobytes()).digest()
        if content in seen:
            return Check("episodes", Verdict.NOTE, f"episode {k} repeats episode {seen[content]}")
        seen[content] = k
    return Check("episodes", Verdict.HOLDS, "no episode repeats another")


def _bounds(demonstrations: Demonstrations, spec: SpaceSpec) -> Check:
    outside = demonstrations.outside_bounds(spec)
    if outside is None:
        return Check("actions", Verdict.HOLDS, "all are inside the action space")
    return Check("actions", Verdict.NOTE, str(outside))


def _lengths(demonstrations: Demonstrations, task: Task) -> Check:
    batch = demonstrations.trajectories
    longest = int(batch.lengths.max())
    if longest > task.horizon:
        found = f"episode {int(batch.lengths.argmax())} has {longest} steps, past the time limit of {task.horizon}"
        return Check("lengths", Verdict.FAILS, found)
    early = np.flatnonzero(batch.truncated & (batch.lengths < task.horizon))
    if demonstrations.provenance.stride == 1 and early.size:
        found = f"episode {early[0]} is truncated after {batch.lengths[early[0]]} steps, the limit is {task.horizon}"
        return Check("lengths", Verdict.NOTE, found)
    return Check("lengths", Verdict.HOLDS, f"no episode is longer than the time limit of {task.horizon}")
