"""The command line: every verb has a help text, and every user error gives one sentence and status 2."""

import csv
import errno
import json
from pathlib import Path

import numpy as np
import pytest

from gail.approx import Demonstrations, Provenance, Trajectories, save_npz
from gail.envs.data import shipped_file
from gail.exact import FiniteMDP, occupancy_of
from gail.experiments.cli import train

VERBS = ("verify", "train", "resume", "evaluate", "expert", "demos", "tasks", "demo", "bench", "compare")


def assert_refused(result, *needles: str) -> None:
    status, out, err = result
    assert status == 2, out + err
    assert "Traceback" not in err
    for needle in needles:
        assert needle in err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(gail, verb):
    status, out, _ = gail(verb, "--help")
    assert status == 0
    assert "(default:" in out or verb in ("resume", "demos", "bench")


def test_an_unknown_task_names_the_nearest(gail):
    assert_refused(gail("train", "Hoper-v5"), "Hoper-v5", "did you mean Hopper-v5")
    assert_refused(gail("expert", "Hopper-v9"), "Hopper-v9")


def test_a_task_without_shipped_demonstrations_says_how_to_make_some(gail):
    assert_refused(gail("train", "Pendulum-v1"), "gail expert Pendulum-v1")


@pytest.mark.parametrize(
    ("option", "value"), [("--steps", "0"), ("--envs", "-1"), ("--threads", "0"), ("--seed", "-3")]
)
def test_numbers_out_of_range_are_named(gail, option, value):
    assert_refused(gail("train", "Hopper-v5", option, value), option, value)


def test_too_many_demonstrations_are_refused_with_the_count(gail):
    assert_refused(gail("train", "Hopper-v5", "--trajectories", "5000"), "5000", "choose 1 to")


def hopper_like(**changes) -> Demonstrations:
    rng = np.random.default_rng(0)
    arrays = {
        "observations": rng.normal(size=(12, 11)),
        "actions": rng.uniform(-1, 1, size=(12, 3)),
        "rewards": None,
        "final_observations": rng.normal(size=(4, 11)),
        "lengths": np.full(4, 3),
        "terminated": np.zeros(4, bool),
        "truncated": np.ones(4, bool),
    }
    task = changes.pop("task", "Hopper-v5")
    return Demonstrations(Trajectories(**{**arrays, **changes}), Provenance(task, "made in a test"))


@pytest.mark.parametrize(
    ("changes", "needles"),
    [
        ({"task": "Walker2d-v5"}, ("Walker2d-v5", "Hopper-v5")),
        ({"actions": np.zeros((12, 2))}, ("(12, 2)", "(steps, 3)")),
        ({"actions": np.zeros(12, int)}, ("int64", "continuous")),
        ({"observations": np.zeros((12, 17)), "final_observations": np.zeros((4, 17))}, ("17", "11")),
    ],
)
def test_demonstrations_that_do_not_fit_are_refused_before_work_starts(gail, tmp_path, changes, needles):
    save_npz(hopper_like(**changes), tmp_path / "demos.npz")
    result = gail("train", "Hopper-v5", "--demos", "demos.npz", "--out", "run")
    assert_refused(result, *needles)
    assert not (tmp_path / "run").exists()


def test_a_file_of_ones_own_is_used_whole_unless_told_otherwise(gail, tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"observations": rng.normal(size=(12, 4)), "final_observations": rng.normal(size=(4, 4))}
    save_npz(hopper_like(task="CartPole-v1", actions=rng.integers(2, size=12), **arrays), tmp_path / "demos.npz")
    words = ("train", "CartPole-v1", "--algo", "bc", "--demos", "demos.npz")
    for folder, more, used in (("all", (), (None, 1)), ("some", ("--trajectories", "3", "--stride", "2"), (3, 2))):
        status, out, _ = gail(*words, *more, "--out", folder)
        assert status == 0, out
        config = json.loads((tmp_path / folder / "config.json").read_text())
        assert (config["demonstrations"]["count"], config["demonstrations"]["stride"]) == used
    assert_refused(gail(*words, "--stride", "0"), "--stride")


