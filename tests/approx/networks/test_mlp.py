"""Multilayer perceptrons."""

import pytest
import torch
from torch import nn

from gail.approx.networks.mlp import mlp


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_layers_have_the_asked_sizes_with_tanh_between():
    network = mlp(3, (5, 7), 2, generator())
    assert [type(layer) for layer in network] == [nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear]
    assert [tuple(layer.weight.shape) for layer in network[::2]] == [(5, 3), (7, 5), (2, 7)]


def test_without_hidden_layers_it_is_linear():
    network = mlp(3, (), 2, generator())
    assert [type(layer) for layer in network] == [nn.Linear]


def test_a_new_network_says_zero_everywhere():
    network = mlp(3, (5, 5), 2, generator())
    assert not network(torch.randn(10, 3, generator=generator(1))).any()


def test_hidden_weights_are_glorot_uniform_and_biases_zero():
    network = mlp(60, (40, 50), 2, generator())
    for layer, bound in zip(network[:-1:2], ((6 / 100) ** 0.5, (6 / 90) ** 0.5), strict=True):
        assert layer.weight.abs().max() <= bound
        # A uniform distribution on +-b has standard deviation b / sqrt(3), here estimated from 2000 weights.
        assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)
        assert not layer.bias.any()


def test_the_generator_decides(untouched_random_state):
    first, same, other = (mlp(3, (5,), 1, generator(seed))[0].weight for seed in (0, 0, 1))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
