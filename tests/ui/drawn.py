"""Drawn rooms as frames, a live meeting without a network, and records in memory: what the screens are tested with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPolygonF

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import DeviceId, MeetingId, UnitPath
from media.frames import Frame, FrameSlot
from media.meeting import commands as ask
from media.meeting.health import Health
from media.meeting.model import AgendaPoint, FloorRequest, FloorStatus, MeetingPhase, MeetingState, Site
from media.peers.ladder import Step
from sync.documents.updates import merged
from ui.services import Services

Rows = list[dict[str, Any]]
Texts = list[str]
NOW = datetime(2026, 11, 20, 2, 44, 6, tzinfo=UTC)
GD, HZ, HD, BL = (
    UnitPath("100000/440000/"),
    UnitPath("100000/440000/441300/"),
    UnitPath("100000/440000/441300/441323/"),
    UnitPath("100000/440000/441300/441322/"),
)
NAMES = {GD: "广东省政协", HZ: "惠州市政协", HD: "惠东县政协", BL: "博罗县政协"}
NINE = {
    UnitPath("100000/"): "全国政协",
    GD: "广东省政协",
    UnitPath("100000/440000/440200/"): "韶关市政协",
    UnitPath("100000/440000/440200/440281/"): "乐昌市政协",
    UnitPath("100000/440000/441600/"): "河源市政协",
    UnitPath("100000/440000/441600/441622/"): "龙川县政协",
    UnitPath("100000/440000/441400/"): "梅州市政协",
    UnitPath("100000/440000/441400/441481/"): "兴宁市政协",
    UnitPath("100000/440000/441400/441424/"): "五华县政协",
}
WALLS = ["#647577", "#77726A", "#5F6B73", "#6B6E62", "#66677A", "#746A64", "#5E7072", "#6F6A74", "#69736A"]


class HeldClock:
    """Time that a test moves."""

    def __init__(self, now: datetime = NOW) -> None:
        self.wall, self.ticks = now, 1_000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def move(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds


def drawn_room(width: int, height: int, people: int, wall: str) -> QImage:
    """A conference room as a camera might see it."""
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    light = QLinearGradient(0, 0, 0, height)
    light.setColorAt(0, QColor(wall).lighter(112))
    light.setColorAt(1, QColor(wall).darker(118))
    painter.fillRect(0, 0, width, height, light)
    painter.fillRect(QRectF(width * 0.34, height * 0.1, width * 0.32, height * 0.2), QColor(wall).lighter(140))
    painter.setPen(Qt.PenStyle.NoPen)
    for place in range(people):
        x = width * (place + 1) / (people + 1)
        unit = min(height / 9, width / (people + 1) / 2.6)
        painter.setBrush(QColor("#2D2A2A"))
        painter.drawEllipse(QPointF(x, height * 0.46), unit * 0.72, unit * 0.8)
        painter.setBrush(QColor("#C9A183"))
        painter.drawEllipse(QPointF(x, height * 0.5), unit * 0.56, unit * 0.68)
        painter.setBrush(QColor("#343841"))
        painter.drawRoundedRect(QRectF(x - unit * 1.15, height * 0.6, unit * 2.3, height * 0.3), unit, unit)
    painter.setBrush(QColor("#6F5F50"))
    table = [(0.08, 0.74), (0.92, 0.74), (1.0, 0.88), (0.0, 0.88)]
    painter.drawPolygon(QPolygonF([QPointF(width * x, height * y) for x, y in table]))
    painter.setBrush(QColor("#55463B"))
    painter.drawRect(QRectF(0, height * 0.88, width, height * 0.12))
    painter.end()
    return picture


class DrawnSource:
    """A frame source that shows one drawn room at whatever size the tile asks for."""

    def __init__(self, people: int, wall: str, at: Callable[[], float]) -> None:
        self._people, self._wall, self._at = people, wall, at
        self.wanted = (0, 0)
        self._frame: Frame | None = None

    def want(self, width: int, height: int) -> None:
        if (width, height) != self.wanted:
            self.wanted = (width, height)
            self._frame = None

    def latest(self) -> Frame | None:
        width, height = self.wanted
        if not width:
            return None
        if self._frame is None:
            image = self._drawn(width, height)
            plane = memoryview(bytes(image.constBits()))
            self._frame = Frame(plane, width, height, image.bytesPerLine(), self._at(), 1)
        return replace(self._frame, at=self._at(), number=self._frame.number)

    def _drawn(self, width: int, height: int) -> QImage:
        return drawn_room(width, height, self._people, self._wall)


def drawn_page(width: int, height: int) -> QImage:
    """A spreadsheet as a shared window shows it."""
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    picture.fill(QColor("#FFFFFF"))
    painter = QPainter(picture)
    painter.fillRect(0, 0, width, height // 12, QColor("#217346"))
    rows, columns = 14, 6
    for row in range(rows):
        top = height // 12 + row * (height - height // 12) // rows
        painter.fillRect(0, top, width, 1, QColor("#C8CED2"))
        for column in range(columns):
            left = column * width // columns
            painter.fillRect(left, height // 12, 1, height, QColor("#C8CED2"))
            bar = width // columns * (3 + (row * 5 + column * 3) % 5) // 10
            painter.fillRect(left + width // 90, top + height // 40, bar, height // 60, QColor("#5F6B73"))
    painter.end()
    return picture


class DrawnPage(DrawnSource):
    """A shared window."""

    def __init__(self, at: Callable[[], float]) -> None:
        super().__init__(0, "", at)

    def _drawn(self, width: int, height: int) -> QImage:
        return drawn_page(width, height)


class FakeLive:
    """A meeting without a center: it keeps what was asked, and answers when told to."""

    def __init__(self, listener: Any, clock: HeldClock, sources: dict[str, Any] | None = None) -> None:
        self.listener = listener
        self.sources = sources or {}
        self.asked: list[ask.Command] = []
        self.answers: list[Future[None]] = []
        self.local_muted = False
        self.line = Step.MAIN
        self.healths: dict[UnitPath, Health] = {}
        self.devices = Health()
        self.started = self.stopped = False
        self.shared: Any = None
        self.state = MeetingState(MeetingId("m"))
        self.clock = clock

    def now(self) -> datetime:
        return self.clock.now()

    def start(self) -> None:
        self.started = True

    def stop(self) -> Future[None]:
        self.stopped = True
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def send(self, command: ask.Command) -> Future[None]:
        self.asked.append(command)
        answer: Future[None] = Future()
        self.answers.append(answer)
        return answer

    @property
    def health(self) -> Health:
        return replace(self.devices, delay_ms=38, loss_permille=4)

    def note_devices(self, devices: Health) -> None:
        self.devices = devices

    def source(self, unit_path: UnitPath) -> Any:
        return self.sources.setdefault(unit_path, FrameSlot())

    def share(self, what: Any) -> None:
        self.shared = what

    def local_source(self) -> Any:
        return self.sources.setdefault("local", FrameSlot())

    def set_local_mute(self, muted: bool) -> None:
        self.local_muted = muted


class FakeRecords:
    """Records in memory, as far as the meeting's screens read and write them."""

    def __init__(self, rows: dict[str, Rows] | None = None) -> None:
        self.rows = rows or {}
        self.listeners: list[Any] = []
        self.updates: list[tuple[str, bytes]] = []
        self.fault: Fault | None = None

    def write(self, *writes: Any) -> Texts:
        if self.fault is not None:
            raise self.fault
        for write in writes:
            known = self.get(write.entity, write.pk)
            if known is None:
                self.rows.setdefault(write.entity, []).append({"pk": write.pk, **write.fields})
            else:
                known.update(write.fields)
        self.tell({(write.entity, write.pk) for write in writes})
        return [write.pk for write in writes]

    def save_update(self, minutes: str, update: bytes, *, meeting: str, seen: bytes | None = None) -> str:
        if self.fault is not None:
            raise self.fault
        self.updates.append((minutes, update))
        self.tell({("minutes", minutes)})
        return "change"

    def minutes_state(self, minutes: str) -> bytes | None:
        updates = [update for key, update in self.updates if key == minutes]
        return merged(updates) if updates else None

    def status(self) -> Any:
        return SimpleNamespace(pending=len(self.updates))

    def tell(self, changed: set[tuple[str, str]]) -> None:
        for listener in tuple(self.listeners):
            listener(frozenset(changed))

    def list(self, entity: str, **equal: Any) -> Rows:
        found = self.rows.get(entity, [])
        return [row for row in found if all(row.get(key) == value for key, value in equal.items())]

    def get(self, entity: str, pk: str) -> dict[str, Any] | None:
        return next((row for row in self.rows.get(entity, []) if row["pk"] == pk), None)

    def attendance(self, meeting: str) -> Rows:
        return self.list("attendance", meeting=meeting)

    def subscribe(self, listener: Any) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)


