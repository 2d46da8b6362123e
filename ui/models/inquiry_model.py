"""征询: the chair asks the sites one question, each room says how it stands, and everybody sees the count."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath, uuid7
from desktop_app.domain.units import Level, level_of
from media.meeting import commands as ask
from media.meeting.inquiry import Inquiry, InquiryTally, Stance, inquiry_tally
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act, Right

QUESTION_LENGTH = 120


@dataclass(frozen=True, slots=True)
class StanceRow:
    """How one site stands; None while it has said nothing."""

    unit_path: UnitPath
    name: str
    level: Level
    stance: Stance | None
    remark: str


class InquiryModel(QObject):
    """The question that is open, or the last one."""

    def __init__(self, meeting: MeetingModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.meeting = meeting

    def right(self, act: Act) -> Right:
        return self.meeting.right(act)

    # The chair

    def open(self, question: str) -> None:
        """发起征询 of all sites that are here."""
        words = " ".join(question.split())
        if len(words) > QUESTION_LENGTH:
            raise OperatorError("question-too-long", longest=QUESTION_LENGTH)
        if words:
            key = uuid7(round(self.meeting.now.timestamp() * 1000))
            self.meeting.send(Act.INQUIRE, ask.OpenInquiry(key, words))

    def close(self) -> None:
        """结束征询."""
        inquiry = self.meeting.state.inquiry
        if inquiry is not None:
            self.meeting.send(Act.INQUIRE, ask.CloseInquiry(inquiry.inquiry_id))

    # A room

    def answer(self, stance: Stance, remark: str = "") -> None:
        """赞成, 其他意见 or 弃权, in the name of this room; it may say otherwise until the end."""
        inquiry = self.meeting.state.inquiry
        if inquiry is not None:
            words = " ".join(remark.split())
            self.meeting.send(Act.TAKE_STANCE, ask.AnswerInquiry(inquiry.inquiry_id, stance, words))

    @property
    def asks_us(self) -> bool:
        """This room is asked and has not said how it stands."""
        inquiry, own = self.meeting.state.inquiry, self.meeting.own
        asked = inquiry is not None and own in inquiry.unit_paths and inquiry.answer_of(own) is None
        return asked and self.meeting.in_meeting

    # What all see

    @property
    def current(self) -> Inquiry | None:
        """The open question, or the last one while the meeting runs."""
        every = self.meeting.state.inquiries
        return every[-1] if every else None

    @property
    def tally(self) -> InquiryTally:
        inquiry = self.current
        return InquiryTally() if inquiry is None else inquiry_tally(inquiry)

    @property
    def rows(self) -> list[StanceRow]:
        """Every site that was asked, in the order of the tree."""
        inquiry = self.current
        if inquiry is None:
            return []
        rows = []
        for path in sorted(inquiry.unit_paths):
            answer = inquiry.answer_of(path)
            stance = None if answer is None else answer.stance
            remark = "" if answer is None else answer.remark
            rows.append(StanceRow(path, self.meeting.name_of(path), level_of(path), stance, remark))
        return rows
