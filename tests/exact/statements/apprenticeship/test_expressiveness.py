from dataclasses import replace

import numpy as np
import pytest

from gail.exact import Status
from gail.exact.statements import check_unexpressive_class, unexpressive_instance


@pytest.mark.parametrize("discount", [0.01, 0.5, 0.9, 0.99, 0.999])
def test_the_classes_fail_and_the_logistic_psi_does_not(discount, failures):
    assert failures(check_unexpressive_class(unexpressive_instance(discount), "roads")) == []


def test_what_they_find():
    """Half of the learners over the wrong pass, all of them, and all through the tunnel."""
    member = unexpressive_instance(0.9)
    found = check_unexpressive_class(member, "roads").solutions
    starts = {name: solution.occupancy[0] for name, solution in found.items()}
    assert starts["FEM"] == pytest.approx([0.5, 0.5, 0.0], abs=1e-8)
    assert starts["FEM, at its worst"] == pytest.approx([0.0, 1.0, 0.0], abs=1e-12)
    assert starts["GTAL"] == pytest.approx([0.0, 0.0, 1.0], abs=1e-8)
    assert starts["logistic"] == pytest.approx([1.0, 0.0, 0.0], abs=1e-8)
    assert all(solution.status is Status.OPTIMAL for solution in found.values())


def test_regrets_in_closed_form():
    """South: 0.9 + 0.81 + 0.729; half of it for FEM; the tunnel: 0.9."""
    member = unexpressive_instance(0.9)
    found = check_unexpressive_class(member, "roads").solutions
    regrets = {name: member.regret(solution.occupancy) for name, solution in found.items()}
    assert regrets["FEM, at its worst"] == pytest.approx(2.439)
    assert regrets["FEM"] == pytest.approx(1.2195)
    assert regrets["GTAL"] == pytest.approx(0.9)
    assert found["GTAL"].primal_value == pytest.approx(-0.81 - 0.729)  # the length; the height is further down


def test_a_feature_for_the_danger_repairs_the_class(failures):
    """The check is about the class: where it can express the cost, the claims do not hold."""
    member = unexpressive_instance(0.9)
    aware = replace(member, features=np.concatenate([member.features, member.cost[:, :, None]], axis=2))
    caught = " ".join(statement for statement, _ in failures(check_unexpressive_class(aware, "aware")))
    for claim in (
        "no w distinguishes the passes",
        "is the expert's cost",
        "FEM: differs from the expert",
        "FEM: has a higher cost",
        "GTAL: has a higher cost",
    ):
        assert claim in caught


def test_names_follow_the_states():
    member = unexpressive_instance()
    assert len(member.state_names) == member.mdp.num_states
    assert [member.state_names[cell] for cell in member.roads["south"]] == ["south 1", "south 2", "south 3"]


@pytest.mark.parametrize("discount", [0.0, 1.0, -0.5, np.nan])
def test_discounts_without_roads_are_refused(discount):
    with pytest.raises(ValueError, match=r"discount must lie in \(0, 1\)"):
        unexpressive_instance(discount)
