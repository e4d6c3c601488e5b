"""A learned reward minus its shaping is the true one where shaping is all that separates them."""

import numpy as np

from gail.exact import fit_airl
from gail.experiments.transfer import make_pair
from gail.experiments.transfer.reward_maps import pair_reward, unshaped


def test_the_advantage_minus_shaping_is_the_true_reward():
    pair = make_pair("dynamics")
    truth = pair_reward(pair.reward, 4)
    fit = fit_airl(pair.source, pair.expert.occupancy, state_only=False, shaping=False)
    assert abs(fit.reward - truth).max() > 0.5
    np.testing.assert_allclose(unshaped(pair.source, fit.reward, truth), truth, atol=1e-8)


def test_a_reward_of_states_is_the_same_for_every_action():
    np.testing.assert_array_equal(pair_reward(np.array([1.0, 2.0]), 3), [[1.0] * 3, [2.0] * 3])
