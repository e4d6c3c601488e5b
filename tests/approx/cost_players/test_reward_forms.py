"""Reward forms: signs, ranking, and agreement with the published formulas in both label conventions."""

import math

import numpy as np
import pytest
import torch

from gail.approx.cost_players.reward_forms import ARRIVAL, DIFFERENCE, SURVIVAL
from gail.exact.regularizers import Logistic

FORMS = {"survival": SURVIVAL, "arrival": ARRIVAL, "difference": DIFFERENCE}
LOGITS = torch.linspace(-30, 30, 121, dtype=torch.float64)


def written(formula, d):
    return eval(formula.replace("log D", "log(D)"), {"log": np.log, "D": d})


@pytest.mark.parametrize("name", FORMS)
def test_the_reward_is_what_both_formulas_say(name):
    form = FORMS[name]
    logits = LOGITS[LOGITS.abs() < 20]
    d, other = torch.sigmoid(logits).numpy(), torch.sigmoid(-logits).numpy()
    rewards = form.reward(logits)
    np.testing.assert_allclose(rewards, written(form.formula, d), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(rewards, written(form.opposite_formula, other), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_prefers_the_expert_and_keeps_its_sign(name):
    rewards = FORMS[name].reward(LOGITS)
    assert (rewards.diff() <= 0).all()
    assert torch.isfinite(FORMS[name].reward(torch.tensor([-1e4, 1e4], dtype=torch.float64))).all()
    if FORMS[name].sign:
        assert (FORMS[name].sign * rewards >= 0).all()
    else:
        assert rewards.min() < 0 < rewards.max()


def test_before_anything_is_learned_a_step_is_worth():
    start = torch.zeros(1)
    assert SURVIVAL.reward(start).item() == pytest.approx(math.log(2))
    assert ARRIVAL.reward(start).item() == pytest.approx(-math.log(2))
    assert DIFFERENCE.reward(start).item() == 0.0


def test_survival_is_minus_the_logistic_psis_cost_and_the_difference_their_sum():
    torch.testing.assert_close(SURVIVAL.reward(LOGITS), -Logistic().cost(LOGITS))
    torch.testing.assert_close(DIFFERENCE.reward(LOGITS), SURVIVAL.reward(LOGITS) + ARRIVAL.reward(LOGITS))
