"""What transfers: state-only rewards do, rewards of state-action pairs and GAIL's discriminator do not."""

import numpy as np
import pytest

from gail.exact.solution import Status
from gail.experiments.transfer import learned, make_pair
from gail.experiments.transfer.learned import CONSTANT_D, LAST_D, SAMPLED, STATE_ACTION, STATE_ONLY, TRUTH
from gail.experiments.transfer.path_rewards import learned_on_paths, steps_to_see_all

SURVIVING = (TRUTH, STATE_ONLY, "MaxEnt IRL, state-only")
ENTANGLED = (STATE_ACTION, "GAN-GCL, transitions", "GAN-GCL, paths", "GCL, paths", "IRL, psi constant")


def regrets(rows, name, process):
    return [row.relative_regret for row in rows if (row.reward, row.process) == (name, process)]


def check(rows, entangled):
    assert all(row.certified for row in rows if row.relative_regret is not None)
    for name in SURVIVING:
        assert max(abs(one) for place in ("source", "target") for one in regrets(rows, name, place)) <= 1e-6
    for name in entangled:
        assert abs(regrets(rows, name, "source")[0]) <= 1e-6
        assert regrets(rows, name, "target")[0] > 0.1
    for name in (LAST_D, CONSTANT_D):
        assert min(regrets(rows, name, "source")[0], regrets(rows, name, "target")[0]) > 1.0


def test_which_rewards_survive_other_random_tables(random_study):
    check(random_study.rows, ENTANGLED)
    assert regrets(random_study.rows, SAMPLED, "target")[0] > 0.1


@pytest.mark.slow
def test_which_rewards_survive_on_maps(whole_study):
    maps, dynamics, _ = whole_study.pairs
    check(maps.rows, ("GAN-GCL, transitions", STATE_ACTION))
    assert regrets(maps.rows, SAMPLED, "target")[0] <= 1e-6  # deterministic dynamics
    check(dynamics.rows, ("GAN-GCL, transitions", STATE_ACTION, "IRL, psi constant"))
    assert regrets(dynamics.rows, SAMPLED, "target")[0] > 0.1


def test_errors_say_what_is_left_of_the_true_reward(random_study):
    by_name = {row.reward: row for row in random_study.rows}
    assert by_name[STATE_ONLY].constant_error <= 1e-9
    advantage = next(
        row for row in random_study.rows if row.reward == "GAN-GCL, transitions" and row.process == "source"
    )
    assert advantage.shaping_error <= 1e-9
    assert advantage.constant_error > 0.1


def test_two_random_tables_determine_even_rewards_of_pairs(random_study):
    found = {(one.kind, one.processes): one for one in random_study.ambiguities}
    assert found["state-action", "source"].dimension == 16
    assert found["state-action", "source and target"].only_constants
    assert found["state", "source"].only_constants


def test_a_psi_without_an_optimal_cost_is_listed_by_its_status(monkeypatch):
    pair = make_pair("random")
    optimal = pair.expert

    class Unattained:
        cost, status = None, Status.DUAL_NOT_ATTAINED

    monkeypatch.setattr(learned, "solve_irl", lambda *_: Unattained())
    found = learned.learned_rewards(pair, np.zeros_like(optimal.occupancy))
    unattained = [one for one in found if one.name.startswith(("IRL", "MaxEnt"))]
    assert all(one.reward is None and one.note == "DUAL_NOT_ATTAINED" for one in unattained)


def test_paths_are_left_out_in_words_where_they_are_too_many():
    pair = make_pair("maps")
    assert steps_to_see_all(pair.source) == 14
    assert steps_to_see_all(make_pair("random").source) == 2
    for _, reward, note in learned_on_paths(pair):
        assert reward is None
        assert note.startswith("left out: to see every state takes 14 steps")
