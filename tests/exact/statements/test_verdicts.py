import numpy as np

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
