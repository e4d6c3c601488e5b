"""What most formats take for granted: that the steps of an episode follow one another."""

from __future__ import annotations

from gail.approx.demonstrations.dataset import Demonstrations
from gail.approx.demonstrations.errors import InvalidDemonstrations


def require_whole(demonstrations: Demonstrations, kind: str) -> None:
    """Refuse subsampled demonstrations for a format whose readers would take them for consecutive steps."""
    if not demonstrations.whole:
        raise InvalidDemonstrations(
            f"{kind} cannot say that steps are left out (here every {demonstrations.provenance.stride}-th is kept): "
            "convert whole episodes, or keep to the project's own .npz"
        )
