"""Training: determinism, checkpoints, and resuming from them."""

from dataclasses import astuple, replace

import numpy as np
import pytest
import torch

from gail.approx.cloning import CloningSettings, clone
from gail.approx.cost_players.discriminator import neural_costs
from gail.approx.cost_players.gail import Gail
from gail.approx.cost_players.linear_costs import feature_costs, l2_ball, simplex
from gail.approx.cost_players.reward_forms import DIFFERENCE
from gail.approx.cost_players.settled_fit import DiscriminatorSettings
from gail.approx.demonstrations import Demonstrations, InvalidDemonstrations, Provenance
from gail.approx.evaluation import play_episodes, uniformly_random
from gail.approx.policies.policy import PolicySettings
from gail.approx.policy_players.critic import CriticSettings
from gail.approx.policy_players.trpo import Trpo
from gail.approx.training.absorbing_states import AbsorbingEpisodes, idle_when_absorbed, with_absorbing_steps
from gail.approx.training.imitation import imitation_against, reinforcement, train_imitator
from gail.approx.training.refinement import Refinement
from gail.approx.training.training import InvalidCheckpoint, TrainingFailed, TrainingSettings
from gail.envs import make_vector
from gail.exact.regularizers import Logistic

SETTINGS = TrainingSettings(
    env_steps=64 * 6 + 10,
    batch_size=64,
    checkpoint_every=2,
    policy=Trpo(network=PolicySettings((32, 32)), critic=CriticSettings((32, 32), minibatch=20)),
)
GAIL = Gail(DiscriminatorSettings((32, 32), gradient_penalty=1.0))


def hopper(copies):
    return lambda entropy: make_vector("Hopper-v5", copies, entropy)


@pytest.fixture(scope="module")
def demonstrations():
    envs = make_vector("Hopper-v5", 3, 0)
    episodes = play_episodes(uniformly_random(envs, 0), envs)
    envs.close()
    return Demonstrations(episodes, Provenance("Hopper-v5", "uniformly random"))


KINDS = ("gail", "fem", "gtal", "gail-spectral", "gail-warm", "gtal-warm", "fem-absorbing", "reinforcement")


def start_kind(kind, demonstrations, seed=0, settings=SETTINGS, copies=2):
    """Start a training of one of `KINDS`."""
    if kind == "reinforcement":
        return reinforcement(hopper(copies), settings, seed)
    if kind == "gail":
        return imitation_against(GAIL, hopper(copies), demonstrations, settings, seed)
    algorithm, _, variant = kind.partition("-")
    classes = {"fem": feature_costs(l2_ball, 1), "gtal": feature_costs(simplex, -1)}
    spectral = replace(GAIL.discriminator, spectral_norm=variant == "spectral")
    against = classes.get(algorithm) or neural_costs(Logistic(), spectral, DIFFERENCE)
    envs = hopper(copies)
    if variant == "absorbing":
        against, demonstrations = idle_when_absorbed(against), with_absorbing_steps(demonstrations, 200)
        envs = lambda entropy: AbsorbingEpisodes(make_vector("Hopper-v5", copies, entropy), 200)  # noqa: E731
    warm = CloningSettings(max_epochs=3) if variant == "warm" else None
    return imitation_against(against, envs, demonstrations, settings, seed, warm_start=warm)


@pytest.fixture(params=["imitation", "reinforcement"])
def start(request, demonstrations):
    """Start a training: start(seed, settings, copies)."""
    kind = "gail" if request.param == "imitation" else request.param
    return lambda seed=0, settings=SETTINGS, copies=2: start_kind(kind, demonstrations, seed, settings, copies)


@pytest.fixture(params=KINDS)
def start_any(request, demonstrations):
    """Start a training; the fixture runs over all `KINDS`."""
    return lambda seed=0, settings=SETTINGS, copies=2: start_kind(request.param, demonstrations, seed, settings, copies)


def metrics(report):
    """Everything that a round reports except its wall time."""
    t = report.batch.trajectories
    arrays = (t.observations, t.actions, t.rewards, t.lengths, report.batch.episode_returns)
    cost = None if report.cost is None else astuple(report.cost)
    return cost, astuple(report.policy), [array.tobytes() for array in arrays]


def run(training, rounds=None):
    collected = []
    while not training.finished and (rounds is None or len(collected) < rounds):
        collected.append(metrics(training.step()))
    return collected


