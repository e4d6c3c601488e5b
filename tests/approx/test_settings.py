"""Invalid settings are refused when they are constructed."""

import math

import pytest

from gail.approx import (
    CloningSettings,
    Constant,
    CriticSettings,
    DiscriminatorSettings,
    InvalidSettings,
    PolicySettings,
    RewardForm,
    TrainingSettings,
    Trpo,
    TrustRegionSettings,
)

REFUSED = [
    (PolicySettings, "hidden", (100, 0)),
    (PolicySettings, "initial_std", 0.0),
    (CriticSettings, "memory", 0),
    (CriticSettings, "epochs", -1),
    (CriticSettings, "learning_rate", math.nan),
    (TrustRegionSettings, "max_kl", 0.0),
    (TrustRegionSettings, "fisher_fraction", 1.5),
    (TrustRegionSettings, "backtracks", -1),
    (Trpo, "discount", 1.1),
    (Trpo, "critic_mixing", -0.1),
    (Trpo, "entropy_weight", math.inf),
    (TrainingSettings, "batch_size", 0),
    (TrainingSettings, "anneal_to", 1.5),
    (DiscriminatorSettings, "gradient_penalty", -1.0),
    (CloningSettings, "training_fraction", 2.0),
    (Constant, "reward", RewardForm.DIFFERENCE),
]


@pytest.mark.parametrize(("kind", "field", "value"), REFUSED)
def test_a_value_out_of_range_is_named(kind, field, value):
    shown = value.value if isinstance(value, RewardForm) else value
    with pytest.raises(InvalidSettings, match=field) as caught:
        kind(**{field: value})
    assert str(shown) in str(caught.value)


def test_defaults_and_borders_pass():
    assert Trpo(discount=1.0, mixing=0.0, critic_mixing=None).critic_mixing is None
    assert CriticSettings(hidden=(), epochs=0, memory=None).hidden == ()
