"""Rows of the register of opinions, put together from what the records hold. Pure: no Qt, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from desktop_app.domain.clock import moment
from desktop_app.domain.handling import Handling
from ui.i18n.dates import today
from ui.models.places import short_place

Row = Mapping[str, Any]
OPEN = frozenset({Handling.NOTED, Handling.CONFIRMED, Handling.CLUE, Handling.PROPOSAL})
SHUT = frozenset({Handling.CLOSED, Handling.EXCLUDED})


class OpinionFilter(StrEnum):
    """全部 / 在办 / 回头看 / 已办结."""

    ALL = "all"
    WAITING = "waiting"
    LOOK_BACK = "look_back"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class OpinionRow:
    """One opinion with everything that became of it."""

    pk: str
    number: str
    """Official number; empty until the center has given it (待编号)."""
    text: str
    quote: str
    member: str
    place: str
    meeting: str
    meeting_title: str
    block: str
    state: str
    at: datetime | None
    clue: Row = field(default_factory=dict)
    proposal: Row = field(default_factory=dict)
    replies: tuple[Row, ...] = ()
    looks: tuple[Row, ...] = ()

    @property
    def reply_class(self) -> str:
        """The last class: of the reply, or of a look-back after it."""
        reply, look = self.last_reply, self.last_look
        if look and (not reply or str(look.get("visited_on")) >= str(reply.get("replied_on"))):
            return str(look.get("class_after") or "")
        return str(reply.get("reply_class") or "")

    @property
    def last_reply(self) -> Row:
        return self.replies[-1] if self.replies else {}

    @property
    def last_look(self) -> Row:
        return self.looks[-1] if self.looks else {}

    @property
    def due(self) -> datetime | None:
        """By when whoever has to act has to have acted."""
        if self.state == Handling.PROPOSAL:
            return time_of(self.proposal.get("due_on"))
        if self.state == Handling.LOOK_BACK:
            reply, look = self.last_reply, self.last_look
            if look and str(look.get("visited_on")) >= str(reply.get("replied_on") or ""):
                return time_of(look.get("next_due"))
            return time_of(reply.get("due_on"))
        return None

    def days_left(self, now: datetime) -> int | None:
        """Whole days until it is due; negative when it is late."""
        return None if self.due is None else (today(self.due) - today(now)).days

    def belongs(self, chosen: OpinionFilter) -> bool:
        if chosen is OpinionFilter.WAITING:
            return self.state in OPEN
        if chosen is OpinionFilter.LOOK_BACK:
            return self.state == Handling.LOOK_BACK
        return self.state in SHUT if chosen is OpinionFilter.CLOSED else True

    def answers(self, text: str) -> bool:
        """Whether a person who typed this looks for it."""
        wanted = text.strip().lower()
        return not wanted or any(wanted in part.lower() for part in (self.text, self.member, self.number, self.place))


def time_of(told: Any) -> datetime | None:
    """A stored time; None where there is none, or one that another program wrote wrongly."""
    try:
        return moment(str(told)) if told else None
    except ValueError:
        return None


def opinion_rows(
    opinions: Iterable[Row],
    meetings: Iterable[Row],
    clues: Iterable[Row],
    proposals: Iterable[Row],
    replies: Iterable[Row],
    looks: Iterable[Row],
) -> tuple[OpinionRow, ...]:
    """The register, the newest first; what was put aside as no opinion is not in it."""
    titles = {str(row["pk"]): str(row.get("title") or "") for row in meetings}
    by_clue, by_proposal = _one_each(clues), _one_each(proposals)
    by_reply, by_look = _all_of(replies, "replied_on"), _all_of(looks, "visited_on")
    rows = []
    for row in opinions:
        pk, state = str(row["pk"]), str(row.get("state") or "")
        if state == Handling.DISMISSED:
            continue
        meeting = str(row.get("meeting") or "")
        rows.append(
            OpinionRow(
                pk=pk,
                number=str(row.get("opinion_no") or ""),
                text=str(row.get("text") or row.get("quote") or ""),
                quote=str(row.get("quote") or ""),
                member=str(row.get("member_name") or ""),
                place=short_place(str(row.get("site") or "")),
                meeting=meeting,
                meeting_title=titles.get(meeting, ""),
                block=str(row.get("block") or ""),
                state=state,
                at=_made_at(pk),
                clue=by_clue.get(pk, {}),
                proposal=by_proposal.get(pk, {}),
                replies=by_reply.get(pk, ()),
                looks=by_look.get(pk, ()),
            )
        )
    return tuple(sorted(rows, key=lambda one: one.pk, reverse=True))


def _one_each(rows: Iterable[Row]) -> dict[str, Row]:
    return {str(row.get("opinion") or ""): row for row in rows}


def _all_of(rows: Iterable[Row], when: str) -> dict[str, tuple[Row, ...]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row.get("opinion") or ""), []).append(row)
    return {opinion: tuple(sorted(each, key=lambda row: str(row.get(when) or ""))) for opinion, each in found.items()}


def _made_at(pk: str) -> datetime | None:
    """When a UUIDv7 was made."""
    try:
        ms = int(pk.replace("-", "")[:12], 16)
    except ValueError:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC) if pk[14:15] == "7" else None
