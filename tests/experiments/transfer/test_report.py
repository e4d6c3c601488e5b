"""The report has every picture with an alternative text; tables answer first; the page keeps its prose."""

import csv
import re

import pytest

from gail.experiments.errors import InvalidRequest
from gail.experiments.transfer import PAIRS, write_docs, write_transfer
from gail.experiments.transfer.docs_page import TABLES, check_docs
from gail.experiments.transfer.tables import shown, summary

COLUMNS = {"pair", "reward", "process", "entropy_weight", "relative_regret", "certified", "constant_error", "note"}


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def check_report(found, folder, pictures):
    page = write_transfer(found, folder).read_text()
    assert {path.stem for path in (folder / "pictures").iterdir()} == set(pictures)
    alternatives = re.findall(r'<img alt="([^"]*)"', page)
    assert len(alternatives) == len(pictures)
    assert all(len(text) > 20 for text in alternatives)
    assert page.index("Which reward survives") < page.index("<img")
    return page


def test_report_and_tables_of_one_pair(small_study, tmp_path):
    check_report(small_study, tmp_path, ["frozen", "correlations", "slip"])
    rows = rows_of(tmp_path / "transfer.csv")
    assert set(rows[0]) > COLUMNS
    assert len(rows) == 4 * len(small_study.pairs[0].rewards)
    frozen = rows_of(tmp_path / "frozen.csv")
    assert len(frozen) == len(small_study.pairs[0].frozen.points)
    assert {"correlation_expert", "correlation_mixed", "correlation_uniform"} < set(frozen[0])
    assert [row["slip"] for row in rows_of(tmp_path / "slip.csv")] == ["0", "0", "0.1", "0.1"]


@pytest.mark.slow
def test_report_of_all_pairs(whole_study, tmp_path):
    pictures = ["frozen", "correlations", "slip", "rewards-maps", "rewards-dynamics"]
    page = check_report(whole_study, tmp_path, pictures)
    assert "left out: to see every state takes 14 steps" in page


@pytest.mark.slow
def test_the_page_keeps_its_prose(whole_study, tmp_path):
    marks = "\n".join(f"about {name}\n<!-- {name}: begin -->\nold {name}\n<!-- {name}: end -->" for name in TABLES)
    (tmp_path / "rewards.md").write_text(f"{marks}\nprose\n")
    check_docs(tmp_path, tuple(PAIRS))
    once = write_docs(whole_study, tmp_path).read_text()
    assert write_docs(whole_study, tmp_path).read_text() == once
    assert "about summary" in once
    assert "old" not in once
    assert once.endswith("prose\n")
    assert "| true reward | 0 | 0 | 0 | 0 | 0 | 0 |" in once
    assert {path.name for path in (tmp_path / "images").iterdir()} == {
        f"transfer-{name}.png" for name in ("frozen", "correlations", "slip", "rewards-maps")
    }
    assert {path.name for path in (tmp_path / "results").iterdir()} == {
        "transfer.csv",
        "transfer-frozen.csv",
        "transfer-slip.csv",
    }


def test_the_page_needs_its_marks_and_every_pair(tmp_path):
    with pytest.raises(InvalidRequest, match=r"rewards\.md with the mark <!-- summary: begin --> is needed"):
        check_docs(tmp_path, tuple(PAIRS))
    (tmp_path / "rewards.md").write_text("".join(f"<!-- {name}: begin --><!-- {name}: end -->" for name in TABLES))
    with pytest.raises(InvalidRequest, match="leave --pair out"):
        check_docs(tmp_path, ("maps",))


def test_the_summary_is_sorted_by_the_target(small_study):
    header, rows = summary(small_study)
    assert header == ["reward", "random, source", "random, target"]
    assert rows[0] == ["true reward", "0", "0"]
    targets = [float(row[2]) for row in rows]
    assert targets == sorted(targets)


def test_numbers_below_rounding_are_shown_as_zero():
    assert [shown(value) for value in (None, -1e-9, 2e-4, 0.12345)] == ["-", "0", "2e-04", "0.123"]
