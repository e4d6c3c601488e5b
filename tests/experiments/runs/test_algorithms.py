"""The contract of every listed algorithm, and the steps to add one.

A new cost player is added only to `gail.experiments.runs.algorithms.COST_PLAYERS`; the tests below then run on it.
`Toy` is an example: one player and one config.
"""

import io
import json
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import pytest
import torch
from rich.console import Console

from gail.approx import CostReport, InvalidSettings
from gail.experiments.runs import algorithms
from gail.experiments.runs import training as trainings
from gail.experiments.runs.config import structured, unstructured
from gail.experiments.runs.metrics import read_metrics
from gail.experiments.runs.options import configured
from gail.experiments.runs.run import Run

SILENT = Console(file=io.StringIO())


class Distance:
    """Costs are the squared distance from the expert's mean pair; `update` also checks what it is given."""

    def __init__(self, scale, spec, expert):
        self.scale, self.spec = scale, spec
        self.centre = self.pairs(expert).mean(axis=0)
        self.rounds = 0

    def pairs(self, batch):
        return self.spec.encode_pairs(batch.observations, batch.actions).numpy()

    def update(self, batch, policy, generator):
        self.rounds += 1
        with torch.no_grad():
            log_prob = policy(torch.from_numpy(batch.observations)).log_prob(torch.from_numpy(batch.actions))
        assert log_prob.shape == (batch.num_steps,)
        assert batch.next_observations.shape == batch.observations.shape
        assert batch.terminated_steps.sum() == batch.terminated.sum()
        return CostReport(feature_distance=float(np.linalg.norm(self.pairs(batch).mean(axis=0) - self.centre)))

    def costs(self, batch):
        return self.scale * np.square(self.pairs(batch) - self.centre).sum(axis=1)

    def state_dict(self):
        return {"rounds": self.rounds}

    def load_state_dict(self, state):
        self.rounds = state["rounds"]


@dataclass(frozen=True)
class Toy:
    """Config of `Distance`."""

    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "nearest pair"
    psi: ClassVar[str] = "none"
    answer: ClassVar[str] = "|x - mu_E|^2"
    reward_sign: ClassVar[int] = -1

    scale: float = 1.0

    def __post_init__(self):
        if not self.scale > 0.0:
            raise InvalidSettings(f"scale is {self.scale}: a positive number is needed")

    def __call__(self, spec, expert, generator):
        return Distance(self.scale, spec, expert)


@pytest.fixture(autouse=True)
def listed(monkeypatch):
    monkeypatch.setattr(algorithms, "COST_PLAYERS", (*algorithms.COST_PLAYERS, Toy))


KINDS = (*algorithms.COST_PLAYERS, Toy)
each = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def short(kind):
    assignments = ("learner.training.batch_size=100", "learner.training.checkpoint_every=2")
    return configured(
        "CartPole-v1", kind.name, assignments=assignments, options={"steps": 700, "envs": 4, "threads": 1}
    )


@pytest.mark.parametrize(("field", "tag"), [("cost", "player"), ("learner", "kind")])
def test_an_unknown_tag_is_named_with_those_that_there_are(field, tag):
    values = unstructured(short(Toy))
    (values if field == "learner" else values["learner"])[field][tag] = "nobody"
    known = "imitation, cloning, reinforcement" if field == "learner" else "gail, fem, gtal"
    with pytest.raises(ValueError, match=f"{tag} is 'nobody'; choose one of {known}"):
        structured(values)


@each
def test_a_config_survives_json_with_its_own_fields_and_no_others(kind):
    config = short(kind)
    values = json.loads(json.dumps(unstructured(config)))
    assert structured(values) == config
    cost = values["learner"]["cost"]
    assert cost.pop("player") == kind.name
    assert set(cost) == {field.name for field in fields(kind)}
    with pytest.raises(ValueError, match="other"):
        structured({**values, "learner": {**values["learner"], "cost": {**cost, "player": kind.name, "other": 1}}})


@each
def test_it_trains_and_resumes_bit_for_bit(kind, tmp_path):
    config = short(kind)
    whole, parts = (Run.create(tmp_path / name, config) for name in ("whole", "parts"))
    assert trainings.start(whole, trainings.make_training(config), SILENT)
    training = trainings.make_training(config)
    for _ in range(2):
        training.step()
    training.save(parts.checkpoint)
    training.close()
    _, finished = trainings.resume(Run.open(parts.folder), SILENT)
    assert finished
    assert whole.policy.read_bytes() == parts.policy.read_bytes()
    assert len(read_metrics(whole.metrics)) >= 3  # whole episodes make larger batches


@each
def test_costs_are_one_number_a_step_and_of_the_sign_that_the_config_says(kind):
    training = trainings.make_training(short(kind))
    batch = training.step().batch.trajectories
    costs = training.cost_player.costs(batch)
    training.close()
    assert costs.shape == (batch.num_steps,)
    assert costs.dtype == np.float64
    sign = short(kind).learner.cost.reward_sign
    assert sign == 0 or (sign * costs <= 0).all()


@each
def test_it_has_one_row_in_the_table_of_algorithms(kind):
    assert sum(line.startswith(f"| `{kind.name}` |") for line in algorithms.table().splitlines()) == 1


def test_a_new_player_is_trained_from_the_command_line(gail, tmp_path):
    words = ("train", "CartPole-v1", "--algo", "toy", "--set", "learner.cost.scale=2.0")
    status, out, err = gail(*words, "--print-config")
    assert status == 0, err
    assert json.loads(out)["learner"]["cost"] == {"player": "toy", "scale": 2.0}
    status, out, err = gail(*words, "--steps", "300", "--set", "learner.training.batch_size=100", "--threads", "1")
    assert status == 0, err
    assert "nearest pair" in json.loads((tmp_path / "runs/CartPole-v1-toy-seed0/result.json").read_text())


def test_a_bad_setting_of_a_new_player_is_refused(gail):
    status, _, err = gail("train", "CartPole-v1", "--algo", "toy", "--set", "learner.cost.scale=-1")
    assert (status, "scale is -1" in err) == (2, True)