def test_a_demonstrations_file_with_nan_or_nothing_is_refused(gail, tmp_path):
    arrays = {
        "observations": np.full((2, 11), np.nan),
        "actions": np.zeros((2, 3)),
        "final_observations": np.zeros((1, 11)),
        "lengths": np.array([2]),
        "terminated": np.array([False]),
        "truncated": np.array([True]),
        "provenance": np.array(
            json.dumps(
                {
                    "format": "gail-demonstrations-1",
                    "task": "Hopper-v5",
                    "source": "",
                    "stride": 1,
                    "episode_returns": None,
                }
            )
        ),
    }
    np.savez(tmp_path / "nan.npz", **arrays)
    assert_refused(gail("train", "Hopper-v5", "--demos", "nan.npz"), "nan.npz", "observations[0, 0] is nan")
    np.savez(tmp_path / "empty.npz", **{**arrays, "observations": np.zeros((0, 11)), "actions": np.zeros((0, 3))})
    assert_refused(gail("train", "Hopper-v5", "--demos", "empty.npz"), "empty.npz", "empty")
    assert_refused(gail("train", "Hopper-v5", "--demos", "absent.npz"), "absent.npz", "no such file")


def chain(**changes):
    transitions = np.zeros((2, 2, 2))
    transitions[:, 0, 0] = transitions[:, 1, 1] = 1.0
    arrays = {"transitions": transitions, "initial": [1.0, 0.0], "discount": 0.9, "cost": [[0.0, 1.0], [1.0, 0.5]]}
    return {**arrays, **changes}


def with_row(row):
    transitions = chain()["transitions"]
    transitions[1, 0] = row
    return transitions


@pytest.mark.parametrize(
    ("changes", "needles"),
    [
        ({"transitions": with_row([0.5, 0.4])}, ("state 1", "action 0", "0.9")),
        ({"transitions": with_row([1.5, -0.5])}, ("state 1", "action 0", "-0.5")),
        ({"initial": [0.7, 0.7]}, ("1.4",)),
        ({"discount": 1.0}, ("discount",)),
        ({"cost": [[0.0, np.nan], [1.0, 0.5]]}, ("state 0", "action 1", "nan")),
        ({"expert_occupancy": np.full((2, 2), 2.5)}, ("state 0",)),
        ({"expert_occupancy": np.full((2, 2), 7.0)}, ("state",)),
    ],
)
def test_mdps_that_are_none_are_refused(gail, tmp_path, changes, needles):
    np.savez(tmp_path / "mdp.npz", **chain(**changes))
    assert_refused(gail("verify", "--mdp", "mdp.npz"), *needles)
    assert not (tmp_path / "runs").exists()


def test_a_users_mdp_is_verified_with_a_report(gail, tmp_path):
    np.savez(tmp_path / "mdp.npz", **chain())
    status, out, _ = gail("verify", "--mdp", "mdp.npz", "--out", "here")
    assert status == 0
    assert "FAILS" not in out
    assert "Proposition 3.2" in (tmp_path / "here" / "report.html").read_text()


@pytest.mark.parametrize(("text", "needles"), [("S.X\n...\n", ("X",)), ("S..\n..\n", ("row",)), ("...\n", ("start",))])
def test_maps_that_are_none_are_refused(gail, tmp_path, text, needles):
    (tmp_path / "map.txt").write_text(text)
    assert_refused(gail("verify", "--map", "map.txt"), *needles)


@pytest.mark.parametrize("weight", ["-1", "nan", "inf"])
def test_entropy_weights_that_make_no_sense_are_refused(gail, weight):
    assert_refused(gail("verify", "--entropy-weight", weight), "--entropy-weight")
    assert_refused(gail("verify", "--expert-entropy-weight", weight), "--expert-entropy-weight")


