"""Rows of the sync page, made from what the store says. Pure: no Qt, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from ui.models.part_choice import can_choose_parts


class RowState(StrEnum):
    """One word of state per row."""

    CONFLICT = "conflict"
    QUARANTINED = "quarantined"
    SEEN = "seen"
    """Refused, and somebody of this unit has read why."""
    SENDING = "sending"
    WAITING = "waiting"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue: what it is about, how much, and how far it has come."""

    key: str
    state: RowState
    entity: str
    title: str
    """The meeting's title, or empty where the record belongs to none."""
    count: int = 0
    at: datetime | None = None
    receipt: int = 0
    reason: str = ""
    """Fault id of what is quarantined."""
    parts: tuple[tuple[str, int], ...] = ()
    """(entity, changes) of a receipt, the most first."""
    held: bool = False
    """Of what is quarantined: kept for later, and not refused."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two values of a field, who wrote it and when."""

    change_id: str
    value: Any
    person: str
    unit_path: str
    at: datetime | None
    here: bool
    """Whether it was written in the name of this unit."""
    removed: bool = False
    """Whether this side took the whole passage out."""


@dataclass(frozen=True, slots=True)
class ConflictView:
    """One field of one record with the values that people gave it without seeing each other's."""

    key: str
    entity: str
    pk: str
    field: str
    meeting: str
    title: str
    sides: tuple[Side, ...]
    """This unit's first, where it has one."""

    @property
    def can_choose_parts(self) -> bool:
        """Whether the two can be taken place by place."""
        return len(self.sides) == 2 and can_choose_parts(self.sides[0].value, self.sides[1].value)

    @property
    def can_keep_both(self) -> bool:
        """Only free text can hold both."""
        return self.field in KEEPS_BOTH and all(isinstance(side.value, str) for side in self.sides)


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text that both sides have, or only this one."""

    text: str
    differs: bool


DISPUTE = "text_conflict"
SEEN = "refusal_seen"
KEEPS_BOTH = frozenset({"text", "quote", "topic", "leave_reason", "post", "work_title"})


def spoken(value: Any) -> str:
    """A value as text."""
    if isinstance(value, (list, tuple)):
        return "、".join(str(part) for part in value)
    return "" if value is None else str(value)


def differences(mine: str, theirs: str) -> tuple[list[Segment], list[Segment]]:
    """Both texts cut into common and differing runs; a common run of one character joins its neighbours."""
    left: list[Segment] = []
    right: list[Segment] = []
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        same = tag == "equal" and (i2 - i1 > 1 or (i1 == 0 and i2 == len(mine)))
        _extend(left, mine[i1:i2], not same)
        _extend(right, theirs[j1:j2], not same)
    return left, right


def pending_rows(pending: Iterable[Mapping[str, Any]], titles: Mapping[str, str], sending: bool) -> list[QueueRow]:
    """What waits, one row per meeting and kind of record, in the order in which it will go."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in pending:
        groups.setdefault((row["meeting"] or "", row["entity"]), []).append(row)
    rows = []
    for index, ((meeting, entity), changes) in enumerate(groups.items()):
        state = RowState.SENDING if sending and index == 0 else RowState.WAITING
        rows.append(
            QueueRow(
                key=f"pending:{meeting}:{entity}",
                state=state,
                entity=entity,
                title=titles.get(meeting, ""),
                count=len(changes),
                at=_when(changes[-1].get("at")),
            )
        )
    return rows


def conflict_views(
    conflicts: Iterable[Mapping[str, Any]],
    titles: Mapping[str, str],
    names: Mapping[str, str],
    unit_path: str,
) -> list[ConflictView]:
    """What waits for a person's choice. `names` gives the people's names by id."""
    views = []
    for row in conflicts:
        sides = [
            Side(
                change_id=value["change_id"],
                value=value["value"],
                person=names.get(value["person"], ""),
                unit_path=value["unit_path"],
                at=_when(value["at_ms"]),
                here=value["unit_path"] == unit_path,
            )
            for value in row["values"]
        ]
        sides.sort(key=lambda side: not side.here)
        meeting = row["meeting"] or ""
        views.append(
            ConflictView(
                key=f"conflict:{row['entity']}:{row['pk']}:{row['field']}",
                entity=row["entity"],
                pk=row["pk"],
                field=row["field"],
                meeting=meeting,
                title=titles.get(meeting, ""),
                sides=tuple(sides),
            )
        )
    return views


def dispute_views(
    disputes: Iterable[Mapping[str, Any]], titles: Mapping[str, str], names: Mapping[str, str], device: str
) -> list[ConflictView]:
    """Passages of minutes that two wrote unseen by each other; this terminal's text first, where it has one."""
    views = []
    for row in disputes:
        sides = [
            Side(
                change_id=f"{row['pk']}:{side}",
                value=row.get(side) or "",
                person=names.get(str(row.get(f"{side}_person") or ""), ""),
                unit_path=str(row.get(f"{side}_unit") or ""),
                at=_stamped(row.get(f"{side}_at")),
                here=row.get(f"{side}_terminal") == device,
                removed=row.get("removed") == side,
            )
            for side in ("mine", "theirs")
        ]
        sides.sort(key=lambda side: not side.here)
        meeting = str(row.get("meeting") or "")
        views.append(
            ConflictView(
                key=f"conflict:{DISPUTE}:{row['pk']}:text",
                entity=DISPUTE,
                pk=str(row["pk"]),
                field="text",
                meeting=meeting,
                title=titles.get(meeting, ""),
                sides=tuple(sides),
            )
        )
    return views


def _stamped(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None
    except ValueError:
        return None


def delivered_on(receipts: Sequence[Any], is_today: Any) -> int:
    """How many changes were receipted on a day."""
    return sum(one.changes for one in receipts if is_today(one.received_at))


def _extend(segments: list[Segment], text: str, differs: bool) -> None:
    if not text:
        return
    if segments and segments[-1].differs == differs:
        segments[-1] = Segment(segments[-1].text + text, differs)
    else:
        segments.append(Segment(text, differs))


def _when(value: Any) -> datetime | None:
    """A row's time: milliseconds since 1970."""
    return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else None
