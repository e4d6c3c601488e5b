"""The clone beside an imitator: the one that `--algo bc` makes, kept in the run's folder, unless it would take long."""

from dataclasses import replace

import pytest
import torch

from gail.approx import load_policy
from gail.approx.cloning import clone
from gail.experiments.data.demonstrations import spec_of
from gail.experiments.runs.config import Cloning
from gail.experiments.runs.options import configured
from gail.experiments.runs.run import Run
from gail.experiments.runs.training import read_demonstrations
from gail.experiments.train import clone_beside as beside


def run_in(folder, algorithm="gail"):
    return Run.create(folder, configured("CartPole-v1", algorithm, options={"trajectories": 2}))


def test_it_is_the_clone_of_the_runs_own_demonstrations(tmp_path):
    run = run_in(tmp_path / "run")
    kept = beside.clone_beside(run)
    data = read_demonstrations(replace(run.config, learner=Cloning()))
    expected = clone(data, spec_of("CartPole-v1"), Cloning().fit, 0).policy
    for one in (kept, load_policy(run.clone)):
        for name, tensor in expected.state_dict().items():
            torch.testing.assert_close(one.state_dict()[name], tensor, rtol=0, atol=0)


def test_a_clone_has_none_beside_it(tmp_path):
    assert beside.clone_beside(run_in(tmp_path / "run", "bc")) is None


@pytest.mark.parametrize("steps", [0, beside.LEAST_EPOCHS - 1])
def test_it_is_left_out_where_the_steps_are_too_few(tmp_path, monkeypatch, steps):
    monkeypatch.setattr(beside, "GRADIENT_STEPS", steps)
    run = run_in(tmp_path / "run")
    assert beside.clone_beside(run) is None
    assert not run.clone.exists()
