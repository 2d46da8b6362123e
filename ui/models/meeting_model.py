"""会议: the view model of the meeting this terminal sits in. Every method is something a person does.

It lives on the Qt thread. What the media thread says arrives through `LiveBridge`; what is asked of the center is a
command whose answer comes back the same way. The center decides; nothing here changes the state by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_app.domain.faults import Fault, HostFault, OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath, uuid7
from media.meeting import commands as ask
from media.meeting.health import Health, Healths
from media.meeting.model import FloorPurpose, FloorRequest, MeetingPhase, MeetingState
from media.meeting.picture import shown
from media.meeting.roll_call import DeviceHealth
from media.peers.ladder import Step
from sync.reference.units import unit_at
from ui.i18n import language
from ui.models.live_bridge import LiveBridge
from ui.models.meeting_live import Live
from ui.models.meeting_news import Notice, news
from ui.models.meeting_pictures import MeetingPictures
from ui.models.meeting_rights import Act, Right, conducts, may_mute, rights, waiting_for
from ui.models.meeting_rows import (
    AgendaRow,
    QueueRow,
    RosterRow,
    agenda_rows,
    broadcast,
    large_tile,
    names_by_path,
    queue_rows,
    roster_rows,
    tile_order,
)
from ui.models.places import place_name
from ui.models.speakers import SpeakerChoice, read_speakers
from ui.models.turn_clock import TurnClock
from ui.picture.painted import PaintLog

if TYPE_CHECKING:
    from media.capture.sources import PictureSource
    from media.frames import FrameSource
    from ui.services import Services

TICK_MS = 200
TURN_S = 480
EXTENSION_S = 120
NOTHING_KNOWN: Healths = {}

__all__ = ["MeetingModel", "Notice"]


class MeetingModel(QObject):
    """The meeting as the screen shows it."""

    changed = Signal()
    """Rows, rights or the link changed."""
    ticked = Signal()
    """A second of the turn or of the wall clock passed."""
    noticed = Signal(object)
    """A `Notice`."""
    joined = Signal(str)
    closed = Signal(str)
    """The meeting is behind us: `left` or `ended`."""
    people_loaded = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.clock = self._clock = services.clock
        self.own: UnitPath = services.unit_path
        self.own_name = services.unit_name
        self.provincial = False
        """Whether whoever sits here is a provincial operator, who may conduct without the chair."""
        self._live: Live | None = None
        self._bridge: LiveBridge | None = None
        self._names: dict[str, str] = {}
        self._contacts: dict[str, tuple[str, str]] = {}
        self._devices = Health()
        self._healths: Healths = NOTHING_KNOWN
        self._initials: dict[str, str] = {}
        self.meeting_id = MeetingId("")
        self.record: Mapping[str, Any] = {}
        self.state = MeetingState(MeetingId(""))
        self.online = False
        self.media_up = False
        self.offline_since: datetime | None = None
        self.line = Step.MAIN
        """What the line left of the pictures."""
        self.people: list[SpeakerChoice] = []
        self.clicked_at: float | None = None
        self.pictures = MeetingPictures(self.own)
        self._roster: tuple[tuple[object, ...], list[RosterRow]] | None = None
        self._ended = False
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
        self.online = self.media_up = self._ended = False
        self.offline_since = None
        self._bridge = LiveBridge(self)
        self._bridge.relay_to(self)
        self._live = self._services.open_live(meeting, self._bridge)
        self.pictures.begin(self._live)
        self._live.note_devices(self._devices)
        self._live.start()
        self._timer.start()
        self._services.runner.start(self._read_names, meeting, done=self._take_names)
        self.joined.emit(meeting)
        self.changed.emit()

    def leave(self) -> None:
        """Leave with this room (the others are told); the meeting goes on without it."""
        live = self._live
        if live is None:
            return
        live.stop()
        self._close("left")

    def end(self) -> None:
        """End the meeting for all (the screen asks first)."""
        self.send(Act.END, ask.End())

    def close(self) -> None:
        """The program ends."""
        self.leave()

    @property
    def in_meeting(self) -> bool:
        return self._live is not None

    def share(self, what: PictureSource | None) -> None:
        """What is sent while the meeting shows this room's screen; None: nothing."""
        if self._live is not None:
            self._live.share(what)

    # The chair

    def request_chair(self) -> None:
        self.send(Act.REQUEST_CHAIR, ask.RequestChair())

    def release_chair(self) -> None:
        self.send(Act.RELEASE_CHAIR, ask.ReleaseChair())

    @property
    def is_chair(self) -> bool:
        return self.state.chair == self.own

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

        self._services.runner.start(self._member_name, member_id, done=put, failed=self._tell)

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

    @property
    def turn_seconds(self) -> int:
        """How long a turn is: what the current item of the agenda says, or eight minutes."""
        current = next((point for point in self.state.agenda if point.number == self.state.agenda_at), None)
        return current.limit_seconds if current is not None and current.limit_seconds > 0 else TURN_S

    # Agenda and microphones

    def point_agenda(self, number: int) -> None:
        self.send(Act.POINT_AGENDA, ask.PointAgenda(number))

    def mute(self, unit_path: UnitPath | None, muted: bool = True, reason: str = "") -> None:
        """Close (or open) the microphone of one site, or of all but this one (None)."""
        self.send(Act.MUTE if unit_path is not None else Act.MUTE_ALL, ask.Mute(unit_path, muted, reason))

    def mute_everybody(self) -> None:
        """全体静音, and back where that is how it stands."""
        self.mute(None, not self.everybody_muted)

    @property
    def everybody_muted(self) -> bool:
        """Whether every other site that is here has its microphone closed by the chair."""
        others = [one for one in self.state.sites.values() if one.online and one.unit_path != self.own]
        return bool(others) and all(one.muted for one in others)

    def set_local_mute(self, muted: bool) -> None:
        """This room's own switch: it never leaves the room and always wins."""
        if self._live is not None:
            self._live.set_local_mute(muted)
            self.changed.emit()

    @property
    def local_muted(self) -> bool:
        return self._live is not None and self._live.local_muted

    # What the screen shows

    @property
    def title(self) -> str:
        return self.state.title or str(self.record.get("title", ""))

    @property
    def now(self) -> datetime:
        """The wall clock of this machine."""
        return self._clock.now()

    @property
    def rights(self) -> Mapping[Act, Right]:
        return rights(self.state, self.own, self.name_of, online=self.online, provincial=self.provincial)

    def right(self, act: Act) -> Right:
        return self.rights[act]

    def right_to_mute(self, unit_path: UnitPath) -> Right:
        return may_mute(self.state, self.own, unit_path, self.name_of, online=self.online, provincial=self.provincial)

    @property
    def conducts(self) -> bool:
        """Whether this site holds the chair, or a provincial operator above the host sits here."""
        return conducts(self.state, self.own, provincial=self.provincial)

    def set_provincial(self, provincial: bool) -> None:
        """Whoever has unlocked this terminal is (no longer) a provincial operator."""
        if provincial != self.provincial:
            self.provincial = provincial
            self.changed.emit()

    @property
    def roster(self) -> list[RosterRow]:
        """Every site in the order of the tree; worked out once for each state that it is asked in."""
        healths = self.healths
        key = (self.state, self.local_muted, self.cut_since, self._names, language(), healths)
        known = self._roster
        if known is None or any(one is not other for one, other in zip(known[0], key, strict=True)):
            rows = roster_rows(
                self.state,
                self.own,
                self.name_of,
                local_muted=self.local_muted,
                cut_since=self.cut_since,
                healths=healths,
            )
            self._roster = known = (key, rows)
        return known[1]

    @property
    def healths(self) -> Healths:
        """How the other sites and their lines are, where this one conducts."""
        return self._live.healths if self._live is not None else NOTHING_KNOWN

    @property
    def health(self) -> Health:
        """How this room and its line are."""
        return self._live.health if self._live is not None else Health()

    def note_devices(self, devices: Health) -> None:
        """How this room's devices are, as far as they were tried; whoever conducts is told."""
        self._devices = devices
        if self._live is not None:
            self._live.note_devices(devices)

    def contact_of(self, unit_path: str) -> tuple[str, str]:
        """Whom to ring at a site, and the number; empty where nobody wrote it down."""
        return self._contacts.get(unit_path, ("", ""))

    @property
    def cut_since(self) -> datetime | None:
        """When this room lost the others; None while control or pictures still flow."""
        return None if self.online or self.media_up else self.offline_since

    @property
    def tiles(self) -> list[RosterRow]:
        """The sites of the grid, in its order."""
        return tile_order(self.roster, self.broadcast or self.large)

    @property
    def large(self) -> UnitPath | None:
        """Who is shown large: what the meeting shows here, but never this room to itself while others are there."""
        path = shown(self.state, self.own, self.center_now)
        return path if path is not None and path != self.own else large_tile(self.roster)

    @property
    def queue(self) -> list[QueueRow]:
        return queue_rows(self.state, self.own, self.center_now, self.name_of)

    @property
    def agenda(self) -> list[AgendaRow]:
        return agenda_rows(self.state)

    @property
    def speaking(self) -> FloorRequest | None:
        return self.state.speaking

    @property
    def broadcast(self) -> UnitPath | None:
        """播出: whose frame is red; nobody's while this room has lost the others."""
        return broadcast(self.state) if self.cut_since is None else None

    @property
    def sites_online(self) -> int:
        return sum(1 for site in self.state.sites.values() if site.online)

    @property
    def sites_total(self) -> int:
        return len(self.roster)

    @property
    def turn(self) -> TurnClock | None:
        """The timer of the turn in progress, by the center's clock."""
        turn = self.state.speaking
        return TurnClock.of(turn, self.center_now) if turn is not None else None

    @property
    def center_now(self) -> datetime:
        """The center's time: grants and requests are stamped by it."""
        return self._live.now() if self._live is not None else self._clock.now()

    def name_of(self, unit_path: UnitPath) -> str:
        """A site's name in the language of the screen."""
        if language() != "zh_CN" and unit_at(unit_path) is not None:
            return place_name(unit_path)
        site = self.state.sites.get(unit_path)
        told = site.name if site is not None and site.name else self._names.get(unit_path, "")
        return told or (place_name(unit_path) if unit_at(unit_path) is not None else "")

    def fits(self, row: RosterRow, text: str) -> bool:
        """Whether a search for a name or its pinyin initials finds this site."""
        wanted = text.strip().lower()
        return wanted in row.name.lower() or self._initials.get(row.unit_path, "").startswith(wanted)

    # Pictures

    def source(self, unit_path: str) -> FrameSource | None:
        """Where the grid takes a site's pictures from."""
        return self.pictures.view(unit_path, "grid")

    def lecture_source(self, unit_path: str) -> FrameSource | None:
        """The same pictures for the lecture's page: what one page hides the other may show."""
        return self.pictures.view(unit_path, "lecture")

    def room_source(self, unit_path: str) -> FrameSource | None:
        """The same pictures for the room's screen, which asks for a size of its own."""
        return self.pictures.view(unit_path, "room")

    def preview_source(self, unit_path: str) -> FrameSource | None:
        """The same pictures for a look before the site is put on air."""
        return self.pictures.view(unit_path, "preview")

    def painted(self, unit_path: str, number: int) -> None:
        """The grid painted a picture of this site."""
        self.paints.painted(unit_path, number, self._clock.monotonic())

    @property
    def paints(self) -> PaintLog:
        return self.pictures.paints

    @property
    def first_picture_s(self) -> dict[UnitPath, float]:
        """Per remote site, seconds from the press on join to the first paint of its picture."""
        return self.pictures.first_s(self.clicked_at) if self.clicked_at is not None else {}

    @property
    def painted_frames(self) -> dict[UnitPath, int]:
        """Per remote site, how many different pictures were painted since the join."""
        return self.pictures.frames()

    def fps(self, unit_path: UnitPath, window: float = 5.0) -> float:
        """Different pictures of a site painted per second, over the last `window` seconds."""
        return self.paints.fps(unit_path, self._clock.monotonic(), window)

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

    def _member_name(self, member_id: str) -> str:
        records = self._services.records
        member = records.get("member", member_id)
        if member is not None and member.get("name"):
            return str(member["name"])
        for row in records.list("roster_entry", meeting=self.meeting_id, member=member_id):
            return str(row.get("member_name") or "")
        raise OperatorError("member-unknown")

    def _read_names(self, meeting: MeetingId) -> tuple[list[dict[str, Any]], Mapping[str, Any], list[dict[str, Any]]]:
        records = self._services.records
        return records.list("unit"), records.get("meeting", meeting) or {}, records.list("site_contact")

    def _take_names(self, read: tuple[list[dict[str, Any]], Mapping[str, Any], list[dict[str, Any]]]) -> None:
        units, self.record, contacts = read
        self._contacts = {
            str(one.get("unit_path") or ""): (str(one.get("name") or ""), str(one.get("phone") or ""))
            for one in contacts
            if one.get("phone")
        }
        self._names = names_by_path(units)
        self._initials = {str(unit["unit_path"]): str(unit.get("initials") or "") for unit in units}
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

    def _close(self, how: str) -> None:
        self._live = self._bridge = None
        self.pictures.end()
        self._timer.stop()
        self.online = self.media_up = False
        self.offline_since = None
        self.changed.emit()
        self.closed.emit(how)
