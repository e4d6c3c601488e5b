"""A mistake of the user's: printed as one sentence, exit status 2 (see `gail.experiments.user_errors`)."""

from __future__ import annotations


class InvalidRequest(ValueError):
    """A command was asked for something that it cannot do."""
