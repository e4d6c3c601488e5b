"""A run that is killed repeatedly at random moments ends with the same files as an uninterrupted run."""

import json
import subprocess
import sys

import pytest

from gail.experiments.runs.metrics import read_metrics

KILLS = 50

# Run in a new process, which loads the packages once and forks for every attempt. So an attempt starts at once, and
# kills hit the training, not the imports.
LIVES = """
import io, json, os, random, signal, sys, time
from dataclasses import replace
from pathlib import Path
from rich.console import Console
import torch
from gail.experiments.runs import training as trainings
from gail.experiments.runs.options import configured
from gail.experiments.runs.run import Run

folder, kills = Path(sys.argv[1]), int(sys.argv[2])
config = configured("CartPole-v1",
                    assignments=("learner.training.batch_size=100", "learner.training.checkpoint_every=3"),
                    options={"steps": 15_000, "envs": 4, "threads": 1})
silent = Console(file=io.StringIO())
torch.set_num_threads(1)
draw = random.Random(0)

def live(run):
    if (run / "config.json").exists():
        trainings.resume(Run.open(run), silent)
    else:
        trainings.start(Run.create(run, config), trainings.make_training(config), silent)

def one_life(run, seconds):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            live(run)
            status = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            os._exit(status)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

assert one_life(folder / "whole", None) == 0
killed, runs = 0, 0
while killed < kills:
    runs += 1
    while (status := one_life(folder / f"killed-{runs}", draw.uniform(0.0, 1.5) if killed < kills else None)) != 0:
        assert status == -signal.SIGKILL, status
        killed += 1
print(json.dumps({"killed": killed, "runs": runs}))
"""


def numbers(path):
    return [{k: v for k, v in row.items() if not k.startswith("seconds")} for row in read_metrics(path)]


@pytest.mark.slow
def test_nothing_is_lost_but_the_iterations_since_the_last_checkpoint(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIVES, tmp_path, str(KILLS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["killed"] >= KILLS
    whole = tmp_path / "whole"
    assert len(numbers(whole / "metrics.csv")) > 100
    for index in range(1, told["runs"] + 1):
        killed = tmp_path / f"killed-{index}"
        assert numbers(killed / "metrics.csv") == numbers(whole / "metrics.csv")
        assert (killed / "policy.safetensors").read_bytes() == (whole / "policy.safetensors").read_bytes()
