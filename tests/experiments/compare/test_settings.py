from dataclasses import replace
from itertools import pairwise

import pytest

from gail.experiments.compare import Algorithm, Architecture, SampledSettings
from gail.experiments.compare.sampled.datasets import dataset
from gail.experiments.compare.sampled.training import train
from gail.experiments.compare.settings import PRECISE, QUICK, Phase

BOTH = SampledSettings(
    batch=400, iterations=3, copies=20, max_kl=1e-3, anneal_to=0.1, opening=Phase(iterations=2, batch=100, max_kl=4e-3)
)


def test_bounds_shorten_with_the_steps_taken_and_each_phase_has_its_own():
    expected = [4e-3, 4e-3 * (1 - 0.9 * 100 / 1400)]
    expected += [1e-3 * (1 - 0.9 * steps / 1400) for steps in (200, 600, 1000)]
    assert BOTH.bounds() == pytest.approx(expected)
    alone = replace(BOTH, opening=None)
    assert alone.bounds() == pytest.approx([1e-3, 0.7e-3, 0.4e-3])


def test_the_training_is_in_the_phase_that_the_settings_say():
    tuned = BOTH.training(0.9, 0.1)
    first, rest = tuned.at(199), tuned.at(200)
    assert (first.batch_size, first.checkpoint_every, first.policy.trust_region.max_kl) == (100, 2, 4e-3)
    assert (rest.batch_size, rest.policy.trust_region.max_kl) == (400, 1e-3)
    assert rest.checkpoint_every > BOTH.rounds  # environments restart only once, when the larger batches begin
    alone = replace(BOTH, opening=None).training(0.9, 0.1)
    assert alone.at(10**9) == alone
    assert alone.checkpoint_every > 3


def test_a_training_plays_all_rounds_with_their_batches(problem):
    found = train(problem, Algorithm.GAIL, dataset(problem, 2, 0), BOTH, 0)
    assert [point.iteration for point in found.curve] == [0, 1, 2, 3, 4]
    steps = [point.env_steps for point in found.curve] + [found.env_steps]
    wanted = [100, 100, 400, 400, 400]
    batches = [after - before for before, after in pairwise(steps)]
    assert all(0 <= batch - least < BOTH.copies for batch, least in zip(batches, wanted, strict=True))


@pytest.mark.parametrize("preset", [QUICK, PRECISE])
@pytest.mark.parametrize("architecture", list(Architecture))
def test_presets_fit_their_architecture_and_honour_the_discount(preset, architecture):
    settings = preset.of(architecture)
    assert bool(settings.hidden) == (architecture is Architecture.MLP)
    assert settings.restarts
    assert all(phase.batch % settings.copies == 0 for phase in settings.phases)
    assert settings.bounds() == sorted(settings.bounds(), reverse=True)
