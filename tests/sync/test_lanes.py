"""The lanes over the center's real application: lost answers, silence, duplicates, a late invitation."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import pytest
from sync_province import BOLUO, HUIDONG, SHANWEI, HeaderSigner, Line, Province

from desktop_app.domain.ids import derived_id
from sync.documents.minutes import MinutesDocument
from sync.replication.client import CenterClient
from sync.terminal.lanes import Link, LinkState, Pace, SyncLoop
from sync.terminal.records import Records, SyncStatus, Write
from sync.terminal.thread import SyncThread

FAST = Pace(heartbeat=0.05, answer=0.2, retry=0.01, longest_retry=0.05, refused_retry=0.05, wait=2)


@dataclass
class Site:
    """A terminal with its lanes and its line."""

    records: Records
    line: Line
    loop: SyncLoop
    links: list[Link] = field(default_factory=list)
    progress: list[SyncStatus] = field(default_factory=list)


async def until(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110  (the conditions are of stores and logs, not of events)
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"waited in vain for: {what}")


@asynccontextmanager
async def site(province: Province, records: Records) -> AsyncIterator[Site]:
    line = Line(province.app)
    client = CenterClient("https://center", "", HeaderSigner(records.device), province.clock, transport=line)
    links: list[Link] = []
    progress: list[SyncStatus] = []
    loop = SyncLoop(
        records,
        client,
        clock=province.clock,
        jitter=Random(1),
        on_link=links.append,
        on_progress=progress.append,
        pace=FAST,
    )
    task = asyncio.create_task(loop.run())
    try:
        yield Site(records, line, loop, links, progress)
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_two_terminals_and_a_center_agree_through_lost_answers_and_silence(province: Province) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(SHANWEI)
    async with site(province, host) as a, site(province, guest) as b:
        meeting = await asyncio.to_thread(province.meeting, host)
        await until(lambda: host.status().pending == 0, "the meeting's receipt")
        a.line.lose_answers = 2
        await asyncio.to_thread(province.sign_in, host, meeting, "1")
        await until(lambda: host.status().pending == 0, "the receipt after two lost answers")
        assert a.line.lose_answers == 0
        a.line.cut = b.line.cut = True
        await until(lambda: a.links[-1].state is LinkState.OFFLINE, "the silence to be told")
        document = MinutesDocument()
        document.add_block(text="断网时的记录")
        minutes = derived_id("minutes", meeting, HUIDONG)
        row = {"meeting": meeting, "unit_path": HUIDONG, "state": "draft"}
        await asyncio.to_thread(host.write, Write("minutes", minutes, row))
        await asyncio.to_thread(host.save_update, minutes, document.take_update() or b"", meeting=meeting)
        for member in range(2, 7):
            await asyncio.to_thread(province.sign_in, host, meeting, str(member))
        assert host.status().pending == 7
        for each in (a, b):
            each.line.cut = False
            each.line.healed.set()
        await until(lambda: host.status().pending == 0, "everything written offline to be receipted")
        await until(lambda: a.links[-1].state is LinkState.ONLINE, "the link to be back")
        assert guest.list("meeting") == []
        await asyncio.to_thread(host.write, Write("meeting", meeting, {"invited": [SHANWEI]}))
        await until(lambda: len(guest.attendance(meeting)) == 6, "the late guest to have the whole meeting")
        await until(lambda: guest.minutes_state(minutes) is not None, "the minutes at the guest")
        shown = MinutesDocument.from_updates([guest.minutes_state(minutes) or b""])
        assert shown.sha256() == document.sha256()
        await asyncio.to_thread(province.sign_in, guest, meeting, "guest")
        await until(lambda: len(host.attendance(meeting)) == 7, "the guest's signature at the host")
    assert len(province.center.attendance(meeting)) == 7
    assert a.progress[-1].pending == 0
    assert host.status().acknowledged == 10


async def test_a_push_wakes_a_waiting_reader_at_once_and_is_not_told_to_its_own_writer(province: Province) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(BOLUO)
    async with site(province, host) as a, site(province, guest):
        first = await asyncio.to_thread(province.meeting, host, BOLUO)
        await until(lambda: guest.get("meeting", first) is not None, "the invitation at the guest")
        await until(lambda: host.status().pending == 0, "the receipt")
        assert a.line.pushes == 1


async def test_a_refused_chain_is_told_with_its_id_and_pulling_goes_on(province: Province) -> None:
    host, guest = province.terminal(HUIDONG), province.terminal(BOLUO)
    province.devices[guest.device].public_key = bytes(32)
    async with site(province, host), site(province, guest) as b:
        await asyncio.to_thread(province.meeting, guest)
        await until(lambda: b.links[-1:] == [Link(LinkState.REFUSED, "signature-bad")], "the refusal to be told")
        meeting = await asyncio.to_thread(province.meeting, host, BOLUO)
        await until(lambda: guest.get("meeting", meeting) is not None, "the guest to pull all the same")
        assert guest.status().pending == 1
        province.devices[guest.device].public_key = guest.identity.public_key
        await until(lambda: guest.status().pending == 0, "the lane to go on once it is mended")
        await until(lambda: b.links[-1].state is LinkState.ONLINE, "the mended lane to be told")


async def test_a_center_that_talks_nonsense_or_has_another_clock_is_named(province: Province) -> None:
    import httpx

    class Nonsense(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=b"<html>router</html>")

    terminal = province.terminal(HUIDONG)
    client = CenterClient("https://c", "", HeaderSigner(terminal.device), province.clock, transport=Nonsense())
    links: list[Link] = []
    loop = SyncLoop(
        terminal,
        client,
        clock=province.clock,
        jitter=Random(1),
        on_link=links.append,
        on_progress=lambda _: None,
        pace=FAST,
    )
    task = asyncio.create_task(loop.run())
    await until(lambda: links == [Link(LinkState.UNREACHABLE, "center-not-silian")], "nonsense to be named")
    task.cancel()
    await asyncio.wait({task})
    client.note_center_time("2026-11-23T07:00:00.000Z")
    assert client.clock_offset.days == 3
    client.note_center_time({"not": "a time"})
    assert client.clock_offset.days == 3


def test_the_lanes_run_on_a_thread_of_their_own_and_end_when_they_are_told(province: Province) -> None:
    import threading

    terminal = province.terminal(HUIDONG)
    meeting = province.meeting(terminal)
    client = CenterClient("https://c", "", HeaderSigner(terminal.device), province.clock, transport=Line(province.app))
    done = threading.Event()

    def on_progress(status: SyncStatus) -> None:
        if status.pending == 0 and status.acknowledged == 2:
            done.set()

    thread = SyncThread(
        terminal, client, clock=province.clock, on_link=lambda _: None, on_progress=on_progress, pace=FAST
    )
    thread.start()
    province.sign_in(terminal, meeting, "1")
    thread.poke()
    assert done.wait(20)
    thread.close()
    assert not any(each.name == "silian-sync" for each in threading.enumerate())
