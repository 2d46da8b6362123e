"""Which meeting a page is about: the one that runs, else the one nearest in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from desktop_app.domain.clock import moment
from desktop_app.domain.ids import MeetingId


class MeetingRows(Protocol):
    """The store, as far as it is read here."""

    def list(self, entity: str, **equal: Any) -> Sequence[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class MeetingChoice:
    """A meeting that can be opened on a page."""

    meeting: MeetingId
    title: str
    start: datetime
    begun: bool
    over: bool


def meeting_choices(records: MeetingRows, now: datetime) -> list[MeetingChoice]:
    """Every meeting, the best first: running ones, then by how near their start is."""
    choices = []
    for row in records.list("meeting"):
        try:
            start = moment(str(row["planned_start"]))
        except (KeyError, ValueError):
            continue
        choices.append(
            MeetingChoice(
                MeetingId(row["pk"]),
                str(row.get("title") or ""),
                start,
                bool(row.get("actual_start")),
                bool(row.get("actual_end")),
            )
        )
    return sorted(choices, key=lambda one: (not (one.begun and not one.over), abs((one.start - now).total_seconds())))
