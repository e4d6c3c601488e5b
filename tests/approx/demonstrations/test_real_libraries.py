"""The same files through the libraries whose formats they are."""

import numpy as np
import pytest

from gail.approx.demonstrations import FORMATS, load_demonstrations

minari = pytest.importorskip("minari")
datasets = pytest.importorskip("datasets")
gymnasium = pytest.importorskip("gymnasium")


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
        # As jsonpickle encodes what environments report.
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
