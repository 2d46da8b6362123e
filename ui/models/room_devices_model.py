"""声音和画面: the camera, the microphone and the loudspeaker of this room: which there are, which is used, a trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.faults import Fault
from ui.services import DeviceChoice, DeviceKind, Services, Trial

if TYPE_CHECKING:
    from media.frames import FrameSource
    from ui.models.meeting_model import MeetingModel

KINDS = (DeviceKind.MICROPHONE, DeviceKind.SPEAKER, DeviceKind.CAMERA)


class RoomDevicesModel(QObject):
    """In a meeting its own devices are shown; outside, they are opened while somebody looks (`look`)."""

    changed = Signal()
    _stirred = Signal()
    _broke = Signal(object)

    def __init__(self, services: Services, meeting: MeetingModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._meeting, self._desk = services, meeting, services.room_devices
        self._trial: Trial | None = None
        self._wanted = self._opening = False
        self.fault: Fault | None = None
        """Why the last thing that was tried did not work."""
        self.is_playing = False
        """The test tone is heard now."""
        self._stirred.connect(self.changed.emit, Qt.ConnectionType.QueuedConnection)
        self._broke.connect(self._take_fault, Qt.ConnectionType.QueuedConnection)
        self._unlisten = self._desk.listen(self._stirred.emit) if self._desk is not None else None
        meeting.joined.connect(lambda _meeting: self._settle())
        meeting.closed.connect(lambda _how: self._settle())

    def close(self) -> None:
        """Let go of everything."""
        self._wanted = False
        trial, self._trial = self._trial, None
        if trial is not None:
            trial.close()
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None

    def choices(self, kind: DeviceKind) -> Sequence[DeviceChoice]:
        return self._desk.choices(kind) if self._desk is not None else ()

    def chosen(self, kind: DeviceKind) -> str:
        return self._desk.chosen(kind) if self._desk is not None else "auto"

    def stands_in(self, kind: DeviceKind) -> str:
        """What is used while the chosen device is away."""
        return self._desk.stands_in(kind) if self._desk is not None else ""

    def choose(self, kind: DeviceKind, choice: DeviceChoice) -> None:
        """From now on, in a running meeting too."""
        if self._desk is not None:
            self.fault = None
            start = self._services.runner.start
            start(self._desk.choose, kind, choice, done=lambda _none: self.changed.emit(), failed=self._take_fault)

    def look(self, wanted: bool) -> None:
        """Somebody looks at the picture and the level, or no longer."""
        self._wanted = wanted
        self._settle()

    @property
    def level(self) -> float:
        """0 to 1."""
        return self._desk.level if self._desk is not None else 0.0

    def preview(self) -> FrameSource | None:
        """This room's picture as the others get it."""
        if self._meeting.in_meeting:
            return self._meeting.pictures.view(self._meeting.own, "settings")
        return self._trial.preview if self._trial is not None else None

    def play_tone(self) -> None:
        """播放测试音."""
        if self._desk is None or self.is_playing:
            return
        self.is_playing, self.fault = True, None
        self.changed.emit()
        self._services.aside.start(self._desk.play_tone, done=self._played, failed=self._failed_tone)

    def _settle(self) -> None:
        """Open for a trial, or let go: a meeting has the devices itself."""
        wanted = self._wanted and not self._meeting.in_meeting
        if wanted and self._trial is None and not self._opening and self._desk is not None:
            self._opening, self.fault = True, None
            start = self._services.aside.start
            start(self._desk.try_out, self._broke.emit, done=self._opened, failed=self._not_opened)
        elif not wanted and self._trial is not None:
            trial, self._trial = self._trial, None
            self._services.aside.start(trial.close)

    def _opened(self, trial: Trial) -> None:
        self._opening, self._trial = False, trial
        self._settle()
        self.changed.emit()

    def _not_opened(self, fault: Fault) -> None:
        self._opening = False
        self._take_fault(fault)

    def _played(self, _none: object) -> None:
        self.is_playing = False
        self.changed.emit()

    def _failed_tone(self, fault: Fault) -> None:
        self.is_playing = False
        self._take_fault(fault)

    def _take_fault(self, fault: Fault) -> None:
        if not fault.id.endswith("-returned"):
            self.fault = fault
        self.changed.emit()
