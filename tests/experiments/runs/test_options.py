"""`gail train`: what a command line, a file and a preset make of a config."""

import json
from dataclasses import asdict, replace

import pytest

from gail.envs.tasks import TASKS
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.config import structure_config
from gail.experiments.runs.options import PlayerOptions, check_config, configured
from gail.experiments.runs.paper_recipes import paper_recipe
from gail.experiments.runs.recipes import imitation_recipe, plain_recipe
from gail.experiments.runs.run import Run

NOTHING = PlayerOptions()


def test_what_is_printed_is_the_whole_config_and_is_read_back(gail, tmp_path):
    status, out, _ = gail(
        "train", "Hopper-v5", "--algo", "fem", "--seed", "3", "--entropy-weight", "0.5", "--print-config"
    )
    assert status == 0
    recipe = imitation_recipe("Hopper-v5")
    player = replace(recipe.training.player, entropy_weight=0.5)
    expected = replace(recipe, algorithm="fem", seed=3, training=replace(recipe.training, player=player))
    assert structure_config(json.loads(out)) == expected
    assert json.loads(out) == json.loads(json.dumps(asdict(expected)))  # no field is left out
    (tmp_path / "config.json").write_text(out)
    assert gail("train", "Hopper-v5", "--config", "config.json", "--print-config")[1] == out
    assert not (tmp_path / "runs").exists()


def test_files_assignments_and_options_count_in_this_order(tmp_path):
    file = tmp_path / "some.toml"
    file.write_text(
        'seed = 5\nalgorithm = "gtal"\n[training]\nbatch_size = 7\n[training.player]\ndiscount = 0.5\nmixing = 0.5\n'
    )
    words = ("training.player.discount=0.25", "training.policy.hidden=[3, 4]", "warm_start=bc")
    config = configured("Hopper-v5", None, "default", file, words, PlayerOptions(warm_start="none", absorbing=True))
    assert (config.seed, config.algorithm, config.training.batch_size) == (5, "gtal", 7)
    assert (config.training.player.discount, config.training.player.mixing) == (0.25, 0.5)
    assert config.training.policy.hidden == (3, 4)
    assert (config.warm_start, config.absorbing) == ("none", True)
    assert configured("Hopper-v5", "fem", "default", file, (), NOTHING).algorithm == "fem"


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.paper_batch])
def test_the_papers_preset_has_the_budget_of_its_table(name):
    config = configured(name, None, "paper", None, (), NOTHING)
    check_config(config)
    task, training = TASKS[name], config.training
    assert training.env_steps == task.paper_iterations * task.paper_batch
    assert training.batch_size == task.paper_batch
    assert (config.num_demonstrations, config.demonstration_stride) == (task.dataset_sizes[0], task.subsample)
    assert config.reward_form == ("arrival" if name in ("Acrobot-v1", "MountainCar-v0") else "survival")
    assert (training.discriminator.steps, training.discriminator.gradient_penalty) == (1, 0.0)
    assert training.whole_episodes
    assert not training.player.bootstrap_at_time_limit
    assert training.player.critic_mixing == 1.0


def test_the_papers_gaussian_has_width_one_in_the_units_of_the_action():
    assert paper_recipe("Humanoid-v5").training.policy.initial_std * 0.4 == pytest.approx(1.0)
    assert paper_recipe("Ant-v5").training.policy.initial_std == 1.0


