import numpy as np
import pytest

from gail.envs import garnet
from gail.exact import Matching, Status, occupancy_of
from gail.exact import regularizers as psi
from gail.exact.algorithms import (
    BestCost,
    FeatureAscent,
    NaturalStep,
    apprenticeship_lp,
    conditional_gradient,
    multiplicative_weights,
    onto_ball,
    play,
    projected_ascent,
    projected_regret_bound,
    regret_bound,
)
from gail.exact.imitation.linear_costs.feature_matching import match_features


@pytest.fixture(scope="module")
def instance():
    rng = np.random.default_rng(0)
    mdp = garnet(12, 3, 2, rng, discount=0.9).mdp
    expert = occupancy_of(mdp, rng.dirichlet(np.ones(3), size=12))
    return mdp, expert, rng.normal(size=(12, 3, 4))


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_multiplicative_weights_obey_their_regret_bound(instance, weight):
    mdp, expert, features = instance
    problem = Matching(mdp, expert, psi.Simplex(features), weight)
    gaps = []
    for iterations in (20, 80, 320):
        run = multiplicative_weights(problem, features, iterations, evaluate_every=iterations)
        assert -1e-9 <= run.trace[-1] <= regret_bound(problem, features, iterations)
        gaps.append(run.trace[-1])
    assert gaps[2] <= 0.4 * gaps[0]


def test_the_linear_program_is_what_multiplicative_weights_approach(instance):
    mdp, expert, features = instance
    problem = Matching(mdp, expert, psi.Simplex(features), 0.0)
    program = apprenticeship_lp(problem, features).require_optimal(1e-9)
    assert program.primal_value < 0.0  # the learner does better than the expert under every feature
    assert np.max(np.einsum("sak,sa->k", features, program.occupancy - expert)) == pytest.approx(program.primal_value)
    run = multiplicative_weights(problem, features, 320, evaluate_every=320)
    assert 0.0 <= run.excess(program.dual_value)[-1] + 1e-9 <= run.trace[-1] + 1e-8
    assert run.dual[-1] <= program.primal_value + 1e-9


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_projected_ascent_obeys_its_regret_bound(instance, weight):
    mdp, expert, features = instance
    problem = Matching(mdp, expert, psi.L2Ball(features), weight)
    gaps = []
    for iterations in (20, 300):
        run = projected_ascent(problem, features, iterations, evaluate_every=iterations)
        assert -1e-9 <= run.trace[-1] <= projected_regret_bound(problem, features, iterations)
        gaps.append(run.trace[-1])
    assert gaps[1] <= 0.4 * gaps[0]


def test_the_projection_method_matches_features(instance):
    mdp, expert, features = instance
    run = conditional_gradient(Matching(mdp, expert, psi.L2Ball(features), 0.0), 60)
    assert run.primal[0] > 1.0
    assert 0.0 <= run.primal[-1] <= 1e-6
    assert np.all(np.diff(run.primal) <= 1e-12)
    # Features are matched, the expert is not: the class cannot tell them apart.
    assert abs(run.occupancy - expert).sum() > 1e-2


@pytest.mark.parametrize("family", [psi.L2Ball, psi.Simplex])
def test_natural_steps_reach_the_optimum_of_a_smooth_game(instance, family):
    """With features small against lambda the gap does not vanish, or one feature leads: psi* is smooth there."""
    mdp, expert, features = instance
    problem = Matching(
        mdp, expert, family(features[:, :, :1] / 20.0 if family is psi.Simplex else features / 20.0), 0.5
    )
    run = play(problem, BestCost(), NaturalStep(0.5), 80)
    assert abs(run.trace[-1]) <= 1e-10
    policy, _ = match_features(problem, problem.psi, [])
    assert abs(run.occupancy - occupancy_of(mdp, policy)).sum() <= 1e-5
    assert run.solution(1e-9).status is Status.OPTIMAL


def test_the_linear_program_has_no_entropy(instance):
    mdp, expert, features = instance
    with pytest.raises(ValueError, match=r"entropy_weight 0\.5"):
        apprenticeship_lp(Matching(mdp, expert, psi.Simplex(features), 0.5), features)


