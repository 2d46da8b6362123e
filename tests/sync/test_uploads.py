"""Attachments travel: after the changes, through cuts and kills of either end, once, and to nobody else."""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import httpx
import pytest
from blob_office import PNG, BlobOffice
from sync_province import BOLUO, HUIDONG, HUIZHOU, NATION, PROVINCE, SHANWEI, HeaderSigner, Line, TestClock
from test_lanes import FAST, until

from desktop_app.domain.faults import HostFault, OperatorError, PeerFault
from desktop_app.domain.limits import BLOB, FILE_NAME
from sync.blobs import lane as lanes
from sync.blobs.desk import Attachments
from sync.blobs.lane import BlobLane
from sync.blobs.store import BlobStore
from sync.blobs.uploads import STALE_MS, Quota, Uploads
from sync.replication.client import CenterClient, LinkFault
from sync.store.engine import writing
from sync.store.tables import property_
from sync.terminal.lanes import SyncLoop
from sync.terminal.records import Records, Write
from tests.processes.small_disk import SmallDisk

TUS = {"tus-resumable": "1.0.0"}
KIB = 1024


on_both = pytest.mark.parametrize("database", ["file", "postgresql"], indirect=True)


@pytest.fixture
def office(tmp_path: Path, clock: TestClock, database: str) -> Iterator[BlobOffice]:
    made = BlobOffice(tmp_path, clock, database)
    yield made
    made.uploads.close()
    for close in reversed(made.opened):
        close()


