"""征询: the chair asks the sites one question, and each says how it stands. Plain frozen data and a tally.

It is no vote: a site speaks for its room, may say something else than yes or no, and may change its word until the end.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import PersonId, UnitPath


class Stance(StrEnum):
    """赞成, 其他意见, 弃权."""

    AGREE = "agree"
    OTHER = "other"
    """Another opinion, which its `remark` may tell."""
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class InquiryAnswer:
    """How one site stands."""

    unit_path: UnitPath
    stance: Stance
    at: datetime
    operator: PersonId = PersonId("")
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question and what came of it."""

    inquiry_id: str
    question: str
    unit_paths: tuple[UnitPath, ...]
    opened_at: datetime
    opened_by: UnitPath
    operator: PersonId = PersonId("")
    closed_at: datetime | None = None
    answers: tuple[InquiryAnswer, ...] = ()
    """The latest of each site, in the order in which sites first had one."""

    @property
    def is_running(self) -> bool:
        return self.closed_at is None

    def answer_of(self, unit_path: UnitPath) -> InquiryAnswer | None:
        return next((answer for answer in self.answers if answer.unit_path == unit_path), None)


@dataclass(frozen=True, slots=True)
class InquiryTally:
    """`expected` is the sum of the other four."""

    expected: int = 0
    agree: int = 0
    other: int = 0
    abstain: int = 0
    awaited: int = 0


def inquiry_tally(inquiry: Inquiry) -> InquiryTally:
    """Of all sites that are asked."""
    stances = [answer.stance for answer in inquiry.answers]
    counts = {stance: stances.count(stance) for stance in Stance}
    return InquiryTally(
        expected=len(inquiry.unit_paths),
        agree=counts[Stance.AGREE],
        other=counts[Stance.OTHER],
        abstain=counts[Stance.ABSTAIN],
        awaited=len(inquiry.unit_paths) - len(stances),
    )
