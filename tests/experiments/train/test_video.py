"""Videos: frames of a real episode, and errors that say what to install."""

import importlib.util
import subprocess

import numpy as np
import pytest
import torch

from gail.approx import Policy, PolicySettings, save_policy
from gail.approx.policies.spaces import SpaceSpec
from gail.envs import make_vector
from gail.experiments.errors import InvalidRequest
from gail.experiments.train.video import check_video, film


@pytest.fixture
def policy_of(tmp_path):
    """The path of a file with a new policy for a task."""

    def make(task):
        envs = make_vector(task, 1, 0)
        spec = SpaceSpec.of(envs.single_observation_space, envs.single_action_space)
        envs.close()
        save_policy(Policy(spec, PolicySettings((8,)), torch.Generator().manual_seed(0)), tmp_path / "policy")
        return tmp_path / "policy"

    return make


def frames_of(path, height, width):
    ffmpeg = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    command = [ffmpeg, "-loglevel", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    content = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(content, np.uint8).reshape(-1, height, width, 3)


# Frames 600 pixels wide are padded to a multiple of 16.
@pytest.mark.parametrize(("task", "size"), [("CartPole-v1", (400, 608)), ("Hopper-v5", (480, 480))])
def test_an_episode_is_filmed_from_its_first_state_to_its_last(policy_of, tmp_path, task, size):
    pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "deep" / "film.mp4"
    filmed = film(policy_of(task), task, 0, path)
    frames = frames_of(path, *size)
    assert len(frames) == filmed.frames > 5
    if task == "CartPole-v1":
        assert filmed.total_reward == filmed.frames - 1  # reward 1 per step, and one frame more than steps
    assert min(frame.std() for frame in frames) > 1.0  # no frame is blank
    assert np.abs(frames[0].astype(int) - frames[-1]).max() > 50  # the first and last frames differ
    assert list(path.parent.iterdir()) == [path]


def test_a_renderer_that_fails_says_what_to_install(policy_of, tmp_path, monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "no-such-library")
    with pytest.raises(InvalidRequest, match=r"MUJOCO_GL=no-such-library.*apt-get install libosmesa6"):
        film(policy_of("Hopper-v5"), "Hopper-v5", 0, tmp_path / "film.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["policy"]


def test_a_video_that_cannot_be_written_is_refused_before_work_starts(tmp_path, monkeypatch):
    with pytest.raises(InvalidRequest, match=r"needs an ending.*\.mp4"):
        check_video(tmp_path / "film")
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(InvalidRequest, match="a folder of that name"):
        check_video(tmp_path / "folder.mp4")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InvalidRequest, match=r"pip install 'gail\[report\]'"):
        check_video(tmp_path / "film.mp4")
