"""Action distributions: identities, estimates from samples, and agreement with torch.distributions."""

import math

import pytest
import torch

from gail.approx.policies.distributions import Categorical, CategoricalProduct, DiagonalGaussian

SAMPLES = 20_000


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian(seed, rows=4, dtype=torch.float64):
    g = generator(seed)
    return DiagonalGaussian(
        torch.randn(rows, 3, generator=g, dtype=dtype), 0.5 * torch.randn(3, generator=g, dtype=dtype)
    )


def categorical(seed, rows=4, dtype=torch.float64):
    return Categorical(2.0 * torch.randn(rows, 5, generator=generator(seed), dtype=dtype))


def reference(distribution):
    if isinstance(distribution, Categorical):
        return torch.distributions.Categorical(logits=distribution.logits)
    normal = torch.distributions.Normal(distribution.mean, distribution.log_std.exp())
    return torch.distributions.Independent(normal, 1)


def repeated(distribution):
    """The distribution of the first row, repeated SAMPLES times."""
    if isinstance(distribution, Categorical):
        return Categorical(distribution.logits[:1].expand(SAMPLES, -1))
    return DiagonalGaussian(distribution.mean[:1].expand(SAMPLES, -1), distribution.log_std)


def assert_estimates(samples, value):
    """`value` lies within four standard errors of the mean of `samples`."""
    error = float(samples.std()) / math.sqrt(len(samples))
    assert float(samples.mean()) == pytest.approx(float(value), abs=4 * error)


families = pytest.mark.parametrize("family", [gaussian, categorical])


@families
def test_the_divergence_to_itself_is_zero(family):
    p = family(0)
    assert not p.kl_to(p).any()
    assert not p.kl_to(p.detach()).any()


@families
def test_the_divergence_is_positive_and_not_symmetric(family):
    p, q = family(0), family(1)
    assert (p.kl_to(q) > 0).all()
    assert not torch.allclose(p.kl_to(q), q.kl_to(p))


@families
def test_the_divergence_is_the_mean_log_ratio_under_the_first(family):
    p, q = repeated(family(0)), repeated(family(1))
    actions = p.sample(generator(2))
    assert_estimates(p.log_prob(actions) - q.log_prob(actions), p.kl_to(q)[0])


@families
def test_the_entropy_is_the_mean_surprise(family):
    p = repeated(family(0))
    assert_estimates(-p.log_prob(p.sample(generator(2))), p.entropy()[0])


@families
def test_it_agrees_with_the_reference_implementation(family):
    p, q = family(0), family(1)
    actions = p.sample(generator(2))
    torch.testing.assert_close(p.log_prob(actions), reference(p).log_prob(actions))
    torch.testing.assert_close(p.entropy(), reference(p).entropy())
    expected = torch.distributions.kl_divergence(reference(p), reference(q))
    torch.testing.assert_close(p.kl_to(q), expected)


@families
def test_sampling_uses_only_its_generator(family, untouched_random_state):
    p = family(0)
    assert torch.equal(p.sample(generator(3)), p.sample(generator(3)))
    assert not torch.equal(p.sample(generator(3)), p.sample(generator(4)))


@families
def test_the_mode_is_most_probable(family):
    p = family(0)
    assert (p.log_prob(p.mode()) >= p.log_prob(p.sample(generator(5)))).all()


@families
def test_single_precision_keeps_small_divergences(family):
    # Trust region steps have divergences of 1e-3 to 1e-2.
    p, q = family(0, dtype=torch.float32), family(0, dtype=torch.float32)
    if isinstance(q, Categorical):
        q = Categorical(q.logits + 0.05 * torch.arange(5.0))
        exact = Categorical(p.logits.double()).kl_to(Categorical(q.logits.double()))
    else:
        q = DiagonalGaussian(q.mean + 0.05, q.log_std + 0.02)
        exact = DiagonalGaussian(p.mean.double(), p.log_std.double()).kl_to(
            DiagonalGaussian(q.mean.double(), q.log_std.double())
        )
    torch.testing.assert_close(p.kl_to(q).double(), exact, rtol=1e-3, atol=1e-7)