def site(path: UnitPath, name: str, **more: Any) -> Site:
    values = {"device": DeviceId("d"), "online": True, "since": NOW - timedelta(minutes=20), **more}
    return Site(path, name, **values)


def request(number: int, path: UnitPath, name: str, status: FloorStatus, **more: Any) -> FloorRequest:
    asked = NOW - timedelta(minutes=4 - number if number < 4 else 1)
    return FloorRequest(f"r{number}", path, f"p{number}", name, status, asked, **more)


AGENDA = (
    AgendaPoint("a1", 1, "OPEN", "主持人说明议题", 300, started_at=NOW, ended_at=NOW),
    AgendaPoint("a2", 2, "SPEECH", "市县会场发言", 480, started_at=NOW),
    AgendaPoint("a3", 3, "DEPT_REPLY", "省直部门回应", 600),
    AgendaPoint("a4", 4, "SUMMARY", "主持人小结", 300),
)


def busy_state(names: dict[UnitPath, str], chair: UnitPath, speaker: UnitPath, lost: UnitPath | None) -> MeetingState:
    """A meeting in full course: one speaks, three wait, one room is away."""
    paths = list(names)
    sites = {path: site(path, name) for path, name in names.items()}
    if lost is not None:
        sites[lost] = site(lost, names[lost], online=False, since=NOW - timedelta(minutes=2))
    speech = request(
        0, speaker, "委员03", FloorStatus.GRANTED, granted_at=NOW - timedelta(seconds=258), limit_seconds=480
    )
    waiting = [p for p in paths if p not in (speaker, chair, lost)][:2]
    queue = [request(n, path, f"委员{n * 3 + 2:02}", FloorStatus.ACCEPTED) for n, path in enumerate(waiting, 1)]
    if lost is not None:
        queue.append(request(3, lost, "委员11", FloorStatus.ACCEPTED))
    return MeetingState(
        MeetingId("m"),
        phase=MeetingPhase.OPEN,
        title="提升县域医疗服务能力远程协商会",
        host=chair,
        chair=chair,
        opened_at=NOW - timedelta(minutes=30),
        invited=tuple(paths),
        sites=sites,
        agenda=AGENDA,
        agenda_at=2,
        floor=(speech, *queue),
        seq=40,
    )


class FakeRunner:
    """Runs at once and answers at once."""

    def start(self, fn: Callable[..., Any], *args: Any, done: Any = None, failed: Any = None) -> None:
        try:
            result = fn(*args)
        except Fault as fault:
            if failed is not None:
                failed(fault)
            return
        if done is not None:
            done(result)


class FakeSync:
    """Counts how often it was woken."""

    def __init__(self) -> None:
        self.pokes = 0

    def poke(self) -> None:
        self.pokes += 1


def services_with(
    records: Any,
    clock: Any,
    own: UnitPath,
    name: str,
    open_live: Any = None,
    *,
    runner: Any = None,
    exports: Any = None,
) -> Services:
    """The parts a view model asks for; what a test does not touch is empty."""
    nothing: Any = None
    return Services(
        clock=clock,
        runner=runner or FakeRunner(),  # type: ignore[arg-type]  # answers at once, on this thread
        records=records,
        unit_path=own,
        unit_name=name,
        sync=FakeSync(),
        operators=nothing,
        meetings=nothing,
        devices=nothing,
        doctor=nothing,
        settings=nothing,
        exports=exports,
        open_live=open_live,
        folder=Path("."),
    )
