"""`LearnedReward`: what it computes, its file, and the spaces that it refuses."""

import numpy as np
import pytest
import torch

from gail.approx import (
    InvalidRewardFile,
    LearnedReward,
    RewardDoesNotFit,
    RewardForm,
    SpaceSpec,
    load_reward,
    save_reward,
)
from gail.approx.cost_players.rewards.model import RewardArchitecture, RewardModel, encoded

BOX = SpaceSpec(3, 2, (-1.0, -2.0), (1.0, 2.0))
FINITE = SpaceSpec(3, 4, None, None)
SEVERAL = SpaceSpec(3, 5, None, None, (2, 3))


def reward(spec=BOX, state_only=False, shaping=(5,), form=None):
    architecture = RewardArchitecture(spec, (6,), state_only, shaping, 0.9, form)
    model = RewardModel(architecture, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    model.moments.update(torch.randn(50, spec.pair_size, generator=torch.Generator().manual_seed(2)) * 3.0 + 1.0)
    return LearnedReward(model, "airl", "Toy-v0", offset=0.25)


def steps(spec, count=20):
    rng = np.random.default_rng(0)
    if spec.continuous:
        actions = rng.normal(size=(count, spec.action_size)) * 2.0
    elif spec.action_choices is None:
        actions = rng.integers(spec.action_size, size=count)
    else:
        actions = np.stack([rng.integers(n, size=count) for n in spec.action_choices], axis=1)
    return rng.normal(size=(count, 3)), actions, rng.normal(size=(count, 3)), rng.random(count) < 0.3


@pytest.mark.parametrize("spec", [BOX, FINITE, SEVERAL])
def test_tensors_are_encoded_as_arrays_are(spec):
    states, actions, _, _ = steps(spec)
    found = encoded(spec, torch.from_numpy(states), torch.from_numpy(actions))
    np.testing.assert_array_equal(found.numpy(), spec.encode_pairs(states, actions).numpy())


@pytest.mark.parametrize("spec", [BOX, FINITE, SEVERAL])
@pytest.mark.parametrize("form", [None, RewardForm.SURVIVAL])
def test_a_file_gives_the_same_reward(spec, form, tmp_path):
    kept, data = reward(spec, form=form), steps(spec)
    save_reward(kept, tmp_path / "reward.safetensors")
    for again in (load_reward(tmp_path), load_reward(tmp_path / "reward.safetensors")):
        np.testing.assert_array_equal(again(*data), kept(*data))
        np.testing.assert_array_equal(again.shaped(*data), kept.shaped(*data))
        assert (again.algorithm, again.task, again.offset) == ("airl", "Toy-v0", 0.25)


def test_arrays_give_arrays_and_tensors_give_tensors_with_gradients():
    kept, (states, actions, *_) = reward(), steps(BOX)
    assert kept(states, actions).dtype == np.float64
    tensor = torch.tensor(states, requires_grad=True)
    values = kept(tensor, torch.tensor(actions))
    values.sum().backward()
    assert tensor.grad.abs().sum() > 0.0
    np.testing.assert_allclose(values.detach().numpy(), kept(states, actions), rtol=1e-6)


def test_a_copy_stays_when_the_training_goes_on():
    model = reward().model
    kept, data = LearnedReward(model, "airl"), steps(BOX)
    before = kept(*data)
    with torch.no_grad():
        next(model.parameters()).add_(1.0)
    np.testing.assert_array_equal(kept(*data), before)


def test_a_reward_of_states_ignores_actions_and_their_space():
    kept, (states, actions, _, _) = reward(state_only=True), steps(BOX)
    np.testing.assert_array_equal(kept(states, actions), kept(states, -actions))
    np.testing.assert_array_equal(kept(states, actions), kept(states, np.zeros(len(states), dtype=int)))
    kept.check_fits(FINITE)


def test_other_spaces_are_refused():
    kept, (states, actions, _, _) = reward(), steps(BOX)
    with pytest.raises(RewardDoesNotFit, match="the task's are one integer with 4 choices"):
        kept.check_fits(FINITE)
    with pytest.raises(RewardDoesNotFit, match="observations of 3 numbers, the task's have 4"):
        kept.check_fits(SpaceSpec(4, 2, (-1.0, -2.0), (1.0, 2.0)))
    with pytest.raises(RewardDoesNotFit, match=r"observations have shape \(20, 2\): \(steps, 3\) is needed"):
        kept(states[:, :2], actions)
    with pytest.raises(RewardDoesNotFit, match=r"actions have shape \(20, 1\): per step 2 numbers are needed"):
        kept(states, actions[:, :1])


def test_files_that_are_none_are_named(tmp_path):
    path = tmp_path / "reward.safetensors"
    with pytest.raises(InvalidRewardFile, match="there is no such file"):
        load_reward(tmp_path)
    path.write_bytes(b"nothing")
    with pytest.raises(InvalidRewardFile, match="not a readable safetensors file"):
        load_reward(path)
    save_reward(reward(), path)
    other = path.read_bytes().replace(b"gail-reward-1", b"gail-reward-0")
    path.write_bytes(other)
    with pytest.raises(InvalidRewardFile, match="format 'gail-reward-1' is needed, found 'gail-reward-0'"):
        load_reward(path)


def test_the_reward_is_the_network_plus_the_offset():
    kept, (states, actions, _, _) = reward(), steps(BOX)
    model = kept.model
    pairs = BOX.encode_pairs(states, actions)
    expected = model.g(model.moments(pairs)).squeeze(-1).double() + 0.25
    np.testing.assert_allclose(kept(states, actions), expected.numpy(), atol=1e-6)


def test_without_hidden_layers_it_is_linear_in_standardized_entries_and_their_squares():
    model = RewardModel(RewardArchitecture(BOX, (), state_only=True), torch.Generator())
    with torch.no_grad():
        model.g[0].weight.copy_(torch.tensor([[1.0, 0.0, 0.0, 0.0, -2.0, 0.0]]))
    states, actions, _, _ = steps(BOX)
    found = LearnedReward(model, "airl")(states, actions)
    scaled = states / (1.0 + 1e-6)  # new moments: mean 0, variance 1
    np.testing.assert_allclose(found, scaled[:, 0] - 2.0 * scaled[:, 1] ** 2, atol=1e-5)
