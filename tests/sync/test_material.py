"""Files of a meeting come to the invited terminals by themselves, before it and while it shows one of them."""

import asyncio
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from attaching import running
from blob_office import BlobOffice
from sync_province import BOLUO, HUIDONG
from test_lanes import until

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import HostFault, OperatorError, PeerFault
from desktop_app.domain.ids import MeetingId
from desktop_app.terminal.material import TerminalMaterial
from sync.meetings.material import material_of, wanted
from sync.terminal.records import Records, Write

PDF = b"%PDF-1.7\n" + b"0" * 40_000


def planned(office: BlobOffice, host: Records, days: float) -> MeetingId:
    """A meeting so many days from now, to which 博罗县 is invited."""
    meeting = office.meeting(host, BOLUO)
    host.write(Write("meeting", meeting, {"planned_start": stamp(office.clock.now() + timedelta(days=days))}))
    return MeetingId(meeting)


def file(office: BlobOffice, name: str = "课件.pdf", content: bytes = PDF) -> Path:
    path = office.folder / name
    path.write_bytes(content)
    office.clock.go_on(seconds=1)
    return path


def never(_attachment: str) -> None:
    raise PeerFault("blob-unknown")


async def test_a_file_placed_at_the_host_is_at_the_guest_before_anybody_asks_for_it(office: BlobOffice) -> None:
    host, guest = office.terminal(HUIDONG), office.terminal(BOLUO)
    meeting = planned(office, host, 1)
    async with running(office, host), running(office, guest) as (_, lane):
        loop, desk, came = asyncio.get_running_loop(), lane.attachments, threading.Event()

        def fetch(attachment: str) -> None:
            asyncio.run_coroutine_threadsafe(lane.fetch(*desk.content_of(attachment)), loop).result(20)

        placing = TerminalMaterial(host, office.attachments(host), never, office.clock)
        keeper = TerminalMaterial(guest, desk, fetch, office.clock)
        keeper.listen(came.set)
        keeper.start()
        try:
            await asyncio.to_thread(placing.place, meeting, file(office))
            await until(came.is_set, "the file at the guest")
            (there,) = keeper.listed(meeting)
            assert (there.file_name, there.title, there.here, there.is_slides) == ("课件.pdf", "课件", True, True)
            assert keeper.content(there.sha256) == PDF
        finally:
            await asyncio.to_thread(keeper.close)


def test_the_nearest_meeting_comes_first_and_one_that_is_over_or_far_off_brings_nothing(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    desk = TerminalMaterial(host, office.attachments(host), never, office.clock)
    names = {}
    for days in (9, 2, -3, 60):
        meeting = planned(office, host, days)
        desk.place(meeting, file(office, f"{days}.pdf", PDF + str(days).encode()))
        names[days] = meeting
    over = planned(office, host, 1)
    desk.place(over, file(office, "over.pdf", PDF + b"over"))
    host.write(Write("meeting", over, {"state": "cancelled"}))
    missing = wanted(host, lambda _sha256: False, office.clock.now())
    assert [one.file_name for one in missing] == ["2.pdf", "9.pdf"]
    assert wanted(host, lambda _sha256: True, office.clock.now()) == []


def test_a_file_that_was_taken_back_or_placed_twice_is_listed_as_it_is(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    desk = TerminalMaterial(host, office.attachments(host), never, office.clock)
    meeting = planned(office, host, 1)
    first = desk.place(meeting, file(office))
    desk.place(meeting, file(office))
    notes = desk.place(meeting, file(office, "说明.txt", "请提前阅读".encode()))
    assert [one.file_name for one in desk.listed(meeting)] == ["课件.pdf", "说明.txt"]
    assert not desk.listed(meeting)[1].is_slides
    desk.take_back(meeting, notes)
    assert [one.attachment for one in desk.listed(meeting)] == [first]
    assert material_of(host, MeetingId("another"), lambda _sha256: True) == []


def test_what_is_no_document_or_not_here_is_refused_with_its_reason(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    desk = TerminalMaterial(host, office.attachments(host), never, office.clock)
    meeting = planned(office, host, 1)
    with pytest.raises(OperatorError, match="attachment-kind"):
        desk.place(meeting, file(office, "课件.exe", b"MZ\x90\x00\x03"))
    with pytest.raises(HostFault, match="blob-missing"):
        desk.content("0" * 64)


def test_the_file_whose_page_is_shown_comes_before_all_others_and_is_tried_until_it_is_here(office: BlobOffice) -> None:
    host, guest = office.terminal(HUIDONG), office.terminal(BOLUO)
    placing = TerminalMaterial(host, office.attachments(host), never, office.clock)
    running_one, later = planned(office, host, 0), planned(office, host, 1)
    for number in range(3):
        placing.place(running_one, file(office, f"{number}.pdf", PDF + bytes([48 + number])))
    placing.place(later, file(office, "later.pdf", PDF + b"later"))
    shown = placing.listed(running_one)[2]
    office.push(host)
    office.pull(guest)
    asked: list[str] = []
    tried = threading.Event()

    def fetch(attachment: str) -> None:
        asked.append(attachment)
        if asked.count(shown.attachment) == 2:
            tried.set()
        raise PeerFault("blob-unknown")

    keeper = TerminalMaterial(guest, office.attachments(guest), fetch, office.clock)
    keeper.follow(running_one, shown.sha256)
    keeper.start()
    try:
        assert tried.wait(20)
    finally:
        keeper.close()
    assert asked[0] == shown.attachment
    others = {one.attachment for one in placing.listed(later)}
    assert not others & set(asked), "nothing else takes the line from a meeting's sound"
