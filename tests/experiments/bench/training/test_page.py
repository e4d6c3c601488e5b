"""The page of `gail bench train` is written from the CSVs alone; curves remain when the cells' folders are gone."""

from dataclasses import replace

from gail.experiments.bench.training.cell_run import evaluations_file
from gail.experiments.bench.training.cells import Cell
from gail.experiments.bench.training.page import write_page
from gail.experiments.runs.recipes.imitation import imitation_recipe

BUDGET = imitation_recipe("Hopper-v5").played().training.env_steps


def lines(page, word):
    return [line for line in page.read_text().splitlines() if word in line]


def with_evaluations(row, runs, mean):
    cell = Cell(row.task, row.algorithm, row.demonstrations, row.budget, row.seed, row.settings)
    file = evaluations_file(runs / cell.name)
    file.parent.mkdir(parents=True)
    file.write_text(f"iteration,env_steps,mean\n1,2048,{mean}\n2,4096,{2 * mean}\n")


def test_curves_are_kept_when_the_folders_are_gone(tmp_path, cell_result):
    row = replace(cell_result, budget=BUDGET)
    with_evaluations(row, tmp_path / "runs", 1000.0)
    write_page([row], tmp_path / "runs", tmp_path / "docs")
    curves = tmp_path / "docs" / "results" / "train-curves.csv"
    first = curves.read_text()
    assert len(first.splitlines()) == 3
    write_page([row], tmp_path / "nowhere", tmp_path / "docs")
    assert curves.read_text() == first
    assert (tmp_path / "docs" / "images" / "training.png").stat().st_size > 5_000


def test_medians_and_the_least_seed(tmp_path, cell_result):
    scores = (0.5, 0.9, 1.0)
    rows = [replace(cell_result, budget=BUDGET, seed=i, deterministic_score=s) for i, s in enumerate(scores)]
    page = write_page(rows, tmp_path, tmp_path)
    summary, final = lines(page, "| Hopper-v5 |")[:2]
    assert "| 3 | 0.90 |" in summary
    assert "| 3 | 0.90 (0.50) |" in final


def test_another_setting_stands_beside_the_recipe_of_its_budget_and_nowhere_else(tmp_path, cell_result):
    plain = replace(cell_result, budget=400_000)
    other = replace(plain, settings="learner.absorbing=true", deterministic_score=0.25)
    control = replace(plain, algorithm="constant", deterministic_score=0.125)
    page = write_page([replace(cell_result, budget=BUDGET), plain, other, control], tmp_path, tmp_path)
    before, settings, controls = (
        page.read_text().partition("## One thing at a time")[0],
        *(part for part in page.read_text().partition("## One thing at a time")[2].split("## Controls")),
    )
    assert "0.4M" not in before
    assert "`learner.absorbing=true`" in settings
    assert "recipe" in settings
    assert "0.25" in settings
    assert "constant" not in settings.split("\n\n")[2]
    assert "0.12" in controls


def test_five_seeds_on_both_sides_are_tested_for_a_difference(tmp_path, cell_result):
    plain = [replace(cell_result, seed=i, deterministic_score=0.9 + 0.01 * i) for i in range(5)]
    other = [replace(row, settings="a=1", deterministic_score=row.deterministic_score - 0.5) for row in plain]
    page = write_page([*plain, *other], tmp_path, tmp_path)
    # Of the C(10, 5) = 252 splits of ten scores into two groups of five, two are this extreme.
    assert lines(page, "`a=1`")[0].endswith(f"| {2 / 252:.2f} |")
    assert lines(write_page([*plain, *other[:4]], tmp_path, tmp_path), "`a=1`")[0].endswith("|  |")


def test_rates_are_shown_where_they_were_measured(tmp_path, cell_result):
    assert "Where the time goes" not in write_page([cell_result], tmp_path, tmp_path).read_text()
    (tmp_path / "results" / "throughput.csv").write_text("task,gail_steps_per_second,ratio\nHopper-v5,12345,0.321\n")
    page = write_page([cell_result], tmp_path, tmp_path)
    assert lines(page, "gail steps per second") == ["| task | gail steps per second | ratio |"]
    assert lines(page, "12345") == ["| Hopper-v5 | 12345 | 0.321 |"]
