"""The quadrupeds: their bodies, and the reward recomputed from the simulator's state."""

from pathlib import Path

import gymnasium
import mujoco
import numpy as np
import pytest

from gail.envs.transfer_tasks.ants import Ants

RIGHT = ("right_back", "right_front")


def begun(copies=2, disabled=False, **arguments):
    ants = Ants(copies, disabled, **arguments)
    for copy in range(copies):
        ants.begin(copy, np.random.default_rng(copy))
    return ants


@pytest.fixture(scope="module")
def gymnasiums():
    asset = Path(gymnasium.__file__).parent / "envs" / "mujoco" / "assets" / "ant.xml"
    return mujoco.MjModel.from_xml_string(asset.read_text().replace('coordinate="local"', ""))


def test_the_ordinary_animal_has_the_body_of_gymnasiums_ant(gymnasiums):
    model = Ants(1, disabled=False).model
    assert (model.nq, model.nv, model.nu) == (gymnasiums.nq, gymnasiums.nv, gymnasiums.nu)
    np.testing.assert_allclose(model.body_mass, gymnasiums.body_mass, rtol=1e-12)
    np.testing.assert_allclose(np.sort(model.geom_size, axis=0), np.sort(gymnasiums.geom_size, axis=0), rtol=1e-12)
    inertia = np.sort(model.body_inertia, axis=None)
    np.testing.assert_allclose(inertia, np.sort(gymnasiums.body_inertia, axis=None), rtol=1e-9)
    np.testing.assert_allclose(model.dof_damping, gymnasiums.dof_damping)
    np.testing.assert_allclose(model.dof_armature, gymnasiums.dof_armature)
    assert model.opt.timestep == gymnasiums.opt.timestep == 0.01
    np.testing.assert_allclose(model.actuator_gear[:, 0] * 5, gymnasiums.actuator_gear[:, 0])


def test_all_legs_are_turned_copies_of_each_other():
    """A quarter turn of the animal about the vertical maps each leg to the next one."""
    ants = Ants(1, disabled=False)
    state = ants.states[0]
    state.qpos[7:] = np.tile([0.2, 0.9], 4)
    mujoco.mj_forward(ants.model, state)
    # The torso's centre is the origin.
    ends = np.array([state.body(f"shin_{name}").xipos - state.qpos[:3] for name in ("left_front", "left_back", *RIGHT)])
    turned = np.stack([-ends[:, 1], ends[:, 0], ends[:, 2]], axis=1)
    np.testing.assert_allclose(turned, np.roll(ends, -1, axis=0), atol=1e-12)
    assert (ends[:, 2] < 0).all()  # shins bend down


def test_the_legs_of_one_side_are_short_and_weak():
    ordinary, disabled = Ants(1, False).model, Ants(1, True).model
    for number in range(disabled.nu):
        name = disabled.actuator(number).name
        weak = name.endswith(RIGHT)
        assert disabled.actuator(name).gear[0] == (1.0 if weak else 30.0)
        assert ordinary.actuator(name).gear[0] == 30.0
    for leg in ("left_front", "left_back", *RIGHT):
        share = 0.5 if leg in RIGHT else 1.0
        # A shin's joint lies at the end of the thigh; a capsule's half-length is in the middle of its size.
        np.testing.assert_allclose(disabled.body(f"shin_{leg}").pos, share * ordinary.body(f"shin_{leg}").pos)
        lengths = [model.geom_size[model.body(f"shin_{leg}").geomadr[0], 1] for model in (disabled, ordinary)]
        assert lengths[0] == pytest.approx(share * lengths[1])
        assert lengths[1] == pytest.approx(0.4 * np.sqrt(2) / 2)
    assert ordinary.body("shin_left_front").pos[0] == 0.2


def test_legs_in_front_are_in_front_and_left_ones_are_left():
    positions = {name: Ants(1, False).model.body(f"thigh_{name}").pos for name in ("left_front", "left_back", *RIGHT)}
    assert all((place[0] > 0) == name.endswith("front") for name, place in positions.items())
    assert all((place[1] > 0) == name.startswith("left") for name, place in positions.items())


@pytest.mark.parametrize("disabled", [False, True])
def test_the_reward_is_that_of_the_formula(disabled):
    ants, rng = begun(2, disabled), np.random.default_rng(0)
    lowered = touched = 0
    for step in range(60):
        if step == 50:
            ants.model.geom("floor").conaffinity[:] = 0  # the animals fall through it
        before = [state.qpos[0] for state in ants.states]
        actions = rng.uniform(-1, 1, (2, 8))
        for reward, old, state, action in zip(ants.advance(actions), before, ants.states, actions, strict=True):
            forces = np.clip(state.cfrc_ext, -1, 1)
            low = state.qpos[2] < 0.2
            lowered += low
            touched += (forces != 0).any()
            expected = (state.qpos[0] - old) / 0.05 - 0.01 * (action @ action) - 5e-4 * (forces**2).sum() - low
            assert reward == pytest.approx(expected, abs=1e-12)
    assert lowered > 0 and touched > 0


def test_a_step_is_five_steps_of_the_simulator():
    ants = begun(1)
    ants.advance(np.zeros((1, 8)))
    assert ants.states[0].time == pytest.approx(5 * 0.01)


def test_observations_are_positions_velocities_and_forces_if_asked_for():
    plain, full = begun(2), begun(2, contact_forces=True)
    for _ in range(20):
        plain.advance(np.full((2, 8), 0.5))
        full.advance(np.full((2, 8), 0.5))
    state = full.states[1]
    assert plain.observations().shape == (2, 27) and full.observations().shape == (2, 27 + 84)
    assert full.observation_space.shape == (111,)
    np.testing.assert_array_equal(plain.observations(), full.observations()[:, :27])
    np.testing.assert_array_equal(full.observations()[1, :13], state.qpos[2:])
    np.testing.assert_array_equal(full.observations()[1, 13:27], state.qvel)
    np.testing.assert_array_equal(full.observations()[1, 27:], np.clip(state.cfrc_ext, -1, 1).ravel())
    assert np.abs(full.observations()[:, 27:]).max() <= 1


def test_an_episode_begins_standing_with_the_same_state_whatever_was_before():
    ants, used = begun(1), begun(1)
    for _ in range(30):
        used.advance(np.ones((1, 8)))
    used.begin(0, np.random.default_rng(0))
    np.testing.assert_array_equal(used.observations(), ants.observations())
    for _ in range(30):
        ants.advance(np.ones((1, 8)))
        used.advance(np.ones((1, 8)))
    np.testing.assert_array_equal(used.observations(), ants.observations())
    heights = [begun(1).observations()[0, 0], *begun(20).observations()[:, 0]]
    assert np.all(np.abs(np.array(heights) - 0.55) <= 0.1)
