"""Policies and policy files."""

import contextlib
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from gail.approx.policies.distributions import Categorical, DiagonalGaussian
from gail.approx.policies.policy import InvalidPolicyFile, Policy, PolicySettings, load_policy, save_policy
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.policy_players.trust_region import TrustRegionSettings, trust_region_step

OBSERVATIONS = np.random.default_rng(0).normal(size=(6, 3))


def new_policy(spec, **keywords):
    return Policy(spec, PolicySettings(**keywords), torch.Generator().manual_seed(0))


def test_the_initial_deviation_is_scaled_to_the_box():
    spec = SpaceSpec(3, 4, (-1.0, 0.0, -0.4, -math.inf), (1.0, 6.0, 0.4, 1.0))
    distribution = new_policy(spec, initial_std=0.5)(torch.zeros(2, 3))
    assert isinstance(distribution, DiagonalGaussian)
    assert distribution.log_std.exp().tolist() == pytest.approx([0.5, 1.5, 0.2, 0.5])
    assert not distribution.mean.any()


def test_a_new_categorical_policy_is_uniform(discrete_spec):
    distribution = new_policy(discrete_spec)(torch.randn(5, 3, generator=torch.Generator()))
    assert isinstance(distribution, Categorical)
    torch.testing.assert_close(distribution.entropy(), torch.full((5,), math.log(4)))


def test_observations_are_standardized(box_spec, make_policy):
    policy = make_policy(box_spec)
    standardized = (OBSERVATIONS - policy.moments.mean.numpy()) / policy.moments.std.numpy()
    mean = policy.network(torch.from_numpy(standardized).float())
    torch.testing.assert_close(policy(torch.from_numpy(OBSERVATIONS)).mean, mean)


@pytest.mark.parametrize("spec", ["box_spec", "discrete_spec"])
def test_acting(spec, request, make_policy, untouched_random_state):
    spec = request.getfixturevalue(spec)
    policy = make_policy(spec)
    sampled, again = (policy.act(OBSERVATIONS, torch.Generator().manual_seed(1)) for _ in range(2))
    np.testing.assert_array_equal(sampled, again)
    mode = policy.act_deterministically(OBSERVATIONS)
    assert mode.shape == sampled.shape == ((6, 2) if spec.continuous else (6,))
    assert mode.dtype == (np.float32 if spec.continuous else np.int64)
    distribution = policy(torch.from_numpy(OBSERVATIONS))
    np.testing.assert_array_equal(mode, distribution.mode().detach().numpy())


def test_sampled_actions_are_not_clipped(box_spec):
    actions = new_policy(box_spec, initial_std=10.0).act(np.zeros((200, 3)), torch.Generator())
    assert np.abs(actions[:, 1]).max() > 0.4


@pytest.mark.parametrize("spec", ["box_spec", "discrete_spec"])
@pytest.mark.parametrize("hidden", [(), (8,), (100, 100)])
def test_a_file_gives_the_policy_back_bitwise(spec, hidden, request, make_policy, tmp_path):
    policy = make_policy(request.getfixturevalue(spec), hidden)
    save_policy(policy, tmp_path / "policy.safetensors")
    loaded = load_policy(tmp_path / "policy.safetensors")
    assert (loaded.spec, loaded.settings) == (policy.spec, policy.settings)
    expected = policy.state_dict()
    assert loaded.state_dict().keys() == expected.keys()
    for name, tensor in loaded.state_dict().items():
        assert tensor.dtype == expected[name].dtype
        assert torch.equal(tensor, expected[name])
    drawn = [p.act(OBSERVATIONS, torch.Generator().manual_seed(3)) for p in (policy, loaded)]
    np.testing.assert_array_equal(*drawn)


def test_unbounded_boxes_survive_the_file(make_policy, tmp_path):
    spec = SpaceSpec(3, 1, (-math.inf,), (math.inf,))
    save_policy(make_policy(spec), tmp_path / "policy")
    assert load_policy(tmp_path / "policy").spec == spec


@pytest.mark.parametrize("accept_ratio", [0.0, 1e9])
def test_a_policy_can_be_saved_after_a_step(accept_ratio, discrete_spec, make_policy, tmp_path):
    policy = make_policy(discrete_spec)
    trust_region_step(
        policy,
        OBSERVATIONS,
        np.arange(6) % 4,
        np.linspace(-1, 1, 6),
        TrustRegionSettings(accept_ratio=accept_ratio),
        torch.Generator(),
    )
    save_policy(policy, tmp_path / "policy")
    loaded = load_policy(tmp_path / "policy").state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in policy.state_dict().items())


