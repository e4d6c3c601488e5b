import numpy as np

from gail.exact import Certificate, Verification


def test_a_violation_within_tolerance_holds_and_nan_never_does():
    def certificate(violation):
        return Certificate("statement", "instance", violation, 1e-9, {})

    assert certificate(1e-9).holds
    assert not certificate(2e-9).holds
    assert not certificate(np.nan).holds
    assert Verification((certificate(0.0),), {}).holds
    assert not Verification((certificate(0.0), certificate(1.0)), {}).holds
