"""Whole comparisons on a small map: a correct learner gets a positive verdict, and planted errors are found."""

from dataclasses import replace

import numpy as np
import pytest

from gail.exact import FiniteMDP, occupancy_of, regularizers
from gail.experiments.cli.compare import _table_of_means
from gail.experiments.compare import EXACT, Algorithm, Architecture, Episodes, compare, pose
from gail.experiments.compare.analysis import Part
from gail.experiments.compare.cells.cell_run import run_cell
from gail.experiments.compare.cells.cells import Cell, cells, load
from gail.experiments.compare.comparison import measured_against
from gail.experiments.compare.report.page import summary_rows, write_comparison
from gail.experiments.errors import InvalidRequest
from gail.experiments.verify.instances import Instance

GAIL = [Algorithm.GAIL]


class FlippedReward(regularizers.Logistic):
    """Planted error: the reward has the wrong sign, so learners are rewarded for what the expert does not do."""

    def cost(self, logit):
        return -super().cost(logit)


class OppositeLabels(regularizers.Logistic):
    """Planted error: D is the probability of the expert, but the cost is still log D."""

    def discriminator_loss(self, logit_learner, logit_expert, weights_learner=None, weights_expert=None):
        return super().discriminator_loss(-logit_learner, -logit_expert, weights_learner, weights_expert)


def sampled(instance, preset, psi=None):
    """Compare GAIL with its exact solution, with the exact expert as demonstrations."""
    return compare(pose(instance, psi or regularizers.Logistic()), GAIL, [EXACT], [0], preset=preset)


def test_what_is_right_is_found_to_be_the_exact_solution(instance, preset):
    found = sampled(instance, preset)
    (verdict,) = found.verdicts
    assert found.reached
    assert verdict.reached
    assert "the sampled solution agrees with the exact one within the stated limits" in verdict.sentence
    assert f"{verdict.excess_share:.2%} of the uniform policy's excess is left (limit 10.00%)" in verdict.sentence
    assert f"total variation to the exact optimum {verdict.variation:.4f} (limit 0.15)" in verdict.sentence
    assert min(row.measures.excess for row in found.rows) >= -1e-9  # no policy is better than the optimum
    (parts,) = found.gap_parts
    networks = next(row for row in found.rows if row.cell.architecture is Architecture.MLP)
    assert sum(parts.parts.values()) == pytest.approx(networks.measures.excess)
    assert parts.parts[Part.DEMONSTRATIONS] == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("planted", ["flipped reward", "opposite labels", "no restarts"])
def test_a_planted_error_is_found(instance, preset, planted):
    psi = {"flipped reward": FlippedReward(), "opposite labels": OppositeLabels()}.get(planted)
    if planted == "no restarts":
        preset = replace(preset, table=replace(preset.table, restarts=False))
    found = sampled(instance, preset, psi)
    assert not found.reached
    assert "does NOT agree with the exact one" in found.verdicts[0].sentence


def test_cells_resume_and_are_the_same_again(problem, preset, tmp_path):
    on_cell = []

    def play():
        on_cell.clear()
        sizes = [2, EXACT]
        return compare(problem, [Algorithm.BC, Algorithm.FEM], sizes, [0], preset=preset, folder=tmp_path, on_cell=note)

    def note(cell, record, reason):
        on_cell.append(cell)

    first = play()
    assert len(on_cell) == 4
    assert not first.failures
    play()
    assert on_cell == []
    gone = Cell(Algorithm.FEM, Architecture.TABLE, 2, 0)
    before = load(gone, tmp_path)
    gone.file(tmp_path).unlink()
    again = play()
    assert on_cell == [gone]
    np.testing.assert_array_equal(load(gone, tmp_path).policy, before.policy)
    assert [row.measures for row in again.rows] == [row.measures for row in first.rows]
    gone.file(tmp_path).write_text("{")  # a damaged file is trained again
    play()
    assert on_cell == [gone]


def test_a_folder_belongs_to_one_comparison(problem, instance, preset, tmp_path):
    compare(problem, [Algorithm.BC], [1], [0], preset=preset, folder=tmp_path)
    other = replace(preset, table=replace(preset.table, batch=999))
    with pytest.raises(InvalidRequest, match="holds another comparison: its settings is"):
        compare(problem, [Algorithm.BC], [1], [0], preset=other, folder=tmp_path)
    with pytest.raises(InvalidRequest, match=r"its entropy_weight is 0\.1, this one's is 0\.2"):
        compare(pose(instance, problem.psi, 0.2), [Algorithm.BC], [1], [0], preset=preset, folder=tmp_path)


