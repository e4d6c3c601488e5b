"""Fixtures shared by the tests of experiments."""

import sys

import pytest

from gail.experiments.bench.training.cells import CellResult
from gail.experiments.cli import main as cli


@pytest.fixture
def cell_result():
    """A row of the table of `gail bench train`."""
    return CellResult(
        task="Hopper-v5",
        algorithm="gail",
        demonstrations=4,
        budget=1_500_000,
        seed=3,
        env_steps=1_499_000,
        seconds=123.4,
        steps_per_second=12_000.5,
        peak_gb=0.7,
        evaluated_every=15_000,
        steps_to_90=900_000,
        seconds_to_90=80.5,
        steps_to_95=None,
        seconds_to_95=None,
        deterministic_return=3_700.25,
        deterministic_score=0.96,
        stochastic_return=3_500.5,
        stochastic_score=0.92,
        accuracy=None,
    )


@pytest.fixture
def gail(monkeypatch, capsys, tmp_path):
    """Run the command in an empty folder; give status, output, errors."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str):
        monkeypatch.setattr(sys, "argv", ["gail", *words])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        captured = capsys.readouterr()
        return exit_.value.code, captured.out, captured.err

    return run
