"""The application: the `gail` command, runs, reports and benchmarks. Only this part prints and writes files.

For notebooks it also offers `plot_gridworld(layout, values, policy)`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gail.experiments.reports.gridworld import plot_gridworld

__all__ = ["plot_gridworld"]


def __getattr__(name: str) -> Any:
    """Load matplotlib only when something is drawn."""
    if name == "plot_gridworld":
        from gail.experiments.reports.gridworld import plot_gridworld

        return plot_gridworld
    raise AttributeError(f"module 'gail.experiments' has no attribute {name!r}")