@pytest.fixture
def policy_file(discrete_spec, make_policy, tmp_path):
    path = tmp_path / "policy.safetensors"
    save_policy(make_policy(discrete_spec, (4,)), path)
    return path


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidPolicyFile, match=r"nowhere: there is no such file"):
        load_policy(tmp_path / "nowhere")


def test_a_folder_stands_for_the_policy_in_it(tmp_path, box_spec):
    with pytest.raises(InvalidPolicyFile, match=r"policy\.safetensors: there is no such file"):
        load_policy(tmp_path)
    policy = Policy(box_spec, PolicySettings(), torch.Generator().manual_seed(0))
    save_policy(policy, tmp_path / "policy.safetensors", "Hopper-v5")
    found = load_policy(tmp_path)
    assert found.task == "Hopper-v5"
    save_policy(policy, tmp_path / "unnamed.safetensors")
    assert load_policy(tmp_path / "unnamed.safetensors").task is None


@pytest.mark.parametrize("content", [b"", b"random bytes", b"\x00" * 100])
def test_other_bytes_are_no_policy(content, tmp_path):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InvalidPolicyFile, match="not a readable safetensors file"):
        load_policy(tmp_path / "file")


def test_a_truncated_file_is_refused(policy_file):
    policy_file.write_bytes(policy_file.read_bytes()[:-10])
    with pytest.raises(InvalidPolicyFile, match="not a readable safetensors file"):
        load_policy(policy_file)


def test_equal_policies_make_equal_files(discrete_spec, make_policy, tmp_path):
    for name in ("a", "b"):
        save_policy(make_policy(discrete_spec), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


GOOD = {
    "format": "gail-policy-1",
    "spec": {"observation_size": 3, "action_size": 4, "action_low": None, "action_high": None},
    "settings": {"hidden": [4], "initial_std": 1.0},
}


def rewrite(path, described):
    """The same tensors under another header; None for no header."""
    header = (
        None if described is None else {"policy": described if isinstance(described, str) else json.dumps(described)}
    )
    save_file(load_file(path), path, header)


def test_the_header_written_here_is_good(policy_file):
    rewrite(policy_file, GOOD)
    load_policy(policy_file)


@pytest.mark.parametrize("described", [None, {}, {**GOOD, "format": "other-1"}])
def test_another_format_is_named(policy_file, described):
    rewrite(policy_file, described)
    found = repr((described or {}).get("format"))
    with pytest.raises(InvalidPolicyFile, match=f"expected .*'gail-policy-1', found {found}"):
        load_policy(policy_file)


def without(part):
    return {name: value for name, value in GOOD.items() if name != part}


def with_spec(**changes):
    return {**GOOD, "spec": {**GOOD["spec"], **changes}}


@pytest.mark.parametrize(
    "described",
    [
        "no json",
        "[1]",
        '"word"',
        "[" * 100_000,
        without("spec"),
        without("settings"),
        {**GOOD, "spec": 3},
        {**GOOD, "spec": {"observation_size": 3}},
        with_spec(observation_size=5),
        with_spec(observation_size=-5),
        with_spec(observation_size=10**30),
        with_spec(action_size="many"),
        with_spec(action_low=[0.0], action_high=[1.0]),
        with_spec(action_low=[0.0, 0.0], action_high=[1.0, 1.0, 1.0]),
        {**GOOD, "settings": {"hidden": [5], "initial_std": 1.0}},
        {**GOOD, "settings": {"hidden": 4, "initial_std": 1.0}},
        {**GOOD, "settings": {"hidden": [-4], "initial_std": 1.0}},
    ],
)
def test_a_header_that_does_not_fit_its_tensors_is_refused(policy_file, described):
    rewrite(policy_file, described)
    with pytest.raises(InvalidPolicyFile, match="header and tensors do not make a policy"):
        load_policy(policy_file)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(data=st.data())
def test_whatever_happens_to_a_file_it_is_refused_or_read(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "policy"
    save_policy(new_policy(SpaceSpec(3, 4, None, None), hidden=(4,)), path)
    content = bytearray(path.read_bytes())
    start = data.draw(st.integers(0, 700))
    patch = data.draw(st.binary(max_size=8))
    content[start : start + data.draw(st.integers(0, 8))] = patch
    path.write_bytes(content)
    # Either InvalidPolicyFile is raised, or the loaded policy can act.
    with contextlib.suppress(InvalidPolicyFile):
        policy = load_policy(path)
        assert policy.act(np.zeros((1, policy.spec.observation_size)), torch.Generator()).shape[0] == 1
