import numpy as np
import pytest

from gail.exact import solve_rl
from gail.experiments.bench.exact import measurements as bench_exact


@pytest.mark.parametrize(
    "measure",
    [
        lambda: bench_exact.soft_planning_row(300, 0.95, reference=True),
        lambda: bench_exact.hard_planning_row(300, 0.95, repeats=2),
        lambda: bench_exact.linear_program_row(300, 0.95),
        lambda: bench_exact.matching_row(100, 0.95, reference=True),
    ],
    ids=["soft", "hard", "lp", "matching"],
)
def test_every_row_is_certified_and_timed(measure):
    row = measure()
    assert row["status"] == "OPTIMAL"
    assert abs(row["relative_gap"]) <= 1e-9
    assert row["seconds"] > 0.0
    assert 0.01 < row["peak_gb"] < 1e3
    assert row.get("reference_over_ours", 1.0) > 0.0
    assert row.get("relative_residual", 0.0) <= 1e-12


def test_the_instance_has_about_as_many_states_as_asked_and_is_the_same_every_time():
    one, two = (bench_exact.bench_gridworld(2000, 0.9) for _ in range(2))
    assert 0.9 * 2000 < one.mdp.num_states < 1.1 * 2000
    assert one.layout == two.layout
    assert one.layout.goals.any()
    assert one.layout.starts.any()


def test_the_reference_solves_the_same_problem():
    task = bench_exact.bench_gridworld(300, 0.95)
    expected = solve_rl(task.mdp, task.cost, 0.1).values
    np.testing.assert_allclose(bench_exact.plain_soft_values(task.mdp, task.cost, 0.1), expected, rtol=1e-8)


def test_exponents_are_slopes_on_log_axes():
    rows = [{"states": n, "seconds": 3e-6 * n**1.2} for n in (100, 1000, 10_000)]
    assert bench_exact.growth_exponent(rows) == pytest.approx(1.2)


def test_an_exported_instance_is_what_was_solved(tmp_path):
    bench_exact.export_planning(tmp_path / "instance.npz", 200, 0.9)
    task = bench_exact.bench_gridworld(200, 0.9)
    with np.load(tmp_path / "instance.npz") as file:
        np.testing.assert_array_equal(file["data"], task.mdp.transitions.data)
        np.testing.assert_array_equal(file["cost"], task.cost)
        assert file["discount"] == 0.9
        np.testing.assert_array_equal(file["values"], solve_rl(task.mdp, task.cost, entropy_weight=0.0).values)
