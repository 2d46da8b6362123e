"""审计: who did what and when, newest first. It reads and exports; there is nothing here that could change a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.faults import Fault, OperatorError
from ui.i18n import has, t
from ui.i18n.dates import at_local, local, today
from ui.models.app_model import AppModel, Stage
from ui.models.pages import Page
from ui.models.places import short_place
from ui.services import Operator, Services

if TYPE_CHECKING:
    from sync.terminal.audit import AuditLine

COLUMNS = ("at", "who", "where", "act", "what", "meeting", "state", "machine")
SECURITY = "audit_event"


class AuditFilter(StrEnum):
    """全部 / 登录与安全 / 记录改动."""

    ALL = "all"
    SECURITY = "security"
    RECORDS = "records"


class AuditSpan(StrEnum):
    """不限时间 / 今天 / 近 7 天 / 近 30 天."""

    EVER = "ever"
    TODAY = "today"
    WEEK = "week"
    MONTH = "month"


DAYS = {AuditSpan.TODAY: 0, AuditSpan.WEEK: 6, AuditSpan.MONTH: 29}
"""Whole days before today that a span takes in."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line in words, in the order of `COLUMNS`. `marked`: something that a person should look at."""

    cells: tuple[str, ...]
    marked: bool = False


class AuditModel(QObject):
    """The audit page."""

    changed = Signal()
    failed = Signal(object)
    exported = Signal(object)

    def __init__(self, services: Services, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._app = app
        self.filter = AuditFilter.ALL
        self.person = ""
        self.span = AuditSpan.EVER
        self.people: tuple[Operator, ...] = ()
        self.ready = False
        self.at_end = False
        """There is nothing older than what is shown."""
        self.fault: Fault | None = None
        self.rows: tuple[AuditRow, ...] = ()
        self._last: int | None = None
        self._asked = 0
        app.page_changed.connect(self._page_changed)
        app.stage_changed.connect(self._page_changed)
        app.operator_changed.connect(self._forget)

    def close(self) -> None:
        """Nothing is kept and nothing is listened to below the screens."""

    def load(self) -> None:
        """Read the newest lines."""
        self._read(None)
        self._services.runner.start(self._services.operators.operators, done=self._take_people, failed=self._not_read)

    def more(self) -> None:
        """Read what is older than the last line shown."""
        if self._last is not None and not self.at_end:
            self._read(self._last)

    def choose_filter(self, key: str) -> None:
        self.filter = AuditFilter(key)
        self._read(None)

    def choose_person(self, person: str) -> None:
        """One person's lines; empty: everybody's."""
        self.person = person
        self._read(None)

    def choose_span(self, key: str) -> None:
        """What was done today, or in the last days."""
        self.span = AuditSpan(key)
        self._read(None)

    def export(self, path: Path | str) -> None:
        """Write what is shown as a table; that is told in the trail too."""
        if self._services.audit is None:
            return
        head = [t(f"audit.{column}") for column in COLUMNS]
        self._services.runner.start(
            self._services.audit.export,
            Path(path),
            head,
            [row.cells for row in self.rows],
            done=self.exported.emit,
            failed=self.failed.emit,
        )

    def _page_changed(self) -> None:
        if self._app.page is Page.AUDIT and self._app.stage is Stage.OPEN:
            self.load()

    def _forget(self) -> None:
        """Another person sits here: what the last one saw is gone from the screen."""
        self.rows, self.ready, self.at_end, self._last, self.person = (), False, False, None, ""
        self.span = AuditSpan.EVER
        self._asked += 1
        self.changed.emit()

    def _read(self, before: int | None) -> None:
        desk = self._services.audit
        if desk is None:
            self._not_read(OperatorError("role-missing", role="audit"))
            return
        self._asked += 1
        asked = self._asked
        security = None if self.filter is AuditFilter.ALL else self.filter is AuditFilter.SECURITY
        person, since = self.person, self._since

        def read() -> Sequence[AuditLine]:
            return desk.lines(before=before, person=person, security=security, since=since)

        def take(lines: Sequence[AuditLine]) -> None:
            if asked == self._asked:
                self._take(lines, add=before is not None)

        self._services.runner.start(read, done=take, failed=self._not_read)

    @property
    def _since(self) -> datetime | None:
        """The midnight here with which the chosen span begins."""
        if self.span not in DAYS:
            return None
        return at_local(today(self._services.clock.now()) - timedelta(days=DAYS[self.span]), 0, 0)

    def _take(self, lines: Sequence[AuditLine], *, add: bool) -> None:
        rows = tuple(audit_row(line) for line in lines)
        self.rows = (*self.rows, *rows) if add else rows
        self._last = lines[-1].position if lines else self._last if add else None
        self.at_end = not lines
        self.ready, self.fault = True, None
        self.changed.emit()

    def _take_people(self, people: Sequence[Operator]) -> None:
        if tuple(people) != self.people:
            self.people = tuple(people)
            self.changed.emit()

    def _not_read(self, fault: Fault) -> None:
        self.ready, self.fault = True, fault
        self.changed.emit()
        self.failed.emit(fault)


def audit_row(line: AuditLine) -> AuditRow:
    """A line in the language of the screen."""
    security = line.entity == SECURITY
    act = t(f"audit.kind_{line.act}") if has(f"audit.kind_{line.act}") else t(f"audit.{line.act}")
    if security:
        what = t(f"audit.detail_{line.detail}") if has(f"audit.detail_{line.detail}") else ""
    else:
        what = t(f"entity.{line.entity}") if has(f"entity.{line.entity}") else line.entity
    refused = line.verdict == "refused"
    if refused or line.verdict == "held":
        state = t("audit.refused") if refused else t("audit.held")
    elif line.received_at is not None:
        state = t("audit.received", f"{local(line.received_at):%H:%M:%S}")
    else:
        state = t("audit.waiting")
    who = line.person_name or (t("audit.unknown") if security else t("audit.center") if not line.person else "")
    return AuditRow(
        (
            f"{local(line.at):%Y-%m-%d %H:%M:%S}",
            who or line.person[-8:],
            short_place(line.unit_path),
            act,
            what,
            line.meeting_title,
            state,
            line.device[:8],
        ),
        marked=refused or line.act in ("pin_wrong", "locked_out"),
    )
