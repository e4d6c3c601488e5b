"""Control runs: how much of an imitator's return is not due to imitation.

Where episodes can end early, a reward that is never negative pays for staying alive, whatever it was learned from, and
many tasks pay the same. Two runs like the real one show how far that goes:

- `constant`: every step has the same reward, of the sign of the real run's;
- `shuffled`: every number of the demonstrations is dealt at random among those of its coordinate. How far each one
  ranges is still seen, but neither a state of the expert nor what it did there. That is more than the reward's form:
  where it is enough to imitate, the verdict is that the run itself has not shown more.

With returns normalized to 0 for random play and 1 for the expert, the real run has shown imitation if it beats the
better control by `MARGIN`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from rich.console import Console

from gail.approx import Constant, RewardForm
from gail.approx.atomic_files import write_text
from gail.approx.policies.policy import Policy, load_policy
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs import training as trainings
from gail.experiments.runs.config import RunConfig
from gail.experiments.runs.run import Run
from gail.experiments.train.evaluation import evaluate_policy, reference, summary

MARGIN = 0.5
"""Least lead over the better control, in normalized return."""
EPISODES = 50
"""Whole episodes with mean actions, from which each return is the mean."""

_MEANS = {
    "constant": "The reward's form, with a warm start if there was one, teaches that much: try absorbing states or "
    "another form.",
    "shuffled": "How far each number ranges teaches that much: this task says little about imitation of behaviour.",
}

Control: TypeAlias = Literal["constant", "shuffled"]


@dataclass(frozen=True)
class Verdict:
    """Normalized returns of a run and of its controls."""

    real: float
    """Of the run itself: 0 is random play, 1 the expert."""
    controls: dict[str, float]
    """Of each control."""
    env_steps: int
    """Of each control."""

    @property
    def passed(self) -> bool:
        """Whether the run beats its best control by the margin."""
        return self.real >= max(self.controls.values()) + MARGIN

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        found = ", ".join(f"{name} {score:.2f}" for name, score in self.controls.items())
        best = max(self.controls, key=self.controls.__getitem__)
        compared = f"normalized return {self.real:.2f}; controls of {self.env_steps:,} steps: {found}"
        if self.passed:
            return f"Imitation: {compared}. What the controls know explains {self.controls[best]:.2f} of it."
        return (
            f"FAILURE: {compared}. At least {self.controls[best] + MARGIN:.2f} is needed to tell imitation from what "
            f"the controls achieve. {_MEANS[best]} More demonstrations or more steps may help."
        )


def control_configs(config: RunConfig) -> dict[Control, RunConfig]:
    """The controls of a run. A reward without a sign has no constant like it, so none of that kind."""
    learner = config.imitation()
    steps = learner.controls.env_steps if learner.controls is not None else None
    training = replace(learner.training, env_steps=steps or learner.training.env_steps)
    alone = replace(learner, training=training, controls=None)
    found: dict[Control, RunConfig] = {}
    if learner.cost.reward_sign:
        form = RewardForm.SURVIVAL if learner.cost.reward_sign > 0 else RewardForm.ARRIVAL
        found["constant"] = replace(config, learner=replace(alone, cost=Constant(form)))
    if config.demonstrations is not None:
        dealt = replace(config.demonstrations, shuffled=True)
        found["shuffled"] = replace(config, learner=alone, demonstrations=dealt)
    return found


def run_controls(run: Run, console: Console) -> bool:
    """Do what is left to do of a run's controls; False if a stop was asked for."""
    for kind, config in control_configs(run.config).items():
        folder = run.folder / f"control-{kind}"
        if (folder / "result.json").exists():
            continue
        console.print(f"Control run, {kind}: {folder}", soft_wrap=True, highlight=False)
        if (folder / "checkpoint.pt").exists():
            control = Run.open(folder)
            _, finished = trainings.resume(control, console)
        else:
            (folder / "config.json").unlink(missing_ok=True)  # stopped before its first checkpoint
            control = Run.create(folder, config)
            finished = trainings.start(control, trainings.make_training(config), console)
        if not finished:
            console.print(f"The controls go on with [bold]gail resume {run.folder}[/bold]", soft_wrap=True)
            return False
        found = evaluate_policy(load_policy(control.policy), config.task, EPISODES, 0, stochastic_actions=False)
        control.write_result({kind: summary(found)})
    return True


def judge(run: Run, policy: Policy) -> Verdict:
    """Compare a run with its controls, all of which are done, and write `controls.json`."""
    levels = reference(run.config.task)
    if levels is None:
        raise InvalidRequest(f"no expert ships for {run.config.task}: there is nothing to compare with")
    found = evaluate_policy(policy, run.config.task, EPISODES, 0, stochastic_actions=False)
    configs = control_configs(run.config)
    folders = {str(kind): run.folder / f"control-{kind}" for kind in configs}
    scores = {kind: levels.normalized(_mean(folder / "result.json", kind)) for kind, folder in folders.items()}
    steps = next(iter(configs.values())).imitation().training.env_steps
    verdict = Verdict(levels.normalized(found.mean), scores, steps)
    facts = {"real": verdict.real, "controls": verdict.controls, "env_steps": steps, "passed": verdict.passed}
    write_text(run.folder / "controls.json", json.dumps(facts, indent=2) + "\n")
    return verdict


def _mean(path: Path, kind: str) -> float:
    return float(json.loads(path.read_text())[kind]["mean"])
