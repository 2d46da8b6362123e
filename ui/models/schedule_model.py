"""安排会议: one plan that is made, changed or copied, with the rooms that are taken at that time; and calling off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.units import Level
from ui.models.places import closeness
from ui.models.unit_search import find_units
from ui.services import Plan, Services, UnitChoice

if TYPE_CHECKING:
    from sync.meetings.planning import Clash
    from sync.meetings.roster import RowFault

LOOK_MS = 250
"""Clashes are looked for once typing and ticking have paused."""


class Purpose(StrEnum):
    """安排 / 修改 / 复制."""

    NEW = "new"
    CHANGE = "change"
    COPY = "copy"


class ScheduleModel(QObject):
    """The schedule dialog's; also what the meetings' menus ask for."""

    opened = Signal(object)
    """The `Plan` of the meeting that is changed or copied."""
    units_loaded = Signal()
    invited_loaded = Signal(object)
    """Unit paths that a sheet named."""
    clashes_changed = Signal()
    saved = Signal(str)
    refused = Signal(object)
    cancelled = Signal(str)
    failed = Signal(object)
    exported = Signal(object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.purpose = Purpose.NEW
        self.meeting = MeetingId("")
        self.units: tuple[UnitChoice, ...] = ()
        self.clashes: tuple[Clash, ...] = ()
        self.row_faults: tuple[RowFault, ...] = ()
        self.rows_wrong = 0
        self._asked: tuple[Sequence[UnitPath], datetime, datetime] | None = None
        self._soon = QTimer(self, interval=LOOK_MS, singleShot=True)
        self._soon.timeout.connect(self._look)

    # What a person does

    @property
    def now(self) -> datetime:
        return self._services.clock.now()

    def begin(self, purpose: Purpose = Purpose.NEW, meeting: str = "") -> None:
        """Make a plan anew, or of a meeting that is there; `opened` gives it."""
        self.purpose, self.meeting = purpose, MeetingId(meeting)
        self.clashes, self.row_faults, self.rows_wrong, self._asked = (), (), 0, None
        self._services.runner.start(self._services.meetings.units, done=self._show_units)
        if purpose is not Purpose.NEW:
            self._services.runner.start(
                self._services.meetings.plan, self.meeting, done=self.opened.emit, failed=self.refused.emit
            )

    def save(self, plan: Plan) -> None:
        """Write it; `saved` gives the meeting's id, `refused` the reason."""
        desk = self._services.meetings
        changes = self.purpose is Purpose.CHANGE
        write = partial(desk.change, self.meeting, plan) if changes else partial(desk.schedule, plan)
        self._services.runner.start(write, done=self._saved, failed=self.refused.emit)

    def cancel(self, meeting: str, reason: str = "") -> None:
        """取消会议; `failed` says why not."""
        self._services.runner.start(
            self._services.meetings.cancel,
            MeetingId(meeting),
            reason,
            done=lambda _none: self._called_off(meeting),
            failed=self.failed.emit,
        )

    def look_for_clashes(self, units: Sequence[UnitPath], start: datetime, end: datetime) -> None:
        """Which of these rooms are taken then; `clashes_changed` follows a moment later."""
        self._asked = (list(units), start, end)
        self._soon.start()

    def read_sheet(self, path: Path | str) -> None:
        """Invite whom a sheet names: all of it, or nobody and the rows that are wrong."""
        self.row_faults, self.rows_wrong = (), 0
        self._services.runner.start(
            self._services.meetings.invitations,
            Path(path),
            done=self.invited_loaded.emit,
            failed=self._sheet_refused,
        )

    def export_calendar(self, meeting: str, path: Path | str) -> None:
        """Write the meeting as .ics; `exported` gives the path."""
        self._services.runner.start(
            self._services.exports.calendar,
            MeetingId(meeting),
            Path(path),
            done=self.exported.emit,
            failed=self.failed.emit,
        )

    # What the dialog shows

    def find_units(self, text: str) -> tuple[UnitChoice, ...]:
        """Those that a name, initials or a code begins with, the nearest first; all of them for no text."""
        return find_units(self.units, text, self._services.unit_path)

    def of_level(self, level: Level) -> list[UnitPath]:
        """Every unit of this level in our own province or city, or in all of the nation for a unit above."""
        return [one.unit_path for one in self._near() if one.level == level]

    def cities(self) -> list[UnitChoice]:
        """The cities to invite as a whole, the nearest first."""
        own = self._services.unit_path
        found = [one for one in self._near() if one.level == Level.CITY]
        return sorted(found, key=lambda one: -closeness(one.unit_path, own))

    def of_city(self, city: UnitPath) -> list[UnitPath]:
        """A city and its counties."""
        return [one.unit_path for one in self.units if one.unit_path.startswith(city)]

    def _near(self) -> list[UnitChoice]:
        province = "".join(f"{code}/" for code in self._services.unit_path.split("/")[: int(Level.PROVINCE)])
        return [one for one in self.units if one.unit_path.startswith(province)]

    # What comes back

    def _show_units(self, units: Sequence[UnitChoice]) -> None:
        self.units = tuple(unit for unit in units if unit.unit_path != self._services.unit_path)
        self.units_loaded.emit()

    def _look(self) -> None:
        if self._asked is None:
            return
        units, start, end = self._asked
        but = self.meeting if self.purpose is Purpose.CHANGE else ""
        asked = self._asked

        def show(found: Sequence[Clash]) -> None:
            if asked is self._asked:
                self.clashes = tuple(found)
                self.clashes_changed.emit()

        self._services.runner.start(self._services.meetings.clashes, units, start, end, but, done=show)

    def _saved(self, meeting: MeetingId) -> None:
        self._services.sync.poke()
        self.saved.emit(meeting)

    def _called_off(self, meeting: str) -> None:
        self._services.sync.poke()
        self.cancelled.emit(meeting)

    def _sheet_refused(self, fault: Fault) -> None:
        self.row_faults = tuple(getattr(fault, "rows", ()))
        self.rows_wrong = int(fault.values.get("count", len(self.row_faults)))
        self.refused.emit(fault)
