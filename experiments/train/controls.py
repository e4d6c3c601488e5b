"""Control runs: the return that a policy reaches from the reward's sign alone.

If episodes can end early, a reward that is never negative favours long episodes, whatever it was learned from. In many
tasks long episodes have a large true return. Two runs with the settings of the real one measure this effect:

- `constant`: every step has the same reward, with the sign of the real run's reward;
- `shuffled`: each coordinate of the demonstrations is shuffled over all steps. The range of each coordinate is kept,
  but no state of the expert and no action that it took there. This control sees more than the reward's form. If it
  imitates well, the real run has not shown that it learned more than these ranges.

Returns are normalized to 0 for random play and 1 for the expert. The real run has shown imitation if it beats the
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
"""Number of whole episodes, with mean actions, that each return averages."""

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
    """Normalized return of the run: 0 is random play, 1 the expert."""
    controls: dict[str, float]
    """Normalized return of each control."""
    env_steps: int
    """Environment steps of each control."""

    @property
    def passed(self) -> bool:
        """Whether the run beats its best control by the margin."""
        return self.real >= max(self.controls.values()) + MARGIN

    @property
    def sentence(self) -> str:
        """The result in words."""
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
    """The configs of a run's controls. A reward of either sign has no constant control."""
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
    """Train the controls that are not finished; False if a stop was requested."""
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


def compare_with_controls(run: Run, policy: Policy) -> Verdict:
    """Compare a run with its finished controls, and write `controls.json`."""
    levels = reference(run.config.task)
    if levels is None:
        raise InvalidRequest(
            f"no expert ships for {run.config.task}: returns cannot be normalized; leave --control out"
        )
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
