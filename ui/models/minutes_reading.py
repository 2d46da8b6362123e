"""One reading of the records for the page of minutes. Made on the worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desktop_app.domain.ids import MeetingId, UnitPath, derived_id
from desktop_app.domain.units import unit_code
from ui.models.meeting_rows import names_by_path

if TYPE_CHECKING:
    from sync.terminal.records import Records

APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class MinutesRead:
    """One reading of the records."""

    meeting: MeetingId
    minutes: str
    title: str
    agenda: list[dict[str, Any]]
    opinions: list[dict[str, Any]]
    names: dict[str, str]
    state: bytes | None
    exists: bool
    approved: bool
    pending: int
    disputed: frozenset[str]


def minutes_of(records: Records, meeting: MeetingId, own: UnitPath) -> str:
    """One unit's minutes of a meeting, also those that it began at another place of the tree; else what is to be."""
    code = unit_code(own)
    rows = records.list("minutes", meeting=meeting)
    theirs = [row["pk"] for row in rows if unit_code(UnitPath(str(row.get("unit_path") or ""))) == code]
    to_be = derived_id("minutes", meeting, own)
    return to_be if not theirs or to_be in theirs else str(theirs[0])


def read_minutes(records: Records, meeting: MeetingId, own: UnitPath, minutes: str = "") -> MinutesRead:
    """What the records say of these minutes of a meeting; empty: the unit's own."""
    minutes = minutes or minutes_of(records, meeting, own)
    row = records.get("minutes", minutes)
    return MinutesRead(
        meeting,
        minutes,
        str((records.get("meeting", meeting) or {}).get("title") or ""),
        records.list("agenda_item", meeting=meeting),
        records.list("opinion", meeting=meeting),
        names_by_path(records.list("unit")),
        records.minutes_state(minutes),
        row is not None,
        (row or {}).get("state") == APPROVED,
        records.status().pending,
        frozenset(
            str(one.get("block"))
            for one in records.list("text_conflict", meeting=meeting)
            if one.get("minutes") == minutes and one.get("state") == "open"
        ),
    )
