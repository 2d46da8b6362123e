"""设备自检: a quiet look at the devices when the program opens, and the test before a meeting, device by device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.faults import Fault, OperatorError
from ui.models.app_model import AppModel
from ui.services import DeviceKind, DeviceReport, DeviceState, Services

FRESH = timedelta(minutes=60)
"""A test of the last hour holds for the next meeting."""
BEFORE = timedelta(minutes=90)
"""From then on before a meeting the test is offered."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the look or the test comes to."""

    state: DeviceState | None
    """None: not run yet, or running."""
    count: int = 0
    running: bool = False
    at: datetime | None = None
    reports: tuple[DeviceReport, ...] = ()
    tested_at: datetime | None = None
    """When the whole test was done last; the quiet look does not count."""
    waiting: frozenset[DeviceKind] = frozenset()
    """What the running test has not come to yet."""


class DevicesModel(QObject):
    """The devices of this room."""

    changed = Signal()
    failed = Signal(object)
    tested = Signal()
    """The whole test is done, and its record is written."""
    _told = Signal(object)

    def __init__(self, services: Services, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._app = app
        self.verdict = Verdict(None)
        self._told.connect(self._take_one, Qt.ConnectionType.QueuedConnection)

    def look(self) -> None:
        """A quiet look at every device."""
        if self.verdict.running:
            return
        self.verdict = replace(self.verdict, running=True)
        self.changed.emit()
        self._services.runner.start(self._services.devices.probe, done=self._looked, failed=self._failed)

    def test(self) -> None:
        """Try every device, also by ear; `failed` says why not while a meeting has them."""
        if self.verdict.running:
            return
        if self._app.meeting_id:
            self.failed.emit(OperatorError("test-in-meeting"))
            return
        self.verdict = replace(self.verdict, running=True, waiting=frozenset(DeviceKind))
        self.changed.emit()
        self._services.runner.start(
            self._services.devices.test, self._told.emit, done=self._tested, failed=self._failed
        )

    def is_due(self, start: datetime | None) -> bool:
        """Whether a meeting that begins then should be preceded by a test that was not done yet."""
        now, done = self._services.clock.now(), self.verdict.tested_at
        return start is not None and start - now <= BEFORE and (done is None or now - done > FRESH)

    def _take_one(self, report: DeviceReport) -> None:
        """One device is done; only while the test runs, since the whole result may come first."""
        before = self.verdict
        if report.kind in before.waiting:
            others = tuple(one for one in before.reports if one.kind is not report.kind)
            self.verdict = replace(before, reports=_in_order((*others, report)), waiting=before.waiting - {report.kind})
            self.changed.emit()

    def _looked(self, reports: Sequence[DeviceReport]) -> None:
        self._take(reports, self.verdict.tested_at)

    def _tested(self, reports: Sequence[DeviceReport]) -> None:
        self._take(reports, self._services.clock.now())
        self._services.sync.poke()
        self.tested.emit()

    def _take(self, reports: Sequence[DeviceReport], tested_at: datetime | None) -> None:
        failed = [report for report in reports if report.state is DeviceState.FAILED]
        advice = [report for report in reports if report.state is DeviceState.ADVICE]
        state = DeviceState.FAILED if failed else DeviceState.ADVICE if advice else DeviceState.OK
        count = len(failed) or len(advice)
        self.verdict = Verdict(state, count, False, self._services.clock.now(), _in_order(reports), tested_at)
        self._app.tell_devices(Fault(failed[0].fault, **failed[0].values) if failed and failed[0].fault else None)
        self.changed.emit()

    def _failed(self, fault: Fault) -> None:
        self.verdict = Verdict(None, 0, False, self._services.clock.now(), (), self.verdict.tested_at)
        self.changed.emit()
        self.failed.emit(fault)


def _in_order(reports: Sequence[DeviceReport]) -> tuple[DeviceReport, ...]:
    places = list(DeviceKind)
    return tuple(sorted(reports, key=lambda report: places.index(report.kind)))
