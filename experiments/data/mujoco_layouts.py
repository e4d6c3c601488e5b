"""Observation layouts of Gymnasium's MuJoCo tasks. Lengths differ between versions; files keep theirs.

The lengths are those of Gymnasium's documentation of the environments and their version histories.
"""

from __future__ import annotations

from collections.abc import Mapping

from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations
from gail.approx.policies.spaces import SpaceSpec
from gail.envs.task_ids import split_id

_HUMANOID = {
    348: "version 5's: contact forces and actuators without their constant zeros",
    376: "versions 2 to 4's",
    45: "positions and velocities only",
}
_LAYOUTS: Mapping[str, Mapping[int, str]] = {
    "Ant": {
        27: "positions and velocities without contact forces: Ant-v4's, or Ant-v5's with "
        "--env-arg include_cfrc_ext_in_observation=false",
        105: "Ant-v5's: 27 positions and velocities, and contact forces of 13 bodies",
        111: "Ant-v2's, Ant-v3's, or Ant-v4's with use_contact_forces=True: 27 positions and velocities, and contact "
        "forces of 14 bodies",
    },
    "Humanoid": _HUMANOID,
    "HumanoidStandup": _HUMANOID,
    "Reacher": {10: "version 5's", 11: "versions 2 to 4's, with a constant zero at its end"},
    "HalfCheetah": {17: "without the x position", 18: "with the x position"},
    "Hopper": {11: "without the x position", 12: "with the x position"},
    "Walker2d": {17: "without the x position", 18: "with the x position"},
}


def check_layout(demonstrations: Demonstrations, spec: SpaceSpec, task_id: str) -> None:
    """Raise `InvalidDemonstrations` if demonstrations have the known layout of another version; it names both."""
    known = _LAYOUTS.get(split_id(task_id)[0].rpartition(":")[2].rpartition("-v")[0], {})
    found, needed = demonstrations.trajectories.observations.shape[1], spec.observation_size
    if found == needed or found not in known or needed not in known:
        return
    raise InvalidDemonstrations(
        f"demonstrated observations have {found} entries, the task's have {needed}. {found} is {known[found]}; "
        f"{needed} is {known[needed]}. Record demonstrations in {task_id}, or give the task their layout: "
        "with --env-arg where its environment has such an argument, or by registering an environment of your own"
    )
