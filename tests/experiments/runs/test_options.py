"""`gail train`: the config that results from the command line, a file and a preset."""

import json
from dataclasses import replace

import pytest

from gail.approx import RewardForm
from gail.envs.tasks import TASKS
from gail.experiments.errors import InvalidRequest
from gail.experiments.runs.algorithms import COST_PLAYERS
from gail.experiments.runs.config import structured, unstructured
from gail.experiments.runs.options import FIELDS, check_config, configured
from gail.experiments.runs.recipes.imitation import imitation_recipe, plain_recipe
from gail.experiments.runs.recipes.paper import paper_recipe
from gail.experiments.runs.run import Run


def test_what_is_printed_is_the_whole_config_and_is_read_back(gail, tmp_path):
    status, out, _ = gail(
        "train", "Hopper-v5", "--algo", "fem", "--seed", "3", "--entropy-weight", "0.5", "--print-config"
    )
    assert status == 0
    recipe = imitation_recipe("Hopper-v5", "fem")
    training = recipe.learner.training
    training = replace(training, policy=replace(training.policy, entropy_weight=0.5))
    expected = replace(recipe, seed=3, learner=replace(recipe.learner, training=training))
    assert structured(json.loads(out)) == expected
    assert json.loads(out) == json.loads(json.dumps(unstructured(expected)))  # every field is printed
    (tmp_path / "config.json").write_text(out)
    assert gail("train", "Hopper-v5", "--config", "config.json", "--print-config")[1] == out
    assert not (tmp_path / "runs").exists()


def test_files_assignments_and_options_count_in_this_order(tmp_path):
    file = tmp_path / "some.toml"
    file.write_text(
        'seed = 5\n[learner.cost]\nplayer = "gtal"\n[learner.training]\nbatch_size = 7\n'
        "[learner.training.policy]\ndiscount = 0.5\nmixing = 0.5\n"
    )
    words = ("learner.training.policy.discount=0.25", "learner.training.policy.network.hidden=[3, 4]", "seed=6")
    config = configured("Hopper-v5", None, "default", file, words, {"absorbing": True, "envs": 3})
    policy = config.learner.training.policy
    assert (config.seed, config.name, config.learner.training.batch_size) == (6, "gtal", 7)
    assert (policy.discount, policy.mixing, policy.network.hidden) == (0.25, 0.5, (3, 4))
    assert (config.learner.absorbing, config.learner.simulator.num_envs) == (True, 3)
    assert configured("Hopper-v5", "fem", "default", file).name == "fem"
    assert configured("Hopper-v5", assignments=("learner.kind=cloning",)).name == "bc"


def has_field(table, parts):
    return parts[0] in table and (len(parts) == 1 or has_field(table[parts[0]], parts[1:]))


def test_every_named_option_is_a_field_of_some_algorithm():
    known = [unstructured(imitation_recipe("Hopper-v5", kind.name)) for kind in COST_PLAYERS]
    for path in FIELDS.values():
        assert any(has_field(values, path.split(".")) for values in known), path


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.paper_batch])
def test_the_papers_preset_has_the_budget_of_its_table(name):
    config = configured(name, None, "paper")
    check_config(config)
    task, training, cost = TASKS[name], config.learner.training, config.learner.cost
    assert training.env_steps == task.paper_iterations * task.paper_batch
    assert training.batch_size == task.paper_batch
    assert (config.demonstrations.count, config.demonstrations.stride) == (task.dataset_sizes[0], task.subsample)
    arrives = name in ("Acrobot-v1", "MountainCar-v0")
    assert cost.reward is (RewardForm.ARRIVAL if arrives else RewardForm.SURVIVAL)
    assert (cost.discriminator.steps, cost.discriminator.gradient_penalty) == (1, 0.0)
    assert training.whole_episodes
    assert not training.policy.bootstrap_at_time_limit
    assert training.policy.critic_mixing == 1.0


def test_the_papers_gaussian_has_width_one_in_the_units_of_the_action():
    widths = [paper_recipe(task).learner.training.policy.network.initial_std for task in ("Humanoid-v5", "Ant-v5")]
    assert [widths[0] * 0.4, widths[1]] == pytest.approx([1.0, 1.0])


def test_a_setting_of_another_task_is_refused():
    with pytest.raises(InvalidRequest, match="is of the task Ant-v5, not of Hopper-v5"):
        configured("Hopper-v5", assignments=("task=Ant-v5",))


def setting(assignment, *needles, task="Hopper-v5"):
    return (task, "--set", assignment), needles


