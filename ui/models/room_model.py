"""大屏: what the room's second screen says, as words and figures. No button is there: the operator chooses here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.domain.clock import moment
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.units import Level, level_of
from media.meeting.model import MeetingPhase
from media.meeting.stage import Layout
from sync.meetings.attendance import Tally, attendance_sheet
from ui.models.door_model import DoorModel
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rows import Mic
from ui.models.slide_model import SlideModel
from ui.models.turn_clock import TurnClock

if TYPE_CHECKING:
    from ui.services import Services

FREEZE_S = 3.0
"""A lost picture stands still this long; then the room reads why."""
READ_MS = 700
WATCHED = frozenset({"sign_in", "roster_entry", "member", "meeting"})


class RoomContent(StrEnum):
    """What the operator put on the room's screen (F8)."""

    PICTURE = "picture"
    """会场画面: as the meeting divides its screens; slides beside the speaker while it shows some."""
    MATERIAL = "material"
    """材料为主: the slides, also where the meeting shows the pictures."""
    SIGN_IN = "sign-in"
    """扫码签到: the QR code that members of this room scan."""
    PLATE = "plate"
    """桌签: the name of whoever speaks, as large as the screen."""
    NOTICE = "notice"
    """公告: a sentence that was typed."""
    HIDDEN = "hidden"


class RoomScene(StrEnum):
    """What the screen shows."""

    WAITING = "waiting"
    """Before the meeting."""
    RUNNING = "running"
    CONTENT = "content"
    """Slides, and the speaker beside them."""
    SIGN_IN = "sign-in"
    PLATE = "plate"
    NOTICE = "notice"
    HIDDEN = "hidden"
    OFFLINE = "offline"
    PAUSED = "paused"
    """休会."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who is named: a member, the site, its level, the member's sector."""

    name: str
    site: str
    level: Level
    sector: str = ""


@dataclass(frozen=True, slots=True)
class RoomPicture:
    """All that is painted besides the video. Whoever paints needs nothing else."""

    scene: RoomScene
    title: str
    now: datetime
    air: UnitPath | None = None
    """Whose picture fills the screen; None for nobody's."""
    on_air: bool = False
    """Its microphone is open to the meeting: 播出."""
    caption: Speaker | None = None
    turn: TurnClock | None = None
    following: Speaker | None = None
    tally: Tally = Tally()
    agenda_at: int = 0
    agenda_count: int = 0
    agenda_title: str = ""
    agenda_next: str = ""
    starts_in: int = 0
    """Seconds to the planned start; 0 from then on."""
    notice: str = ""
    mic: Mic | None = None
    """This room's own microphone; None outside of a meeting."""
    line: str = ""
    """字幕: what somebody typed for those who read."""
    recorded: bool = False
    slide: str = ""
    """What the room has of the page (a `SlideState`); empty where none is shown."""
    page: int = 0
    code: str = ""
    """What the QR code says; empty where no door is open."""


