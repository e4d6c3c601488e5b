"""Verdicts on statements that raise, stay unsolved, fail or do not apply; and their tables, reports and pictures."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from gail.exact import BackendFailed, Certificate, NotOptimal, Status, Verification, solve_rl
from gail.exact.statements.certificates import IndependentCheck, Premise
from gail.experiments.errors import InvalidRequest
from gail.experiments.reports.page import Report
from gail.experiments.verify import instances
from gail.experiments.verify.checking import check_statements, print_findings, report_findings, write_claims
from gail.experiments.verify.instances import NAMES, named
from gail.experiments.verify.psi_choices import CHOICES
from gail.experiments.verify.report import write_report
from gail.experiments.verify.statement import Statement
from gail.experiments.verify.statements import statements_for
from gail.experiments.verify.verdicts import Verdict


def quiet() -> Console:
    return Console(file=io.StringIO(), width=80)


def claims(*found: Certificate):
    return lambda trial: Verification(found, {})


def raising(error: Exception):
    def check(trial):
        raise error

    return check


GOOD = Certificate("Title: good", "chain", 1e-12, 1e-9, {})
BAD = Certificate("Title: bad", "chain", 1.0, 1e-9, {"seen": 3.0})
SHORT = Premise("Title: no gap", "chain", 1e-3, 1e-9, {})
CONIC = IndependentCheck("Title: conic", "chain", 1e-7, 1e-5, {})

CASES = {
    "holds": (claims(GOOD, CONIC), Verdict.HOLDS),
    "fails": (claims(GOOD, BAD), Verdict.FAILS),
    "conic": (claims(GOOD, IndependentCheck("Title: conic", "chain", 1e-3, 1e-5, {})), Verdict.FAILS),
    "short": (claims(GOOD, SHORT), Verdict.UNSOLVED),
    "rests": (claims(GOOD, SHORT, BAD), Verdict.UNSOLVED),
    "stuck": (raising(NotOptimal("gap 3 required 1")), Verdict.UNSOLVED),
    "backend": (raising(BackendFailed("no point")), Verdict.UNSOLVED),
    "broken": (raising(IndexError("[red] list\nindex out of range")), Verdict.ERROR),
    "empty": (claims(), Verdict.NOT_APPLICABLE),
    "nan": (claims(Certificate("Title: nan", "chain", np.nan, 1e-9, {})), Verdict.FAILS),
}


def check(*names: str):
    chosen = [Statement(1, name, f"What {name} says", CASES[name][0]) for name in names]
    return check_statements(chosen, [named("chain", 1.0, 0.9)], 1.0, 0, None, quiet())


def printed(findings) -> str:
    console = quiet()
    print_findings(findings, console)
    return console.file.getvalue()


def test_every_statement_gets_its_verdict_whatever_the_others_do():
    findings = check(*CASES)
    assert [finding.verdict for finding in findings] == [verdict for _, verdict in CASES.values()]
    for finding in findings:
        assert finding.verification.holds is (finding.verdict in (Verdict.HOLDS, Verdict.NOT_APPLICABLE))


def test_the_table_fits_80_columns_and_says_which_is_which():
    opinions, *lines = printed(check(*CASES)).splitlines()
    assert opinions.startswith("Second opinions of a general conic solver: 2 two-sided, 0 one-sided")
    table = lines[: len(CASES) + 2]
    assert all(len(line) <= 80 for line in table)
    for line, (name, (_, verdict)) in zip(table[2:], CASES.items(), strict=True):
        assert line.split()[0] == name
        assert line.rstrip().endswith(verdict.value)
    notes = "\n".join(lines[len(table) :])
    assert "ERROR broken on chain: IndexError: [red] list index out of range" in notes
    assert "UNSOLVED stuck on chain: NotOptimal: gap 3 required 1" in notes
    assert "UNSOLVED short on chain: no gap: violation 0.001, tolerance 1e-09; the solver did not reach" in notes
    assert "UNSOLVED rests on chain: bad: violation 1, tolerance 1e-09 (seen 3); the claim depends" in notes
    assert "FAILS fails on chain: bad: violation 1, tolerance 1e-09 (seen 3)\n" in notes
    assert "not applicable empty on chain: there is nothing to check" in notes


def test_the_longest_names_fit_80_columns_and_are_whole():
    name = max((statement.name for statement in statements_for(CHOICES)), key=len)
    place = max(NAMES, key=len)
    longest = Statement(6, name, "A title", claims(SHORT, CONIC), own_instance=place)
    findings = check_statements([longest], [named("chain", 1.0, 0.9)], 1.0, 0, None, quiet())
    row = printed(findings).splitlines()[3]
    assert len(row) <= 80
    assert row.split() == [name, place, "1.0e-03", "1e-09", "1e-07", "UNSOLVED"]


def test_the_second_opinion_has_a_column_of_its_own():
    row = printed(check("holds")).splitlines()[3].split()
    assert row == ["holds", "chain", "1.0e-12", "1e-09", "1e-07", "holds"]


def test_a_one_sided_opinion_shows_no_number_unless_it_contradicts():
    def opinion(violation, one_sided):
        return IndependentCheck("Title: conic", "chain", violation, 1e-5, {}, one_sided)

    def shown(*opinions):
        statement = Statement(6, "asked", "A title", claims(GOOD, *opinions))
        lines = printed(check_statements([statement], [named("chain", 1.0, 0.9)], 1.0, 0, None, quiet())).splitlines()
        return " ".join(lines[:-1]), lines[3].split()[4]

    assert shown(opinion(0.0, True))[1] == "one-sided"
    assert shown(opinion(0.0, True), opinion(1e-7, False))[1] == "1e-07"
    assert shown(opinion(1e-3, True))[1] == "1e-03"
    assert "2 two-sided, 1 one-sided" in shown(*(opinion(1e-9, side) for side in (True, False, False)))[0]


def test_a_second_opinion_that_is_missing_is_said():
    asked = Statement(6, "asked", "A title", claims(GOOD), independent_check=True)
    findings = check_statements([asked], [named("chain", 1.0, 0.9)], 1.0, 0, None, quiet())
    assert findings[0].verdict is Verdict.HOLDS
    assert "no independent check for asked on chain" in printed(findings)
    assert "0 two-sided, 0 one-sided" in printed(findings)
    assert "not converged" in printed(findings).splitlines()[-2]
    assert "no independent check" not in printed(check("holds"))


def test_a_row_shows_the_instance_where_its_statement_is_worst():
    def by_name(trial):
        size = {"chain": 1e-12, "graph": 1e-10}[trial.instance.name]
        return Verification((Certificate("Title: claim", trial.instance.name, size, 1e-9, {}),), {})

    both = [named(name, 1.0, 0.9) for name in ("chain", "graph")]
    findings = check_statements([Statement(1, "one", "Title", by_name)], both, 1.0, 0, None, quiet())
    assert "graph" in printed(findings).splitlines()[2]
    findings = check_statements([Statement(1, "one", "Title", by_name)], both, 1.0, 0, 1e-11, quiet())
    assert [finding.verdict for finding in findings] == [Verdict.HOLDS, Verdict.FAILS]


def test_nothing_checked_is_no_success():
    with pytest.raises(InvalidRequest, match="nothing was checked: empty on chain: there is nothing to check"):
        check("empty")


def test_interrupts_are_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        check_statements(
            [Statement(1, "one", "Title", raising(KeyboardInterrupt()))],
            [named("chain", 1.0, 0.9)],
            1.0,
            0,
            None,
            quiet(),
        )


def test_report_and_claims_have_every_verdict(tmp_path):
    findings = check(*CASES)
    report = Report("title", "lead")
    report_findings(findings, report)
    report.write(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    for _, verdict in CASES.values():
        assert f">{verdict.value}<" in page
    write_claims(findings, tmp_path / "claims.csv")
    with (tmp_path / "claims.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["name"] for row in rows} == set(CASES) - {"empty"}
    assert {row["verdict"] for row in rows if row["name"] == "broken"} == {"ERROR"}


def test_a_picture_that_cannot_be_drawn_does_not_cost_the_report(tmp_path):
    chain = named("chain", 1.0, 0.9)
    findings = check_statements([Statement(1, "eq-15", "Title", claims(GOOD))], [chain], 1.0, 0, None, quiet())
    chain.expert_occupancy[:] = np.nan
    page = write_report(findings, [], 1.0, tmp_path).read_text()
    assert "could not be drawn" in page
    assert "entropy-bias" in page


def test_an_expert_that_cannot_be_computed_is_a_sentence(monkeypatch):
    def fall_short(mdp, cost, weight):
        return replace(solve_rl(mdp, cost, weight), status=Status.NOT_CONVERGED)

    monkeypatch.setattr(instances, "solve_rl", fall_short)
    with pytest.raises(InvalidRequest, match=r"chain: the soft-optimal expert .* not be computed .* --expert-entropy"):
        named("chain", 1.0, 0.9)
