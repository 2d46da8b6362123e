import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.meeting.center import Center


@pytest.fixture
async def center() -> AsyncIterator[Center]:
    running = Center()
    await running.start()
    yield running
    with contextlib.suppress(Exception):
        await running.stop()
