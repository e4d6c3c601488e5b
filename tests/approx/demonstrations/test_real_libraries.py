"""Files are exchanged with the libraries that define their formats."""

import sys
from types import ModuleType

import numpy as np
import pytest

from gail.approx.demonstrations import FORMATS, in_flat_spaces, load_demonstrations

minari = pytest.importorskip("minari")
datasets = pytest.importorskip("datasets")
gymnasium = pytest.importorskip("gymnasium")
spaces = gymnasium.spaces


@pytest.fixture
def minari_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))
    return tmp_path / "datasets"


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["hdf5", "arrow"])
@pytest.mark.parametrize("task", ["CartPole-v1", "Pendulum-v1"])
def test_a_dataset_of_minaris_own_collector_is_read(task, kind, minari_folder):
    env = minari.DataCollector(gymnasium.make(task, max_episode_steps=20), data_format=kind, record_infos=True)
    played = []
    for seed in range(3):
        observation, _ = env.reset(seed=seed)
        env.action_space.seed(seed)
        episode = {"observations": [observation], "actions": [], "rewards": []}
        while True:
            action = env.action_space.sample()
            observation, reward, terminated, truncated, _ = env.step(action)
            for field, value in zip(episode, (observation, action, reward), strict=True):
                episode[field].append(value)
            if terminated or truncated:
                played.append((episode, terminated, truncated and not terminated))
                break
    env.create_dataset(dataset_id="some/test-v0", algorithm_name="random play", eval_env=task)
    env.close()
    found = load_demonstrations(minari_folder / "some" / "test-v0")
    assert found.provenance.task == task
    assert found.provenance.source == "Minari dataset some/test-v0, by random play"
    batch = found.trajectories
    assert batch.num_trajectories == 3
    for k, (episode, terminated, truncated) in enumerate(played):
        rows = slice(batch.first_steps[k], batch.last_steps[k] + 1)
        np.testing.assert_array_equal(batch.observations[rows], episode["observations"][:-1])
        np.testing.assert_array_equal(batch.final_observations[k], episode["observations"][-1])
        np.testing.assert_array_equal(batch.actions[rows], episode["actions"])
        np.testing.assert_array_equal(batch.rewards[rows], episode["rewards"])
        assert (batch.terminated[k], batch.truncated[k]) == (terminated, truncated)


class Odd(gymnasium.Env):
    """Random observations of a given space, in episodes of 6 steps."""

    def __init__(self, observation_space, action_space):
        self.observation_space, self.action_space = observation_space, action_space

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 0.0, False, False, {}


BOX = spaces.Box(-1, 1, (2,), np.float32)
ODD = {
    "goal": (spaces.Dict(observation=BOX, achieved_goal=BOX, desired_goal=BOX), BOX),
    "tuple": (spaces.Tuple((spaces.Discrete(4), BOX)), spaces.Discrete(3, start=1)),
    "integers": (spaces.MultiDiscrete([5, 4, 3]), spaces.MultiDiscrete([3, 4])),
    "bits": (spaces.MultiBinary(3), spaces.MultiBinary(2)),
    "bytes": (spaces.Box(0, 255, (2, 3), np.uint8), spaces.Discrete(2)),
}


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", ["hdf5", "arrow"])
@pytest.mark.parametrize("name", ODD)
def test_composite_and_integer_spaces_of_minaris_collector_are_read_and_flattened(
    name, kind, minari_folder, monkeypatch
):
    module = ModuleType("odd_environments")
    module.Odd = Odd
    monkeypatch.setitem(sys.modules, "odd_environments", module)  # Minari stores entry points as text
    kwargs = dict(zip(("observation_space", "action_space"), ODD[name], strict=True))
    gymnasium.register("Odd-v0", "odd_environments:Odd", kwargs=kwargs, max_episode_steps=6)
    env, played = minari.DataCollector(gymnasium.make("Odd-v0"), data_format=kind), []
    observations, actions = ODD[name]
    for seed in range(2):
        observation, _ = env.reset(seed=seed)
        for _ in range(6):
            action = env.action_space.sample()
            played.append((spaces.flatten(observations, observation), action))
            observation, *_ = env.step(action)
    env.create_dataset(dataset_id="odd/test-v0")
    env.close()
    gymnasium.registry.pop("Odd-v0")
    found = in_flat_spaces(load_demonstrations(minari_folder / "odd" / "test-v0"), observations, actions)
    batch = found.trajectories
    np.testing.assert_array_equal(batch.observations, np.stack([seen for seen, _ in played]))
    start = getattr(actions, "start", 0)
    taken = np.stack([np.asarray(action) for _, action in played])
    np.testing.assert_array_equal(batch.actions, taken - start if taken.dtype.kind in "iu" else taken)


