"""Minutes open at two places at once, over real sockets: what one types the other sees."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from sync_province import BOLUO, HUIDONG, HeaderSigner, Province
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from desktop_app.domain.clock import SystemClock, stamp
from desktop_app.domain.faults import HostFault, PeerFault
from desktop_app.domain.ids import DeviceId, derived_id
from desktop_app.domain.limits import CONTROL_MESSAGE
from desktop_app.domain.principal import Principal
from sync.center.docs import Desk
from sync.center.routes import routes
from sync.documents import live
from sync.documents.live import Colleague
from sync.documents.minutes import MinutesDocument
from sync.documents.tables import live_update
from sync.log.write import Write
from sync.replication.client import CenterClient
from sync.store.engine import reading
from sync.terminal.lanes import Pace, SyncLoop
from sync.terminal.live import LiveDocuments, LivePace, dialer
from sync.terminal.records import Records

QUICK = LivePace(ping=0.2, silent=1.0, retry=0.05, longest_retry=0.2)
LANES = Pace(heartbeat=0.2, answer=0.5, retry=0.05, longest_retry=0.2, wait=2)


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  (what is waited for lies in stores and other threads)
            await asyncio.sleep(0.01)


class Wire:
    """A line to the center that can go dead without a word."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.alive = asyncio.Event()
        self.alive.set()
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, back}

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while raw := await source.read(65536):
                    await self.alive.wait()
                    sink.write(raw)
                    await sink.drain()
                sink.close()

        await asyncio.gather(pump(reader, back), pump(there, writer))

    def cut(self) -> None:
        self.alive.clear()

    def mend(self) -> None:
        """What was in the dead line is gone: it is a new one."""
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()
        self.alive.set()

    def close(self) -> None:
        self.mend()
        if self._server is not None:
            self._server.close()


@dataclass
class Seat:
    """One terminal with the document open, and what its screen would show."""

    records: Records
    wire: Wire
    live: LiveDocuments
    minutes: str
    meeting: str
    people: tuple[Colleague, ...] = ()
    document: MinutesDocument = field(default_factory=MinutesDocument)

    def load(self) -> MinutesDocument:
        state = self.records.minutes_state(self.minutes)
        if state is not None:
            self.document.apply(state)
        return self.document

    @property
    def text(self) -> str:
        return "|".join(block.text for block in self.load().blocks())

    def add(self, text: str) -> str:
        block = self.load().add_block(text=text)
        self.save()
        return block

    def type(self, block: str, at: int, text: str) -> None:
        self.load().replace(block, at, 0, text)
        self.save()

    def save(self) -> None:
        self.records.save_update(self.minutes, self.document.take_update() or b"", meeting=self.meeting)

    def early(self) -> int:
        with reading(self.records.engine) as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(live_update)).scalar_one())


class Office:
    """The center on a real port, and terminals on lines of their own."""

    def __init__(self, province: Province, port: int) -> None:
        self.province, self.port = province, port
        self.tasks: list[asyncio.Task[None]] = []
        self.wires: list[Wire] = []
        host = province.terminal(HUIDONG)
        self.meeting = province.meeting(host)
        self.minutes = derived_id("minutes", self.meeting, HUIDONG)
        fields = {"meeting": self.meeting, "unit_path": HUIDONG, "title": "协商会", "state": "draft"}
        host.write(Write("minutes", self.minutes, fields, self.meeting))
        province.push(host)

    async def seat(self, *, lanes: bool = True, unit: Any = HUIDONG, opened: bool = True) -> Seat:
        records = self.province.terminal(unit)
        self.province.pull(records)
        wire = Wire(self.port)
        await wire.start()
        self.wires.append(wire)
        signer = HeaderSigner(records.device)
        url = f"http://127.0.0.1:{wire.port}"
        dial = dialer(
            url,
            None,
            lambda path: signer.headers("GET", path, now=self.province.clock.now()),
            lambda _b: PeerFault("refused"),
        )
        seat: Seat

        def see(_document: str, people: tuple[Colleague, ...]) -> None:
            seat.people = people

        seat = Seat(
            records,
            wire,
            LiveDocuments(records, dial, jitter=Random(1), pace=QUICK),
            self.minutes,
            self.meeting,
        )
        seat.live.listen(see)
        self.tasks.append(asyncio.create_task(seat.live.run()))
        if lanes:
            client = CenterClient(url, "", signer, self.province.clock)
            loop = SyncLoop(
                records,
                client,
                clock=self.province.clock,
                jitter=Random(2),
                on_link=lambda _link: None,
                on_progress=lambda _status: None,
                pace=LANES,
            )
            self.tasks.append(asyncio.create_task(loop.run()))
        if opened:
            seat.live.open(self.minutes)
            await until(lambda: seat.live.online)
        return seat

    def at_center(self) -> str:
        state = self.province.center.minutes_state(self.minutes)
        return "|".join(block.text for block in MinutesDocument.from_updates([state] if state else []).blocks())

    def changes(self) -> list[str]:
        with reading(self.province.center.engine) as connection:
            rows = connection.execute(sa.text("SELECT change_id FROM change WHERE op = 'update'"))
            return [row[0] for row in rows]


