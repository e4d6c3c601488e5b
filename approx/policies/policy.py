"""Stochastic policies: standardized observation -> tanh network -> action distribution.

Gaussian policies have a state-independent log standard deviation (Schulman et al. 2015); its initial value is
scaled to the width of each action's box, so that exploration is the same for a box of +-0.4 as for one of +-1.

A policy is saved as one safetensors file: the tensors, with spaces and settings in the header.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cattrs
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from gail.approx.atomic_files import StrPath, write_bytes
from gail.approx.networks.mlp import mlp
from gail.approx.networks.normalization import RunningMoments
from gail.approx.policies.distributions import Categorical, CategoricalProduct, DiagonalGaussian, Distribution
from gail.approx.policies.spaces import SpaceSpec
from gail.approx.settings import require

_FORMAT = "gail-policy-1"


class InvalidPolicyFile(ValueError):
    """A file is not a policy that this version can read."""


@dataclass(frozen=True)
class PolicySettings:
    """Architecture of a policy."""

    hidden: tuple[int, ...] = (100, 100)
    """Units of the hidden layers."""
    initial_std: float = 1.0
    """Initial standard deviation of a continuous action, as a fraction of half the width of its box."""

    def __post_init__(self) -> None:
        require(self, at_least_one=("hidden",), positive=("initial_std",))


class GaussianHead(nn.Module):
    """Network output -> diagonal Gaussian with learned, state-independent standard deviation."""

    def __init__(self, initial_std: Tensor) -> None:
        super().__init__()
        self.log_std = nn.Parameter(initial_std.log())

    def forward(self, output: Tensor) -> DiagonalGaussian:
        """Take the network's output, shape (N, action size), as the mean."""
        return DiagonalGaussian(output, self.log_std)


class CategoricalHead(nn.Module):
    """Network output -> categorical distribution with these logits."""

    def forward(self, output: Tensor) -> Categorical:
        """Take the network's output, shape (N, action size), as logits."""
        return Categorical(output)


class CategoricalProductHead(nn.Module):
    """Network output -> product of categorical distributions with these logits, part after part."""

    def __init__(self, choices: tuple[int, ...]) -> None:
        super().__init__()
        self._choices = choices

    def forward(self, output: Tensor) -> CategoricalProduct:
        """Take the network's output, shape (N, action size), as logits."""
        return CategoricalProduct(output, self._choices)


class Policy(nn.Module):
    """pi(a|s): call it on observations, shape (N, observation size), for their action distributions."""

    task: str | None
    """Id of the task that it was trained on, where a file names it."""

    def __init__(self, spec: SpaceSpec, settings: PolicySettings, generator: torch.Generator) -> None:
        super().__init__()
        self.task = None
        self.spec = spec
        self.settings = settings
        self.moments = RunningMoments(spec.observation_size)
        self.network = mlp(spec.observation_size, settings.hidden, spec.action_size, generator)
        self.head = _head(spec, settings.initial_std)

    def forward(self, observations: Tensor) -> Distribution:
        """Action distributions of raw observations."""
        distribution: Distribution = self.head(self.network(self.moments(observations)))
        return distribution

    def executed_log_prob(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Log-probability of the executed action, clipped to the box, of each raw observation; shape (N,), in nats."""
        distribution: Distribution = self(observations)
        low, high = self.spec.action_low, self.spec.action_high
        if low is None or high is None or not isinstance(distribution, DiagonalGaussian):
            return distribution.log_prob(actions)
        return distribution.censored_log_prob(actions, actions.new_tensor(low), actions.new_tensor(high))

    @torch.no_grad()
    def act(self, observations: NDArray[Any], generator: torch.Generator) -> NDArray[Any]:
        """Sample one action per observation; not yet clipped to the box."""
        actions: NDArray[Any] = self(torch.from_numpy(observations)).sample(generator).numpy()
        return actions

    @torch.no_grad()
    def act_deterministically(self, observations: NDArray[Any]) -> NDArray[Any]:
        """The mode of the distribution: the mean action, or the most probable one."""
        actions: NDArray[Any] = self(torch.from_numpy(observations)).mode().numpy()
        return actions


def _head(spec: SpaceSpec, initial_std: float) -> nn.Module:
    if spec.action_choices is not None:
        return CategoricalProductHead(spec.action_choices)
    if spec.action_low is None or spec.action_high is None:
        return CategoricalHead()
    half_width = 0.5 * (np.asarray(spec.action_high) - np.asarray(spec.action_low))
    scale = np.where(np.isfinite(half_width), half_width, 1.0)
    return GaussianHead(torch.tensor(initial_std * scale, dtype=torch.float32))


def save_policy(policy: Policy, path: StrPath, task: str | None = None) -> None:
    """Write the policy to one safetensors file, atomically; the file names the task, if one is given."""
    path = Path(path)
    # One entry only: safetensors writes entries in no fixed order, and equal policies should make equal files.
    described = {"format": _FORMAT, "spec": asdict(policy.spec), "settings": asdict(policy.settings)}
    header = {"policy": json.dumps(described if task is None else {**described, "task": task})}
    tensors = {name: tensor.contiguous() for name, tensor in policy.state_dict().items()}
    write_bytes(path, save(tensors, metadata=header))


def load_policy(path: StrPath) -> Policy:
    """Read a policy written by `save_policy`, from its file or from the folder of a run.

    Raises:
        InvalidPolicyFile: the file is something else, or the folder holds no policy.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "policy.safetensors"
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except FileNotFoundError:
        raise InvalidPolicyFile(f"{path}: there is no such file") from None
    except (SafetensorError, OSError) as error:
        raise InvalidPolicyFile(f"{path}: not a readable safetensors file ({error})") from error
    try:
        described = json.loads(header.get("policy", "{}"))
        if described.get("format") != _FORMAT:
            raise InvalidPolicyFile(f"{path}: expected format {_FORMAT!r}, found {described.get('format')!r}")
        spec = cattrs.structure(described["spec"], SpaceSpec)
        settings = cattrs.structure(described["settings"], PolicySettings)
        policy = Policy(spec, settings, torch.Generator())
        policy.load_state_dict(tensors)
        policy.task = None if described.get("task") is None else str(described["task"])
    except InvalidPolicyFile:
        raise
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise InvalidPolicyFile(f"{path}: header and tensors do not make a policy ({error})") from error
    return policy
