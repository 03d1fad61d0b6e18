"""What makes the reports of these tests."""

from __future__ import annotations

import pytest

from tests.reports import Reports


@pytest.fixture(scope="session")
def reports() -> Reports:
    """Makes reports. It has no state, so all tests share it."""
    return Reports()
