"""Formats of steps and pickled episodes: stable-baselines, OpenAI's baselines, imitation's old archives, Berkeley."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from gail.approx.demonstrations import load_demonstrations


def paths(made):
    batch = made((3, 2)).trajectories
    rows = [slice(0, 3), slice(3, 5)]
    return [
        {
            "observation": batch.observations[r],
            "action": batch.actions[r],
            "reward": batch.rewards[r],
            "next_observation": batch.observations[r] + [0, 1],
            "terminal": np.array([0.0] * (r.stop - r.start - 1) + [1.0]),
            "image_obs": [],
        }
        for r in rows
    ]


BERKELEY_EDITS = {
    "zero episodes": (lambda c: c.clear(), "the data is empty: 0 episodes"),
    "no dict": (lambda c: c.append([1]), "episode 2 is a list: a dict is needed"),
    "gone": (lambda c: c[1].pop("action"), "episode 1 has no action"),
    "ragged": (lambda c: c[1].update(action=np.zeros((3, 1))), "episode 1: actions has 3 rows where 2 are needed"),
    "ragged next": (
        lambda c: c[1].update(next_observation=np.zeros((3, 2))),
        "episode 1: observation has 2 rows, next",
    ),
    "list": (lambda c: c[0].update(action=[0.0] * 3), "episode 0: actions: a list where an array is needed"),
    "empty": (lambda c: c[0].update(observation=np.empty((0, 2)) + 0), "pickle wants|episode 0: observation is empty"),
    "other task": (lambda c: c[1].update(action=np.zeros((2, 4))), r"episode 1 has actions of .* \(4,\), episode 0"),
    "complex": (
        lambda c: c[0].update(observation=np.zeros((3, 2), complex)),
        "an array of type 'c16': numbers are needed",
    ),
    "early": (lambda c: c[0].update(terminal=np.array([0, 1, 0])), "episode 0: terminal is set at step 1 of 3"),
    "no rewards": (lambda c: c[1].update(reward=None), "episode 1 has no rewards, unlike episode 0"),
}


@pytest.mark.parametrize("case", BERKELEY_EDITS)
def test_what_is_wrong_with_berkeleys_pickle_is_named(made, tmp_path, refused, case):
    edit, message = BERKELEY_EDITS[case]
    content = paths(made)
    edit(content)
    (tmp_path / "bad.pkl").write_bytes(pickle.dumps(content, 4))
    refused(tmp_path / "bad.pkl", message)


def test_berkeleys_pickle_is_read(made, tmp_path):
    (tmp_path / "good.pkl").write_bytes(pickle.dumps(paths(made), 4))
    found = load_demonstrations(tmp_path / "good.pkl")
    assert found.whole and found.trajectories.terminated.all()
    np.testing.assert_array_equal(found.trajectories.observations, made((3, 2)).trajectories.observations)


def steps(made):
    batch = made((3, 1, 2)).trajectories
    starts = np.isin(np.arange(6), batch.first_steps)
    fields = {"obs": batch.observations, "actions": batch.actions, "rewards": batch.rewards}
    return {**fields, "episode_starts": starts, "episode_returns": np.arange(3.0)}


@pytest.mark.parametrize("kind", ["npz", "pickle"])
def test_stable_baselines_recordings_are_read(made, tmp_path, kind):
    store(steps(made), tmp_path / "file", kind)
    found = load_demonstrations(tmp_path / "file")
    assert "1 episodes of a single step are left out" in found.provenance.source
    assert found.provenance.episode_returns == (0.0, 2.0)
    np.testing.assert_array_equal(found.trajectories.observations, [[0, 0], [0, 1], [2, 0]])
    np.testing.assert_array_equal(found.trajectories.final_observations, [[0, 2], [2, 1]])


def store(fields, path, kind):
    if kind == "pickle":
        path.write_bytes(pickle.dumps(fields, 4))
    else:
        with path.open("wb") as stream:
            np.savez(stream, **fields)


STEPS_EDITS = {
    "ragged": ({"actions": np.zeros((3, 1))}, r"actions has shape \(3, 1\): 6 rows"),
    "no start": ({"episode_starts": np.array([0, 0, 1, 0, 1, 0])}, "does not begin with the start of an episode"),
    "no flags": ({"episode_starts": np.arange(6)}, "episode_starts: entry 2 is 2, where 0 or 1"),
    "single steps": ({"episode_starts": np.ones(6)}, "every episode has a single step"),
    "returns": ({"episode_returns": np.zeros(2)}, "episode_returns has 2 entries, but there are 3 episodes"),
    "nan return": ({"episode_returns": np.array([0, 1, np.nan])}, "episode_returns: the return of episode 2 is nan"),
    "text": ({"obs": np.array(["a"] * 6)}, "type <U1: floating|type 'U1': numbers are needed"),
}


@pytest.mark.parametrize("case", STEPS_EDITS)
@pytest.mark.parametrize("kind", ["npz", "pickle"])
def test_what_is_wrong_with_a_stable_baselines_recording_is_named(made, tmp_path, refused, case, kind):
    change, message = STEPS_EDITS[case]
    store({**steps(made), **change}, tmp_path / "bad", kind)
    refused(tmp_path / "bad", message)


def test_discrete_actions_in_a_column_are_one_per_step(made, tmp_path):
    store({**steps(made), "actions": np.arange(6)[:, None]}, tmp_path / "file", "npz")
    assert load_demonstrations(tmp_path / "file").trajectories.actions.tolist() == [0, 1, 4]


def legacy(made):
    batch = made((3, 1, 2)).trajectories
    obs = np.array([[k, t] for k, n in enumerate((3, 1, 2)) for t in range(n + 1)], dtype=float)
    infos = np.full(6, {"a": 1}, dtype=object)
    fields = {"obs": obs, "acts": batch.actions, "rews": batch.rewards, "infos": infos}
    return batch, {**fields, "terminal": np.array([True, False, True]), "indices": np.array([3, 4])}


def test_what_imitation_used_to_write_is_read(made, tmp_path, assert_same_trajectories):
    batch, fields = legacy(made)
    store(fields, tmp_path / "file", "npz")
    found = load_demonstrations(tmp_path / "file").trajectories
    assert_same_trajectories(found, replace(batch, truncated=np.zeros(3, dtype=bool)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indices": np.array([4, 3])}, "indices: episode 1 has -1 steps of 6"),
        ({"indices": np.array([3])}, "indices has 1 entries, terminal has 3"),
        ({"obs": np.zeros((8, 2))}, r"obs has shape \(8, 2\): 9 rows"),
        ({"rews": np.zeros(5)}, r"rews has shape \(5,\): \(6,\) is needed"),
        ({"acts": np.full((6, 1), None)}, "acts is not stored row by row: plain numbers"),
    ],
)
def test_what_is_wrong_with_it_is_named(made, tmp_path, refused, change, message):
    store({**legacy(made)[1], **change}, tmp_path / "bad", "npz")
    refused(tmp_path / "bad", message)


def objects(*items):
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


@pytest.mark.parametrize("ragged", [True, False])
def test_what_openais_baselines_learn_from_is_read(tmp_path, ragged):
    lengths = (4, 2) if ragged else (3, 3)
    obs = [np.array([[k, t] for t in range(n)], dtype=float) for k, n in enumerate(lengths)]
    acs = [np.zeros((n, 1)) for n in lengths]
    gather = (lambda items: objects(*items)) if ragged else np.stack
    store({"obs": gather(obs), "acs": gather(acs), "ep_rets": np.array([5.0, 6.0])}, tmp_path / "file", "npz")
    found = load_demonstrations(tmp_path / "file")
    assert found.trajectories.lengths.tolist() == [n - 1 for n in lengths]
    assert found.trajectories.final_observations.tolist() == [[k, n - 1] for k, n in enumerate(lengths)]
    assert found.returns.tolist() == [5.0, 6.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"acs": objects(np.zeros((4, 1)))}, "acs has 1 episodes, obs has 2"),
        ({"acs": objects(np.zeros((4, 1)), np.zeros((9, 1)))}, "episode 1: acs is not an array of 2 rows"),
        ({"obs": objects(np.zeros((4, 2)), "text")}, "episode 1: obs: a str where an array is needed"),
        ({"obs": objects(np.zeros((4, 2)), np.zeros((1, 2)))}, "episode 1: obs has 1 rows: 2 are needed"),
        ({"ep_rets": np.zeros(3)}, "ep_rets has 3 entries, but there are 2 episodes"),
    ],
)
def test_what_is_wrong_with_baselines_episodes_is_named(tmp_path, refused, change, message):
    good = {"obs": objects(np.zeros((4, 2)), np.zeros((2, 2))), "acs": objects(np.zeros((4, 1)), np.zeros((2, 1)))}
    store({**good, "ep_rets": np.zeros(2), **change}, tmp_path / "bad", "npz")
    refused(tmp_path / "bad", message)
