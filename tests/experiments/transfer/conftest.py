"""The study of every pair, with a short game of GAIL, computed once."""

import pytest

from gail.experiments.transfer import PAIRS, make_pair, study_pair
from gail.experiments.transfer.slip import bias_of_sampling
from gail.experiments.transfer.study import TransferStudy

SHORT = 500


@pytest.fixture(scope="package")
def random_study():
    return study_pair(make_pair("random"), SHORT)


@pytest.fixture(scope="package")
def small_study(random_study):
    """One pair, and two probabilities of a slip."""
    return TransferStudy((random_study,), tuple(bias_of_sampling((0.0, 0.1))))


@pytest.fixture(scope="package")
def whole_study(random_study):
    """Every pair."""
    others = [study_pair(make_pair(name), SHORT) for name in PAIRS if name != "random"]
    return TransferStudy((*others, random_study), tuple(bias_of_sampling((0.0, 0.1))))
