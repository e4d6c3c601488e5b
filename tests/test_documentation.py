"""The documents: links that resolve, commands that exist, Python that runs."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from gail.experiments.bench.training.cells import Table
from gail.experiments.bench.training.summary import summary_table
from gail.experiments.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "bench").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page):
    missing = []
    for target in LINK.findall(page.read_text()):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = page if not path else (page.parent / path)
        if not file.exists() or (anchor and anchor not in anchors(file)):
            missing.append(target)
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_name_verbs_that_there_are(page):
    named = re.findall(r"(?:`|^    )gail ([a-z]+)\b", page.read_text(), re.MULTILINE)
    assert sorted(set(named) - set(VERBS)) == []


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block.replace("env_steps=1_500_000", "env_steps=5_000"), names)


def test_version_and_citation_agree():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == version
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()
    assert f"version = {{{version}}}" in (ROOT / "README.md").read_text()


def test_the_results_of_the_readme_are_those_of_the_csv():
    table = summary_table(Table(ROOT / "docs" / "results" / "train.csv").read())
    assert table in (ROOT / "README.md").read_text()
    assert table in (ROOT / "docs" / "training.md").read_text()
