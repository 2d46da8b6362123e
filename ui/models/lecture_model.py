"""国是学堂, for a room that listens: whose picture, why the microphone is locked, and the questions of its members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting.model import FloorPurpose, FloorStatus, MeetingPhase
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act, waiting_for
from ui.models.speakers import SpeakerChoice

QUESTION_LENGTH = 200
OVER = (FloorStatus.RELEASED, FloorStatus.REVOKED)


class LectureMic(StrEnum):
    """This room's microphone while it listens."""

    LOCKED = "locked"
    OPEN = "open"
    """A member of this room was allowed to ask."""
    CLOSED_HERE = "closed-here"
    """Allowed, but this room's own switch is off."""


class QuestionState(StrEnum):
    """How far a question is."""

    KEPT = "kept"
    """本机待发送: written down without a network."""
    WAITING = "waiting"
    ASKING = "asking"
    ASKED = "asked"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a member of this room."""

    member_id: str
    member_name: str
    state: QuestionState
    position: int = 0
    """第 n 个, while it waits."""
    request_id: str = ""
    at: datetime | None = None
    text: str = ""
    """The question's own words; empty for one that is asked aloud."""


class LectureModel(QObject):
    """The lecture as the listening room's screen shows it."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, meeting: MeetingModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.meeting = meeting
        self._kept: list[tuple[SpeakerChoice, str]] = []
        meeting.changed.connect(self._follow)
        meeting.people_loaded.connect(self.changed)
        meeting.joined.connect(self._forget)

    # What the clerk does

    def ask(self, member_id: str, text: str = "") -> None:
        """代委员提问: put a signed-in member on the list; without a network it is kept here and sent later."""
        words = " ".join(text.split())
        if len(words) > QUESTION_LENGTH:
            raise OperatorError("question-too-long", longest=QUESTION_LENGTH)
        member = next((one for one in self.members if one.member_id == member_id), None)
        if member is None:
            raise OperatorError("member-not-signed-in")
        if any(one.member_id == member_id for one, _ in self._kept) or waiting_for(self.meeting.state, member_id):
            raise OperatorError("floor-already-asked", member=member.name)
        if not self.meeting.online:
            self._kept.append((member, words))
            self.changed.emit()
            return
        self._send(member, words)

    def withdraw(self, question: Question) -> None:
        """撤回, while it waits."""
        if question.state is QuestionState.KEPT:
            self._kept = [kept for kept in self._kept if kept[0].member_id != question.member_id]
            self.changed.emit()
        elif question.state is QuestionState.WAITING:
            self.meeting.cancel_request(question.request_id)

    def end_question(self) -> None:
        """结束提问: give the floor back."""
        self.meeting.release()

    # What the screen shows

    @property
    def listening(self) -> bool:
        """Whether this terminal sits in the audience of a lecture that runs."""
        state = self.meeting.state
        return (
            self.meeting.in_meeting
            and state.mode is MeetingMode.LECTURE
            and state.phase is MeetingPhase.OPEN
            and state.chair != self.meeting.own
            and not self.meeting.provincial
        )

    @property
    def lecturer(self) -> UnitPath | None:
        """Whose picture is large."""
        return self.meeting.state.chair

    @property
    def mic(self) -> LectureMic:
        meeting = self.meeting
        if meeting.state.microphone_locked(meeting.own):
            return LectureMic.LOCKED
        return LectureMic.CLOSED_HERE if meeting.local_muted else LectureMic.OPEN

    @property
    def asking(self) -> str:
        """Who of this room has the floor; empty for nobody."""
        turn = self.meeting.speaking
        return turn.member_name if turn is not None and turn.unit_path == self.meeting.own else ""

    @property
    def members(self) -> list[SpeakerChoice]:
        """Who may ask: members of this room who have signed in."""
        return [one for one in self.meeting.people if one.signed_in]

    @property
    def questions(self) -> list[Question]:
        """The newest first."""
        places = {turn.request_id: place for place, turn in enumerate(self.meeting.state.queue, 1)}
        found = [Question(one.member_id, one.name, QuestionState.KEPT, text=text) for one, text in self._kept]
        for turn in reversed(self.meeting.state.floor):
            if turn.unit_path != self.meeting.own:
                continue
            state = _STATES.get(turn.status, QuestionState.ASKED if turn.status in OVER else QuestionState.WAITING)
            place = places.get(turn.request_id, 0)
            found.append(
                Question(turn.member_id, turn.member_name, state, place, turn.request_id, turn.requested_at, turn.note)
            )
        return found

    # Within

    def _follow(self) -> None:
        if self._kept and self.meeting.online and self.meeting.right(Act.REQUEST_FLOOR).allowed:
            kept, self._kept = self._kept, []
            for member, text in kept:
                try:
                    self._send(member, text)
                except Fault as fault:
                    self.failed.emit(fault)
        self.changed.emit()

    def _send(self, member: SpeakerChoice, text: str) -> None:
        self.meeting.request_floor(member.member_id, FloorPurpose.QUESTION, text, member.note)

    def _forget(self, _meeting: str) -> None:
        self._kept = []
        self.meeting.load_people()


_STATES = {
    FloorStatus.GRANTED: QuestionState.ASKING,
    FloorStatus.DENIED: QuestionState.DECLINED,
    FloorStatus.CANCELLED: QuestionState.WITHDRAWN,
}