def test_tables_need_unit_vectors(instance, preset):
    rows = np.random.default_rng(0).normal(size=(instance.mdp.num_states, 2))
    with pytest.raises(InvalidRequest, match="a table needs states as unit vectors"):
        compare(pose(instance, regularizers.Logistic(), observations=rows), preset=preset)


def one_action():
    mdp = FiniteMDP(np.array([[[0.0, 1.0]], [[1.0, 0.0]]]), [1.0, 0.0], 0.8)
    return Instance("one action", mdp, occupancy_of(mdp, np.ones((2, 1))), np.ones((2, 1)), None)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_where_the_uniform_policy_is_the_optimum_nothing_is_trained(algorithm, preset, tmp_path):
    problem = pose(one_action(), regularizers.Logistic())
    with pytest.raises(InvalidRequest, match=f"already is the exact optimum of {algorithm.value} .* nothing to learn"):
        compare(problem, [algorithm], [1], [0], preset=preset, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []  # the folder is still free for another comparison


def test_a_huge_entropy_weight_leaves_nothing_to_learn(instance, preset):
    with pytest.raises(InvalidRequest, match=r"a smaller --entropy-weight \(now 1e\+06\)"):
        compare(pose(instance, regularizers.Logistic(), 1e6), GAIL, [1], [0], preset=preset)


def test_networks_stand_beside_tables_for_the_first_seeds_only():
    wanted = list(cells(GAIL, Architecture.TABLE, [1], range(5)))
    assert len(wanted) == 8
    assert len(list(cells(GAIL, Architecture.MLP, [1], range(5)))) == 5
    assert len(list(cells([Algorithm.BC], Architecture.TABLE, [1], range(5)))) == 5


def test_cloning_the_exact_expert_gives_its_policy(problem, preset, tmp_path):
    record = run_cell(problem, Cell(Algorithm.BC, Architecture.TABLE, EXACT, 0), preset, tmp_path)
    measured = measured_against(problem, [Algorithm.BC])[Algorithm.BC].measure(record.policy)
    assert measured.variation_expert < 0.05
    assert measured.true_return == pytest.approx(-(problem.expert * problem.cost).sum(), rel=0.05)


def test_the_report_has_its_tables_and_pictures(problem, preset, tmp_path):
    short = replace(preset, table=replace(preset.table, iterations=3), mlp=replace(preset.mlp, iterations=3))
    found = compare(problem, list(Algorithm), [1, 4], [0, 1], preset=short, folder=tmp_path)
    page = write_comparison(found, tmp_path).read_text()
    for text in (
        "Verdict",
        "does NOT agree with the exact one",
        "potential shaping",
        "slope",
        "sum to the gap",
        "certified gap",
    ):
        assert text in page
    for name in ("maps", "difference", "discriminators", "costs", "cost-maps", "curves", "errors", "parts"):
        assert (tmp_path / "pictures" / f"{name}.png").stat().st_size > 0
    rows = (tmp_path / "cells.csv").read_text().splitlines()
    assert len(rows) == 1 + len(found.rows) == 1 + 4 * 2 * 2 + 2 * 2
    assert (tmp_path / "curves.csv").read_text().startswith("algorithm,learner,demonstrations,seed,iteration,")


def test_the_report_of_recordings_shows_that_psi_constant_has_no_answer_beside_the_chosen_psi_s(
    instance, preset, tmp_path
):
    episodes = Episodes(np.array([0, 1, 2, 4]), np.array([1, 1, 2, 0]), np.array([4]), np.array([False]))
    problem = pose(instance, regularizers.Logistic(), recordings=episodes)
    short = replace(preset, table=replace(preset.table, iterations=2))
    found = compare(problem, [Algorithm.BC], [EXACT], [0], preset=short, folder=tmp_path)
    page = write_comparison(found, tmp_path).read_text()
    best = found.yardsticks[Algorithm.BC].optimum.primal_value
    assert f"psi Logistic has a solution for this measure: J* = {best:.9g}" in page
    assert "psi Constant has no solution for this measure: Constant demands rho = measure" in page


def test_unknown_measures_and_intervals_of_one_seed_are_not_printed(problem, preset):
    short = replace(preset, table=replace(preset.table, iterations=2))
    found = compare(problem, [Algorithm.BC], [2], [0], preset=short)
    (row,) = found.rows
    unknown = replace(row, measures=replace(row.measures, excess_relative=None))
    (printed,) = summary_rows(replace(found, rows=(unknown,)))
    assert printed[3:5] == [f"{row.measures.excess_share:.3g}", "-"]
    (on_cell,) = _table_of_means([unknown]).columns[4].cells
    assert on_cell == "-"