def test_gaussian_hand_case():
    one = DiagonalGaussian(torch.zeros(1, 1), torch.zeros(1))
    two = DiagonalGaussian(torch.ones(1, 1), torch.full((1,), math.log(2.0)))
    assert one.kl_to(two).item() == pytest.approx(math.log(2.0) + (1 + 1) / (2 * 4) - 0.5)
    assert two.kl_to(one).item() == pytest.approx(-math.log(2.0) + (4 + 1) / 2 - 0.5)
    assert one.entropy().item() == pytest.approx(0.5 * math.log(2 * math.pi * math.e))
    assert one.log_prob(torch.zeros(1, 1)).item() == pytest.approx(-0.5 * math.log(2 * math.pi))


def test_gaussian_samples_have_its_moments():
    p = repeated(gaussian(0))
    actions = p.sample(generator(1))
    for column in range(3):
        assert_estimates(actions[:, column], p.mean[0, column])
        assert_estimates((actions[:, column] - p.mean[0, column]) ** 2, (2 * p.log_std[column]).exp())


def test_categorical_hand_case():
    fair, biased = (Categorical(torch.tensor([p]).log()) for p in ([0.5, 0.5], [0.25, 0.75]))
    assert fair.entropy().item() == pytest.approx(math.log(2.0))
    assert fair.kl_to(biased).item() == pytest.approx(0.5 * math.log(2.0) + 0.5 * math.log(2 / 3))
    assert biased.log_prob(torch.tensor([1])).item() == pytest.approx(math.log(0.75))


def test_categorical_samples_have_its_frequencies():
    p = repeated(categorical(0))
    frequencies = torch.bincount(p.sample(generator(1)), minlength=5) / SAMPLES
    expected = torch.softmax(p.logits[0], -1)
    error = (expected * (1 - expected) / SAMPLES).sqrt()
    assert ((frequencies - expected).abs() <= 4 * error).all()


def test_categorical_ignores_a_common_shift_of_its_logits():
    p = categorical(0)
    shifted = Categorical(p.logits + 7.0)
    torch.testing.assert_close(p.entropy(), shifted.entropy())
    torch.testing.assert_close(p.kl_to(shifted), torch.zeros(4, dtype=torch.float64))


@families
def test_detached_means_constant(family):
    p = family(0)
    tensors = {name: tensor.clone().requires_grad_() for name, tensor in vars(p).items()}
    constant = type(p)(**tensors).detach()
    with torch.no_grad():
        for tensor in tensors.values():
            tensor.add_(1.0)  # as an optimizer moves a parameter in place
    for name, tensor in vars(constant).items():
        assert not tensor.requires_grad
        assert torch.equal(tensor, getattr(p, name))


CHOICES = (4, 3, 2)


def product(seed, rows=4):
    return CategoricalProduct(2.0 * torch.randn(rows, 9, generator=generator(seed), dtype=torch.float64), CHOICES)


def joint(distribution):
    """The joint distribution over all combinations of choices as a categorical, and these combinations."""
    combinations = torch.cartesian_prod(*(torch.arange(n) for n in CHOICES))
    rows = distribution.logits.shape[0]
    repeated = [
        type(distribution)(distribution.logits[k : k + 1].expand(len(combinations), -1), CHOICES) for k in range(rows)
    ]
    return Categorical(torch.stack([one.log_prob(combinations) for one in repeated])), combinations


def test_a_product_is_the_joint_distribution_of_its_parts():
    p, q = product(0), product(1)
    (joint_p, combinations), (joint_q, _) = joint(p), joint(q)
    torch.testing.assert_close(joint_p.logits.exp().sum(-1), torch.ones(4, dtype=torch.float64))
    torch.testing.assert_close(p.entropy(), joint_p.entropy())
    torch.testing.assert_close(p.kl_to(q), joint_p.kl_to(joint_q))
    assert torch.equal(p.mode(), combinations[joint_p.mode()])
    assert not p.kl_to(p.detach()).any()


def test_a_product_draws_its_parts_independently():
    p = product(0, rows=1)
    many = CategoricalProduct(p.logits.expand(SAMPLES, -1), CHOICES)
    drawn = many.sample(generator(1))
    assert drawn.shape == (SAMPLES, 3)
    joint_p, combinations = joint(p)
    for chance, combination in zip(joint_p.logits[0].exp().tolist(), combinations, strict=True):
        share = float((drawn == combination).all(-1).double().mean())
        assert share == pytest.approx(chance, abs=4 * math.sqrt(chance / SAMPLES))
