"""A crowd that reads at once is served a few at a time, so that what the center holds of it stays small."""

import asyncio
import threading
from typing import Any

import httpx
import pytest
from sync_province import HUIDONG, HeaderSigner, Province

from sync.center.routes import PAGES_AT_ONCE, SNAPSHOTS_AT_ONCE
from sync.replication.client import CenterClient

CROWD = 24


@pytest.mark.parametrize(
    ("works", "at_once"), [(("snapshot", "heads"), SNAPSHOTS_AT_ONCE), (("read_page",), PAGES_AT_ONCE)]
)
async def test_few_of_a_crowd_are_answered_at_a_time_and_all_in_the_end(
    province: Province, monkeypatch: pytest.MonkeyPatch, works: tuple[str, ...], at_once: int
) -> None:
    terminal = province.terminal(HUIDONG)
    province.meeting(terminal)
    province.sync(terminal)
    guard, full = threading.Lock(), threading.Event()
    under_way = most = 0

    def counted(work: Any) -> Any:
        def run(*args: Any, **named: Any) -> Any:
            nonlocal under_way, most
            with guard:
                under_way += 1
                most = max(most, under_way)
                if under_way == at_once:
                    full.set()
            full.wait(20)
            try:
                return work(*args, **named)
            finally:
                with guard:
                    under_way -= 1

        return run

    for name in works:
        monkeypatch.setattr(province.center, name, counted(getattr(province.center, name)))
    transport = httpx.ASGITransport(app=province.app())
    client = CenterClient("http://center", "", HeaderSigner(terminal.device), province.clock, transport=transport)
    position = terminal.pull_position()

    async def ask(number: int) -> bytes:
        if "read_page" in works:
            return await client.pull(position, limit=10, wait=0)
        if number % 2:
            return await client.heads(position)
        return await client.snapshot(position, after=0, until=0)

    async with asyncio.TaskGroup() as group:
        answers = [group.create_task(ask(number)) for number in range(CROWD)]
    assert all(answer.result() for answer in answers)
    assert most == at_once
