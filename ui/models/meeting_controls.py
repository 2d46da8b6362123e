"""会议: what a person presses while this terminal sits in one. The center decides; nothing here changes the state."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.ids import UnitPath, uuid7
from media.meeting import commands as ask
from media.meeting.health import Health
from media.meeting.model import FloorPurpose
from ui.models.live_bridge import LiveBridge
from ui.models.meeting_news import Notice
from ui.models.meeting_rights import Act, waiting_for
from ui.models.meeting_scene import MeetingScene
from ui.models.speakers import member_name

if TYPE_CHECKING:
    from media.capture.sources import PictureSource
    from ui.services import Services

EXTENSION_S = 120


class MeetingControls(MeetingScene):
    """Every method is something a person does; OperatorError where it cannot be allowed."""

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(services, parent)
        self._bridge: LiveBridge | None = None
        self._devices = Health()

    def end(self) -> None:
        """End the meeting for all (the screen asks first)."""
        self.send(Act.END, ask.End())

    def share(self, what: PictureSource | None) -> None:
        """What is sent while the meeting shows this room's screen; None: nothing."""
        if self._live is not None:
            self._live.share(what)

    def note_devices(self, devices: Health) -> None:
        """How this room's devices are, as far as they were tried; whoever conducts is told."""
        self._devices = devices
        if self._live is not None:
            self._live.note_devices(devices)

    # The chair

    def request_chair(self) -> None:
        self.send(Act.REQUEST_CHAIR, ask.RequestChair())

    def release_chair(self) -> None:
        self.send(Act.RELEASE_CHAIR, ask.ReleaseChair())

    def set_provincial(self, provincial: bool) -> None:
        """Whoever has unlocked this terminal is (no longer) a provincial operator."""
        if provincial != self.provincial:
            self.provincial = provincial
            self.changed.emit()

    # The floor

    def request_floor(
        self, member_id: str, purpose: FloorPurpose = FloorPurpose.SPEECH, note: str = "", sector: str = ""
    ) -> None:
        """Put a member of this room on the list of speakers; a question goes before the speeches."""
        asked = waiting_for(self.state, member_id)
        if asked is not None:
            raise OperatorError("floor-already-asked", member=asked.member_name)
        right = self.right(Act.REQUEST_FLOOR)
        if not right.allowed:
            raise OperatorError("act-not-allowed", reason=right.reason)

        def put(name: str) -> None:
            request = uuid7(round(self._clock.now().timestamp() * 1000))
            self.send(Act.REQUEST_FLOOR, ask.RequestFloor(request, member_id, name, purpose, sector, note))

        runner, records = self._services.runner, self._services.records
        runner.start(member_name, records, self.meeting_id, member_id, done=put, failed=self._tell)

    def grant(self, request_id: str) -> None:
        """准许: this member speaks now, for the time the agenda gives."""
        self.send(Act.GRANT, ask.GrantFloor(request_id, self.turn_seconds))

    def grant_first(self) -> None:
        """准许 the first who waits and is connected."""
        first = next((row for row in self.queue if row.connected and not row.held), None)
        if first is not None:
            self.grant(first.request_id)

    def hold(self, request_id: str, held: bool = True) -> None:
        """暂缓: put aside; or back at the end of the queue."""
        self.send(Act.HOLD, ask.HoldFloor(request_id, held))

    def deny(self, request_id: str) -> None:
        """不同意: the request ends; the room may ask again."""
        self.send(Act.HOLD, ask.DenyFloor(request_id))

    def cancel_request(self, request_id: str) -> None:
        """Withdraw this room's own waiting request."""
        self.send(Act.REQUEST_FLOOR, ask.CancelFloor(request_id))

    def release(self, request_id: str | None = None) -> None:
        """End the turn in progress: its own room gives the floor back, or the chair takes it."""
        turn = self.state.speaking
        if request_id is None and turn is not None:
            request_id = turn.request_id
        if request_id is not None:
            self.send(Act.RELEASE, ask.ReleaseFloor(request_id))

    def extend(self) -> None:
        """加 2 分钟."""
        turn = self.state.speaking
        if turn is not None:
            self.send(Act.EXTEND, ask.ExtendFloor(turn.request_id, EXTENSION_S))

    # Agenda and microphones

    def point_agenda(self, number: int) -> None:
        self.send(Act.POINT_AGENDA, ask.PointAgenda(number))

    def mute(self, unit_path: UnitPath | None, muted: bool = True, reason: str = "") -> None:
        """Close (or open) the microphone of one site, or of all but this one (None)."""
        self.send(Act.MUTE if unit_path is not None else Act.MUTE_ALL, ask.Mute(unit_path, muted, reason))

    def mute_everybody(self) -> None:
        """全体静音, and back where that is how it stands."""
        self.mute(None, not self.everybody_muted)

    def set_local_mute(self, muted: bool) -> None:
        """This room's own switch: it never leaves the room and always wins."""
        if self._live is not None:
            self._live.set_local_mute(muted)
            self.changed.emit()

    # How it is asked

    def send(self, act: Act, command: ask.Command) -> None:
        """Ask the center for this; OperatorError where it cannot be allowed. What it refuses is a notice."""
        live, bridge = self._live, self._bridge
        if live is None or bridge is None:
            raise OperatorError("not-in-meeting")
        right = self.right(act)
        if not right.allowed and not isinstance(command, ask.CancelFloor):
            raise OperatorError("act-not-allowed", reason=right.reason)

        def answered(answer: Future[None]) -> None:
            bridge.on_answer(command, None if answer.cancelled() else answer.exception())

        live.send(command).add_done_callback(answered)

    def _tell(self, fault: Fault) -> None:
        self.noticed.emit(Notice(fault=fault, tone="zhusha"))
