"""Sampled next states bias state-only AIRL as soon as moves slip; expected ones do not."""

from gail.experiments.transfer.slip import bias_of_sampling


def test_the_bias_begins_with_the_first_slip():
    found = {(one.slip, one.next_state): one for one in bias_of_sampling((0.0, 0.001, 0.3))}
    assert all(one.certified for one in found.values())
    for (slip, next_state), one in found.items():
        if next_state == "expected" or slip == 0.0:
            assert max(one.error, abs(one.target)) <= 1e-6
            assert one.misfit <= 1e-9
        else:
            assert min(one.error, one.target) > 0.1
            assert one.misfit > 1e-3
