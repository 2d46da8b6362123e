"""Attachments travel between the two ends: after the changes, through cuts and kills of either end, once."""

import asyncio

import httpx
import pytest
from attaching import KIB, attach, connected, on_both, picture, running, send_all
from blob_office import BlobOffice
from sync_province import BOLUO, HUIDONG
from test_lanes import until

from desktop_app.domain.faults import HostFault, PeerFault
from sync.blobs import lane as lanes
from sync.blobs.lane import BlobLane
from sync.blobs.uploads import Quota
from sync.replication.client import LinkFault
from sync.terminal.records import Write


async def test_what_is_attached_offline_arrives_after_the_changes_and_opens_where_it_may(office: BlobOffice) -> None:
    host, guest = office.terminal(HUIDONG), office.terminal(BOLUO)
    meeting = office.meeting(host, BOLUO)
    path = office.picture(300 * KIB)
    attachment = office.attachments(host).attach(path, owner_kind="meeting", owner_id=meeting, meeting=meeting)
    waits = host.status()
    assert (waits.attachments, waits.attachment_bytes, waits.pending) == (1, 300 * KIB, 2)
    async with running(office, host), running(office, guest) as (_, guests_lane):
        await until(lambda: host.status().attachments == 0, "the content at the center")
        await until(lambda: guest.get("attachment", attachment) is not None, "its record at the guest")
        desk = guests_lane.attachments
        assert not desk.has(attachment)
        with pytest.raises(HostFault, match="blob-missing"):
            desk.open(attachment)
        await guests_lane.fetch(*desk.content_of(attachment))
        copy = desk.save_as(attachment, office.folder / "副本.png")
        assert copy.read_bytes() == path.read_bytes()
    assert guest.status().attachments == 0


@on_both
async def test_an_upload_goes_on_where_it_was_after_a_kill_of_either_end(
    office: BlobOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "FIRST_PIECE", 64 * KIB)
    monkeypatch.setattr(lanes, "UPLOAD_PIECE", 64 * KIB)
    identity = office.enrol(HUIDONG)
    host = office.open_terminal(identity)
    content = picture(1000 * KIB)
    sha256 = attach(office, host, content, office.meeting(host))

    def offset() -> int:
        kept = [office.uploads.store.partial_path(name).stat().st_size for name in office.uploads.store.partials()]
        return sum(kept)

    for part in (200, 500, 700):
        async with running(office, host):
            await until(lambda part=part: offset() > part * KIB, f"{part} KiB at the center")
        if part == 500:
            host.close()
            host = office.open_terminal(identity)
        else:
            office.restart_center()
        assert part * KIB < offset()
    async with running(office, host):
        await until(lambda: host.status().attachments == 0, "all of it")
    with office.uploads.read(office.who(host), sha256) as reader:
        assert b"".join(reader.pieces()) == content
    assert office.uploads.store.partials() == []


async def plain(request: "asyncio.Future[object]") -> object:
    """A lane's way to wait, where nothing else is to be waited for."""
    return await request


async def test_lost_answers_cost_nothing_but_time(office: BlobOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "FIRST_PIECE", 64 * KIB)
    host = office.terminal(HUIDONG)
    content = picture(300 * KIB)
    sha256 = attach(office, host, content, office.meeting(host))
    line, client = connected(office, host)
    lane = BlobLane(office.attachments(host), client, office.clock)
    real, turns = line.handle_async_request, iter(range(1000))

    async def forgetful(request: httpx.Request) -> httpx.Response:
        response = await real(request)
        if next(turns) % 2 == 0:
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return response

    line.handle_async_request = forgetful  # type: ignore[method-assign]  # for this test alone

    lost = 0
    while host.status().attachments:
        try:
            await lane.step(plain)  # type: ignore[arg-type]  # of any one kind of answer
        except LinkFault:
            lost += 1
            lane = BlobLane(office.attachments(host), client, office.clock)
    assert lost > 3
    with office.uploads.read(office.who(host), sha256) as reader:
        assert b"".join(reader.pieces()) == content


async def test_what_the_center_refuses_holds_up_nothing_else(office: BlobOffice) -> None:
    office.quota = Quota(unit=400 * KIB, reserve=0)
    office.open_uploads()
    host = office.terminal(HUIDONG)
    meeting = office.meeting(host)
    large = attach(office, host, picture(500 * KIB), meeting, "大.png")
    small = attach(office, host, picture(100 * KIB), meeting, "小.png")
    async with running(office, host) as (_, lane):
        await until(lambda: host.status().attachments == 1, "the small one at the center")
        assert office.uploads.store.has(small)
        await until(lambda: lane.attachments.waiting()[0].reason != "", "the large one to be put off")
        (waits,) = lane.attachments.waiting()
        assert (waits.sha256, waits.reason, waits.file_name) == (large, "upload-quota", "大.png")
        assert (lane.next_try() or 0) > 0
        office.quota = Quota(unit=4000 * KIB, reserve=0)
        office.open_uploads()
        office.clock.go_on(seconds=30)
        terminal_write = Write("opinion", "0190a8f0-0000-7000-8000-00000000000a", {"meeting": meeting, "text": "x"})
        await asyncio.to_thread(host.write, terminal_write)
        await until(lambda: host.status().attachments == 0, "the large one, once there is room")


async def test_a_slow_line_gets_smaller_pieces(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    attach(office, host, picture(900 * KIB), office.meeting(host))
    line, client = connected(office, host)
    lane = BlobLane(office.attachments(host), client, office.clock)
    real, sizes = line.handle_async_request, []

    async def slow(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            sizes.append(len(request.content))
            office.clock.go_on(seconds=5 if len(sizes) < 4 else 0.1)
        return await real(request)

    line.handle_async_request = slow  # type: ignore[method-assign]  # for this test alone

    while host.status().attachments:
        await lane.step(plain)  # type: ignore[arg-type]  # of any one kind of answer
    assert sizes == [512 * KIB, 256 * KIB, 128 * KIB, 4 * KIB]


async def test_a_fetch_is_resumed_and_what_is_not_the_content_is_not_kept(office: BlobOffice) -> None:
    host, guest = office.terminal(HUIDONG), office.terminal(BOLUO)
    meeting = office.meeting(host, BOLUO)
    content = picture(5 * 1024 * KIB)
    sha256 = attach(office, host, content, meeting)
    await asyncio.to_thread(send_all, office, host)
    office.pull(guest)
    desk = office.attachments(guest)
    line, client = connected(office, guest)
    lane = BlobLane(desk, client, office.clock)
    real, ranges, spoil = line.handle_async_request, [], [False]

    async def cut(request: httpx.Request) -> httpx.Response:
        ranges.append(request.headers["range"])
        response = await real(request)
        if len(ranges) == 2:
            raise httpx.ReadTimeout("cut", request=request)
        if spoil[0]:
            return httpx.Response(206, headers=response.headers, content=bytes(len(response.content)))
        return response

    line.handle_async_request = cut  # type: ignore[method-assign]  # for this test alone
    with pytest.raises(LinkFault, match="link-silent"):
        await lane.fetch(sha256, len(content))
    await lane.fetch(sha256, len(content))
    assert ranges == ["bytes=0-4194303", "bytes=4194304-5242879", "bytes=4194304-5242879"]
    assert desk.store.has(sha256)
    desk.store.delete(sha256)
    spoil[0] = True
    with pytest.raises(PeerFault, match="blob-mismatch"):
        await lane.fetch(sha256, len(content))
    assert not desk.store.has(sha256)
    assert desk.store.partials() == []
