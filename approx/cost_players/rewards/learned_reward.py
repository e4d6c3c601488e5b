"""A learned reward that outlives its training: a frozen `RewardModel` in one file.

    reward = load_reward("runs/Hopper-v5-airl-seed0")          # a run's folder, or reward.safetensors
    reward(observations, actions)                                            # r, shape (N,)
    reward.shaped(observations, actions, next_observations, terminated)      # f = r + gamma h(s') - h(s)

r is what may be used elsewhere: the shaping term h belongs to the dynamics in which it was learned. Whether r survives
a change of dynamics depends on the algorithm: docs/rewards.md.
"""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import cattrs
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from gail.approx.atomic_files import StrPath, write_bytes
from gail.approx.cost_players.reward_forms import RewardForm
from gail.approx.cost_players.rewards.model import RewardArchitecture, RewardModel, encoded
from gail.approx.policies.spaces import SpaceSpec

_FORMAT = "gail-reward-1"
"""Changes whenever the content of the files changes."""

FILE = "reward.safetensors"
"""Name of the file in a run's folder."""

Values = TypeVar("Values", NDArray[Any], Tensor)


class InvalidRewardFile(ValueError):
    """A file holds no reward that can be used: the message says why."""


class RewardDoesNotFit(ValueError):
    """A reward is asked for other spaces than its own."""


class LearnedReward:
    """A frozen reward. Arrays give arrays (float64), tensors give tensors, through which gradients flow.

    Attributes:
        model: its networks.
        algorithm: the algorithm that learned it.
        task: the task on which it was learned, if it says so.
        offset: a constant added to every step's reward; it matters where episodes can end.
    """

    def __init__(self, model: RewardModel, algorithm: str, task: str | None = None, offset: float = 0.0) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        self.algorithm = algorithm
        self.task = task
        self.offset = offset

    @property
    def spec(self) -> SpaceSpec:
        """Spaces of the task."""
        return self.model.architecture.spec

    @property
    def state_only(self) -> bool:
        """Whether the reward sees the state only."""
        return self.model.architecture.state_only

    def __call__(
        self,
        observations: Values,
        actions: Values,
        next_observations: Values | None = None,
        terminated: Values | None = None,
    ) -> Values:
        """r(s, a) of each step, shape (N,); the last two arguments change nothing.

        Raises:
            RewardDoesNotFit: observations or actions of other sizes.
        """
        found: Values = self._called(observations, actions, None, None)
        return found

    def shaped(self, observations: Values, actions: Values, next_observations: Values, terminated: Values) -> Values:
        """f(s, a, s') = r + gamma h(s') - h(s) of each step, shape (N,); h(s') is 0 where `terminated`.

        Raises:
            RewardDoesNotFit: observations or actions of other sizes.
        """
        found: Values = self._called(observations, actions, next_observations, terminated)
        return found

    def potential(self, observations: NDArray[Any]) -> NDArray[np.float64]:
        """h(s) of observations, shape (N,); zeros for a reward without shaping."""
        size = self.spec.observation_size
        if self.model.h is None:
            return np.zeros(len(observations))
        with torch.no_grad():
            states = self.model.moments.part(torch.from_numpy(observations), slice(size))
            values: NDArray[np.float64] = self.model.h(states).squeeze(-1).to(torch.float64).numpy()
        return values

    def check_fits(self, spec: SpaceSpec) -> None:
        """Raise `RewardDoesNotFit` where a task's spaces differ from the reward's.

        For a reward of states only, actions may differ.
        """
        sizes = (self.spec.observation_size, spec.observation_size)
        if sizes[0] != sizes[1]:
            raise RewardDoesNotFit(f"the reward sees observations of {sizes[0]} numbers, the task's have {sizes[1]}")
        if not self.state_only and self.spec.actions_in_words != spec.actions_in_words:
            raise RewardDoesNotFit(
                f"the reward sees actions of {self.spec.actions_in_words}, the task's are {spec.actions_in_words}"
            )

    def _called(self, observations: Any, actions: Any, following: Any, terminated: Any) -> Any:
        states, acts = _tensor(observations), _tensor(actions)
        self._check_shapes(states, acts)
        pairs = self._pairs(states, acts)
        after, ended = (None if part is None else _tensor(part) for part in (following, terminated))
        if after is None or ended is None:
            values = self.model.reward(self.model.plain(pairs))
        else:
            values = self.model(self.model.standardized(pairs, after.to(torch.float64), ended))
        values = values + self.offset
        return values if isinstance(observations, Tensor) else values.to(torch.float64).numpy()

    def _pairs(self, states: Tensor, actions: Tensor) -> Tensor:
        if self.state_only and not self._fits(actions):
            return torch.nn.functional.pad(states.to(torch.float64), (0, self.spec.action_size))
        return encoded(self.spec, states, actions)

    def _fits(self, actions: Tensor) -> bool:
        spec = self.spec
        if spec.continuous:
            return actions.shape[1:] == (spec.action_size,)
        parts = () if spec.action_choices is None else (len(spec.action_choices),)
        return actions.shape[1:] == parts

    def _check_shapes(self, states: Tensor, actions: Tensor) -> None:
        size = self.spec.observation_size
        if states.ndim != 2 or states.shape[1] != size:
            raise RewardDoesNotFit(f"observations have shape {tuple(states.shape)}: (steps, {size}) is needed")
        if not self.state_only and not self._fits(actions):
            raise RewardDoesNotFit(
                f"actions have shape {tuple(actions.shape)}: per step {self.spec.actions_in_words} are needed"
            )


def _tensor(values: Any) -> Tensor:
    return values if isinstance(values, Tensor) else torch.from_numpy(np.asarray(values))


def save_reward(reward: LearnedReward, path: StrPath) -> None:
    """Write a reward to one safetensors file, atomically."""
    architecture = asdict(reward.model.architecture)
    form = reward.model.architecture.form
    described = {
        "format": _FORMAT,
        "algorithm": reward.algorithm,
        "task": reward.task,
        "offset": reward.offset,
        "architecture": {**architecture, "form": None if form is None else form.value},
    }
    tensors = {name: tensor.contiguous() for name, tensor in reward.model.state_dict().items()}
    write_bytes(Path(path), save(tensors, metadata={"reward": json.dumps(described)}))


def load_reward(path: StrPath) -> LearnedReward:
    """Read a reward written by `save_reward`, from its file or from the folder of a run.

    Raises:
        InvalidRewardFile: the file is something else, or the folder holds no reward.
    """
    path = Path(path)
    if path.is_dir():
        path = path / FILE
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except FileNotFoundError:
        raise InvalidRewardFile(
            f"{path}: there is no such file; runs of airl, gan-gcl, gcl and gail have one"
        ) from None
    except (SafetensorError, OSError) as error:
        raise InvalidRewardFile(f"{path}: not a readable safetensors file ({error})") from error
    try:
        described = json.loads(header.get("reward", "{}"))
        if described.get("format") != _FORMAT:
            raise InvalidRewardFile(
                f"{path}: a reward of format {_FORMAT!r} is needed, found {described.get('format')!r}"
            )
        model = RewardModel(_CONVERTER.structure(described["architecture"], RewardArchitecture), torch.Generator())
        model.load_state_dict(tensors)
        return LearnedReward(model, str(described["algorithm"]), described["task"], float(described["offset"]))
    except InvalidRewardFile:
        raise
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise InvalidRewardFile(f"{path}: header and tensors do not make a reward ({error})") from error


_CONVERTER = cattrs.Converter()
_CONVERTER.register_structure_hook(RewardForm, lambda value, _: RewardForm(value))