@pytest.mark.parametrize("name", ["minari", "minari-arrow"])
@pytest.mark.parametrize("actions", ["box", "finite"])
def test_minari_reads_what_is_written_here(made, minari_folder, name, actions):
    full = made(actions=actions)
    FORMATS[name].save(full, minari_folder / "ours" / "test-v0")
    found = minari.load_dataset("ours/test-v0")
    assert (found.total_episodes, found.total_steps) == (3, 18)
    batch = full.trajectories
    for episode in found.iterate_episodes():
        rows = slice(batch.first_steps[episode.id], batch.last_steps[episode.id] + 1)
        np.testing.assert_array_equal(episode.observations[:-1], batch.observations[rows])
        np.testing.assert_array_equal(episode.observations[-1], batch.final_observations[episode.id])
        np.testing.assert_array_equal(episode.actions, batch.actions[rows])
        np.testing.assert_array_equal(episode.rewards, batch.rewards[rows])
        assert episode.terminations[-1] == batch.terminated[episode.id]
        assert episode.truncations[-1] == batch.truncated[episode.id]


@pytest.mark.parametrize("actions", ["box", "finite"])
def test_what_datasets_writes_in_the_layout_of_imitation_is_read(made, assert_same_trajectories, tmp_path, actions):
    full = made((5, 2, 12), actions=actions)
    batch = full.trajectories
    rows = [slice(a, b + 1) for a, b in zip(batch.first_steps, batch.last_steps, strict=True)]
    columns = {
        "obs": [np.concatenate([batch.observations[r], batch.final_observations[[k]]]) for k, r in enumerate(rows)],
        "acts": [batch.actions[r] for r in rows],
        # Infos of environments, as jsonpickle encodes them.
        "infos": [
            ['{"a": {"py/tuple": [1, 2]}}'] * (r.stop - r.start - 1) + [last(cut)]
            for r, cut in zip(rows, batch.truncated, strict=True)
        ],
        "terminal": [True] * 3,
        "rews": [batch.rewards[r] for r in rows],
    }
    datasets.disable_progress_bars()
    datasets.Dataset.from_dict(columns).save_to_disk(tmp_path / "dataset")
    assert_same_trajectories(load_demonstrations(tmp_path / "dataset").trajectories, batch)


def last(cut):
    return f'{{"TimeLimit.truncated": {"true" if cut else "false"}}}'


def test_datasets_reads_what_is_written_here(made, tmp_path):
    full = made((5, 2, 12))
    FORMATS["huggingface"].save(full, tmp_path / "dataset")
    found = datasets.load_from_disk(tmp_path / "dataset")
    assert found.column_names == ["obs", "acts", "infos", "terminal", "rews"]
    batch = full.trajectories
    for k, row in enumerate(found):
        rows = slice(batch.first_steps[k], batch.last_steps[k] + 1)
        np.testing.assert_array_equal(row["obs"][:-1], batch.observations[rows])
        np.testing.assert_array_equal(row["obs"][-1], batch.final_observations[k])
        np.testing.assert_array_equal(row["acts"], batch.actions[rows])
        np.testing.assert_array_equal(row["rews"], batch.rewards[rows])
        assert row["terminal"] and len(row["infos"]) == batch.lengths[k]