def tensors(state):
    """All tensors of a nested state, in order."""
    if isinstance(state, torch.Tensor):
        return [state]
    if isinstance(state, dict):
        return [tensor for key in sorted(state, key=str) for tensor in tensors(state[key])]
    if isinstance(state, list):
        return [tensor for item in state for tensor in tensors(item)]
    return []


def assert_same_parameters(one, two):
    for part in ("player", "cost_player"):
        pairs = list(zip(*(tensors(getattr(t, part).state_dict()) for t in (one, two)), strict=True))
        assert all(torch.equal(a, b) for a, b in pairs)
    assert len(tensors(one.player.state_dict())) > 10


def test_the_seed_decides_everything(start, untouched_random_state):
    first, same, other = (start(seed) for seed in (0, 0, 1))
    runs = [run(training) for training in (first, same, other)]
    assert len(runs[0]) == 6
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[2][0]
    assert_same_parameters(first, same)


# With one copy and layers of odd width, rounding of matrix products may depend on memory alignment.
@pytest.mark.parametrize(
    ("copies", "hidden", "whole_episodes"), [(2, (32, 32), False), (1, (33, 33), False), (2, (32, 32), True)]
)
def test_an_interrupted_run_goes_on_bit_for_bit(start_any, tmp_path, copies, hidden, whole_episodes):
    settings = replace(SETTINGS, policy=replace(SETTINGS.policy, network=PolicySettings(hidden)))
    if whole_episodes:
        settings = replace(settings, whole_episodes=True, env_steps=2_600)  # episodes of up to 200 steps
    whole = start_any(0, settings, copies)
    expected = run(whole, 6)

    interrupted = start_any(0, settings, copies)
    run(interrupted, 4)
    assert interrupted.at_checkpoint
    interrupted.save(tmp_path / "checkpoint")
    run(interrupted, 1)  # lost, because no checkpoint follows
    interrupted.close()

    resumed = start_any(0, settings, copies)
    resumed.load(tmp_path / "checkpoint")
    assert resumed.iteration == 4
    assert run(resumed, 2) == expected[4:]
    assert_same_parameters(whole, resumed)
    assert (whole.iteration, whole.env_steps) == (resumed.iteration, resumed.env_steps)


CAREFUL = Refinement(
    after_steps=64 * 3,  # halfway between two checkpoints
    batch_size=128,
    checkpoint_every=1,
    policy=replace(SETTINGS.policy, trust_region=replace(SETTINGS.policy.trust_region, max_kl=1e-4)),
)


def test_a_refinement_begins_at_the_next_checkpoint(start):
    training = start(settings=replace(SETTINGS, env_steps=64 * 9, refinement=CAREFUL))
    sizes, divergences = [], []
    while not training.finished:
        report = training.step()
        sizes.append(report.batch.trajectories.num_steps)
        divergences.append(report.policy.step.kl)
    assert [round(size / 64) for size in sizes] == [1, 1, 1, 1, 2, 2]  # a batch may hold a step or two more
    assert max(divergences[4:]) <= 1e-4 < max(divergences[:4])


@pytest.mark.parametrize("checkpoint", [2, 4, 5])
def test_a_refined_run_goes_on_bit_for_bit(start, tmp_path, checkpoint):
    settings = replace(SETTINGS, env_steps=64 * 8, refinement=CAREFUL)
    whole = start(settings=settings)
    expected = run(whole)
    interrupted = start(settings=settings)
    run(interrupted, checkpoint)
    interrupted.save(tmp_path / "checkpoint")
    interrupted.close()
    resumed = start(settings=settings)
    resumed.load(tmp_path / "checkpoint")
    assert run(resumed) == expected[checkpoint:]
    assert_same_parameters(whole, resumed)


def test_without_a_refinement_settings_never_change():
    assert SETTINGS.at(10**9) is SETTINGS


def test_a_training_can_be_wound_back(start, tmp_path):
    training = start()
    training.save(tmp_path / "checkpoint")  # saving is also allowed before the first round
    expected = run(training, 3)
    training.load(tmp_path / "checkpoint")
    assert run(training, 3) == expected
    training.close()


def test_rounds_end_with_the_budget(start):
    training = start(settings=replace(SETTINGS, env_steps=64 * 3 - 1))
    assert len(run(training)) == 2
    assert training.finished
    assert training.at_checkpoint
    assert 128 <= training.env_steps <= 130  # whole rounds of both copies


