"""会议: the view model of the meeting this terminal sits in.

It lives on the Qt thread. What the media thread says arrives through `LiveBridge`; what is asked of the center is a
command whose answer comes back the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from desktop_app.domain.faults import Fault, HostFault, OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath
from media.meeting.model import MeetingPhase, MeetingState
from media.meeting.roll_call import DeviceHealth
from media.peers.ladder import Step
from ui.models.live_bridge import LiveBridge
from ui.models.meeting_controls import MeetingControls
from ui.models.meeting_names import MeetingNames
from ui.models.meeting_news import Notice, news, troubles
from ui.models.meeting_scene import NOTHING_KNOWN
from ui.models.speakers import SpeakerChoice, read_speakers

if TYPE_CHECKING:
    from ui.services import Services

TICK_MS = 200

__all__ = ["MeetingModel", "Notice"]


class MeetingModel(MeetingControls):
    """The meeting that this room joins, hears of and leaves."""

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(services, parent)
        self._healths = NOTHING_KNOWN
        self.people: list[SpeakerChoice] = []
        self._last_second: tuple[int, int] = (-1, -1)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self.tick)

    # Coming and going

    def join(self, meeting: MeetingId, clicked_at: float | None = None) -> None:
        """Enter a meeting. `clicked_at` is the monotonic time of the press; now, where it is not given."""
        if self.in_meeting:
            if meeting == self.meeting_id:
                return
            raise OperatorError("already-in-meeting")
        self.clicked_at = self._clock.monotonic() if clicked_at is None else clicked_at
        self.meeting_id = meeting
        self.state = MeetingState(meeting)
        self.online = self.media_up = False
        self.offline_since = None
        self._bridge = LiveBridge(self)
        self._bridge.relay_to(self)
        self._live = self._services.open_live(meeting, self._bridge)
        self.pictures.begin(self._live)
        self._live.note_devices(self._devices)
        self._live.start()
        self._timer.start()
        runner, records = self._services.runner, self._services.records
        runner.start(MeetingNames.read, records, meeting, done=self._take_names)
        self.joined.emit(meeting)
        self.changed.emit()

    def leave(self) -> None:
        """Leave with this room (the others are told); the meeting goes on without it."""
        live = self._live
        if live is None:
            return
        live.stop()
        self._close("left")

    def close(self) -> None:
        """The program ends."""
        self.leave()

    # People of this room

    def load_people(self) -> None:
        """Read who of this room may speak; `people_loaded` follows."""
        runner, records = self._services.runner, self._services.records
        runner.start(read_speakers, records, self.meeting_id, self.own, done=self._take_people)

    def read_people(self, site: UnitPath, done: Callable[[list[SpeakerChoice]], object]) -> None:
        """Read who of another room may be called on; `done` gets them."""
        runner, records = self._services.runner, self._services.records
        runner.start(read_speakers, records, self.meeting_id, site, done=done)

    def _take_people(self, people: list[SpeakerChoice]) -> None:
        self.people = people
        self.people_loaded.emit()

    def _take_names(self, names: MeetingNames) -> None:
        self._names = names
        self.changed.emit()

    # What arrives

    def take_state(self, state: MeetingState, _event: Any) -> None:
        if self._live is None or state.meeting_id != self.meeting_id:
            return
        before, self.state = self.state, state
        for notice in news(before, state, self.own, self.name_of):
            self.noticed.emit(notice)
        if state.phase is MeetingPhase.ENDED and before.phase is not MeetingPhase.ENDED:
            self._live.stop()
            self._close("ended")
            return
        self.changed.emit()

    def take_link(self, online: bool) -> None:
        if self._live is None:
            return
        if not online and self.offline_since is None:
            self.offline_since = self._clock.now()
        if online:
            self.offline_since = None
        self.online = online
        self.changed.emit()

    def take_media(self, up: bool) -> None:
        self.media_up = up
        self.changed.emit()

    def take_fault(self, fault: Fault) -> None:
        if fault.id.endswith("-returned"):
            self.noticed.emit(Notice("device.returned", (str(fault.values.get("device", "")),), tone="shilv"))
        known, broken = self._devices, DeviceHealth.FAULT
        if fault.id.endswith(("-replaced", "-returned")):
            broken = DeviceHealth.OK
        match fault.id.partition("-")[0]:
            case "camera":
                self.note_devices(replace(known, camera=broken))
            case "microphone":
                self.note_devices(replace(known, microphone=broken))
            case "speaker":
                self.note_devices(replace(known, speaker=broken))
        if not fault.id.endswith("-returned"):
            self.noticed.emit(Notice(fault=fault, tone="zheshi"))

    def take_answer(self, asked: object, error: BaseException | None) -> None:
        if isinstance(error, Fault):
            self._tell(error)
        elif error is not None and not isinstance(error, TimeoutError):
            self._tell(HostFault("bug"))

    def tick(self) -> None:
        """Called a few times a second; tells the screen when a shown second or the sites' lines changed."""
        if self.healths is not self._healths:
            for notice in troubles(self._healths, self.healths, self.own, self.name_of):
                self.noticed.emit(notice)
            self._healths = self.healths
            self.changed.emit()
        line = self._live.line if self._live is not None else Step.MAIN
        if line is not self.line:
            self.line = line
            self.changed.emit()
        turn = self.turn
        second = (int(self._clock.now().timestamp()), turn.spoken if turn is not None else -1)
        if second != self._last_second:
            self._last_second = second
            self.ticked.emit()

    # Within

    def _close(self, how: str) -> None:
        self._live = self._bridge = None
        self.pictures.end()
        self._timer.stop()
        self.online = self.media_up = False
        self.offline_since = None
        self.changed.emit()
        self.closed.emit(how)
