"""Layouts of MuJoCo observations: sizes agree with Gymnasium, and the error names the version with the found size."""

import gymnasium
import numpy as np
import pytest

from gail.approx import Demonstrations, InvalidDemonstrations, Provenance, Trajectories
from gail.approx.policies.spaces import SpaceSpec
from gail.experiments.data.mujoco_layouts import check_layout

WITHOUT = {f"include_{part}_in_observation": False for part in ("cinert", "cvel", "qfrc_actuator", "cfrc_ext")}
VARIANTS = [
    ("Ant-v4", {}, 27, "without contact forces"),
    ("Ant-v5", {"include_cfrc_ext_in_observation": False}, 27, "without contact forces"),
    ("Ant-v4", {"use_contact_forces": True}, 111, "14 bodies"),
    ("Ant-v5", {}, 105, None),
    ("Humanoid-v4", {}, 376, "versions 2 to 4"),
    ("Humanoid-v5", WITHOUT, 45, "positions and velocities only"),
    ("HumanoidStandup-v4", {}, 376, "versions 2 to 4"),
    ("Reacher-v4", {}, 11, "constant zero"),
    ("Hopper-v5", {"exclude_current_positions_from_observation": False}, 12, "with the x position"),
    ("Walker2d-v5", {"exclude_current_positions_from_observation": False}, 18, "with the x position"),
    ("HalfCheetah-v5", {"exclude_current_positions_from_observation": False}, 18, "with the x position"),
]


def demonstrations_of(size):
    batch = Trajectories(
        observations=np.zeros((3, size)),
        actions=np.zeros((3, 2)),
        rewards=None,
        final_observations=np.zeros((1, size)),
        lengths=np.array([3]),
        terminated=np.array([False]),
        truncated=np.array([True]),
    )
    return Demonstrations(batch, Provenance("", "made in a test"))


@pytest.mark.filterwarnings("ignore")  # Gymnasium warns that older versions are out of date
@pytest.mark.parametrize(("made", "options", "size", "words"), VARIANTS)
def test_another_layout_is_named(made, options, size, words):
    env = gymnasium.make(made, **options)
    assert env.observation_space.shape == (size,)
    env.close()
    task = f"{made.rpartition('-')[0]}-v5"
    now = gymnasium.make(task)
    spec = SpaceSpec.of(now.observation_space, now.action_space)
    now.close()
    if words is None:
        check_layout(demonstrations_of(size), spec, task)
        return
    with pytest.raises(InvalidDemonstrations, match=rf"have {size} entries, the task's have .*{words}") as caught:
        check_layout(demonstrations_of(size), spec, task)
    assert f"{spec.observation_size} is" in str(caught.value)


@pytest.mark.parametrize("task", ["Ant-v5", "CartPole-v1", "my_package:Ant-v5", "MyOwn-v0"])
def test_a_length_that_no_version_has_is_left_to_the_general_check(task):
    check_layout(demonstrations_of(33), SpaceSpec(105, 8, (-1.0,) * 8, (1.0,) * 8), task)
