import numpy as np
from hypothesis import given, settings

from gail.exact import FiniteMDP
from gail.exact.process.reachability import Reachable


@settings(deadline=None, derandomize=True, max_examples=30)
@given(mdp=...)
def test_what_was_restricted_comes_back_with_the_filler_elsewhere(mdp: FiniteMDP):
    part = Reachable(mdp)
    array = np.arange(mdp.num_states * 2.0).reshape(-1, 2)
    back = part.extend(part.restrict(array), -1.0)
    np.testing.assert_array_equal(back[mdp.reachable], array[mdp.reachable])
    assert np.all(back[~mdp.reachable] == -1.0)
    assert part.mdp.num_states == mdp.reachable.sum()


@settings(deadline=None, derandomize=True, max_examples=30)
@given(mdp=...)
def test_the_reachable_part_moves_like_the_whole(mdp: FiniteMDP):
    part = Reachable(mdp)
    values = np.random.default_rng(0).normal(size=mdp.num_states)
    np.testing.assert_allclose(
        part.mdp.discounted_next(part.restrict(values)), part.restrict(mdp.discounted_next(values)), atol=1e-13
    )
