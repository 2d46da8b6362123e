"""会议, as the screens show it: read from the meeting's state, asking for nothing and changing nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.ids import MeetingId, UnitPath
from media.meeting.health import Health, Healths
from media.meeting.model import FloorRequest, MeetingState
from media.meeting.picture import shown
from media.peers.ladder import Step
from sync.reference.units import unit_at
from ui.i18n import language
from ui.models.meeting_live import Live
from ui.models.meeting_names import MeetingNames
from ui.models.meeting_pictures import MeetingPictures
from ui.models.meeting_rights import Act, Right, conducts, may_mute, rights
from ui.models.meeting_rows import (
    AgendaRow,
    QueueRow,
    RosterRow,
    agenda_rows,
    broadcast,
    large_tile,
    queue_rows,
    roster_rows,
    tile_order,
)
from ui.models.places import place_name, told_name
from ui.models.turn_clock import TurnClock
from ui.picture.painted import PaintLog

if TYPE_CHECKING:
    from media.frames import FrameSource
    from ui.services import Services

TURN_S = 480
NOTHING_KNOWN: Healths = {}


class MeetingScene(QObject):
    """What there is to see of the meeting; `MeetingModel` fills it."""

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
        self._names = MeetingNames()
        self.meeting_id = MeetingId("")
        self.state = MeetingState(MeetingId(""))
        self.online = False
        self.media_up = False
        self.offline_since: datetime | None = None
        self.line = Step.MAIN
        """What the line left of the pictures."""
        self.clicked_at: float | None = None
        self.pictures = MeetingPictures(self.own)
        self._roster: tuple[tuple[object, ...], list[RosterRow]] | None = None

    @property
    def in_meeting(self) -> bool:
        return self._live is not None

    @property
    def title(self) -> str:
        return self.state.title or str(self.record.get("title", ""))

    @property
    def record(self) -> Mapping[str, Any]:
        """What the records say of the meeting."""
        return self._names.meeting

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

    @property
    def is_chair(self) -> bool:
        return self.state.chair == self.own

    @property
    def turn_seconds(self) -> int:
        """How long a turn is: what the current item of the agenda says, or eight minutes."""
        current = next((point for point in self.state.agenda if point.number == self.state.agenda_at), None)
        return current.limit_seconds if current is not None and current.limit_seconds > 0 else TURN_S

    @property
    def everybody_muted(self) -> bool:
        """Whether every other site that is here has its microphone closed by the chair."""
        others = [one for one in self.state.sites.values() if one.online and one.unit_path != self.own]
        return bool(others) and all(one.muted for one in others)

    @property
    def local_muted(self) -> bool:
        return self._live is not None and self._live.local_muted

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

    def contact_of(self, unit_path: str) -> tuple[str, str]:
        """Whom to ring at a site, and the number; empty where nobody wrote it down."""
        return self._names.contacts.get(unit_path, ("", ""))

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
        site = self.state.sites.get(unit_path)
        written = site.name if site is not None and site.name else self._names.captions.get(unit_path, "")
        told = told_name(unit_path, written)
        return told or (place_name(unit_path) if unit_at(unit_path) is not None else "")

    def fits(self, row: RosterRow, text: str) -> bool:
        """Whether a search for a name or its pinyin initials finds this site."""
        wanted = text.strip().lower()
        return wanted in row.name.lower() or self._names.initials.get(row.unit_path, "").startswith(wanted)

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
