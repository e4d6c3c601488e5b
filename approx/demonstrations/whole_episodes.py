"""What most formats take for granted: that the steps of an episode follow one another, and count alike."""

from __future__ import annotations

from gail.approx.demonstrations.dataset import Demonstrations
from gail.approx.demonstrations.errors import InvalidDemonstrations


def require_whole(demonstrations: Demonstrations, kind: str) -> None:
    """Refuse subsampled and weighted demonstrations for a format that would show consecutive, equal steps."""
    if demonstrations.trajectories.weights is not None:
        raise InvalidDemonstrations(f"{kind} has no place for weights: leave them out, or keep to our own .npz")
    if not demonstrations.whole:
        raise InvalidDemonstrations(
            f"{kind} cannot say that steps are left out (here every {demonstrations.provenance.stride}-th is kept): "
            "convert whole episodes, or keep to the project's own .npz"
        )
