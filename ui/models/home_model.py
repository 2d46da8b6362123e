"""今天: the day's meetings, the one to join next, the state of the devices, and how a meeting is scheduled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.clock import moment
from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingKind, MeetingMode
from desktop_app.domain.units import Level, level_of
from ui.i18n.dates import today
from ui.models.app_model import AppModel
from ui.models.devices_model import DevicesModel, Verdict
from ui.models.places import place_name, short_place
from ui.models.reading import Reading
from ui.models.unit_search import find_units
from ui.services import AgendaDraft, Plan, Services, UnitChoice


class Loading(StrEnum):
    """The state of a list."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Place:
    """One unit of a meeting's chain."""

    unit_path: UnitPath
    name: str
    level: Level
    here: bool = False


@dataclass(frozen=True, slots=True)
class MeetingCard:
    """One meeting as home shows it."""

    meeting: MeetingId
    title: str
    kind: MeetingKind
    code: str
    """The official number; empty until the center has given it (待编号)."""
    start: datetime
    end: datetime
    running: bool
    over: bool
    host: str
    sites: int
    chain: tuple[Place, ...]
    ours: bool
    """Whether this site convened it."""
    cancelled: bool = False
    units: tuple[UnitPath, ...] = ()
    clash: str = ""
    """The title of another meeting at the same time that needs a room of this one."""

    @property
    def mode(self) -> MeetingMode:
        return self.kind.mode

    def minutes_to_start(self, now: datetime) -> int:
        """Whole minutes left, rounded up; 0 and less once it has begun."""
        return -int((now - self.start).total_seconds() // 60)


class HomeModel(QObject):
    """The home page. `load` and `test_devices` may be called again at any time."""

    changed = Signal()
    devices_changed = Signal()
    scheduled = Signal(str)
    schedule_failed = Signal(object)
    units_loaded = Signal()
    joining = Signal(str, str)
    """(meeting, title): a person wants in."""
    failed = Signal(object)
    _records_changed = Signal()

    def __init__(self, services: Services, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._app = app
        self.state = Loading.LOADING
        self.meetings: tuple[MeetingCard, ...] = ()
        """Today's, by start."""
        self.every: tuple[MeetingCard, ...] = ()
        """All that this terminal knows of, by start."""
        self.units: tuple[UnitChoice, ...] = ()
        self.devices = DevicesModel(services, app, self)
        self.devices.changed.connect(self.devices_changed)
        self.devices.failed.connect(self.failed)
        self._reading = Reading(services.runner, self.load)
        self._records_changed.connect(self.load, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)

    @property
    def now(self) -> datetime:
        return self._services.clock.now()

    @property
    def next(self) -> MeetingCard | None:
        """The meeting that the main action is about: the first of today that is not over."""
        return next((card for card in self.meetings if not card.over), None)

    @property
    def coming(self) -> MeetingCard | None:
        """The first one after today."""
        here = today(self.now)
        return next((card for card in self.every if today(card.start) > here and not card.over), None)

    @property
    def others(self) -> tuple[MeetingCard, ...]:
        """Today's other meetings."""
        return tuple(card for card in self.meetings if card is not self.next)

    def close(self) -> None:
        self._unsubscribe()

    def load(self) -> None:
        """Read the day again; what was shown stays until the answer is there."""
        self._reading.start(self._read, done=self._show, failed=self._show_fault)

    @property
    def verdict(self) -> Verdict:
        """What the devices came to."""
        return self.devices.verdict

    def test_devices(self) -> None:
        """设备自检: try every device."""
        self.devices.test()

    @property
    def test_is_due(self) -> bool:
        """Whether the next meeting is near, and the devices were not tested for it."""
        card = self.next
        return card is not None and not card.running and self.devices.is_due(card.start)

    def join(self, meeting: str = "") -> None:
        """Enter a meeting, by default the next one; `failed` tells where there is none."""
        card = self._card(meeting) if meeting else self.next
        if card is None:
            self.failed.emit(OperatorError("no-meeting"))
            return
        self.joining.emit(card.meeting, card.title)

    def load_units(self) -> None:
        """Who can be invited, for the schedule dialog; `units_loaded` follows."""
        self._services.runner.start(self._services.meetings.units, done=self._show_units)

    def find_units(self, text: str) -> tuple[UnitChoice, ...]:
        """The units that a name, initials or a code begins with, the nearest first; all of them for no text."""
        return find_units(self.units, text, self._services.unit_path)

    def schedule(
        self,
        title: str,
        kind: str,
        start: datetime,
        end: datetime,
        invited: Sequence[str],
        agenda: Sequence[AgendaDraft] = (),
    ) -> None:
        """Put a meeting of this unit into the records; `scheduled` gives its id, `schedule_failed` the reason."""

        plan = Plan(title, kind, start, end, [UnitPath(path) for path in invited], list(agenda))
        desk = self._services.meetings
        self._services.runner.start(desk.schedule, plan, done=self._was_scheduled, failed=self.schedule_failed.emit)

    # What comes back

    def _was_scheduled(self, meeting: MeetingId) -> None:
        self._services.sync.poke()
        self.load()
        self.scheduled.emit(meeting)

    def _show(self, cards: tuple[MeetingCard, ...]) -> None:
        here = today(self.now)
        self.every = cards
        self.meetings = tuple(
            card for card in cards if today(card.start) == here or card.running or _overdue(card, self.now)
        )
        self.state = Loading.READY
        self.changed.emit()

    def _show_fault(self, fault: Fault) -> None:
        self.state = Loading.FAILED
        self.changed.emit()
        self.failed.emit(fault)

    def _show_units(self, units: Sequence[UnitChoice]) -> None:
        self.units = tuple(unit for unit in units if unit.unit_path != self._services.unit_path)
        self.units_loaded.emit()

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in ("meeting", "unit") for entity, _ in changed):
            self._records_changed.emit()

    # On the worker

    def _read(self) -> tuple[MeetingCard, ...]:
        rows = self._services.records.list("meeting")
        cards = (card for row in rows if (card := self._read_card(row)) is not None)
        return _with_clashes(sorted(cards, key=lambda card: (card.start, card.meeting)))

    def _read_card(self, row: dict[str, Any]) -> MeetingCard | None:
        try:
            start, end = moment(row["planned_start"]), moment(row["planned_end"])
            kind = MeetingKind(row["kind"])
        except (KeyError, TypeError, ValueError):
            return None
        host = UnitPath(row.get("convener_unit") or "")
        invited = [UnitPath(path) for path in row.get("invited") or ()]
        paths = list(dict.fromkeys([*([host] if host else []), *invited]))
        return MeetingCard(
            meeting=MeetingId(row["pk"]),
            title=row.get("title") or "",
            kind=kind,
            code=row.get("code") or "",
            start=start,
            end=end,
            running=bool(row.get("actual_start")) and not row.get("actual_end"),
            over=bool(row.get("actual_end")) or row.get("state") in ("ended", "cancelled"),
            host=place_name(host),
            sites=len(paths),
            chain=self._chain(paths),
            ours=host == self._services.unit_path,
            cancelled=row.get("state") == "cancelled",
            units=tuple(paths),
        )

    def _chain(self, paths: Sequence[UnitPath]) -> tuple[Place, ...]:
        """One place per level, the highest first: our own site where it is of that level, else the first invited."""
        places: dict[Level, Place] = {}
        for path in paths:
            if not 1 <= path.count("/") <= len(Level):
                continue
            here = path == self._services.unit_path
            level = level_of(path)
            if level not in places or here:
                places[level] = Place(path, short_place(path), level, here)
        return tuple(places[level] for level in sorted(places))

    def _card(self, meeting: str) -> MeetingCard | None:
        return next((card for card in self.every if card.meeting == meeting), None)


def _overdue(card: MeetingCard, now: datetime) -> bool:
    """Begun on an earlier day by the plan, not over yet, and not planned to be over."""
    return card.start <= now < card.end and not card.over


def _with_clashes(cards: Sequence[MeetingCard]) -> tuple[MeetingCard, ...]:
    """Each with the first other one that needs one of its rooms at its time; they come by start."""
    clashing: dict[MeetingId, str] = {}
    open_cards = [card for card in cards if not card.over]
    for place, card in enumerate(open_cards):
        for later in open_cards[place + 1 :]:
            if later.start >= card.end:
                break
            if set(card.units) & set(later.units):
                clashing.setdefault(card.meeting, later.title)
                clashing.setdefault(later.meeting, card.title)
    return tuple(replace(card, clash=clashing.get(card.meeting, "")) for card in cards)