@pytest.fixture
async def office(province: Province) -> AsyncIterator[Office]:
    async def healthz(_request: object) -> JSONResponse:
        return JSONResponse({"now": stamp(province.clock.now())})

    desk = Desk(province.center, SystemClock())
    inner = Starlette(routes=[Route("/healthz", healthz), *routes(province.center), *desk.routes()])

    async def authenticated(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and scope["path"] != "/healthz":
            device = DeviceId(dict(scope["headers"])[b"test-device"].decode())
            scope["principal"] = Principal(
                device, province.devices[device].unit_path, device[:6], f"记录员 {device[:4]}"
            )  # type: ignore[arg-type]
        await inner(scope, receive, send)

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        authenticated,
        log_config=None,
        lifespan="off",
        ws_max_size=CONTROL_MESSAGE,
        ws_ping_interval=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await until(lambda: server.started)
    office = Office(province, listener.getsockname()[1])
    yield office
    for task in office.tasks:
        task.cancel()
    await asyncio.gather(*office.tasks, return_exceptions=True)
    for wire in office.wires:
        wire.close()
    server.should_exit = True
    server.force_exit = True
    await asyncio.wait({serving}, timeout=5)


async def test_what_one_types_the_other_reads_and_both_see_who_is_here_and_where(office: Office) -> None:
    one, two = await office.seat(), await office.seat()
    block = one.add("修建村道")
    await until(lambda: two.text == "修建村道")
    two.type(block, 4, "三公里")
    await until(lambda: one.text == "修建村道三公里" == office.at_center())
    await until(lambda: [each.device for each in one.people] == [two.records.device])
    two.live.here(block, 7)
    await until(lambda: [(each.block, each.at) for each in one.people] == [(block, 7)])
    assert one.people[0].name.startswith("记录员")
    assert not one.people[0].lost
    await until(lambda: one.records.status().pending == two.records.status().pending == 0)
    await until(lambda: one.early() == two.early() == 0)
    assert len(office.changes()) == len(set(office.changes())) == 2


async def test_a_socket_alone_carries_the_text_and_moves_no_watermark_and_no_cursor(office: Office) -> None:
    one, two = await office.seat(lanes=False), await office.seat(lanes=False)
    before = two.records.pull_position()
    one.add("只走长连接")
    await until(lambda: one.live.saved == 1)
    assert office.at_center() == "只走长连接", "saved is said after the commit"
    assert one.records.status().pending == 1
    assert one.records.status().acknowledged == 0
    await until(lambda: two.text == "只走长连接")
    assert two.early() == 1
    assert two.records.pull_position() == before
    office.province.sync(one.records, two.records)
    assert one.records.status().pending == 0
    assert two.early() == 0
    assert two.text == "只走长连接"
    assert len(office.changes()) == 1


async def test_nothing_is_called_saved_that_the_disk_did_not_take(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await office.seat(lanes=False), await office.seat(lanes=False)
    with monkeypatch.context() as patched:

        def full(*_given: object) -> bytes:
            raise HostFault("disk-full")

        patched.setattr(office.province.center, "_receive", full)
        one.add("没有写下的字")
        one.live.here("x", 1)
        await until(lambda: [each.at for each in two.people] == [1])
        assert one.live.saved == 0
        assert two.text == ""
    one.add("后来")
    await until(lambda: one.live.saved == 1)
    await until(lambda: two.text == "没有写下的字|后来")


async def test_after_a_dead_line_both_have_all_and_each_was_shown_as_gone(office: Office) -> None:
    one, two = await office.seat(), await office.seat()
    block = one.add("甲乙丙丁")
    await until(lambda: two.text == "甲乙丙丁")
    two.wire.cut()
    await until(lambda: bool(two.people) and all(each.lost for each in two.people))
    one.type(block, 0, "起头")
    two.type(block, 4, "收尾")
    two.add("断网时的一段")
    assert two.text == "甲乙丙丁收尾|断网时的一段"
    two.wire.mend()
    await until(lambda: one.text == two.text == office.at_center() == "起头甲乙丙丁收尾|断网时的一段")
    await until(lambda: [each.lost for each in two.people] == [False])
    await until(lambda: [each.lost for each in one.people] == [False])
    await until(lambda: two.records.status().pending == 0)
    assert len(office.changes()) == len(set(office.changes())) == 4


async def test_text_typed_on_what_came_live_is_whole_though_the_pull_lane_never_came(office: Office) -> None:
    one, two = await office.seat(lanes=False), await office.seat(lanes=False)
    block = one.add("第一句。")
    await until(lambda: two.text == "第一句。")
    two.wire.cut()
    two.type(block, 4, "第二句。")
    two.records.close()
    again = office.province.open_terminal(two.records.identity)  # type: ignore[arg-type]
    state = again.minutes_state(office.minutes)
    assert [each.text for each in MinutesDocument.from_updates([state or b""]).blocks()] == ["第一句。第二句。"]


async def test_a_stranger_to_the_meeting_gets_no_word_of_it(office: Office) -> None:
    stranger = await office.seat(lanes=False, unit=BOLUO, opened=False)
    headers = {"test-device": stranger.records.device}
    async with connect(f"ws://127.0.0.1:{office.port}/v1/docs/{office.minutes}", additional_headers=headers) as line:
        assert live.unpack(await line.recv(), 1000)["id"] == "minutes-unknown"  # type: ignore[arg-type]
        with pytest.raises(ConnectionClosed):
            await line.recv()


@pytest.mark.parametrize(
    "frame",
    [b"", b"\xc1", b"garbage", live.pack("ping"), live.pack("hello") + b"x", b"\x81\xa1t\x01", b"\xdd\xff\xff\xff\xff"],
)
async def test_bad_frames_end_their_own_socket_and_no_other(office: Office, frame: bytes) -> None:
    one, two = await office.seat(lanes=False), await office.seat(lanes=False)
    stray = office.province.terminal(HUIDONG)
    headers = {"test-device": stray.device}
    async with connect(f"ws://127.0.0.1:{office.port}/v1/docs/{office.minutes}", additional_headers=headers) as line:
        await line.send(frame)
        assert live.unpack(await line.recv(), 1000)["t"] == "fault"  # type: ignore[arg-type]
    one.add("照常")
    await until(lambda: two.text == "照常")


async def test_a_batch_that_the_lane_would_refuse_is_refused_here_and_nothing_of_it_is_kept(office: Office) -> None:
    one = await office.seat(lanes=False)
    stray = office.province.terminal(HUIDONG)
    headers = {"test-device": stray.device}
    office.province.sign_in(one.records, office.meeting, "1")
    foreign = one.records.next_batch() or b""
    async with connect(f"ws://127.0.0.1:{office.port}/v1/docs/{office.minutes}", additional_headers=headers) as line:
        await line.send(live.pack("hello"))
        for asked, (batch, why) in enumerate([(b"no batch", "message-unreadable"), (foreign, "device-mismatch")]):
            await line.send(live.pack("changes", id=asked, batch=batch))
            while (body := live.unpack(await line.recv(), 10_000))["t"] != "refused":  # type: ignore[arg-type]
                pass
            assert (body["id"], body["fault"]) == (asked, why)
    assert office.changes() == []