def test_without_entropy_the_two_routes_need_not_meet(gail):
    assert_refused(gail("verify", "--entropy-weight", "0"), "--entropy-weight")


def test_a_deterministic_expert_has_no_optimal_cost_and_the_table_says_so(gail, tmp_path):
    words = ("--mdp", "gridworld", "--statement", "prop-3.2-constant", "cor-3.2.1", "dual")
    status, out, _ = gail("verify", "--expert-entropy-weight", "0", *words)
    assert status == 0, out
    assert "no optimal cost exists" in (tmp_path / "runs" / "verify" / "report.html").read_text()


def test_evaluating_something_else_than_a_policy_is_refused(gail, tmp_path):
    (tmp_path / "file.safetensors").write_bytes(b"no tensors")
    assert_refused(gail("evaluate", "file.safetensors", "--task", "Hopper-v5"), "file.safetensors")
    assert_refused(gail("evaluate", "file.safetensors"), "file.safetensors", "not a readable")
    expert = str(shipped_file("Hopper-v5", "expert.safetensors"))
    assert_refused(gail("evaluate", expert), "does not name its task", "--task")
    (tmp_path / "folder").mkdir()
    assert_refused(gail("evaluate", "folder"), "folder", "config.json")
    assert_refused(gail("resume", "folder"), "folder", "config.json")


