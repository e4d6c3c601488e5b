"""GAIL of `imitation` and TRPO of `sb3-contrib` on Hopper, one thread each, measured as `gail bench train` measures.

    build/peers/imitation/bin/python bench/peers/hopper.py '{"peer": "gail", ...}' demonstrations.npz result.json

Gymnasium's release of these libraries' time has Hopper-v4: the model, the observations and the fall are version 5's.
GAIL has the settings that imitation's own search found for Hopper (its file `benchmarking/gail_seals_hopper_best_hp_
eval.json`), on eight environments in one process; TRPO, on the true reward, its defaults. Every so many steps ten
episodes are played with mean actions, in environments of their own; their time is not counted.
"""

import json
import resource
import sys
import time

import gymnasium
import numpy as np
import torch
from imitation.algorithms.adversarial.gail import GAIL
from imitation.data.types import Transitions
from imitation.data.wrappers import RolloutInfoWrapper
from imitation.policies.base import NormalizeFeaturesExtractor
from imitation.rewards.reward_nets import BasicRewardNet, NormalizedRewardNet
from imitation.util.logger import configure
from imitation.util.networks import RunningNorm
from sb3_contrib import TRPO
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv

ENVIRONMENTS = 8


class Clock:
    """Seconds of training, and what the evaluations between found."""

    def __init__(self, every, seed):
        self.every, self.seconds, self.looks = every, 0.0, []
        self.envs = vector(10, seed + 10_000)
        self.since, self.next = time.perf_counter(), every

    def look(self, policy, steps):
        """Evaluate, if it is time."""
        if steps < self.next:
            return
        self.seconds += time.perf_counter() - self.since
        returns = played(policy, self.envs, 10, deterministic=True)
        self.looks.append({"env_steps": steps, "seconds": self.seconds, "mean": float(np.mean(returns))})
        self.next = (steps // self.every + 1) * self.every
        self.since = time.perf_counter()

    def stop(self):
        """End the count."""
        self.seconds += time.perf_counter() - self.since


def vector(count, seed):
    """Copies of the task, one process, seeded."""
    envs = DummyVecEnv([lambda: RolloutInfoWrapper(gymnasium.make("Hopper-v4")) for _ in range(count)])
    envs.seed(seed)
    return envs


def played(policy, envs, episodes, deterministic):
    """Returns of whole episodes, as many of each copy."""
    returns, _ = evaluate_policy(
        policy, envs, n_eval_episodes=episodes, deterministic=deterministic, return_episode_rewards=True, warn=False
    )
    return returns


def demonstrated(path):
    """The pairs of gail's file. Next observations are not used by this reward network, so that gaps do no harm."""
    with np.load(path) as file:
        observations, actions = file["observations"].astype(np.float32), file["actions"].astype(np.float32)
        ends = np.cumsum(file["lengths"]) - 1
    following = np.roll(observations, -1, axis=0)
    dones = np.zeros(len(observations), dtype=bool)
    dones[ends] = True
    return Transitions(observations, actions.clip(-1.0, 1.0), np.array([{}] * len(dones)), following, dones)


def gail(request, demonstrations, clock):
    """imitation's GAIL."""
    envs = vector(ENVIRONMENTS, request["seed"])
    learner = PPO(
        "MlpPolicy",
        envs,
        n_steps=4096 // ENVIRONMENTS,
        batch_size=512,
        clip_range=0.1,
        ent_coef=0.001255299425412744,
        gae_lambda=0.98,
        gamma=0.995,
        learning_rate=4.3984856156897565e-5,
        max_grad_norm=0.9,
        n_epochs=20,
        vf_coef=0.20315938606555833,
        policy_kwargs={
            "activation_fn": torch.nn.ReLU,
            "features_extractor_class": NormalizeFeaturesExtractor,
            "features_extractor_kwargs": {"normalize_class": RunningNorm},
            "net_arch": {"pi": [64, 64], "vf": [64, 64]},
        },
        seed=request["seed"],
        device="cpu",
    )
    spaces = envs.observation_space, envs.action_space
    reward = NormalizedRewardNet(BasicRewardNet(*spaces, normalize_input_layer=RunningNorm), RunningNorm)
    trainer = GAIL(
        demonstrations=demonstrated(demonstrations),
        demo_batch_size=128,
        gen_replay_buffer_capacity=4096,
        n_disc_updates_per_round=8,
        venv=envs,
        gen_algo=learner,
        reward_net=reward,
        allow_variable_horizon=True,
        custom_logger=configure(folder=None, format_strs=[]),
    )
    clock.since = time.perf_counter()
    trainer.train(request["budget"], callback=lambda _: clock.look(learner, learner.num_timesteps))
    clock.stop()
    return learner


def trpo(request, demonstrations, clock):
    """TRPO of sb3-contrib on the true reward."""

    class Looks(BaseCallback):
        def _on_step(self):
            return True

        def _on_rollout_end(self):
            clock.look(self.model, self.num_timesteps)

    learner = TRPO("MlpPolicy", vector(ENVIRONMENTS, request["seed"]), seed=request["seed"], device="cpu")
    clock.since = time.perf_counter()
    learner.learn(request["budget"], callback=Looks())
    clock.stop()
    return learner


def main(request, demonstrations, target):
    """Train, play, write."""
    torch.set_num_threads(1)
    clock = Clock(request["every"], request["seed"])
    learner = {"gail": gail, "trpo": trpo}[request["peer"]](request, demonstrations, clock)
    envs = vector(10, request["seed"] + 20_000)
    result = {
        "env_steps": learner.num_timesteps,
        "seconds": clock.seconds,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "looks": clock.looks,
        "deterministic": [float(one) for one in played(learner, envs, 50, deterministic=True)],
        "stochastic": [float(one) for one in played(learner, envs, 50, deterministic=False)],
    }
    with open(target, "w") as file:
        json.dump(result, file)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), *sys.argv[2:])
