"""A process that plays one episode, renders each state, and passes the frames to ffmpeg.

    python -m gail.experiments.train.filming POLICY TASK SEED VIDEO FACTS

`gail.experiments.train.video` starts it, with the graphics library in its environment.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from gail.approx.policies.policy import load_policy
from gail.approx.policies.prediction import Predictor
from gail.envs.tasks import find_task, make
from gail.envs.wrappers.flat_spaces import flattened

_BLOCK = 16  # ffmpeg's encoders take frames whose sides are multiples of this


def film_episode(policy_file: Path, task_id: str, seed: int, video: Path) -> dict[str, Any]:
    """Write one episode's frames to a video; return their number and the episode's return."""
    predictor = Predictor(load_policy(policy_file))
    env = flattened(make(find_task(task_id).id, render_mode="rgb_array"))
    _follow(env)
    observation, _ = env.reset(seed=seed)
    frames, total, over = 0, 0.0, False
    film = _writer(video, _frame(env), float(env.metadata.get("render_fps", 30)))
    while True:
        film.send(_frame(env))
        frames += 1
        if over:
            break
        action, _ = predictor.predict(observation, deterministic=True)
        observation, reward, terminated, truncated, _ = env.step(action)
        total += float(reward)
        over = terminated or truncated
    film.close()
    env.close()
    return {"frames": frames, "total_reward": total}


def _follow(env: gymnasium.Env[Any, Any]) -> None:
    """Use the camera `track` of MuJoCo's walkers: Gymnasium's default does not follow the walker."""
    renderer = getattr(env.unwrapped, "mujoco_renderer", None)
    if renderer is None:
        return
    import mujoco  # type: ignore[import-untyped]

    camera = mujoco.mj_name2id(renderer.model, mujoco.mjtObj.mjOBJ_CAMERA, "track")
    if camera >= 0:
        renderer.camera_id = camera


def _writer(video: Path, first: Any, rate: float) -> Any:
    import imageio_ffmpeg  # type: ignore[import-untyped]

    height, width, _ = first.shape
    writer = imageio_ffmpeg.write_frames(
        str(video), (width, height), fps=rate, macro_block_size=1, ffmpeg_log_level="error"
    )
    writer.send(None)
    return writer


def _frame(env: gymnasium.Env[Any, Any]) -> Any:
    """The picture of the current state, padded to whole blocks by repeating its last rows and columns."""
    picture: Any = env.render()
    height, width, _ = picture.shape
    padding = ((0, -height % _BLOCK), (0, -width % _BLOCK), (0, 0))
    return np.ascontiguousarray(np.pad(picture, padding, mode="edge"))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    policy, task, number, target, facts = sys.argv[1:]
    found = film_episode(Path(policy), task, int(number), Path(target))
    Path(facts).write_text(json.dumps(found))
