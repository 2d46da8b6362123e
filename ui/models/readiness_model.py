"""备会看板: every site of a meeting with its last self-test, reds first, and whom to ring; history per site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.domain.ids import MeetingId, UnitPath
from sync.meetings.readiness import PROBLEMS, WORST, City, Ready, SiteReadiness, by_city, site_board
from ui.models.meeting_choice import MeetingChoice, meeting_choices
from ui.models.reading import Reading

if TYPE_CHECKING:
    from ui.services import Services

WATCHED = frozenset({"self_test", "site_contact", "operator", "meeting"})
SOON_MS = 400
"""A crowd of tests before a lecture is read together."""
AGE_MS = 60_000
"""Tests grow old while nobody touches anything."""


class Shown(StrEnum):
    """全部 / 只看问题."""

    ALL = "all"
    PROBLEMS = "problems"


@dataclass(frozen=True, slots=True)
class _Read:
    meeting: MeetingId
    choices: list[MeetingChoice]
    sites: tuple[SiteReadiness, ...]


class ReadinessModel(QObject):
    """The board of one meeting, or of everybody under this unit."""

    changed = Signal()
    failed = Signal(object)
    exported = Signal(object)
    _records_changed = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.meeting = MeetingId("")
        self.choices: list[MeetingChoice] = []
        self.sites: tuple[SiteReadiness, ...] | None = None
        """None until it was read."""
        self.shown = Shown.ALL
        self.selected = UnitPath("")
        self._asked = False
        self._reading = Reading(services.runner, self.load)
        self._soon = QTimer(self, interval=SOON_MS, singleShot=True)
        self._soon.timeout.connect(self.load)
        self._age = QTimer(self, interval=AGE_MS)
        self._age.timeout.connect(self.load)
        self._records_changed.connect(self._read_soon, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)

    def close(self) -> None:
        """Hear no more of the records."""
        self._unsubscribe()
        self._age.stop()

    # What a person does

    def open(self, meeting: str | None = None) -> None:
        """The board of a meeting; None: of the nearest one; empty, or where there is none: of everybody."""
        self._asked = meeting is not None
        if meeting is not None:
            self.meeting = MeetingId(meeting)
        self._age.start()
        self.load()

    def show(self, which: Shown) -> None:
        self.shown = which
        self.changed.emit()

    def select(self, unit_path: str) -> None:
        if unit_path != self.selected:
            self.selected = UnitPath(unit_path)
            self.changed.emit()

    def select_next_problem(self) -> None:
        """N: the next site that somebody has to ring, the worst first and round again."""
        paths = [one.unit_path for one in self.problems]
        if paths:
            at = paths.index(self.selected) + 1 if self.selected in paths else 0
            self.select(paths[at % len(paths)])

    def write_contact(self, unit_path: str, name: str, phone: str) -> None:
        """Whom to ring at a site; `failed` says why not (`phone-unreadable`)."""
        from sync.meetings.contacts import write_contact

        runner, records = self._services.runner, self._services.records
        runner.start(write_contact, records, unit_path, name, phone, done=self._wrote, failed=self.failed.emit)

    def export(self, path: Path | str) -> None:
        """Write the board as .xlsx; `exported` gives the path."""
        services, sites = self._services, self.sites or ()
        services.runner.start(
            services.exports.readiness,
            self.title,
            sites,
            Path(path),
            done=self.exported.emit,
            failed=self.failed.emit,
        )

    # What the screen shows

    @property
    def now(self) -> datetime:
        return self._services.clock.now()

    @property
    def title(self) -> str:
        """Of the meeting that the board is about; empty for everybody."""
        return next((one.title for one in self.choices if one.meeting == self.meeting), "")

    @property
    def cities(self) -> tuple[City, ...]:
        """The rows of the board; with the filter, only what is a problem."""
        sites = self.sites or ()
        if self.shown is Shown.PROBLEMS:
            sites = tuple(one for one in sites if one.state in PROBLEMS)
        return by_city(sites)

    @property
    def problems(self) -> list[SiteReadiness]:
        """Whom to ring, the worst first."""
        found = [one for one in self.sites or () if one.state in PROBLEMS]
        return sorted(found, key=lambda one: WORST.index(one.state))

    @property
    def site(self) -> SiteReadiness | None:
        """The chosen one, else the worst."""
        chosen = next((one for one in self.sites or () if one.unit_path == self.selected), None)
        return chosen or next(iter(self.problems), None)

    def count(self, *states: Ready) -> int:
        return sum(one.state in states for one in self.sites or ())

    # What comes back

    def load(self) -> None:
        self._reading.start(self._read, done=self._take, failed=self.failed.emit)

    def _read(self) -> _Read:
        records, now = self._services.records, self._services.clock.now()
        choices = [one for one in meeting_choices(records, now) if not one.over]
        meeting = self.meeting
        if not self._asked and not meeting and choices:
            meeting = choices[0].meeting
        return _Read(meeting, choices, site_board(records, meeting, self._services.unit_path, now))

    def _take(self, read: _Read) -> None:
        if not self._asked or read.meeting == self.meeting:
            self.meeting, self.choices, self.sites = read.meeting, read.choices, read.sites
            self.changed.emit()
        else:
            self.load()

    def _wrote(self, _result: object) -> None:
        self._services.sync.poke()
        self.load()

    def _read_soon(self) -> None:
        if self._age.isActive() and not self._soon.isActive():
            self._soon.start()

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in WATCHED for entity, _ in changed):
            self._records_changed.emit()
