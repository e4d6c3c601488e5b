"""Pickled trajectories of imitation: their fields are read without importing imitation."""

import sys

import numpy as np
import pytest

from gail.approx.demonstrations import load_demonstrations


def episodes(batch, **changes):
    """The fields of each episode as in imitation: `terminal` is true also if a time limit ended the episode."""
    for k in range(batch.num_trajectories):
        rows = slice(batch.first_steps[k], batch.last_steps[k] + 1)
        infos = np.array([{} for _ in range(batch.lengths[k])])
        infos[-1] = {"TimeLimit.truncated": bool(batch.truncated[k]), "episode": {"r": np.float64(1.5)}}
        fields = {
            "obs": np.concatenate([batch.observations[rows], batch.final_observations[[k]]]),
            "acts": batch.actions[rows],
            "infos": infos,
            "terminal": True,
            "rews": batch.rewards[rows],
        }
        yield {**fields, **changes} if k == 1 else fields


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("actions", ["box", "finite"])
def test_whole_episodes_come_back(made, assert_same_trajectories, imitation_pickle, tmp_path, protocol, actions):
    batch = made((5, 2, 12), actions=actions).trajectories
    path = tmp_path / "rollouts.pkl"
    path.write_bytes(imitation_pickle("TrajectoryWithRew", list(episodes(batch)), protocol))
    found = load_demonstrations(path)
    assert_same_trajectories(found.trajectories, batch)
    assert found.provenance.task is None
    assert "imitation" not in sys.modules


def test_an_unfinished_episode_without_rewards_and_infos(made, imitation_pickle, tmp_path):
    (fields,) = episodes(made((4,)).trajectories)
    bare = {"obs": fields["obs"], "acts": fields["acts"], "infos": None, "terminal": np.False_}
    (tmp_path / "rollouts.pkl").write_bytes(imitation_pickle("Trajectory", [bare], 4))
    found = load_demonstrations(tmp_path / "rollouts.pkl").trajectories
    assert found.rewards is None
    assert not found.terminated.any() and not found.truncated.any()


class Calls:
    def __reduce__(self):
        return print, ("ran",)


WRONG = {
    "ragged": ({"acts": np.zeros((3, 1))}, "episode 1: observations has 1 rows where 3 are needed"),
    "gone": ({"acts": None}, "episode 1: acts is a NoneType where an array is needed"),
    "list": ({"obs": [[0.0, 1.0]] * 2}, "episode 1: obs is a list where an array is needed"),
    "empty": ({"obs": np.zeros((0, 2))}, "episode 1: obs is empty"),
    "ending": ({"terminal": "yes"}, "episode 1: terminal is a str where a bool is needed"),
    "code": ({"infos": [Calls()]}, "the pickle names builtins.print, which may run code"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(made, imitation_pickle, tmp_path, refused, case, capsys):
    changes, message = WRONG[case]
    content = imitation_pickle("TrajectoryWithRew", list(episodes(made().trajectories, **changes)), 4)
    (tmp_path / "rollouts.pkl").write_bytes(content)
    refused(tmp_path / "rollouts.pkl", message)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "infos", [[{"TimeLimit.truncated": np.zeros(3)}], [{"TimeLimit.truncated": "yes"}], [3], 7, []]
)
def test_infos_that_say_nothing_of_a_time_limit_are_passed_over(made, imitation_pickle, tmp_path, infos):
    batch = made().trajectories
    content = imitation_pickle("TrajectoryWithRew", list(episodes(batch, infos=infos)), 4)
    (tmp_path / "rollouts.pkl").write_bytes(content)
    assert load_demonstrations(tmp_path / "rollouts.pkl").trajectories.terminated[1]


def test_other_classes_of_imitation_and_odd_objects_are_refused(made, imitation_pickle, tmp_path, refused):
    content = imitation_pickle("DictObs", list(episodes(made().trajectories)), 4)
    (tmp_path / "other.pkl").write_bytes(content)
    refused(tmp_path / "other.pkl", r"the pickle names imitation\.data\.types\.DictObs")
    name = b"cimitation.data.types\nTrajectory\n"
    for odd, message in (
        (b"]" + name + b"K\x01\x85\x81a.", "makes an object in an unknown way"),
        (b"]cnumpy\ndtype\n)\x81a.", "makes an object in an unknown way"),
        (b"]" + name + b")\x81]ba.", "gives an object a state that is not a dict"),
        (b"]" + name + b")\x81}K\x01K\x02sba.", "gives an object a state that is not a dict"),
        (b"]" + name + b"a.", "a dict"),
        (b"](" + name + b")\x81K\x01e.", "episode 0: acts is a NoneType|episode 1 is a int"),
    ):
        (tmp_path / "odd.pkl").write_bytes(b"\x80\x04" + odd)
        refused(tmp_path / "odd.pkl", message)
