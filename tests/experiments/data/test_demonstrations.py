"""`gail demos`: its files, its output and its exit status."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from gail.approx import Demonstrations, Provenance, Trajectories, save_npz
from gail.approx.demonstrations import FORMATS, load_demonstrations
from gail.approx.policies.policy import Policy, PolicySettings, save_policy
from gail.envs.tasks import find_task
from gail.experiments.cli import main as cli
from gail.experiments.data import report as demos_report
from gail.experiments.data.demonstrations import Verdict, check_demonstrations, spec_of, with_time_limits
from gail.experiments.runs import training
from gail.experiments.runs.config import DemonstrationChoice
from gail.experiments.runs.recipes.imitation import imitation_recipe

VERBS = ("collect", "show", "validate", "convert", "subsample")


@pytest.fixture
def demos(monkeypatch, capsys, tmp_path):
    """Run `gail demos` in an empty folder; give status, output, errors."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str):
        monkeypatch.setattr(sys, "argv", ["gail", "demos", *words])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        captured = capsys.readouterr()
        return exit_.value.code, captured.out, captured.err

    return run


def pendulum_like(task="Pendulum-v1", **changes) -> Demonstrations:
    rng = np.random.default_rng(0)
    arrays = {
        "observations": rng.normal(size=(12, 3)),
        "actions": rng.uniform(-2, 2, size=(12, 1)),
        "rewards": rng.normal(size=12),
        "final_observations": rng.normal(size=(4, 3)),
        "lengths": np.full(4, 3),
        "terminated": np.ones(4, bool),
        "truncated": np.zeros(4, bool),
    }
    return Demonstrations(Trajectories(**{**arrays, **changes}), Provenance(task, "made [/] in a\n\x1b[31m test"))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(demos, verb):
    status, out, _ = demos(verb, "--help")
    assert status == 0
    assert "(default:" in out


def test_they_are_listed(demos):
    status, out, _ = demos("--help")
    assert status == 0
    assert all(verb in out for verb in VERBS)


@pytest.fixture
def policy(tmp_path):
    import torch

    file = tmp_path / "policy.safetensors"
    spec = spec_of("CartPole-v1")
    save_policy(Policy(spec, PolicySettings(hidden=(8,)), torch.Generator().manual_seed(0)), file)
    return str(file)


def test_collecting_is_decided_by_the_seed(demos, policy, tmp_path):
    files = {name: tmp_path / f"{name}.npz" for name in ("one", "two", "other")}
    for name, seed in (("one", "3"), ("two", "3"), ("other", "4")):
        words = ("collect", "CartPole-v1", "--policy", policy, "--episodes", "3", "--seed", seed)
        status, out, err = demos(*words, "--out", str(files[name]))
        assert status == 0, out + err
    assert files["one"].read_bytes() == files["two"].read_bytes()
    assert files["one"].read_bytes() != files["other"].read_bytes()
    found = load_demonstrations(files["one"])
    assert found.provenance.task == "CartPole-v1" and found.trajectories.num_trajectories == 3
    np.testing.assert_allclose(found.provenance.episode_returns, found.trajectories.returns)
    assert demos("validate", str(files["one"]))[0] == 0


@pytest.mark.parametrize(("option", "value"), [("--episodes", "0"), ("--seed", "-1")])
def test_numbers_out_of_range_are_named(demos, policy, option, value):
    status, _, err = demos("collect", "CartPole-v1", "--policy", policy, option, value)
    assert status == 2 and f"{option} is {value}" in err


def test_a_policy_of_another_task_is_refused(demos, policy):
    status, _, err = demos("collect", "Acrobot-v1", "--policy", policy)
    assert status == 2 and "Acrobot-v1 has observations of 6 numbers" in err


def test_terminations_at_the_time_limit_are_truncations():
    batch = pendulum_like().trajectories
    ended = replace(batch, terminated=np.ones(4, bool), truncated=np.zeros(4, bool), lengths=np.full(4, 3))
    given = Demonstrations(ended, Provenance(None, "a course", native=True))
    found = with_time_limits(given, 3)
    assert found.trajectories.truncated.all() and not found.trajectories.terminated.any()
    assert "time limit of 3 steps: taken as truncated" in found.provenance.notes[0]
    for other, horizon in (
        (given, 4),  # the episodes end before the limit
        (replace(given, trajectories=replace(ended, terminated=np.array([1, 1, 1, 0], bool))), 3),  # one does not end
        (replace(given, provenance=Provenance(None, "ours")), 3),  # our own recordings distinguish the two
    ):
        assert with_time_limits(other, horizon) is other


