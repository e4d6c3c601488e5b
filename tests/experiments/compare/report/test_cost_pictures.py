import matplotlib.pyplot as plt
import numpy as np
import pytest

from gail.experiments.compare.report.cost_pictures import CLIPPED, beside, cost_maps, cost_scale, visited


def test_the_scale_holds_the_exact_costs_and_nearly_all_visits():
    rng = np.random.default_rng(0)
    exact, learned = rng.uniform(-1.0, -0.5, (50, 4)), rng.normal(-0.7, 1.0, (50, 4))
    weights = rng.dirichlet(np.full(200, 0.3)).reshape(50, 4)
    scale, seen = cost_scale(learned, exact, weights), visited(weights)
    assert scale.low <= exact[seen].min()
    assert exact[seen].max() <= scale.high
    outside = seen & ((learned < scale.low) | (learned > scale.high))
    assert 0.0 < weights[outside].sum() <= CLIPPED
    assert scale.clipped == outside.sum()


def test_a_pair_with_negligible_visits_does_not_set_the_scale():
    weights = np.array([[1.0, 1.0], [1e-9, 1.0]])
    learned = np.array([[0.1, 0.2], [50.0, 0.3]])
    scale = cost_scale(learned, learned.copy(), weights)
    assert (scale.low, scale.high, scale.clipped) == (0.1, 0.3, 0)


def test_a_heavy_pair_sets_it():
    learned = np.array([[0.1, 0.2], [50.0, 0.3]])
    assert cost_scale(learned, np.zeros((2, 2)), np.ones((2, 2))).high == 50.0


def test_points_beyond_the_limits_are_drawn_hollow_at_their_ends():
    figure = beside(np.array([0.5, 9.0]), np.array([0.2, 0.4]), np.ones(2), "cost", (0.0, 1.0))
    inside, ends = figure.axes[0].collections
    np.testing.assert_allclose(inside.get_offsets(), [[0.2, 0.5]])
    np.testing.assert_allclose(ends.get_offsets(), [[0.4, 1.0]])
    assert len(ends.get_facecolors()) == 0
    plt.close(figure)


def test_both_maps_have_one_scale_and_each_triangle_lies_on_its_side(problem):
    cost = np.arange(problem.expert.size, dtype=float).reshape(problem.expert.shape)
    seen = np.ones(cost.shape, dtype=bool)
    figure = cost_maps(problem.layout, {"one": cost, "other": -cost}, seen, (-2.0, 3.0))
    one, other = (axis.collections[0] for axis in figure.axes[:2])
    assert one.get_clim() == other.get_clim() == (-2.0, 3.0)
    assert one.get_cmap().name == other.get_cmap().name
    np.testing.assert_array_equal(one.get_array(), cost.ravel())
    right_of_start = one.get_paths()[1].vertices[:3].mean(axis=0)  # state 0 in row 0, column 0; action 1 goes right
    assert right_of_start == pytest.approx([1 / 3, 0.0])
    plt.close(figure)
