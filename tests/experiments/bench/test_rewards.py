"""Learned rewards used again: `gail expert --reward`, and `gail bench rewards`."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from gail.approx import load_reward
from gail.experiments.bench import rewards
from gail.experiments.runs.metrics import read_metrics
from gail.experiments.runs.run import Run

SMALL = ("--steps", "400", "--threads", "1", "--set", "learner.training.batch_size=200")


@pytest.fixture
def learned(gail, tmp_path):
    """A run of AIRL on CartPole, with its reward."""
    status, _, err = gail("train", "CartPole-v1", "--algo", "airl", "--state-only", *SMALL, "--out", "airl")
    assert status == 0, err
    return tmp_path / "airl"


def test_a_fresh_policy_is_trained_on_a_kept_reward_and_judged_by_the_true_one(gail, learned, tmp_path):
    reward = load_reward(learned)
    assert (reward.algorithm, reward.task, reward.state_only) == ("airl", "CartPole-v1", True)
    status, _, err = gail("expert", "CartPole-v1", "--reward", "airl", "--steps", "5000", "--out", "fresh")
    assert status == 0, err
    rows = read_metrics(tmp_path / "fresh" / "metrics.csv")
    assert all(float(row["true_return"]) == float(row["episode_length"]) for row in rows if row["true_return"])
    config = Run.open(tmp_path / "fresh").config
    assert config.learner.reward.file == str((learned / "reward.safetensors").resolve())
    card = json.loads((tmp_path / "fresh" / "ship" / "card.json").read_text())
    assert "--reward" in card["command"]


def test_rewards_that_do_not_fit_are_refused_before_any_work(gail, learned, tmp_path):
    for words, message in (
        (("Acrobot-v1", "--reward", "airl"), "observations of 4 numbers, the task's have 6"),
        (("CartPole-v1", "--reward", "nowhere"), "there is no such file"),
        (("CartPole-v1", "--reward", "airl", "--evaluate-only"), "--reward do not apply"),
    ):
        status, _, err = gail("expert", *words, "--out", "none")
        assert status == 2
        assert message in " ".join(err.split())
        assert not (tmp_path / "none").exists()
    status, _, err = gail("train", "CartPole-v1", "--algo", "fem", "--state-only")
    assert (status, "--state-only changes nothing for fem" in err) == (2, True)


def test_a_changed_reward_stops_a_resumed_run(gail, learned, tmp_path):
    status, _, err = gail("expert", "CartPole-v1", "--reward", "airl", "--steps", "2500", "--out", "fresh")
    assert status == 0, err
    file = learned / "reward.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    status, _, err = gail("resume", "fresh")
    assert status == 2
    assert "its content is not the one with which the run began" in " ".join(err.split())


@pytest.fixture
def short(monkeypatch):
    """Trainings of two batches."""

    def quick(config):
        training = replace(config.learner.training, env_steps=400, batch_size=200)
        return replace(config, learner=replace(config.learner, training=training))

    expert, chosen = rewards.expert_recipe, rewards.configured
    monkeypatch.setattr(rewards, "expert_recipe", lambda task: quick(expert(task)))
    monkeypatch.setattr(rewards, "configured", lambda *words, **options: quick(chosen(*words, **options)))
    monkeypatch.setattr(rewards, "EPISODES", 2)


def test_the_study_writes_a_row_per_algorithm_and_goes_on(gail, short, tmp_path):
    words = ("bench", "rewards", "--source", "gail/PointMazeLeft-v0", "--seeds", "0", "--runs", "r", "--out", "r.csv")
    status, _, err = gail(*words, "--algo", "truth", "airl, state-only")
    assert status == 0, err
    with (tmp_path / "r.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["algorithm"] for row in rows] == ["truth", "airl, state-only"]
    assert rows[0]["imitator_on_source"] == ""
    assert all(np.isfinite(float(row["retrained_on_target"])) for row in rows)
    before = (tmp_path / "r.csv").read_bytes()
    assert gail(*words, "--algo", "truth", "airl, state-only")[0] == 0
    assert (tmp_path / "r.csv").read_bytes() == before
    status, _, err = gail(*words, "--algo", "gaill")
    assert status == 2
    assert "--algo gaill: choose one of airl, state-only" in " ".join(err.split())
