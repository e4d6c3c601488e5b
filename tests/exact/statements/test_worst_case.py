import numpy as np
import pytest

from gail.exact.statements.certificates import IndependentCheck
from gail.exact.statements.worst_case import WorstCases


def test_a_claim_is_as_good_as_its_worst_trial():
    findings = WorstCases("psi", "2 states")
    for trial in (1.0, 3.0, 2.0):
        findings.note("is small", trial, 2.5, trial=trial)
    findings.note("is zero", 0.0, 0.0)
    small, zero = findings.verification().certificates
    assert (small.statement, small.instance) == ("psi: is small", "2 states")
    assert (small.violation, small.tolerance) == (3.0, 2.5)
    assert small.numbers == {"trial": 3.0}
    assert zero.holds
    assert not findings.verification().holds


def test_what_cannot_be_evaluated_is_worst():
    findings = WorstCases("psi", "here")
    for trial in (0.0, np.nan, 1.0):
        findings.note("is small", trial, 2.0)
    findings.at_most("is less", np.nan, 1.0, 1.0, 1.0)
    findings.equal("is equal", np.inf, np.nan, 1.0, 1.0)
    assert [one.holds for one in findings.verification().certificates] == [False] * 3


@pytest.mark.parametrize(
    ("left", "right", "equal", "at_most"),
    [
        (1.0, 1.0, 0.0, 0.0),
        (1.0, 3.0, 1.0, 0.0),
        (3.0, 1.0, 1.0, 1.0),
        (np.inf, np.inf, 0.0, 0.0),
        (-np.inf, 1.0, np.inf, 0.0),
        (np.inf, 1.0, np.inf, np.inf),
    ],
)
def test_numbers_are_compared_in_a_unit(left, right, equal, at_most):
    findings = WorstCases("psi", "here")
    findings.equal("equal", left, right, 2.0, 1e-9)
    findings.at_most("at most", left, right, 2.0, 1e-9)
    findings.independent_check("about equal", left, right, 2.0, 1e-5)
    certificates = findings.verification().certificates
    assert [one.violation for one in certificates] == [equal, at_most, equal]
    assert certificates[0].numbers == {"left": left, "right": right}
    assert isinstance(certificates[2], IndependentCheck)