def test_an_episode_is_filmed_beside_the_evaluation(gail, tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    policy = str(shipped_file("Reacher-v5", "expert.safetensors"))
    status, out, _ = gail("evaluate", policy, "--task", "Reacher-v5", "--episodes", "2", "--video", "film.mp4")
    assert status == 0, out
    assert "51 frames" in out
    assert (tmp_path / "film.mp4").stat().st_size > 1_000
    assert_refused(gail("evaluate", policy, "--task", "Reacher-v5", "--video", "film"), "--video film", ".mp4")


@pytest.mark.parametrize(
    ("words", "needles"),
    [
        (("--task", "Hoper-v5"), ("did you mean Hopper-v5",)),
        (("--task", "FrozenLake-v1"), ("no expert ships for FrozenLake-v1",)),
        (("--jobs", "0"), ("--jobs is 0",)),
        (("--demos", "4", "0"), ("--demos is 0",)),
        (("--seeds", "-1"), ("-1 is negative",)),
        (("--summary",), ("train.csv holds no cells",)),
    ],
)
def test_cells_that_cannot_be_measured_are_refused_before_work_starts(gail, tmp_path, words, needles):
    assert_refused(gail("bench", "train", *words), *needles)
    assert list(tmp_path.iterdir()) == []


def test_a_policy_of_another_task_is_refused(gail):
    policy = str(shipped_file("Hopper-v5", "expert.safetensors"))
    assert_refused(gail("evaluate", policy, "--task", "Walker2d-v5"), "11", "17")


def test_a_run_is_never_overwritten(gail, tmp_path):
    words = ("train", "Hopper-v5", "--algo", "bc", "--out", "run")
    Path("run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{}")
    assert_refused(gail(*words), "gail resume run")
    assert (tmp_path / "run" / "config.json").read_text() == "{}"


@pytest.mark.parametrize("name", ["chain", "graph", "frozenlake"])
def test_statements_are_checked_on_named_instances(gail, tmp_path, name):
    words = ("--statement", "prop-3.1", "lemma-a.1", "rl-lp", "compounding")
    status, out, _ = gail("verify", "--mdp", name, "--discount", "0.9", *words, "--out", "here")
    assert status == 0, out
    page = (tmp_path / "here" / "report.html").read_text()
    assert "Proposition 3.1" in page
    assert ">FAILS<" not in page


def test_claims_are_judged_by_the_tolerance_that_is_asked_for(gail, tmp_path):
    words = ("verify", "--mdp", "chain", "--psi", "logistic", "--statement", "prop-3.2")
    status, out, _ = gail(*words, "--out", "own")
    assert status == 0, out
    assert "forward-kl" not in out
    status, out, _ = gail(*words, "--tolerance", "1e-18", "--out", "strict")
    assert status == 1
    assert "UNSOLVED prop-3.2-logistic on chain" in out
    with (tmp_path / "strict" / "claims.csv").open() as file:
        claims = list(csv.DictReader(file))
    assert {claim["tolerance"] for claim in claims} <= {"0e+00", "1e-18"}
    assert any(claim["holds"] == "False" for claim in claims)
    assert_refused(gail(*words, "--tolerance", "0"), "--tolerance")


def test_several_instances_make_one_table_and_failures_on_purpose_have_pictures(gail, tmp_path):
    words = ("--statement", "unexpressive", "unattained", "compounding-family", "eq-15")
    status, out, _ = gail("verify", "--mdp", "chain", "garnet", *words, "--out", "here")
    assert status == 0, out
    pictures = {path.stem for path in (tmp_path / "here" / "pictures").iterdir()}
    assert pictures == {"unexpressive-class", "unattained-dual", "compounding-error", "entropy-bias"}
    page = (tmp_path / "here" / "report.html").read_text()
    assert page.count("(expected failure): no optimal cost") == 2  # one row per instance


def test_where_every_statement_is_silent_nothing_was_checked(gail, tmp_path):
    one_action = {"transitions": np.ones((1, 1, 1)), "initial": [1.0], "discount": 0.9, "cost": np.ones((1, 1))}
    np.savez(tmp_path / "mdp.npz", **one_action)
    result = gail("verify", "--mdp", "mdp.npz", "--statement", "unattained", "--out", "here")
    assert_refused(result, "nothing was checked", "unattained on mdp.npz", "one action")
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_costs_of_any_size_are_planned_for(gail, tmp_path, size):
    cost = size * np.array([[0.0, 1.0], [1.0, 0.5]])
    mdp = FiniteMDP(chain()["transitions"], chain()["initial"], chain()["discount"])
    expert = occupancy_of(mdp, np.full((2, 2), 0.5))
    np.savez(tmp_path / "mdp.npz", **chain(cost=cost, expert_occupancy=expert))
    status, out, _ = gail("verify", "--mdp", "mdp.npz", "--statement", "rl-lp", "rl-soft", "trpo", "compounding")
    assert status == 0, out


def test_unknown_statements_and_instances_list_the_known_ones(gail):
    assert_refused(gail("verify", "--psi", "wasserstein"), "wasserstein", "lipschitz")
    assert_refused(gail("verify", "--statement", "prop-9"), "prop-9", "cor-3.2.1")
    assert_refused(gail("verify", "--mdp", "nowhere"), "nowhere", "frozenlake")


def test_a_verification_that_cannot_be_is_refused_before_work_starts(gail, tmp_path):
    words = ("verify", "--mdp", "chain", "--statement", "prop-3.1")
    assert_refused(gail(*words, "--seed", "-1"), "--seed is -1")
    (tmp_path / "taken").write_text("")
    for out in ("taken", "taken/report"):
        assert_refused(gail(*words, "--out", out), f"--out {out}: taken is a file")
    np.savez(tmp_path / "zero.npz", transitions=np.zeros((0, 2, 0)), initial=np.zeros(0), discount=0.9)
    assert_refused(gail("verify", "--mdp", "zero.npz"), "zero.npz", "(0, 2, 0)")
    (tmp_path / "map.txt").write_text("S.X\n..G\n")
    assert_refused(gail("verify", "--map", "map.txt"), "map.txt", "'X'")


def test_a_file_that_cannot_be_written_is_named(gail, monkeypatch):
    def refuse(*args):
        raise PermissionError(errno.EACCES, "Permission denied", "some/file")

    monkeypatch.setattr(train, "configured", refuse)
    assert_refused(gail("train", "Hopper-v5"), "some/file: Permission denied")