REFUSED = {
    "an anneal_to beyond one": setting("learner.training.anneal_to=1.5", "anneal_to", "1.5"),
    "a critic without memory": setting("learner.training.policy.critic.memory=0", "memory", "0"),
    "a task that is not the paper's": (
        ("HumanoidStandup-v5", "--preset", "paper"),
        ("HumanoidStandup-v5", "Hopper-v5"),
    ),
    "an unknown field": setting("learner.training.gamma=1", "learner.training has no field 'gamma'", "batch_size"),
    "a field of another algorithm": (
        ("Hopper-v5", "--algo", "fem", "--set", "learner.cost.discriminator.steps=1"),
        ("learner.cost has no field 'discriminator'", "reward"),
    ),
    "no value": setting("seed", "NAME=VALUE"),
    "a fraction for a number of steps": setting(
        "learner.training.batch_size=1.5", "learner.training.batch_size", "int"
    ),
    "a word for a truth value": setting("learner.absorbing=false?", "absorbing", "bool"),
    "a truth value for a number": setting("seed=true", "seed", "int"),
    "a number for a table": setting("learner.training=3", "learner.training", "table"),
    "an unknown algorithm": setting("learner.cost.player=vail", "vail", "gail, fem, gtal"),
    "an unknown algorithm by name": (("Hopper-v5", "--algo", "vail"), ("vail", "gail, fem, gtal")),
    "an unknown reward form": (("Hopper-v5", "--reward-form", "log"), ("log", "survival, arrival, difference")),
    "another task": setting("task=Ant-v5", "Ant-v5", "Hopper-v5"),
    "reinforcement learning": setting("learner.kind=reinforcement", "gail expert"),
    "a missing file": (("Hopper-v5", "--config", "nowhere.json"), ("nowhere.json",)),
    "options that do nothing": (("Hopper-v5", "--algo", "fem", "--spectral-norm"), ("--spectral-norm", "fem")),
    "controls of cloning": (("Hopper-v5", "--algo", "bc", "--control"), ("--control", "bc")),
    "controls of controls": (("Hopper-v5", "--control", "--set", "demonstrations.shuffled=true"), ("shuffled",)),
    "controls of a constant": (("Hopper-v5", "--control", "--algo", "constant"), ("constant",)),
    "a constant without a sign": (("HalfCheetah-v5", "--algo", "constant"), ("difference", "no sign")),
    "steps of no controls": (("Hopper-v5", "--control-steps", "5000"), ("--control-steps 5000", "--control")),
    "no environment steps": (("Hopper-v5", "--control", "--control-steps", "0"), ("env_steps", "0")),
    "a discount beyond one": setting("learner.training.policy.discount=1.1", "discount", "1.1"),
    "an infinite weight": (("Hopper-v5", "--entropy-weight", "inf"), ("entropy_weight", "inf")),
    "less than a batch": (("Hopper-v5", "--steps", "1000"), ("env_steps", "1,000", "2,048")),
    "controls of less than a batch": (
        ("Hopper-v5", "--control", "--control-steps", "9"),
        ("controls.env_steps", "2,048"),
    ),
    "two numbers of demonstrations": (("Hopper-v5", "--demos", "4", "--trajectories", "3"), ("--demos 4", "3")),
    "absorbing states of cloning": (("Hopper-v5", "--algo", "bc", "--absorbing"), ("absorbing", "bc")),
    "steps of cloning": (("Hopper-v5", "--algo", "bc", "--steps", "5000"), ("--steps 5000", "bc")),
    "an empty layer": setting("learner.training.policy.network.hidden=[64, 0]", "policy.network: hidden", "0"),
    "a line search of no length": setting("learner.training.policy.trust_region.backtracks=-1", "backtracks"),
    "no epoch": (("Hopper-v5", "--algo", "bc", "--set", "learner.fit.max_epochs=0"), ("max_epochs", "0")),
    "no learning rate": setting("learner.cost.discriminator.learning_rate=0", "learning_rate", "0"),
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
    seven, plain = map(json.loads, shown)
    assert seven == {**plain, "demonstrations": {**plain["demonstrations"], "count": 7}}


def test_a_file_of_demonstrations_is_found_from_any_folder(gail, tmp_path):
    shown = json.loads(gail("train", "Hopper-v5", "--demos", "some.npz", "--print-config")[1])
    assert shown["demonstrations"]["file"] == str(tmp_path / "some.npz")


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
        configured("Hopper-v5", None, "default", tmp_path / name)


def test_fields_with_defaults_may_be_missing():
    values = unstructured(plain_recipe("Hopper-v5"))
    for table, names in (
        (values["learner"], ("warm_start", "absorbing", "controls")),
        (values["learner"]["training"], ("whole_episodes", "anneal_to", "refinement")),
        (values["learner"]["training"]["policy"]["critic"], ("memory",)),
        (values["learner"]["cost"]["discriminator"], ("entropy_bonus", "spectral_norm")),
    ):
        for name in names:
            del table[name]
    assert structured(values) == plain_recipe("Hopper-v5")


def test_an_interrupted_clone_is_begun_again_to_the_same_policy(gail, tmp_path):
    words = ("--set", "learner.fit.max_epochs=4")
    assert gail("train", "Hopper-v5", "--algo", "bc", *words, "--out", "run")[0] == 0
    policy = tmp_path / "run" / "policy.safetensors"
    before = policy.read_bytes()
    for name in ("policy.safetensors", "result.json"):
        (tmp_path / "run" / name).unlink()  # as if the process had been killed before it wrote these files
    assert gail("resume", "run")[0] == 0
    assert policy.read_bytes() == before
    assert "behavioural cloning, same data" in json.loads((tmp_path / "run" / "result.json").read_text())


@pytest.mark.parametrize("algorithm", ["fem", "gtal"])
def test_feature_matching_is_trained_evaluated_and_reported(gail, tmp_path, algorithm):
    words = ("--algo", algorithm, "--steps", "300", "--set", "learner.training.batch_size=100", "--threads", "1")
    status, _, err = gail("train", "CartPole-v1", *words, "--warm-start", "bc", "--out", "run")
    assert status == 0, err
    assert algorithm.upper() in json.loads((tmp_path / "run" / "result.json").read_text())
    assert f"{algorithm} on CartPole-v1" in (tmp_path / "run" / "report.html").read_text()


def test_assignments_add_up_and_other_options_may_not_be_repeated(gail):
    words = ("--set", "learner.cost.discriminator.steps=20", "--set", "seed=3")
    config = json.loads(gail("train", "CartPole-v1", *words, "--print-config")[1])
    assert (config["learner"]["cost"]["discriminator"]["steps"], config["seed"]) == (20, 3)
    status, _, error = gail("train", "CartPole-v1", "--steps", "4000", "--steps=8000")
    assert status == 2
    assert "--steps is given twice, and only the last would count" in error
    assert gail("verify", "--mdp", "chain", "--mdp", "graph")[0] == 2