class Asker:
    """A terminal's requests, one at a time, without its lanes."""

    def __init__(self, office: BlobOffice, terminal: Records) -> None:
        self._office = office
        self._device = terminal.device

    def __call__(
        self, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._office.app())
            async with httpx.AsyncClient(transport=transport, base_url="https://center") as client:
                named = {"test-device": self._device, **(headers or {})}
                return await client.request(method, target, headers=named, content=body)

        return asyncio.run(ask())

    def begin(self, sha256: str, length: int) -> httpx.Response:
        encoded = base64.b64encode(sha256.encode()).decode()
        return self("POST", "/v1/uploads", TUS | {"upload-length": str(length), "upload-metadata": f"sha256 {encoded}"})

    def add(self, location: str, offset: int, body: bytes, **more: str) -> httpx.Response:
        told = {"upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
        return self("PATCH", location, TUS | told | {k.replace("_", "-"): v for k, v in more.items()}, body)

    def send(self, content: bytes) -> httpx.Response:
        location = self.begin(hashlib.sha256(content).hexdigest(), len(content)).headers["location"]
        return self.add(location, 0, content)


def attach(office: BlobOffice, terminal: Records, content: bytes, meeting: str, name: str = "现场.png") -> str:
    """An attachment of the terminal, its change at the center, its content not sent yet; its SHA-256."""
    path = office.folder / name
    path.write_bytes(content)
    office.attachments(terminal).attach(path, owner_kind="meeting", owner_id=meeting, meeting=meeting)
    office.push(terminal)
    return hashlib.sha256(content).hexdigest()


@asynccontextmanager
async def running(office: BlobOffice, terminal: Records) -> AsyncIterator[tuple[Line, BlobLane]]:
    line = Line(office.app)
    client = CenterClient("https://center", "", HeaderSigner(terminal.device), office.clock, transport=line)
    lane = BlobLane(office.attachments(terminal), client, office.clock)
    loop = SyncLoop(
        terminal,
        client,
        clock=office.clock,
        jitter=Random(1),
        on_link=lambda _link: None,
        on_progress=lambda _status: None,
        pace=FAST,
        blobs=lane,
    )
    task = asyncio.create_task(loop.run())
    try:
        yield line, lane
    finally:
        task.cancel()
        await asyncio.wait({task})


def picture(size: int) -> bytes:
    return PNG + os.urandom(size - len(PNG))


# The two ends together


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


async def test_lost_answers_cost_nothing_but_time(office: BlobOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "FIRST_PIECE", 64 * KIB)
    host = office.terminal(HUIDONG)
    content = picture(300 * KIB)
    sha256 = attach(office, host, content, office.meeting(host))
    line = Line(office.app)
    client = CenterClient("https://center", "", HeaderSigner(host.device), office.clock, transport=line)
    lane = BlobLane(office.attachments(host), client, office.clock)
    real, turns = line.handle_async_request, iter(range(1000))

    async def forgetful(request: httpx.Request) -> httpx.Response:
        response = await real(request)
        if next(turns) % 2 == 0:
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return response

    line.handle_async_request = forgetful  # type: ignore[method-assign]

    async def plain(request: "asyncio.Future[object]") -> object:
        return await request

    lost = 0
    while host.status().attachments:
        try:
            await lane.step(plain)  # type: ignore[arg-type]
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
    line = Line(office.app)
    client = CenterClient("https://center", "", HeaderSigner(host.device), office.clock, transport=line)
    lane = BlobLane(office.attachments(host), client, office.clock)
    real, sizes = line.handle_async_request, []

    async def slow(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            sizes.append(len(request.content))
            office.clock.go_on(seconds=5 if len(sizes) < 4 else 0.1)
        return await real(request)

    line.handle_async_request = slow  # type: ignore[method-assign]

    async def plain(request: "asyncio.Future[object]") -> object:
        return await request

    while host.status().attachments:
        await lane.step(plain)  # type: ignore[arg-type]
    assert sizes == [512 * KIB, 256 * KIB, 128 * KIB, 4 * KIB]


async def test_a_fetch_is_resumed_and_what_is_not_the_content_is_not_kept(office: BlobOffice) -> None:
    host, guest = office.terminal(HUIDONG), office.terminal(BOLUO)
    meeting = office.meeting(host, BOLUO)
    content = picture(5 * 1024 * KIB)
    sha256 = attach(office, host, content, meeting)
    await asyncio.to_thread(send_all, office, host)
    office.pull(guest)
    desk = office.attachments(guest)
    line = Line(office.app)
    client = CenterClient("https://center", "", HeaderSigner(guest.device), office.clock, transport=line)
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

    line.handle_async_request = cut  # type: ignore[method-assign]
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


def send_all(office: BlobOffice, terminal: Records) -> None:
    ask = Asker(office, terminal)
    desk = office.attachments(terminal)
    for each in desk.waiting():
        with desk.store.open(each.sha256) as reader:
            answer = ask.begin(each.sha256, each.length)
            at = int(answer.headers["upload-offset"])
            while at < each.length:
                at = int(
                    ask.add(answer.headers["location"], at, reader.read_at(at, 4 * 1024 * KIB)).headers["upload-offset"]
                )
        desk.note_sent(each.sha256)


# Who may read


@on_both
def test_a_content_opens_to_those_who_see_an_attachment_that_names_it_and_to_nobody_else(office: BlobOffice) -> None:
    host, guest, city = office.terminal(HUIDONG), office.terminal(SHANWEI), office.terminal(HUIZHOU)
    stranger, nation, province = office.terminal(BOLUO), office.terminal(NATION), office.terminal(PROVINCE)
    meeting = office.meeting(host, SHANWEI)
    content = picture(1000)
    sha256 = attach(office, host, content, meeting)
    target = f"/v1/blobs/{sha256}"
    assert Asker(office, host)("GET", target).status_code == 404  # named, not sent yet
    send_all(office, host)
    for reader in (host, guest, city, province):
        assert Asker(office, reader)("GET", target).content == content
    for reader in (stranger, nation):
        assert Asker(office, reader)("GET", target).json()["id"] == "blob-unknown"
    host.write(Write("meeting", meeting, {"invited": []}))
    office.push(host)
    assert Asker(office, guest)("GET", target).status_code == 404


@on_both
def test_knowing_a_hash_opens_nothing(office: BlobOffice) -> None:
    host, thief = office.terminal(HUIDONG), office.terminal(BOLUO)
    content = picture(1000)
    sha256 = attach(office, host, content, office.meeting(host))
    send_all(office, host)
    meeting = office.meeting(thief)
    fields = {"owner_kind": "meeting", "owner_id": meeting, "file_name": "x.png", "mime": "image/png"}
    fields |= {"bytes": "", "sha256": sha256, "meeting": meeting}
    thief.write(Write("attachment", "0190a8f0-0000-7000-8000-00000000000b", fields | {"bytes": 1000}, meeting=meeting))
    office.push(thief)
    ask = Asker(office, thief)
    assert ask("GET", f"/v1/blobs/{sha256}").status_code == 404
    answer = ask.begin(sha256, 1000)
    assert answer.headers["upload-offset"] == "0"  # all of it has to be shown
    assert ask.add(answer.headers["location"], 0, bytes(1000)).json()["id"] == "blob-mismatch"
    assert ask("GET", f"/v1/blobs/{sha256}").status_code == 404


@on_both
def test_a_content_that_a_unit_may_read_is_not_sent_again_and_lies_there_once(office: BlobOffice) -> None:
    host, guest = office.terminal(HUIDONG), office.terminal(BOLUO)
    meeting = office.meeting(host, BOLUO)
    content = picture(1000)
    sha256 = attach(office, host, content, meeting)
    send_all(office, host)
    own = office.meeting(guest)
    assert attach(office, guest, content, own) == sha256
    answer = Asker(office, guest).begin(sha256, 1000)
    assert answer.headers["upload-offset"] == "1000"
    office.center.retract("attachment", host.list("attachment")[0]["pk"], meeting=meeting, actor=office.actor)
    assert Asker(office, host)("GET", f"/v1/blobs/{sha256}").status_code == 404
    assert Asker(office, guest)("GET", f"/v1/blobs/{sha256}").content == content
    assert len([path for path in office.uploads.store.folder.rglob("*") if path.is_file()]) == 1


# tus, as another client would meet it


def test_a_stranger_learns_what_the_server_can(office: BlobOffice) -> None:
    answer = Asker(office, office.terminal(HUIDONG))("OPTIONS", "/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,checksum,termination"
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert int(answer.headers["tus-max-size"]) == BLOB


@on_both
def test_an_upload_is_begun_looked_at_continued_and_given_up(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    ask = Asker(office, host)
    content = picture(1000)
    sha256 = attach(office, host, content, office.meeting(host))
    begun = ask.begin(sha256, 1000)
    location = begun.headers["location"]
    assert (begun.status_code, begun.headers["upload-offset"]) == (201, "0")
    assert ask.begin(sha256, 1000).headers["location"] == location  # its answer may have been lost
    assert ask.add(location, 0, content[:7]).headers["upload-offset"] == "7"
    looked = ask("HEAD", location, TUS)
    assert (looked.headers["upload-offset"], looked.headers["upload-length"]) == ("7", "1000")
    assert looked.headers["cache-control"] == "no-store"
    refused = ask.add(location, 0, content[:7])
    assert (refused.status_code, refused.json()["id"], refused.json()["offset"]) == (409, "upload-offset", 7)
    assert ask("DELETE", location, TUS).status_code == 204
    assert ask("HEAD", location, TUS).status_code == 404
    assert office.uploads.store.partials() == []


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_that_changed_on_the_way_is_not_kept(office: BlobOffice, algorithm: str) -> None:
    host = office.terminal(HUIDONG)
    ask = Asker(office, host)
    content = picture(1000)
    location = ask.begin(attach(office, host, content, office.meeting(host)), 1000).headers["location"]
    right = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    wrong = ask.add(location, 0, bytes(1000), upload_checksum=f"{algorithm} {right}")
    assert (wrong.status_code, wrong.json()["id"]) == (460, "upload-checksum")
    assert ask.add(location, 0, content, upload_checksum="md5 xyz").json()["id"] == "upload-malformed"
    assert ask.add(location, 0, content, upload_checksum=f"{algorithm} {right}").status_code == 204


def test_what_is_no_tus_is_refused_by_name(office: BlobOffice) -> None:
    host, other = office.terminal(HUIDONG), office.terminal(BOLUO)
    ask = Asker(office, host)
    content = picture(1000)
    sha256 = attach(office, host, content, office.meeting(host))
    location = ask.begin(sha256, 1000).headers["location"]
    assert ask("POST", "/v1/uploads").headers["tus-version"] == "1.0.0"
    refusals = {
        "upload-version": ask("POST", "/v1/uploads", {"tus-resumable": "0.2"}),
        "upload-malformed": ask("POST", "/v1/uploads", TUS | {"upload-length": "-1"}),
        "upload-too-large": ask.begin(sha256, BLOB + 1),
        "upload-unnamed": ask.begin("ab" * 32, 1000),
        "upload-differs": ask.begin(sha256, 999),
        "upload-type": ask("PATCH", location, TUS | {"upload-offset": "0", "content-type": "text/plain"}, b"x"),
        "upload-unknown": Asker(office, other).add(location, 0, content),
    }
    for fault_id, answer in refusals.items():
        assert (answer.json()["id"], answer.json()["now"]) == (fault_id, "2026-11-20T07:00:00.000Z")
    assert ask.add(location, 0, content + b"more").json()["id"] == "upload-too-large"
    assert ask("POST", "/v1/uploads", TUS | {"upload-length": "9", "upload-metadata": "sha256 ?"}).status_code == 400


def test_the_center_looks_at_content_and_name_by_itself(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    ask = Asker(office, host)
    meeting = office.meeting(host)
    program = b"MZ" + bytes(100)
    for number, name in enumerate(("报告.png", "报告.exe")):
        content = program if number == 0 else picture(200)
        fields = {
            "owner_kind": "meeting",
            "owner_id": meeting,
            "file_name": name,
            "mime": "image/png",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "meeting": meeting,
        }
        host.write(Write("attachment", f"0190a8f0-0000-7000-8000-0000000000c{number}", fields, meeting=meeting))
        office.push(host)
        answer = ask.send(content)
        assert (answer.status_code, answer.json()["id"]) == (415, "blob-kind")
    assert [path for path in office.uploads.store.folder.rglob("*") if path.is_file()] == []


@on_both
def test_what_a_unit_may_keep_has_an_end_and_the_records_keep_their_disk(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    ask = Asker(office, host)
    meeting = office.meeting(host)
    contents = [picture(1000), picture(1001)]
    hashes = [attach(office, host, each, meeting, f"{len(each)}.png") for each in contents]
    office.quota = Quota(unit=2000, reserve=0)
    office.open_uploads()
    assert ask.begin(hashes[0], 1000).status_code == 201
    over = ask.begin(hashes[1], 1001)
    assert (over.status_code, over.json()["id"]) == (413, "upload-quota")
    office.quota = replace(office.quota, unit=10_000, reserve=1 << 60)
    office.open_uploads()
    full = ask.begin(hashes[1], 1001)
    assert (full.status_code, full.json()["id"]) == (507, "disk-full")


def test_an_upload_that_nobody_goes_on_with_is_given_up(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    ask = Asker(office, host)
    content = picture(1000)
    sha256 = attach(office, host, content, office.meeting(host))
    location = ask.begin(sha256, 1000).headers["location"]
    office.clock.go_on(seconds=STALE_MS / 1000 + 1)
    (partial,) = office.uploads.store.partials()
    long_ago = office.clock.now().timestamp() - 2 * STALE_MS / 1000
    os.utime(office.uploads.store.partial_path(partial), (long_ago, long_ago))
    assert ask.begin(sha256, 1000).headers["location"] != location
    assert len(office.uploads.store.partials()) == 1


# Ranges


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ({"range": "bytes=0-0"}, 206, slice(0, 1)),
        ({"range": "bytes=10-19"}, 206, slice(10, 20)),
        ({"range": "bytes=990-5000"}, 206, slice(990, 1000)),
        ({"range": "bytes=990-"}, 206, slice(990, 1000)),
        ({"range": "bytes=-5"}, 206, slice(995, 1000)),
        ({"range": "bytes=0-1,5-6"}, 200, slice(0, 1000)),
        ({"range": "lines=1-2"}, 200, slice(0, 1000)),
        ({"range": "bytes=9-2"}, 200, slice(0, 1000)),
        ({"range": "bytes=10-19", "if-range": "TAG"}, 206, slice(10, 20)),
        ({"range": "bytes=10-19", "if-range": '"another"'}, 200, slice(0, 1000)),
        ({"range": "bytes=1000-"}, 416, None),
        ({"range": "bytes=-0"}, 416, None),
        ({"if-none-match": "TAG"}, 304, slice(0, 0)),
    ],
)
def test_ranges_are_answered_as_rfc_9110_says(
    office: BlobOffice, asked: dict[str, str], status: int, part: slice | None
) -> None:
    host = office.terminal(HUIDONG)
    content = picture(1000)
    sha256 = attach(office, host, content, office.meeting(host))
    send_all(office, host)
    headers = {name: value.replace("TAG", f'"{sha256}"') for name, value in asked.items()}
    answer = Asker(office, host)("GET", f"/v1/blobs/{sha256}", headers)
    assert answer.status_code == status
    if part is None:
        assert (answer.json()["id"], answer.headers["content-range"]) == ("range-beyond", "bytes */1000")
        return
    assert answer.content == content[part]
    assert answer.headers["etag"] == f'"{sha256}"'
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {part.start}-{part.stop - 1}/1000"
        assert answer.headers["content-length"] == str(part.stop - part.start)


# At the desk


def test_what_cannot_be_attached_is_told_and_nothing_is_written(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    meeting = office.meeting(host)
    desk = office.attachments(host)
    folder = office.folder / "files"
    folder.mkdir()
    cases = {
        "attachment-missing": folder / "无.png",
        "attachment-empty": folder / "空.txt",
        "attachment-kind": folder / "程序.png",
        "attachment-name": folder / "图.exe",
        "attachment-unreadable": folder,
    }
    cases["attachment-empty"].write_bytes(b"")
    cases["attachment-kind"].write_bytes(b"MZ\x00\x00")
    cases["attachment-name"].write_bytes(picture(100))
    for fault_id, path in cases.items():
        with pytest.raises(OperatorError, match=fault_id):
            desk.attach(path, owner_kind="meeting", owner_id=meeting, meeting=meeting)
    with pytest.raises(OperatorError, match="attachment-name"):
        desk.attach(folder / ("长" * FILE_NAME + ".png"), owner_kind="meeting", owner_id=meeting, meeting=meeting)
    assert host.list("attachment") == []
    assert host.status().attachments == 0
    with pytest.raises(OperatorError, match="attachment-unknown"):
        desk.open("0190a8f0-0000-7000-8000-00000000000d")


def test_one_file_attached_twice_lies_there_once_and_taken_back_it_does_not_wait(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    meeting = office.meeting(host)
    desk = office.attachments(host)
    path = office.picture(1000)
    first, second = (desk.attach(path, owner_kind="meeting", owner_id=meeting, meeting=meeting) for _ in range(2))
    assert host.status().attachments == 1
    assert len([each for each in desk.store.folder.rglob("*") if each.is_file()]) == 1
    for pk in (first, second):
        host.retract("attachment", pk, meeting=meeting)
    assert host.status().attachments == 0


def test_what_was_being_taken_in_when_the_program_ended_is_cleared_up(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    desk = office.attachments(host)
    desk.store.partial("in-1", "ab" * 32, 10).close()
    desk.store.partial(f"get-{'ab' * 32}", "ab" * 32, 10).close()
    assert isinstance(office.attachments(host), Attachments)
    assert desk.store.partials() == [f"get-{'ab' * 32}"]


def test_a_content_whose_record_was_erased_is_erased_too_at_both_ends(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    meeting = office.meeting(host)
    gone, kept = (attach(office, host, picture(size), meeting, f"{size}.png") for size in (1000, 2000))
    send_all(office, host)
    pk = next(row["pk"] for row in host.list("attachment") if row["sha256"] == gone)
    office.center.erase("attachment", pk, ground="函〔2026〕1 号", actor=office.actor)
    office.pull(host)
    for store in (office.uploads.store, office.attachments(host).store):
        office.uploads.tidy()
        assert (store.has(gone), store.has(kept)) == (False, True)
    assert Asker(office, host)("GET", f"/v1/blobs/{kept}").status_code == 200


def test_a_center_whose_disk_is_really_full_says_so_and_goes_on_when_there_is_room(
    office: BlobOffice, tmp_path: Path
) -> None:
    disk = SmallDisk(tmp_path / "small", 4)
    if not disk.mounted:
        pytest.skip("needs to mount a small disk")
    try:
        store = BlobStore(tmp_path / "small", bytes(32))
        office.uploads = Uploads(office.center.engine, store, office.clock, office.quota)
        host = office.terminal(HUIDONG)
        content = picture(1500 * KIB)
        sha256 = attach(office, host, content, office.meeting(host))
        ask = Asker(office, host)
        location = ask.begin(sha256, len(content)).headers["location"]
        ask.add(location, 0, content[: 300 * KIB])
        disk.fill()
        refused = ask.add(location, 300 * KIB, content[300 * KIB :])
        assert (refused.status_code, refused.json()["id"]) == (507, "disk-full")
        stands = int(ask("HEAD", location, TUS).headers["upload-offset"])
        assert stands >= 256 * KIB
        disk.clear()
        assert ask.add(location, stands, content[stands:]).status_code == 204
        assert ask("GET", f"/v1/blobs/{sha256}").content == content
        office.uploads.close()
    finally:
        disk.unmount()


def test_what_was_sent_since_is_offered_again_to_a_center_that_was_restored(office: BlobOffice) -> None:
    host, guest = office.terminal(HUIDONG), office.terminal(BOLUO)
    meeting = office.meeting(host, BOLUO)
    content = picture(1000)
    sha256 = attach(office, host, content, meeting)
    send_all(office, host)
    for terminal in (host, guest):
        office.pull(terminal)
    (pk,) = (row["pk"] for row in guest.list("attachment"))
    desks = [office.attachments(terminal) for terminal in (host, guest)]
    office.attachments(guest).store.take_in((office.folder / "现场.png").open("rb"), sha256, 1000)
    desks[1].note_fetched(sha256, 1000)
    assert [desk.waiting() for desk in desks] == [[], []]
    for terminal in (host, guest):  # as the pull of a restored center leaves it
        with writing(terminal.engine) as connection:
            connection.execute(property_.update().where(property_.c.name == "pull-feed").values(value="ab" * 16))
    assert [[each.sha256 for each in desk.waiting()] for desk in desks] == [[sha256], []]
    send_all(office, host)
    assert desks[0].waiting() == []
    assert desks[1].has(pk)
