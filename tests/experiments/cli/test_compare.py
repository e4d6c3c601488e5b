"""`gail compare`: refusal of bad input before any work starts, and one short run in two processes."""

import numpy as np
import pytest

from gail.approx import Demonstrations, Provenance, Trajectories, save_npz
from gail.experiments.cli import compare as compare_commands
from gail.experiments.compare.rates import report as rates_report

SMALL = "S..\n.#G\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--psi", "constant"], "Constant cannot be played from samples"),
        (["--psi", "none"], "--psi none: known are"),
        (["--mdp", "nowhere.txt"], "--mdp nowhere.txt: neither a file"),
        (["--expert", "nobody.npz"], "--expert nobody.npz: neither soft, nor optimal, nor a file"),
        (["--demos", "0"], "--demos 0: a number of at least 1, or exact"),
        (["--demos", "many"], "--demos many"),
        (["--seeds", "0"], "--seeds is 0"),
        (["--jobs", "0"], "0 jobs"),
        (["--batch", "0"], "--batch is 0"),
        (["--entropy-weight", "0"], "a positive number is needed"),
        (["--features", "coordinates", "--mdp", "garnet"], "garnet is no map"),
        (["--features", "coordinates"], "a table needs states as unit vectors"),
        (["--psi", "hinge", "--rates"], "rates are of the Jensen-Shannon divergence"),
    ],
)
def test_bad_input_is_told_before_any_work(gail, words, message, tmp_path):
    status, _, errors = gail("compare", *words)
    assert status == 2
    assert message in " ".join(errors.split())
    assert not (tmp_path / "runs").exists()


def test_more_demonstrations_than_the_file_holds(gail, tmp_path):
    (tmp_path / "map.txt").write_text(SMALL)
    states = np.array([[0.0], [1.0], [2.0], [4.0]])
    flags = np.array([True])
    batch = Trajectories(states, np.array([1, 1, 2, 0]), None, states[:1], np.array([4]), ~flags, flags)
    save_npz(Demonstrations(batch, Provenance(None, "by hand")), tmp_path / "d.npz")
    status, _, errors = gail("compare", "--mdp", "map.txt", "--expert", "d.npz", "--demos", "2")
    assert status == 2
    assert "2 demonstrations asked for, but the file holds 1 episodes" in errors


def test_a_short_run_in_two_processes(gail, tmp_path):
    (tmp_path / "map.txt").write_text(SMALL)
    words = ["--mdp", "map.txt", "--discount", "0.8", "--demos", "1", "--algos", "bc", "fem", "--seeds", "1"]
    status, output, errors = gail("compare", *words, "--iterations", "2", "--batch", "100", "--out", "c")
    assert (status, errors) == (0, "")
    assert "fem (table), 1 demonstrations: the sampled solution does NOT agree with the exact one" in " ".join(
        output.split()
    )
    assert "…" not in output  # no column is shortened
    assert max(map(len, output.partition("fem (table)")[0].splitlines())) <= 80
    assert (tmp_path / "c" / "report.html").is_file()
    assert len(list((tmp_path / "c" / "cells").iterdir())) == 2


def test_rates_are_told_and_written_beside_the_report(gail, monkeypatch, tmp_path):
    def small(problem):
        return rates_report.measure_rates(problem, range(2), (1_000, 4_000), range(2), (100, 200), (2, 4))

    monkeypatch.setattr(compare_commands, "measure_rates", small)
    (tmp_path / "map.txt").write_text(SMALL)
    words = ["--mdp", "map.txt", "--discount", "0.8", "--demos", "1", "--algos", "bc", "--seeds", "1", "--rates"]
    status, output, errors = gail("compare", *words, "--out", "c")
    assert (status, errors) == (0, "")
    assert "cloning: regret" in output
    assert (tmp_path / "c" / "rates.html").is_file()
