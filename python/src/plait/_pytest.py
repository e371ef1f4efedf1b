"""The pytest fixture `plait_mock`: there is nothing to import (entry point `pytest11`)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ._mock import Mock, mock


@pytest.fixture
def plait_mock() -> Iterator[Mock]:
    """A `plait.mock` for this test. `plait_mock.intercept("api.example")` leads calls to a host to it."""
    with mock() as mocked:
        yield mocked
