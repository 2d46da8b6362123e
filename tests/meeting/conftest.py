import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sync.center.store import CenterStore
from tests.media.rig import Room
from tests.meeting.center import Center
from tests.meeting.recorded import open_store, write_meeting


@pytest.fixture
async def center() -> AsyncIterator[Center]:
    running = Center()
    await running.start()
    yield running
    with contextlib.suppress(Exception):
        await running.stop()


@pytest.fixture
async def hub() -> AsyncIterator[Room]:
    """A real hub in the loop of the test."""
    room = Room()
    await room.open()
    yield room
    await room.close()


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site may say as much as the test wants at once."""
    monkeypatch.setattr("media.meeting.session.MESSAGES_AT_ONCE", 1e9)
    monkeypatch.setattr("media.meeting.session.MESSAGES_PER_SECOND", 1e9)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CenterStore]:
    """A center's records, with a meeting planned in them."""
    with_meeting = open_store(tmp_path)
    write_meeting(with_meeting)
    yield with_meeting
    with_meeting.close()