def test_show_prints_and_draws(demos, tmp_path):
    outside = pendulum_like()
    outside.trajectories.actions[5] = -5.1
    save_npz(outside, tmp_path / "file.npz")
    status, out, err = demos("show", "file.npz", "--out", "a.png")
    assert status == 0, out + err
    returns = outside.trajectories.returns
    assert f"{returns.mean():,.2f} ± {returns.std():,.2f}" in out
    assert "4: 4 terminated, 0 truncated" in out and "[-2, 2]" in out and "-5.1" in out
    assert "1 of 12 action entries" in out and "-5.1 outside [-2, 2]" in out
    assert "made [/] in a" in out and "\x1b[31m" not in out  # control sequences in a file do not reach the terminal
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert demos("show", "file.npz")[0] == 0
    assert sorted(path.name for path in tmp_path.rglob("*.png")) == ["a.png"]


def test_the_picture_says_what_its_parts_are(demos, tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(demos_report.plt, "close", figures.append)
    save_npz(pendulum_like(actions=np.full((12, 1), 0.5)), tmp_path / "file.npz")
    assert demos("show", "file.npz", "--out", "a.png")[0] == 0
    (figure,) = figures
    assert figure.get_suptitle() == "Pendulum-v1, 4 episodes, 12 steps"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["bound of the action space"]
    labels = [(axis.get_title(), axis.get_ylabel()) for axis in figure.axes if axis.axison]
    assert labels == [("return", "episodes"), ("length (steps)", "episodes"), ("action 0", "steps")]
    assert [line.get_xdata()[0] for line in figure.axes[2].lines] == [-2.0, 2.0]
    # All actions are equal: the histogram is a single bar around this value.
    (bar,) = [patch for patch in figure.axes[2].patches if patch.get_height()]
    assert bar.get_height() == 12
    assert bar.get_x() + bar.get_width() / 2 == pytest.approx(0.5)


@pytest.mark.parametrize("case", ["finite actions", "no rewards", "unknown task", "subsampled"])
def test_show_knows_what_is_not_there(demos, tmp_path, case):
    found = pendulum_like("Nowhere-v3" if case == "unknown task" else None)
    if case == "finite actions":
        found = replace(found, trajectories=replace(found.trajectories, actions=np.arange(12) % 3))
    if case == "no rewards":
        found = replace(found, trajectories=replace(found.trajectories, rewards=None))
    if case == "subsampled":
        found = found.subsample(2, 0)
    save_npz(found, tmp_path / "file.npz")
    status, out, err = demos("show", "file.npz", "--out", "picture.png")
    assert status == 0, out + err
    assert (tmp_path / "picture.png").is_file()
    expected = {"finite actions": "33.3%", "no rewards": "unknown: there are no rewards"}
    expected |= {"unknown task": "unknown", "subsampled": "every 2-th"}
    assert expected[case] in out


def lines(out):
    return {line.split()[0]: line.split()[1] for line in out.splitlines() if line}


def test_validate_says_what_holds(demos, tmp_path):
    save_npz(pendulum_like(), tmp_path / "file.npz")
    status, out, _ = demos("validate", "file.npz")
    assert status == 0
    assert lines(out) == dict.fromkeys(
        ("file", "endings", "returns", "episodes", "task", "actions", "lengths"), "holds"
    )


def test_validate_notes_what_a_user_may_want_to_know(demos, tmp_path):
    odd = pendulum_like(terminated=np.zeros(4, bool))
    batch = odd.trajectories
    batch.actions[1] = 9.0
    batch.observations[3:6], batch.actions[3:6] = batch.observations[:3], batch.actions[:3]
    save_npz(odd, tmp_path / "file.npz")
    status, out, _ = demos("validate", "file.npz")
    assert status == 0
    assert lines(out) | {} == {
        **{"file": "holds", "endings": "note", "returns": "holds", "episodes": "note", "task": "holds"},
        **{"actions": "note", "lengths": "holds"},
    }
    assert "episode 1 repeats episode 0" in out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--task", "CartPole-v1"), "task      FAILS  these demonstrations were recorded in Pendulum-v1"),
        ((), "returns   FAILS  episode 2: rewards sum to"),
    ],
)
def test_validate_fails_where_a_check_does(demos, tmp_path, words, line):
    found = pendulum_like()
    returns = found.trajectories.returns
    if not words:
        returns[2] += 0.5
    listed = replace(found.provenance, episode_returns=tuple(returns.tolist()))
    save_npz(replace(found, provenance=listed), tmp_path / "file.npz")
    status, out, _ = demos("validate", "file.npz", *words)
    assert status == 1
    assert line in out


def test_validate_fails_on_what_cannot_be_read(demos, tmp_path):
    (tmp_path / "file.npz").write_bytes(b"PK nothing")
    status, out, _ = demos("validate", "file.npz")
    assert status == 1
    assert out.startswith("file      FAILS  file.npz: not a readable .npz")


def test_episodes_past_the_time_limit_fail():
    long = replace(find_task("Pendulum-v1"), horizon=2)
    checks = {check.name: check for check in check_demonstrations(pendulum_like(), long, spec_of(long.id))}
    assert checks["lengths"].verdict is Verdict.FAILS
    assert "3 steps, past the time limit of 2" in checks["lengths"].found


def test_an_early_time_limit_is_noted():
    early = pendulum_like(terminated=np.zeros(4, bool), truncated=np.ones(4, bool))
    task = find_task("Pendulum-v1")
    checks = {check.name: check for check in check_demonstrations(early, task, spec_of(task.id))}
    assert checks["lengths"].verdict is Verdict.NOTE


@pytest.mark.parametrize("name", FORMATS)
def test_convert_writes_every_format(demos, tmp_path, name):
    save_npz(pendulum_like(None), tmp_path / "file.npz")
    status, out, err = demos("convert", "file.npz", "out", "--to", name, "--task", "Pendulum-v1")
    assert status == 0, out + err
    found = load_demonstrations(tmp_path / "out")
    assert found.trajectories.num_trajectories == 4
    if name in ("npz", "minari"):
        assert found.provenance.task == "Pendulum-v1"


def test_convert_refuses_what_is_no_format_and_another_task(demos, tmp_path):
    save_npz(pendulum_like(), tmp_path / "file.npz")
    status, _, err = demos("convert", "file.npz", "out", "--to", "csv")
    assert status == 2 and "--to csv: choose one of npz, minari" in err
    status, _, err = demos("convert", "file.npz", "out", "--task", "CartPole-v1")
    assert status == 2 and "recorded in Pendulum-v1, not in CartPole-v1" in err


def test_subsample_is_the_librarys(demos, tmp_path):
    full = pendulum_like()
    save_npz(full, tmp_path / "file.npz")
    words = ("subsample", "file.npz", "out.npz", "--episodes", "2", "--stride", "2", "--seed", "5", "--keep-next")
    assert demos(*words)[0] == 0
    found, expected = load_demonstrations(tmp_path / "out.npz"), full.first(2).subsample(2, 5, keep_next=True)
    np.testing.assert_array_equal(found.trajectories.observations, expected.trajectories.observations)
    np.testing.assert_array_equal(found.next_observations, expected.next_observations)
    assert found.provenance == expected.provenance


@pytest.mark.parametrize("words", [("--stride", "0"), ("--seed", "-1"), ("--episodes", "9")])
def test_subsample_names_what_is_out_of_range(demos, tmp_path, words):
    save_npz(pendulum_like(), tmp_path / "file.npz")
    status, _, err = demos("subsample", "file.npz", "out.npz", *words)
    assert status == 2 and words[1] in err
    assert not (tmp_path / "out.npz").exists()


def test_a_stride_that_is_longer_than_episodes_is_noted(demos, tmp_path):
    lengths = pendulum_like().trajectories.lengths
    assert len(set(lengths.tolist())) == 1
    save_npz(pendulum_like(), tmp_path / "file.npz")
    status, out, _ = demos("subsample", "file.npz", "out.npz", "--stride", str(lengths[0]))
    assert status == 0 and "Note" not in out
    status, out, _ = demos("subsample", "file.npz", "out.npz", "--stride", str(lengths[0] + 1))
    count = len(lengths)
    assert status == 0
    assert f"Note: {count} of {count} episodes are shorter than the stride of {lengths[0] + 1} steps" in out
    assert load_demonstrations(tmp_path / "out.npz").trajectories.lengths.tolist() == [1] * count


def test_training_uses_actions_outside_the_bounds_as_recorded_and_says_so(tmp_path, capsys):
    rng = np.random.default_rng(0)
    outside = pendulum_like(
        "Hopper-v5",
        observations=rng.normal(size=(12, 11)),
        final_observations=rng.normal(size=(4, 11)),
        actions=np.full((12, 3), 5.1),
    )
    save_npz(outside, tmp_path / "file.npz")
    wanted = DemonstrationChoice(str(tmp_path / "file.npz"), count=4)
    found = training.read_demonstrations(replace(imitation_recipe("Hopper-v5"), demonstrations=wanted))
    np.testing.assert_array_equal(found.trajectories.actions, outside.trajectories.actions)
    said = capsys.readouterr().err
    assert "36 of 36 action entries (100.0%) are outside the task's bounds" in said
    assert "the environment clips them" in said