def test_no_budget_no_rounds(start):
    assert start(settings=replace(SETTINGS, env_steps=63)).finished


def test_saving_between_checkpoints_is_refused(start, tmp_path):
    training = start()
    run(training, 1)
    with pytest.raises(RuntimeError, match="iteration 1 is no checkpoint: save at multiples of 2"):
        training.save(tmp_path / "checkpoint")
    assert list(tmp_path.iterdir()) == []
    training.close()


def test_environments_are_seeded_by_seed_and_iteration(demonstrations):
    asked = []

    def make(entropy):
        asked.append(tuple(entropy))
        return make_vector("Hopper-v5", 2, entropy)

    run(reinforcement(make, SETTINGS, 7))
    assert asked == [(7, 0), (7, 0), (7, 2), (7, 4)]  # the first one is made only to read its spaces


def test_environments_are_closed():
    closed = []

    def make(entropy):
        envs = make_vector("Hopper-v5", 2, entropy)
        close = envs.close
        envs.close = lambda: (closed.append(entropy), close())
        return envs

    run(reinforcement(make, SETTINGS, 0))
    assert len(closed) == 4


# Damaged checkpoints, and checkpoints of other trainings


@pytest.fixture
def checkpoint(start, tmp_path):
    training = start()
    run(training, 2)
    training.save(tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


def refused(training, path, message):
    with pytest.raises(InvalidCheckpoint, match=message) as caught:
        training.load(path)
    assert str(path) in str(caught.value)


def test_a_missing_checkpoint(start, tmp_path):
    refused(start(), tmp_path / "nowhere", "there is no such checkpoint")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_checkpoint(start, checkpoint, share):
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: int(share * len(content))])
    refused(start(), checkpoint, "not a readable checkpoint")


def test_random_bytes(start, tmp_path):
    (tmp_path / "file").write_bytes(np.random.default_rng(0).bytes(500))
    refused(start(), tmp_path / "file", "not a readable checkpoint")


def test_a_folder(start, tmp_path):
    refused(start(), tmp_path, "not a readable checkpoint")


@pytest.mark.parametrize("content", [{"seed": 0, "iteration": 3}, [1, 2], torch.zeros(3), 5])
def test_another_file_of_torch(start, tmp_path, content):
    torch.save(content, tmp_path / "file")
    refused(start(), tmp_path / "file", "not a checkpoint, it has no .*generator")


def test_objects_are_not_unpickled(start, tmp_path):
    torch.save({"seed": SETTINGS}, tmp_path / "file")
    refused(start(), tmp_path / "file", "not a readable checkpoint")


def test_another_seed(start, checkpoint):
    refused(start(1), checkpoint, "belongs to seed 0, this run has seed 1")


def test_another_version(start, checkpoint):
    state = torch.load(checkpoint, weights_only=True)
    torch.save({**state, "format": "gail-checkpoint-0"}, checkpoint)
    refused(start(), checkpoint, "'gail-checkpoint-0', written by another version")


def test_another_architecture(start, checkpoint):
    smaller = replace(SETTINGS, policy=replace(SETTINGS.policy, network=PolicySettings((16,))))
    refused(start(settings=smaller), checkpoint, "does not fit this run's configuration")


@pytest.mark.parametrize("part", ["player", "cost_player", "generator"])
def test_parts_of_a_wrong_kind(start, checkpoint, part):
    state = torch.load(checkpoint, weights_only=True)
    torch.save({**state, part: [1, 2, 3]}, checkpoint)
    refused(start(), checkpoint, "does not fit this run's configuration")


def test_a_checkpoint_of_the_other_kind_of_training(demonstrations, tmp_path):
    makers = (
        lambda: imitation_against(GAIL, hopper(2), demonstrations, SETTINGS, 0),
        lambda: reinforcement(hopper(2), SETTINGS, 0),
    )
    for one, other in (makers, makers[::-1]):
        one().save(tmp_path / "checkpoint")
        refused(other(), tmp_path / "checkpoint", "does not fit this run's configuration")


# Imitation


def test_demonstrations_are_checked_first(demonstrations):
    wide = replace(demonstrations.trajectories, actions=np.zeros((demonstrations.trajectories.num_steps, 4)))
    with pytest.raises(InvalidDemonstrations, match=r"\(steps, 3\) is needed"):
        imitation_against(GAIL, hopper(2), replace(demonstrations, trajectories=wide), SETTINGS, 0)


