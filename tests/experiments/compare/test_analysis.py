import matplotlib.pyplot as plt
import numpy as np
import pytest

from gail.experiments.compare import EXACT, Algorithm, Architecture, Cell, Limits, Record
from gail.experiments.compare.analysis import (
    GapParts,
    Part,
    Row,
    comparable,
    gap_parts,
    mean_interval,
    ranked_summary,
    slope,
    verdict,
)
from gail.experiments.compare.comparison import measured_against
from gail.experiments.compare.report.pictures import parts_of_the_gap


def test_the_interval_holds_the_mean_and_narrows_as_samples_grow():
    rng = np.random.default_rng(0)
    few, many = (mean_interval(rng.normal(3.0, 1.0, count)) for count in (10, 1_000))
    assert few.low < few.estimate < few.high
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(10.0, rel=0.5)
    assert many.high - many.low == pytest.approx(2 * 1.96 / np.sqrt(1_000), rel=0.1)


def test_a_power_law_has_its_exponent_as_slope():
    sizes = [1, 4, 16, 64]
    noise = np.random.default_rng(0).uniform(0.9, 1.1, (4, 10))
    found = slope(sizes, [row / np.sqrt(size) for row, size in zip(noise, sizes, strict=True)])
    assert found.low < found.estimate < found.high
    assert found.estimate == pytest.approx(-0.5, abs=0.05)
    exact = slope(sizes, [np.full(3, 2.0 * size**-1.5) for size in sizes])
    assert exact.estimate == pytest.approx(-1.5)
    assert slope([4], [np.ones(3)]) is None
    assert slope([1, 4], [np.ones(3), np.zeros(3)]) is None


def row_of(problem, policy, architecture, size, **stages):
    """The row of a GAIL training that ends at this policy."""
    yardstick = measured_against(problem, [Algorithm.GAIL])[Algorithm.GAIL]
    stages = {"matched": None, "played": None, **stages}
    cell = Cell(Algorithm.GAIL, architecture, size, 0)
    record = Record(cell, policy, None, None, (), left_out=0.0, env_steps=0, seconds=0.0, **stages)
    return Row(cell, yardstick.measure(policy), record)


def test_the_parts_of_the_gap_are_differences_of_j_in_their_order(problem):
    yardstick = measured_against(problem, [Algorithm.GAIL])[Algorithm.GAIL]
    rng = np.random.default_rng(0)
    matched, played, table, networks = rng.dirichlet(np.ones(4), (4, problem.mdp.num_states))
    rows = [
        row_of(problem, table, Architecture.TABLE, 4, matched=matched, played=played),
        row_of(problem, networks, Architecture.MLP, 4),
    ]
    (found,) = gap_parts(rows, yardstick)
    best = yardstick.optimum.primal_value
    expected = np.diff([best, *(yardstick.objective(policy) for policy in (matched, played, table, networks))])
    assert [found.parts[part] for part in Part] == pytest.approx(expected)


def gap(size, seed, *values):
    return GapParts(size, seed, dict(zip(Part, values, strict=False)))


def test_parts_are_compared_over_seeds_that_have_all_of_them_where_any_has():
    whole, other = gap(4, 0, 1.0, 2.0, 3.0, 4.0), gap(4, 1, 9.0, 9.0, 9.0)
    tables = [gap(16, 0, 1.0, 1.0, 1.0), gap(16, 1, 3.0, 3.0, 3.0)]
    found = [whole, other, *tables]
    assert comparable(found, 4) == [whole]
    assert comparable(found, 16) == tables


def test_the_sum_in_the_picture_is_the_mean_gap_of_the_seeds_in_the_bars():
    found = [gap(4, 0, 1.0, 2.0, 3.0, -4.0), gap(4, 1, 1.0, 2.0, 5.0, -2.0), gap(4, 2, 9.0, 9.0, 9.0)]
    found += [gap(16, 0, 1.0, 1.0, 1.0), gap(16, 1, 3.0, 3.0, 3.0)]
    figure = parts_of_the_gap(found, 2.0)
    sums = figure.axes[0].get_lines()[0].get_ydata()
    assert sums == pytest.approx([(2.0 + 6.0) / 2 / 2.0, (3.0 + 9.0) / 2 / 2.0])
    plt.close(figure)


@pytest.mark.parametrize(
    ("excess", "variation", "reached"), [(2.0, 2.0, True), (0.0, 2.0, False), (2.0, 0.0, False), (0.0, 0.0, False)]
)
def test_agreement_needs_both_limits_kept(problem, preset, excess, variation, reached):
    rows = [row_of(problem, np.full(problem.expert.shape, 0.25), Architecture.TABLE, 4)]
    found = verdict(rows, Algorithm.GAIL, Architecture.TABLE, Limits(excess, variation))
    assert found.reached is reached
    assert found.excess_share == pytest.approx(1.0)
    assert ("NOT" not in found.sentence) is reached


def test_the_largest_dataset_is_judged_and_the_exact_one_is_the_largest(problem, preset):
    uniform = np.full(problem.expert.shape, 0.25)
    optimal = problem.solve(Algorithm.GAIL).policy
    rows = [
        row_of(problem, uniform, Architecture.TABLE, 64),
        row_of(problem, optimal, Architecture.TABLE, EXACT),
        row_of(problem, uniform, Architecture.TABLE, 4),
    ]
    found = verdict(rows, Algorithm.GAIL, Architecture.TABLE, preset.table_limits)
    assert found.size is EXACT
    assert found.reached
    assert "the exact expert: the sampled solution" in found.sentence
    known = verdict(rows, Algorithm.GAIL, Architecture.TABLE, preset.table_limits, "all 3 recorded episodes")
    assert "all 3 recorded episodes: the sampled solution" in known.sentence
    assert verdict(rows, Algorithm.GAIL, Architecture.MLP, preset.mlp_limits) is None
    assert [key[2] for key, _ in ranked_summary(rows)] == [4, 64, EXACT]
