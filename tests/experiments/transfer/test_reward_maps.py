"""A learned reward minus its shaping is the true one where shaping is all that separates them."""

import matplotlib.pyplot as plt
import numpy as np

from gail.envs import gridworld
from gail.exact import fit_airl
from gail.experiments.transfer import Pair, PairStudy, make_pair
from gail.experiments.transfer.learned import Learned
from gail.experiments.transfer.reward_maps import pair_reward, reward_maps, unshaped


def test_the_advantage_minus_shaping_is_the_true_reward():
    pair = make_pair("dynamics")
    truth = pair_reward(pair.reward, 4)
    fit = fit_airl(pair.source, pair.expert.occupancy, state_only=False, shaping=False)
    assert abs(fit.reward - truth).max() > 0.5
    np.testing.assert_allclose(unshaped(pair.source, fit.reward, truth), truth, atol=1e-8)


def test_a_reward_of_states_is_the_same_for_every_action():
    np.testing.assert_array_equal(pair_reward(np.array([1.0, 2.0]), 3), [[1.0] * 3, [2.0] * 3])


def test_cells_that_no_policy_visits_are_hatched(random_study):
    task = gridworld("S.#.\n.G#.", discount=0.9)
    pair = Pair("closed", "", task.mdp, task.mdp, -task.cost[:, 0], 1.0, task.layout)
    study = PairStudy(pair, (Learned("truth", "state", pair.reward),), (), (), random_study.frozen)
    figure = reward_maps(study, ["truth"])
    maps = [axis for axis in figure.axes if axis.get_title()]
    assert len(maps) == 4
    for axis in maps:
        assert sum(patch.get_hatch() is not None for patch in axis.patches) == 2
    plt.close(figure)
