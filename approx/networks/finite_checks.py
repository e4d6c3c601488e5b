"""Checks that name the tensor and the entry that is infinite or undefined."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gail.approx.trajectories.trajectories import first_not_finite


class NotFinite(ArithmeticError):
    """A tensor of a training holds an infinite or undefined entry: the message names it."""


def check_finite(name: str, values: NDArray[Any] | Tensor) -> None:
    """Raise `NotFinite` naming the first entry that is infinite or undefined."""
    if isinstance(values, Tensor):
        if torch.isfinite(values).all():
            return
        values = values.detach().numpy()
    rows = np.atleast_1d(values)
    place = first_not_finite(rows)
    if place is not None:
        raise NotFinite(f"{name} is {rows[place]} at {list(place) if np.ndim(values) else 'its only entry'}")


def check_gradients(name: str, module: nn.Module) -> None:
    """Raise `NotFinite` naming the first parameter of `module` whose gradient is not finite."""
    for parameter, tensor in module.named_parameters():
        if tensor.grad is not None:
            check_finite(f"the gradient of {name}'s {parameter}", tensor.grad)
