"""Shipped experts agree with their cards."""

import csv
import hashlib

import numpy as np
import pytest
from scipy import stats

from gail.approx import load_npz, load_policy
from gail.envs import TASKS
from gail.envs.data import NotShipped, card, has_demonstrations, has_expert, shipped_file

SHIPPED = [task for task in TASKS.values() if has_expert(task.id)]
RECORDED = [task for task in SHIPPED if has_demonstrations(task.id)]
EACH = pytest.mark.parametrize("task", SHIPPED, ids=[task.id for task in SHIPPED])

EACH_RECORDED = pytest.mark.parametrize("task", RECORDED, ids=[task.id for task in RECORDED])


def test_hopper_ships():
    assert has_expert("Hopper-v5")


@EACH
def test_checksums_are_those_of_the_card(task):
    digests = card(task.id)["sha256"]
    assert digests.keys() == {"expert.safetensors", "demonstrations.npz"}
    for name, digest in digests.items():
        if name == "demonstrations.npz" and task not in RECORDED:
            continue
        assert hashlib.sha256(shipped_file(task.id, name).read_bytes()).hexdigest() == digest


@EACH_RECORDED
def test_demonstrations_follow_the_papers_protocol(task):
    demonstrations = load_npz(shipped_file(task.id, "demonstrations.npz"))
    demonstrations.check_task(task.id)
    batch = demonstrations.trajectories
    assert batch.num_trajectories == task.full_trajectories
    assert batch.lengths.max() <= task.horizon
    assert ((batch.lengths == task.horizon) <= batch.truncated).all()
    np.testing.assert_allclose(batch.returns, demonstrations.provenance.episode_returns, rtol=1e-4, atol=1e-3)


@EACH_RECORDED
def test_the_policy_and_the_demonstrations_fit_one_another(task):
    policy = load_policy(shipped_file(task.id, "expert.safetensors"))
    load_npz(shipped_file(task.id, "demonstrations.npz")).check_fits(policy.spec)


@EACH
def test_the_expert_is_one(task):
    facts = card(task.id)
    assert facts["expert_stochastic"]["episodes"] == 50
    assert facts["expert_stochastic"]["mean"] == pytest.approx(np.mean(facts["expert_stochastic"]["returns"]), abs=1e-2)
    assert facts["expert_stochastic"]["mean"] > facts["random"]["mean"]


@EACH
def test_cards_hold_both_kinds_of_actions_in_both_simulators(task):
    facts = card(task.id)
    for simulator in (facts, facts["gymnasium"]):
        for kind in ("expert_stochastic", "expert_deterministic", "random"):
            returns = simulator[kind]["returns"]
            assert len(returns) == simulator[kind]["episodes"] == 50
            assert simulator[kind]["mean"] == pytest.approx(np.mean(returns), abs=1e-2)
            assert simulator[kind]["std"] == pytest.approx(np.std(returns), abs=1e-2)


@EACH
def test_the_expert_is_as_good_in_gymnasium(task):
    here, there = (
        np.array(facts["expert_stochastic"]["returns"]) for facts in (card(task.id), card(task.id)["gymnasium"])
    )
    assert stats.ks_2samp(here, there).pvalue > 1e-3


@EACH
def test_the_learning_curve_is_that_of_the_training(task):
    path = shipped_file(task.id, "learning_curve.csv")
    assert path.stat().st_size < 30_000
    rows = list(csv.DictReader(path.read_text().splitlines()))
    steps = [int(row["env_steps"]) for row in rows]
    assert steps == sorted(steps)
    assert steps[-1] == card(task.id)["env_steps"]


def test_what_does_not_ship_says_how_to_make_it():
    with pytest.raises(NotShipped, match="gail expert Humanoid-v5"):
        shipped_file("Humanoid-v5", "nothing.npz")