def test_the_first_weights_answer_the_start_with_the_step_of_the_bound(instance):
    mdp, expert, features = instance
    run = multiplicative_weights(Matching(mdp, expert, psi.Simplex(features), 0.0), features, 1)
    gap = np.einsum("sak,sa->k", features, occupancy_of(mdp, np.full((12, 3), 1.0 / 3.0)) - expert)
    # Feature sums lie between 10 min(F, 0) and 10 max(F, 0), in units of the discounted lifetime.
    target = np.einsum("sak,sa->k", features, expert)
    highest = np.max(10.0 * np.maximum(features.max(axis=(0, 1)), 0.0) - target)
    lowest = np.min(10.0 * np.minimum(features.min(axis=(0, 1)), 0.0) - target)
    weights = np.exp(np.sqrt(8.0 * np.log(4.0)) * gap / (highest - lowest))
    np.testing.assert_allclose(run.cost, features @ (weights / weights.sum()), atol=1e-12)


def test_each_method_is_for_its_class_and_its_features(instance):
    mdp, expert, features = instance
    ball, simplex = (Matching(mdp, expert, family(features), 0.0) for family in (psi.L2Ball, psi.Simplex))
    for run, right, wrong, kind in (
        (multiplicative_weights, simplex, ball, "Simplex, got L2Ball"),
        (projected_ascent, ball, simplex, "L2Ball, got Simplex"),
        (lambda problem, given, _: apprenticeship_lp(problem, given), simplex, ball, "Simplex, got L2Ball"),
    ):
        with pytest.raises(TypeError, match=f"is for psi {kind}"):
            run(wrong, features, 5)
        for others in (features + 1.0, features[:, :, :2], features[0], np.full_like(features, np.nan)):
            with pytest.raises(ValueError, match=r"needs psi's own features, got others of shape \("):
                run(right, others, 5)
    for run, problem in ((multiplicative_weights, simplex), (projected_ascent, ball)):
        for iterations in (0, -2):
            with pytest.raises(ValueError, match=f"iterations must be at least 1, got {iterations}"):
                run(problem, features, iterations)


def test_bounds_and_the_projection_method_refuse_what_makes_no_sense(instance):
    mdp, expert, features = instance
    problem = Matching(mdp, expert, psi.L2Ball(features), 0.0)
    for bound in (regret_bound, projected_regret_bound):
        with pytest.raises(ValueError, match="iterations must be at least 1, got 0"):
            bound(problem, features, 0)
        with pytest.raises(ValueError, match=r"features must have shape .* = \(12, 3, 'K'\), got \(12, 3\)"):
            bound(problem, features[:, :, 0], 5)
        with pytest.raises(ValueError, match="features must be finite, got nan at state 0, action 0, feature 0"):
            bound(problem, np.full_like(features, np.nan), 5)
    with pytest.raises(ValueError, match="iterations must be at least 0, got -1"):
        conditional_gradient(problem, -1)
    with pytest.raises(ValueError, match="the row of state 0 sums to 3"):
        conditional_gradient(problem, 1, start=np.ones((12, 3)))
    assert conditional_gradient(problem, 0).steps == (0,)


def test_weights_on_the_ball_average_the_gaps_seen(instance):
    """Dual averaging: where a projection shortened the sum, the next gap is added to the sum, not to the projection."""
    mdp, expert, features = instance
    problem, player = Matching(mdp, expert, psi.L2Ball(features), 0.0), FeatureAscent(features, 10.0, onto_ball)
    first, second = (occupancy_of(mdp, np.tile(row, (12, 1))) for row in ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]))
    state = player.respond(problem, player.respond(problem, player.start(problem, first), first), second)
    total = 10.0 * np.einsum("sak,sa->k", features, first + second - 2.0 * expert)
    assert np.linalg.norm(total) > 1.0
    np.testing.assert_allclose(player.cost(state), features @ (total / np.linalg.norm(total)), atol=1e-12)