def test_actions_outside_the_bounds_are_trained_on_as_the_environment_would_execute_them(demonstrations):
    batch = demonstrations.trajectories
    outside = replace(demonstrations, trajectories=replace(batch, actions=np.full((batch.num_steps, 3), 5.1)))
    clipped = replace(demonstrations, trajectories=replace(batch, actions=np.ones((batch.num_steps, 3))))
    trained = [imitation_against(GAIL, hopper(2), recorded, SETTINGS, 0) for recorded in (outside, clipped)]
    for training in trained:
        training.step()
    assert_same_parameters(*trained)


def test_the_learner_starts_with_the_experts_standardization(demonstrations):
    training = imitation_against(GAIL, hopper(2), demonstrations, SETTINGS, 0)
    np.testing.assert_allclose(
        training.policy.moments.mean, demonstrations.trajectories.observations.mean(0), rtol=1e-9
    )


def test_a_warm_start_is_the_cloned_network_with_a_new_policys_width(demonstrations):
    warm, cold = (start_kind(kind, demonstrations).policy for kind in ("gail-warm", "gail"))
    fitted = clone(demonstrations, warm.spec, CloningSettings(max_epochs=3), 0, SETTINGS.policy.network).policy
    observations = demonstrations.trajectories.observations
    np.testing.assert_array_equal(warm.act_deterministically(observations), fitted.act_deterministically(observations))
    assert torch.equal(warm.head.log_std, cold.head.log_std)
    assert not np.array_equal(warm.act_deterministically(observations), cold.act_deterministically(observations))


class Poisoned:
    """A cost player whose costs are not finite from the third batch on."""

    def __init__(self):
        self.batches = 0

    def update(self, batch, policy, generator):
        self.batches += 1

    def costs(self, batch):
        costs = np.zeros(batch.num_steps)
        costs[7] = np.nan if self.batches == 3 else 1.0
        return costs

    def state_dict(self):
        return {"batches": self.batches}

    def load_state_dict(self, state):
        self.batches = state["batches"]


def test_numbers_that_are_none_stop_the_training_and_leave_its_checkpoint(demonstrations, tmp_path):
    training = imitation_against(lambda *_: Poisoned(), hopper(2), demonstrations, SETTINGS, 0)
    run(training, 2)
    training.save(tmp_path / "checkpoint")
    saved = (tmp_path / "checkpoint").read_bytes()
    with pytest.raises(TrainingFailed, match=r"iteration 3: the cost is nan at \[7\]"):
        training.step()
    assert (tmp_path / "checkpoint").read_bytes() == saved
    training.load(tmp_path / "checkpoint")
    assert training.iteration == 2


def test_an_environment_without_finite_rewards_is_named(counting_env):
    class Broken(counting_env):
        reward = staticmethod(lambda copy, episode, time: np.inf if episode == 3 else 1.0)

    training = reinforcement(lambda entropy: Broken([[(20, "terminated")]] * 2), SETTINGS, 0)
    with pytest.raises(TrainingFailed, match=r"iteration 2: rewards\[\d+\] is inf \(step 0 of trajectory"):
        run(training)


@pytest.mark.parametrize("broken", ["critic", "policy"])
def test_networks_that_are_not_finite_are_named(demonstrations, broken):
    huge = CriticSettings((32, 32), learning_rate=1e38, minibatch=20)
    settings = replace(SETTINGS, policy=replace(SETTINGS.policy, critic=huge)) if broken == "critic" else SETTINGS
    training = reinforcement(hopper(2), settings, 0)
    if broken == "policy":
        with torch.no_grad():
            training.policy.network[0].weight[0, 0] = torch.nan
    message = "iteration 1: the critic's" if broken == "critic" else "iteration 1: actions"
    with pytest.raises(TrainingFailed, match=message):
        run(training)


def test_train_imitator_tells_of_every_round(demonstrations):
    told = []
    training = train_imitator(
        GAIL, hopper(2), demonstrations, SETTINGS, 0, lambda t, report: told.append((t, t.iteration))
    )
    assert [iteration for _, iteration in told] == [1, 2, 3, 4, 5, 6]
    assert all(t is training for t, _ in told)
    again = imitation_against(GAIL, hopper(2), demonstrations, SETTINGS, 0)
    run(again)
    assert_same_parameters(training, again)
