import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from tests.media.rig import Room


@pytest.fixture
async def room(caplog: pytest.LogCaptureFixture) -> AsyncIterator[Room]:
    """A hub with one meeting. Whatever is left over or noisy at the end fails the test."""
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    room = Room()
    await room.open()
    yield room
    await room.close()
    await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and not task.done()]
    left = [task for task in left if "media/" in str(task.get_coro())]
    assert not left, left
    assert not complaints, complaints
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
