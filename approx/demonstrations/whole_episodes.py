"""The check that most formats need: the steps of an episode are consecutive and have equal weights."""

from __future__ import annotations

from gail.approx.demonstrations.dataset import Demonstrations
from gail.approx.demonstrations.errors import InvalidDemonstrations


def require_consecutive_steps(demonstrations: Demonstrations, kind: str) -> None:
    """Raise `InvalidDemonstrations` for weighted or subsampled demonstrations; `kind` names the file's format."""
    if demonstrations.trajectories.weights is not None:
        raise InvalidDemonstrations(f"{kind} cannot store weights: remove them, or use the project's own .npz")
    if not demonstrations.whole:
        stride = demonstrations.provenance.stride
        here = f"here every {stride}-th is kept" if stride > 1 else "here steps have next observations of their own"
        raise InvalidDemonstrations(
            f"{kind} cannot record dropped steps ({here}): convert whole episodes, or use the project's own .npz"
        )
