import numpy as np
import pytest

from gail.exact import statements


@pytest.mark.parametrize("seed", range(3))
def test_state_only_rewards_transfer(seed, failures):
    found = statements.check_transfer("table", np.random.default_rng(seed))
    assert failures(found) == []
    assert len(found.certificates) == 3


def test_entangled_rewards_do_not(failures):
    found = statements.check_entangled_rewards("table")
    assert failures(found) == []
    assert len(found.certificates) == 4
