"""会控: what a chair does besides the floor. Every method is one act of a person; the center decides each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject

from desktop_app.domain.ids import UnitPath, uuid7
from desktop_app.domain.units import Level, is_within, level_of
from media.meeting import commands as ask
from media.meeting.model import MeetingState
from media.meeting.picture import polled
from media.meeting.roll_call import RollManner, RollPhase
from media.meeting.stage import Layout, Message
from sync.meetings.attendance import Tally
from ui.models.inquiry_model import InquiryModel
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act, Right
from ui.models.meeting_rows import Presence
from ui.models.queue_model import QueueModel

MORE_TIME_S = 15 * 60
POLL_SECONDS = 10


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One line between a site and the chair."""

    message_id: str
    sender: str
    to: str
    text: str
    at: datetime
    own: bool


@dataclass(frozen=True, slots=True)
class Summons:
    """This room is asked to answer a roll call."""

    voice: bool
    left: int
    """Seconds; 0 without a limit."""
    answered: bool
    paused: bool = False


class HostingModel(QObject):
    """The acts of conducting, and what every room is told by them."""

    def __init__(self, meeting: MeetingModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.meeting = meeting
        self.queue = QueueModel(meeting, self)
        self.inquiry = InquiryModel(meeting, self)
        self.people: Callable[[], Tally] = Tally
        """How many members this room expects and has, as the sign-in counts them."""

    @property
    def state(self) -> MeetingState:
        return self.meeting.state

    def right(self, act: Act) -> Right:
        return self.meeting.right(act)

    # The chair and the cities

    def take_chair(self) -> None:
        """接管: from the absent holder, within the grace."""
        holder = self.state.chair
        if holder is not None:
            self.meeting.send(Act.TAKE_CHAIR, ask.TakeChair(holder))

    def delegate(self, city: UnitPath | None, delegated: bool = True) -> None:
        """分会控: let a city (None: all) conduct its counties' floor, or no longer."""
        self.meeting.send(Act.DELEGATE, ask.Delegate(city, delegated))

    def may_be_delegated(self, unit_path: str) -> bool:
        """Only cities of this meeting."""
        path = UnitPath(unit_path)
        known = (self.state.host, *self.state.invited)
        return path in known and level_of(path) is Level.CITY and path != self.meeting.own

    # The door

    def lock(self, locked: bool) -> None:
        """锁定会议: nobody comes in who was not in before."""
        self.meeting.send(Act.LOCK, ask.Lock(locked))

    def admit(self, unit_path: UnitPath) -> None:
        """准入, or back in after a removal."""
        self.meeting.send(Act.ADMIT, ask.Admit(unit_path))

    def admit_all(self) -> None:
        """准入全部 who knock."""
        for path in tuple(self.state.lobby):
            self.admit(path)

    def remove(self, unit_path: UnitPath, reason: str = "") -> None:
        """移出会场 (the screen asks first)."""
        self.meeting.send(Act.REMOVE, ask.Remove(unit_path, reason.strip()))

    @property
    def knocking(self) -> list[tuple[UnitPath, str]]:
        """Who waits at the locked door: path and name."""
        return [(path, self.meeting.name_of(path) or site.name) for path, site in self.state.lobby.items()]

    @property
    def leads_city(self) -> bool:
        """Whether this is a city that may close the microphones of its own counties, and no more than those."""
        own = self.meeting.own
        return level_of(own) is Level.CITY and not self.meeting.conducts

    def mute_counties(self, muted: bool, reason: str = "") -> None:
        """本市各会场静音, and back."""
        self.meeting.send(Act.MUTE, ask.Mute(None, muted, reason.strip(), within=self.meeting.own))

    @property
    def counties_muted(self) -> bool:
        """Whether every county of this city that is here has its microphone closed."""
        own = self.meeting.own
        below = [one for path, one in self.state.sites.items() if one.online and path != own and is_within(path, own)]
        return bool(below) and all(one.muted for one in below)

    def mute(self, unit_path: UnitPath | None, reason: str) -> None:
        """静音 of one site, or (None) of all but the chair's, with the reason that the rooms read."""
        self.meeting.mute(unit_path, True, reason)

    # Pictures

    def broadcast(self, unit_path: UnitPath | None) -> None:
        """播出该会场 on every screen; None: no longer."""
        self.meeting.send(Act.BROADCAST, ask.Broadcast(unit_path))

    def select_view(self, source: UnitPath | None, screen: UnitPath | None = None) -> None:
        """选看: what this screen shows large, or, for a chair, that of another room; None: what the meeting shows."""
        self.meeting.send(Act.SELECT_VIEW, ask.SelectView(source, screen))

    def poll(
        self, seconds: int = POLL_SECONDS, *, everyone: bool = False, paths: Sequence[UnitPath] | None = None
    ) -> None:
        """轮询: these sites, or every other one that is here, one after the other, each for so long."""
        rows = [row for row in self.meeting.roster if row.presence is Presence.HERE and not row.local]
        paths = tuple(row.unit_path for row in rows) if paths is None else tuple(paths)
        if paths:
            self.meeting.send(Act.POLL, ask.Poll(paths, seconds, everyone))

    def stop_polling(self) -> None:
        self.meeting.send(Act.POLL, ask.Poll(()))

    def set_layout(self, layout: Layout) -> None:
        """多画面: how every screen is divided."""
        self.meeting.send(Act.LAYOUT, ask.SetLayout(layout))

    @property
    def polled(self) -> UnitPath | None:
        """Whose turn it is in the polling."""
        return polled(self.state, self.meeting.center_now)

    @property
    def own_view(self) -> UnitPath | None:
        """What this terminal chose to see."""
        site = self.state.sites.get(self.meeting.own)
        return site.view if site is not None else None

    # Words

    def caption(self, text: str) -> None:
        """字幕 on every screen; empty takes it away."""
        self.meeting.send(Act.CAPTION, ask.TypeCaption(" ".join(text.split())))

    def message(self, text: str, to: UnitPath | None = None) -> None:
        """留言 to the chair; from the chair to one site."""
        words = " ".join(text.split())
        if words:
            key = uuid7(round(self.meeting.now.timestamp() * 1000))
            self.meeting.send(Act.MESSAGE, ask.SendMessage(key, words, to))

    @property
    def messages(self) -> list[MessageRow]:
        """Those that concern this room, the newest last; the chair's room reads all."""
        return [self._row(one) for one in self.state.messages if self._concerns(one)]

    def _concerns(self, message: Message) -> bool:
        return self.meeting.conducts or self.meeting.own in (message.sender, message.to)

    def _row(self, one: Message) -> MessageRow:
        to = self.meeting.name_of(one.to) if one.to is not None else ""
        own = one.sender == self.meeting.own
        return MessageRow(one.message_id, self.meeting.name_of(one.sender), to, one.text, one.at, own)

    # Calling on a member

    def assign(self, unit_path: UnitPath, member_name: str, member_id: str = "", seconds: int = 0) -> None:
        """点名发言: this member speaks now, without having asked."""
        name = member_name.strip()
        if name:
            request = uuid7(round(self.meeting.now.timestamp() * 1000))
            limit = seconds or self.meeting.turn_seconds
            self.meeting.send(Act.ASSIGN, ask.AssignFloor(request, unit_path, member_id or request, name, limit))

    # The course

    def extend_meeting(self, seconds: int = MORE_TIME_S) -> None:
        """延长会议."""
        self.meeting.send(Act.EXTEND_MEETING, ask.ExtendMeeting(seconds))

    def pause(self, reason: str = "") -> None:
        """休会: every microphone is closed and turns stand still."""
        self.meeting.send(Act.PAUSE, ask.Pause(reason))

    def resume(self) -> None:
        """继续开会."""
        self.meeting.send(Act.PAUSE, ask.Resume())

    def record(self, recording: bool) -> None:
        """录制; every room is asked whether it agrees."""
        self.meeting.send(Act.RECORD, ask.Record(recording))

    def consent(self, given: bool) -> None:
        """Whether this room agrees to be recorded."""
        self.meeting.send(Act.CONSENT, ask.Consent(given))

    @property
    def asks_consent(self) -> bool:
        """The meeting is recorded and this room has not said whether it agrees."""
        own = self.state.sites.get(self.meeting.own)
        recorded = self.state.recording_since is not None
        return recorded and own is not None and own.consent is None and self.meeting.in_meeting

    @property
    def consents(self) -> tuple[int, int]:
        """How many of the sites that are here agreed, and how many did not."""
        here = [site for site in self.state.sites.values() if site.online]
        return sum(1 for site in here if site.consent), sum(1 for site in here if site.consent is False)

    # The roll call, as a room that is called

    def answer(self) -> None:
        """应答: this room is here, with how its devices and its line are and how many people it has."""
        health, tally = self.meeting.health, self.people()
        self.meeting.send(
            Act.ANSWER,
            ask.AnswerRollCall(
                camera=health.camera,
                microphone=health.microphone,
                speaker=health.speaker,
                delay_ms=health.delay_ms,
                loss_permille=health.loss_permille,
                expected=tally.expected,
                present=tally.present,
            ),
        )

    @property
    def summons(self) -> Summons | None:
        """Set while a roll call asks this room."""
        roll, own = self.state.roll_call, self.meeting.own
        if roll is None or own not in roll.unit_paths or not self.meeting.in_meeting:
            return None
        answered = roll.answer_of(own) is not None
        if roll.manner is RollManner.VOICE:
            return Summons(True, 0, answered, roll.phase is RollPhase.PAUSED) if roll.calling == own else None
        left = int((roll.closes_at - self.meeting.center_now).total_seconds()) if roll.closes_at is not None else 0
        return Summons(False, max(0, left), answered)
