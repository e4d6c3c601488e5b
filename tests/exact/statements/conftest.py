"""What every test of a statement asks of its verification."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gail.exact import Verification


@pytest.fixture(scope="session")
def failures() -> Callable[[Verification], list[tuple[str, float]]]:
    """The statements that do not hold, with their violations; none may be vacuous."""

    def list_failures(verification: Verification) -> list[tuple[str, float]]:
        assert verification.certificates
        names = [c.statement for c in verification.certificates]
        assert len(set(names)) == len(names)
        return [(c.statement, c.violation) for c in verification.certificates if not c.holds]

    return list_failures
