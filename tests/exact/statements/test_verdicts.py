import numpy as np

from gail.exact.statements.certificates import IndependentCheck, Premise
from gail.exact.statements.verdicts import Verdicts


def test_verdicts_say_what_they_mean():
    verdicts = Verdicts("Statement", "instance")
    verdicts.identity("equal", [1.0, 2.0], [1.0, 2.0 + 1e-12])
    verdicts.identity("unequal", [1.0, 200.0], [1.0, 201.0])
    verdicts.at_most("below", [1.0, 2.0], 2.0)
    verdicts.at_most("above", [1.0, 3.0], [2.0, 2.0])
    verdicts.differs("apart", 0.5, 0.1)
    verdicts.differs("not apart", 0.05, 0.1)
    verdicts.claim("unknown", np.nan, 1.0, number=3.0)
    assert [c.holds for c in verdicts.certificates] == [True, False, True, False, True, False, False]
    assert verdicts.certificates[1].violation == 1.0 / 201.0
    assert verdicts.certificates[3].violation == 1.0 / 3.0
    assert verdicts.certificates[6].numbers == {"number": 3.0}
    assert verdicts.certificates[0].statement == "Statement: equal"
    assert not verdicts.verification().holds


def test_nan_is_never_within_a_bound():
    verdicts = Verdicts("Statement", "instance")
    verdicts.at_most("nan", [np.nan], [1.0])
    verdicts.identity("nan", [np.nan], [1.0])
    verdicts.differs("nan", np.nan, 0.1)
    assert not any(c.holds for c in verdicts.certificates)


def test_a_gap_that_is_left_open_is_the_solvers_and_a_negative_one_is_a_refutation():
    for gap, closed, consistent in (
        (1e-12, True, True),
        (0.1, False, True),
        (-0.1, True, False),
        (np.nan, False, False),
    ):
        verdicts = Verdicts("Statement", "instance")
        verdicts.solved("no gap", gap, 1e-9)
        premise, bound = verdicts.certificates
        assert isinstance(premise, Premise)
        assert not isinstance(bound, Premise)
        assert (premise.holds, bound.holds) == (closed, consistent)


def test_premises_and_second_opinions_are_told_apart():
    verdicts = Verdicts("Statement", "instance")
    verdicts.premise("reached", 0.0, 0.0)
    verdicts.independent_check("agrees", 0.0, 1e-5)
    verdicts.claim("is so", 0.0, 0.0)
    kinds = [(isinstance(c, Premise), isinstance(c, IndependentCheck)) for c in verdicts.certificates]
    assert kinds == [(True, False), (False, True), (False, False)]
