"""A maze as a picture: which pixels lie in the barrier, in the target, in the point.

Pixel (row, column) is coloured by the position of its centre; rows count from the top, so heights grow upwards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PIXELS = 240
"""Side of the square picture."""
RADIUS = 0.02
"""Of the discs that mark the point and the target."""
FLOOR, BARRIER, GOAL, POINT = (245, 245, 240), (70, 70, 80), (60, 160, 90), (200, 70, 50)


def draw_maze(
    width: float,
    barrier: tuple[float, float, float, float],
    point: NDArray[np.float64],
    target: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """The picture, shape (PIXELS, PIXELS, 3).

    Args:
        width: side of the square box, whose lower left corner is the origin.
        barrier: least and largest first coordinate, least and largest second coordinate.
        point: position of the point, drawn as a disc.
        target: position of the target, drawn as a disc.
    """
    centres = (np.arange(PIXELS) + 0.5) * width / PIXELS
    x, y = centres[None, :], centres[::-1, None]
    left, right, bottom, top = barrier
    picture = np.empty((PIXELS, PIXELS, 3), dtype=np.uint8)
    picture[:] = FLOOR
    picture[(left <= x) & (x <= right) & (bottom <= y) & (y <= top)] = BARRIER
    for centre, colour in ((target, GOAL), (point, POINT)):
        picture[np.hypot(x - centre[0], y - centre[1]) <= RADIUS] = colour
    return picture
