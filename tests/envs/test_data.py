"""Shipped experts are what their cards say."""

import hashlib

import numpy as np
import pytest

from gail.approx import load_npz, load_policy
from gail.envs import TASKS
from gail.envs.data import NotShipped, card, has_expert, shipped_file

SHIPPED = [task for task in TASKS.values() if has_expert(task.id)]
EACH = pytest.mark.parametrize("task", SHIPPED, ids=[task.id for task in SHIPPED])


def test_hopper_ships():
    assert has_expert("Hopper-v5")


@EACH
def test_checksums_are_those_of_the_card(task):
    for name, digest in card(task.id)["sha256"].items():
        assert hashlib.sha256(shipped_file(task.id, name).read_bytes()).hexdigest() == digest


@EACH
def test_demonstrations_follow_the_papers_protocol(task):
    demonstrations = load_npz(shipped_file(task.id, "demonstrations.npz"))
    demonstrations.check_task(task.id)
    batch = demonstrations.trajectories
    assert batch.num_trajectories == task.full_trajectories
    assert batch.lengths.max() <= task.horizon
    assert ((batch.lengths == task.horizon) <= batch.truncated).all()
    np.testing.assert_allclose(batch.returns, demonstrations.provenance.episode_returns, rtol=1e-4, atol=1e-3)


@EACH
def test_the_policy_and_the_demonstrations_fit_one_another(task):
    policy = load_policy(shipped_file(task.id, "expert.safetensors"))
    load_npz(shipped_file(task.id, "demonstrations.npz")).check_fits(policy.spec)


@EACH
def test_the_expert_is_one(task):
    facts = card(task.id)
    assert facts["expert_stochastic"]["episodes"] == 50
    assert facts["expert_stochastic"]["mean"] == pytest.approx(np.mean(facts["expert_stochastic"]["returns"]), abs=1e-2)
    assert facts["expert_stochastic"]["mean"] > facts["random"]["mean"]


def test_what_does_not_ship_says_how_to_make_it():
    with pytest.raises(NotShipped, match="gail expert Humanoid-v5"):
        shipped_file("Humanoid-v5", "nothing.npz")
