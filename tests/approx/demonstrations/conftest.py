"""Fixtures that make, save, change and compare demonstrations."""

import json
import pickle
import sys
from types import ModuleType

import numpy as np
import pytest

from gail.approx.demonstrations import FORMATS, Demonstrations, InvalidDemonstrations, Provenance, load_demonstrations
from gail.approx.trajectories.trajectories import Trajectories


def make(lengths=(5, 1, 12), actions="box", rewards=True, returns=True):
    """Demonstrations whose observations are (trajectory, time)."""
    steps = sum(lengths)
    rng = np.random.default_rng(0)
    places = np.array([[k, t] for k, n in enumerate(lengths) for t in range(n)], dtype=np.float64)
    trajectories = Trajectories(
        observations=places,
        actions=rng.uniform(-1, 1, (steps, 1)) if actions == "box" else rng.integers(3, size=steps),
        rewards=rng.normal(size=steps) if rewards else None,
        final_observations=np.array([[k, n] for k, n in enumerate(lengths)], dtype=np.float64),
        lengths=np.array(lengths),
        terminated=np.arange(len(lengths)) % 2 == 0,
        truncated=np.arange(len(lengths)) % 2 == 1,
    )
    listed = tuple(float(k) for k in range(len(lengths))) if returns else None
    return Demonstrations(trajectories, Provenance("Task-v0", "a formula", episode_returns=listed))


def same_trajectories(one, two):
    for name, array in vars(one).items():
        other = getattr(two, name)
        if array is None or isinstance(array, bool):
            assert other is array
        else:
            assert array.dtype == other.dtype, name
            np.testing.assert_array_equal(array, other, err_msg=name)


@pytest.fixture(scope="session")
def made():
    return make


@pytest.fixture(scope="session")
def assert_same_trajectories():
    return same_trajectories


@pytest.fixture(scope="session")
def assert_same():
    def check(one, two):
        assert one.provenance == two.provenance
        same_trajectories(one.trajectories, two.trajectories)
        assert (one.next_observations is None) == (two.next_observations is None)
        if one.next_observations is not None:
            np.testing.assert_array_equal(one.next_observations, two.next_observations)

    return check


@pytest.fixture(scope="session")
def refused():
    """Check that loading `path` is refused with a one-line message that names the file."""

    def check(path, message, load=load_demonstrations):
        with pytest.raises(InvalidDemonstrations, match=message) as caught:
            load(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)

    return check


@pytest.fixture(scope="session")
def put():
    """A copy of an array with one entry changed."""

    def changed(array, place, value):
        array = array.copy()
        array[place] = value
        return array

    return changed


@pytest.fixture(scope="session")
def saved():
    """Save demonstrations in the format of this name, and return the path."""

    def save(demonstrations, folder, name):
        FORMATS[name].save(demonstrations, folder / "demonstrations")
        return folder / "demonstrations"

    return save


@pytest.fixture
def imitation_pickle(monkeypatch):
    """Pickle trajectories, given as dicts of fields, as objects of a class with imitation's name."""

    def dumped(name, episodes, protocol):
        module = ModuleType("imitation.data.types")
        kind = type(name, (), {"__module__": module.__name__})
        setattr(module, name, kind)
        objects = [kind() for _ in episodes]
        for found, fields in zip(objects, episodes, strict=True):
            vars(found).update(fields)
        with monkeypatch.context() as patch:
            for part in ("imitation", "imitation.data", "imitation.data.types"):
                patch.setitem(sys.modules, part, module)
            return pickle.dumps(objects, protocol)

    return dumped


@pytest.fixture(scope="session")
def changed():
    """Change one entry of a JSON file."""

    def change(path, key, value):
        path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))

    return change