class RoomModel(QObject):
    """The room's screen of the meeting that this terminal sits in."""

    changed = Signal()
    _records_changed = Signal()

    def __init__(
        self,
        meeting: MeetingModel,
        services: Services,
        parent: QObject | None = None,
        *,
        slides: SlideModel | None = None,
        door: DoorModel | None = None,
    ) -> None:
        super().__init__(parent)
        self.meeting = meeting
        self.slides, self.door = slides, door
        self.light = False
        """The room's display in the light scheme; dark does a picture more good."""
        if door is not None:
            door.changed.connect(self.changed)
        if slides is not None:
            slides.changed.connect(self.changed)
        self._services = services
        self.content = RoomContent.PICTURE
        self.notice = ""
        self._tally = Tally()
        self._sectors: Mapping[str, str] = {}
        self._soon = QTimer(self, interval=READ_MS, singleShot=True)
        self._soon.timeout.connect(self._load)
        self._records_changed.connect(self._read_soon, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)
        meeting.changed.connect(self.changed)
        meeting.ticked.connect(self.changed)
        meeting.joined.connect(self._turn_to)

    def close(self) -> None:
        """Hear no more of the records."""
        self._unsubscribe()

    # What the operator chooses

    def choose_light(self, light: bool) -> None:
        """大屏浅色 or 深色."""
        if light is not self.light:
            self.light = light
            self.changed.emit()

    def show(self, content: RoomContent, notice: str = "") -> None:
        """Put this on the room's screen; a notice without a word is none."""
        text = notice.strip()
        if content is RoomContent.NOTICE and not (text or self.notice):
            return
        door, meeting = self.door, self.meeting
        if content is RoomContent.SIGN_IN and door is not None and door.view is None:
            door.open(meeting.meeting_id, meeting.title)  # a refusal is told beside the sign-in
        self.content, self.notice = content, text or self.notice
        self.changed.emit()

    # What the screen shows

    @property
    def tally(self) -> Tally:
        """How many members this room expects and has."""
        return self._tally

    @property
    def scene(self) -> RoomScene:
        if self.content is RoomContent.HIDDEN:
            return RoomScene.HIDDEN
        if self.content is RoomContent.NOTICE:
            return RoomScene.NOTICE
        if self.content is RoomContent.SIGN_IN and self.door is not None and self.door.view is not None:
            return RoomScene.SIGN_IN
        phase = self.meeting.state.phase
        if phase is MeetingPhase.ENDED:
            return RoomScene.ENDED
        since = self.meeting.cut_since
        if since is not None and (self.meeting.now - since).total_seconds() > FREEZE_S:
            return RoomScene.OFFLINE
        if phase is not MeetingPhase.OPEN:
            return RoomScene.WAITING
        if self.meeting.state.paused_at is not None:
            return RoomScene.PAUSED
        if self.content is RoomContent.PLATE and self.meeting.speaking is not None:
            return RoomScene.PLATE
        state = self.meeting.state
        divided = self.content is RoomContent.MATERIAL or state.layout is Layout.CONTENT
        shows = self.slides is not None and state.slide is not None and divided
        return RoomScene.CONTENT if shows else RoomScene.RUNNING

    @property
    def picture(self) -> RoomPicture:
        """What to paint now."""
        meeting = self.meeting
        air = meeting.broadcast or meeting.large
        agenda = meeting.agenda
        place = next((n for n, row in enumerate(agenda) if row.state == "current"), -1)
        own = next((row for row in meeting.roster if row.local), None)
        state = meeting.state
        return RoomPicture(
            scene=self.scene,
            title=meeting.title,
            now=meeting.now,
            air=air,
            on_air=meeting.broadcast is not None,
            caption=self._caption(air),
            turn=meeting.turn,
            following=self._following(),
            tally=self._tally,
            agenda_at=place + 1,
            agenda_count=len(agenda),
            agenda_title=agenda[place].title if place >= 0 else "",
            agenda_next=agenda[place + 1].title if place + 1 < len(agenda) else "",
            starts_in=self._starts_in(),
            notice=self.notice,
            line=meeting.state.caption.text if meeting.state.caption is not None else "",
            recorded=meeting.state.recording_since is not None,
            slide=self.slides.state.value if self.slides is not None and state.slide is not None else "",
            page=state.slide.page if state.slide is not None else 0,
            code=self.door.view.url if self.door is not None and self.door.view is not None else "",
            mic=own.mic if own is not None and meeting.in_meeting else None,
        )

    def _caption(self, air: UnitPath | None) -> Speaker | None:
        if air is None:
            return None
        site = self.meeting.name_of(air)
        turn = self.meeting.speaking
        if turn is None or turn.unit_path != air:
            return Speaker("", site, level_of(air))
        sector = turn.sector or self._sectors.get(turn.member_id, "")
        return Speaker(turn.member_name, site, level_of(air), sector)

    def _following(self) -> Speaker | None:
        queue = self.meeting.queue
        if not queue or queue[0].held:
            return None
        return Speaker(queue[0].member_name, self.meeting.name_of(queue[0].unit_path), queue[0].level)

    def _starts_in(self) -> int:
        planned = self.meeting.record.get("planned_start")
        if not planned:
            return 0
        return max(0, int((moment(str(planned)) - self.meeting.now).total_seconds()))

    # Reading

    def _turn_to(self, _meeting: str) -> None:
        self.content, self.notice, self._tally = RoomContent.PICTURE, "", Tally()
        self._load()

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.meeting.in_meeting and any(entity in WATCHED for entity, _ in changed):
            self._records_changed.emit()

    def _read_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _load(self) -> None:
        if self.meeting.in_meeting:
            self._services.runner.start(self._read, self.meeting.meeting_id, done=self._take)

    def _read(self, meeting: MeetingId) -> tuple[MeetingId, Tally, Mapping[str, str]]:
        records = self._services.records
        tally = attendance_sheet(records, meeting).of_site(self.meeting.own).tally
        return meeting, tally, {str(row["pk"]): str(row.get("sector") or "") for row in records.list("member")}

    def _take(self, read: tuple[MeetingId, Tally, Mapping[str, str]]) -> None:
        meeting, tally, sectors = read
        if meeting == self.meeting.meeting_id:
            self._tally, self._sectors = tally, sectors
            self.changed.emit()