REFUSED = {
    "an anneal_to beyond one": (("Hopper-v5", "--set", "training.anneal_to=1.5"), ("anneal_to", "1.5")),
    "a critic without memory": (
        ("Hopper-v5", "--set", "training.player.critic.memory=0"),
        ("memory", "0"),
    ),
    "a task that is not the paper's": (
        ("HumanoidStandup-v5", "--preset", "paper"),
        ("HumanoidStandup-v5", "Hopper-v5"),
    ),
    "an unknown field": (("Hopper-v5", "--set", "training.gamma=1"), ("training.gamma", "batch_size")),
    "no value": (("Hopper-v5", "--set", "seed"), ("NAME=VALUE",)),
    "a fraction for a number of steps": (
        ("Hopper-v5", "--set", "training.batch_size=1.5"),
        ("training.batch_size", "int"),
    ),
    "a word for a truth value": (("Hopper-v5", "--set", "absorbing=false?"), ("absorbing", "bool")),
    "a truth value for a number": (("Hopper-v5", "--set", "seed=true"), ("seed", "int")),
    "a number for a table": (("Hopper-v5", "--set", "training=3"), ("table",)),
    "an unknown algorithm": (("Hopper-v5", "--set", "algorithm=airl"), ("algorithm",)),
    "another task": (("Hopper-v5", "--set", "task=Ant-v5"), ("Ant-v5", "Hopper-v5")),
    "reinforcement learning": (("Hopper-v5", "--set", "algorithm=trpo"), ("gail expert",)),
    "a missing file": (("Hopper-v5", "--config", "nowhere.json"), ("nowhere.json",)),
    "options that do nothing": (("Hopper-v5", "--algo", "fem", "--spectral-norm"), ("--spectral-norm", "fem")),
    "controls of cloning": (("Hopper-v5", "--algo", "bc", "--control"), ("--control", "bc")),
    "controls of controls": (("Hopper-v5", "--control", "--set", "control=shuffled"), ("shuffled",)),
    "no environment steps": (("Hopper-v5", "--control-steps", "0"), ("control_steps", "0")),
    "a discount beyond one": (("Hopper-v5", "--set", "training.player.discount=1.1"), ("discount", "1.1")),
    "an infinite weight": (("Hopper-v5", "--entropy-weight", "inf"), ("entropy_weight", "inf")),
    "less than a batch": (("Hopper-v5", "--steps", "1000"), ("env_steps", "1,000", "2,048")),
    "controls of less than a batch": (("Hopper-v5", "--control", "--control-steps", "9"), ("control_steps", "2,048")),
    "two numbers of demonstrations": (("Hopper-v5", "--demos", "4", "--trajectories", "3"), ("--demos 4", "3")),
    "absorbing states of cloning": (("Hopper-v5", "--algo", "bc", "--set", "absorbing=true"), ("absorbing", "bc")),
    "steps of cloning": (("Hopper-v5", "--algo", "bc", "--steps", "5000"), ("--steps 5000", "bc")),
    "an empty layer": (("Hopper-v5", "--set", "training.policy.hidden=[64, 0]"), ("policy.hidden", "0")),
    "a line search of no length": (
        ("Hopper-v5", "--set", "training.player.trust_region.backtracks=-1"),
        ("backtracks",),
    ),
    "no epoch": (("Hopper-v5", "--set", "cloning.max_epochs=0"), ("max_epochs", "0")),
    "no learning rate": (("Hopper-v5", "--set", "training.discriminator.learning_rate=0"), ("learning_rate", "0")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused_before_work_starts(gail, tmp_path, case):
    words, needles = REFUSED[case]
    status, _, err = gail("train", *words)
    assert status == 2
    assert "Traceback" not in err
    for needle in needles:
        assert needle in err
    assert not (tmp_path / "runs").exists()


def test_a_number_of_demonstrations_is_of_the_shipped_ones(gail):
    shown = [gail("train", "Hopper-v5", *words, "--print-config")[1] for words in (("--demos", "7"), ())]
    assert json.loads(shown[0]) == {**json.loads(shown[1]), "num_demonstrations": 7}


def test_a_file_of_demonstrations_is_found_from_any_folder(gail, tmp_path):
    shown = json.loads(gail("train", "Hopper-v5", "--demos", "some.npz", "--print-config")[1])
    assert shown["demonstrations"] == str(tmp_path / "some.npz")


def test_a_file_in_the_place_of_the_run_is_refused_at_once(gail, tmp_path):
    (tmp_path / "taken").write_text("")
    status, _, err = gail("train", "Hopper-v5", "--out", "taken")
    assert (status, "taken is a file" in err) == (2, True)


def test_a_run_without_a_policy_cannot_be_evaluated_yet(gail, tmp_path):
    Run.create(tmp_path / "run", plain_recipe("Hopper-v5"))
    status, _, err = gail("evaluate", "run")
    assert (status, "gail resume run" in err) == (2, True)


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", "[1, 2]"), ("a.json", "seed = 3"), ("a.toml", "{"), ("a.json", '{"seed": "x"}')]
)
def test_files_that_are_no_config_are_named(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidRequest, match=name):
        configured("Hopper-v5", None, "default", tmp_path / name, (), NOTHING)


def test_the_old_config_of_an_expert_still_opens():
    """Fields that came later have defaults."""
    later = {"reward_form", "warm_start", "absorbing", "control", "controls", "control_steps"}
    values = asdict(replace(plain_recipe("Hopper-v5"), algorithm="trpo"))
    for table, names in (
        (values, later),
        (values["training"], {"whole_episodes", "anneal_to"}),
        (values["training"]["player"]["critic"], {"memory"}),
        (values["training"]["player"], {"critic_mixing", "bootstrap_at_time_limit"}),
        (values["training"]["discriminator"], {"entropy_bonus", "spectral_norm"}),
    ):
        for name in names:
            del table[name]
    assert structure_config(values) == replace(plain_recipe("Hopper-v5"), algorithm="trpo")


def test_an_interrupted_clone_is_begun_again_to_the_same_policy(gail, tmp_path):
    words = ("--set", "cloning.max_epochs=4")
    assert gail("train", "Hopper-v5", "--algo", "bc", *words, "--out", "run")[0] == 0
    policy = tmp_path / "run" / "policy.safetensors"
    before = policy.read_bytes()
    for name in ("policy.safetensors", "result.json"):
        (tmp_path / "run" / name).unlink()  # as if it had been killed before them
    assert gail("resume", "run")[0] == 0
    assert policy.read_bytes() == before
    assert "behavioural cloning, same data" in json.loads((tmp_path / "run" / "result.json").read_text())


@pytest.mark.parametrize("algorithm", ["fem", "gtal"])
def test_feature_matching_is_trained_evaluated_and_reported(gail, tmp_path, algorithm):
    words = ("--algo", algorithm, "--steps", "300", "--set", "training.batch_size=100", "--threads", "1")
    status, _, err = gail("train", "CartPole-v1", *words, "--warm-start", "bc", "--out", "run")
    assert status == 0, err
    assert algorithm.upper() in json.loads((tmp_path / "run" / "result.json").read_text())
    assert f"{algorithm} on CartPole-v1" in (tmp_path / "run" / "report.html").read_text()
