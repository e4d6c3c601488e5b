"""The demo with a small budget: it runs all parts and writes one self-contained report."""

import io
import re
from dataclasses import replace

from rich.console import Console

from gail.experiments import demo
from gail.experiments.runs.config import Simulator
from gail.experiments.runs.recipes.imitation import imitation_recipe


def small(task_id):
    recipe = imitation_recipe(task_id)
    training = replace(recipe.learner.training, env_steps=2_000, batch_size=500)
    return replace(recipe, learner=replace(recipe.learner, training=training, simulator=Simulator(32)))


def test_the_demo_writes_one_self_contained_report(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "imitation_recipe", small)
    for _ in range(2):  # a second demo replaces the first
        console = Console(file=io.StringIO(), width=120)
        assert demo.run_demo(tmp_path, 0, console) == 0
    printed = console.file.getvalue()
    assert "true return (not seen by the algorithm)" in printed
    assert "report.html" in printed
    page = (tmp_path / "report.html").read_text()
    for words in ("Proposition 3.2", "Corollary 3.2.1", "Hopper-v5", "behavioural cloning", "random policy", "expert"):
        assert words in page
    assert page.count("data:image/png;base64,") >= 6
    assert not re.search(r"(src|href)=\"(?!data:)", page)  # the report loads no other files
    assert "FAILS" not in page
    assert sorted(p.name for p in (tmp_path / "hopper").iterdir()) == [
        "checkpoint.pt",
        "config.json",
        "metrics.csv",
        "policy.safetensors",
        "result.json",
        "reward.safetensors",
        "tensorboard",
        "versions.json",
    ]
