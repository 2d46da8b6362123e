"""A province on one desk, for every test of the records."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sync_province import Province, TestClock


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def province(tmp_path: Path, clock: TestClock) -> Iterator[Province]:
    made = Province(tmp_path, clock)
    yield made
    for close in reversed(made.opened):
        close()
