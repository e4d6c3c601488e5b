"""Multilayer perceptrons, initialised from an explicit generator.

Hidden layers use tanh and Glorot-uniform weights; biases start at zero, and the output layer starts at zero
(Ho & Ermon 2016, released settings), so a new policy has mean action 0 and a new discriminator gives probability 1/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn


def mlp(inputs: int, hidden: Sequence[int], outputs: int, generator: torch.Generator) -> nn.Sequential:
    """Build `inputs -> hidden... -> outputs` with tanh between layers and a zero output layer."""
    sizes = [inputs, *hidden]
    layers: list[nn.Module] = []
    for size_in, size_out in pairwise(sizes):
        layers += [_linear(size_in, size_out, generator), nn.Tanh()]
    output = _linear(sizes[-1], outputs, generator)
    nn.init.zeros_(output.weight)
    return nn.Sequential(*layers, output)


def _linear(size_in: int, size_out: int, generator: torch.Generator) -> nn.Linear:
    # skip_init leaves torch's global random state alone: a run depends on its own generators only.
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, size_in, size_out)  # type: ignore[no-untyped-call]
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer
