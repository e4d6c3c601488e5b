"""`gail expert`: the files it writes; evaluating again changes only the returns."""

import hashlib
import json
import sys

import pytest

from gail.approx.policies.policy import load_policy
from gail.experiments.cli import main as cli
from gail.experiments.train import expert as expertise
from gail.experiments.train.evaluation import evaluate_policy

pytest.importorskip("envpool")


@pytest.fixture
def expert(monkeypatch, capsys, tmp_path):
    """Run `gail expert` in an empty folder; give status, output, errors. Evaluations have three episodes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(expertise, "EPISODES", 3)

    def run(*words: str):
        monkeypatch.setattr(sys, "argv", ["gail", "expert", *words])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        captured = capsys.readouterr()
        return exit_.value.code, captured.out, captured.err

    return run


@pytest.fixture
def ship(expert, tmp_path):
    status, out, err = expert("CartPole-v1", "--steps", "5000", "--seed", "3", "--out", "run")
    assert status == 0, err
    assert "CartPole-v1 in EnvPool: stochastic" in out and "CartPole-v1 in Gymnasium: stochastic" in out
    return tmp_path / "run" / "ship"


RETURNS = {"expert_stochastic", "expert_deterministic", "random"}


def test_the_card_says_how_the_expert_was_made_and_what_it_returns(ship):
    facts = json.loads((ship / "card.json").read_text())
    assert facts["command"] == "gail expert CartPole-v1 --seed 3 --steps 5000"
    assert 0 < facts["env_steps"] <= 5000
    assert facts["gymnasium"].keys() == RETURNS <= facts.keys()
    policy = load_policy(ship / "expert.safetensors")
    for kind, sampled in (("expert_stochastic", True), ("expert_deterministic", False)):
        found = evaluate_policy(policy, "CartPole-v1", 3, 0, stochastic_actions=sampled)
        assert facts[kind]["returns"] == found.returns.tolist() != facts["gymnasium"][kind]["returns"]
    for name, digest in facts["sha256"].items():
        assert hashlib.sha256((ship / name).read_bytes()).hexdigest() == digest
    assert (ship / "learning_curve.csv").read_text().startswith("env_steps,episodes,mean_return\n")


def test_evaluating_again_rewrites_the_returns_alone(expert, ship):
    before = {path.name: path.read_bytes() for path in ship.iterdir()}
    facts = json.loads(before["card.json"])
    forgotten = {**facts, "expert_stochastic": None, "versions": {"gail": "another"}}
    forgotten.pop("gymnasium", None)
    (ship / "card.json").write_text(json.dumps(forgotten))
    status, _, err = expert("CartPole-v1", "--evaluate-only", "--out", str(ship))
    assert status == 0, err
    assert json.loads((ship / "card.json").read_text()) == {**facts, "versions": {"gail": "another"}}
    assert {path.name: path.read_bytes() for path in ship.iterdir() if path.name != "card.json"} == {
        name: content for name, content in before.items() if name != "card.json"
    }


def test_what_cannot_be_evaluated_is_named_and_nothing_is_written(expert, ship, tmp_path):
    before = (ship / "card.json").read_bytes()
    for words, message in (
        (("Hopper-v5", "--out", str(ship)), "is that of CartPole-v1, not of Hopper-v5"),
        (("CartPole-v1", "--out", str(tmp_path)), "holds no card.json"),
        (("CartPole-v1", "--out", str(ship), "--steps", "10"), "--evaluate-only trains nothing"),
    ):
        status, _, err = expert(*words, "--evaluate-only")
        assert status == 2 and message in err
    with (ship / "expert.safetensors").open("ab") as file:
        file.write(b"\0")
    status, _, err = expert("CartPole-v1", "--evaluate-only", "--out", str(ship))
    assert status == 2 and "another policy" in err
    assert (ship / "card.json").read_bytes() == before
