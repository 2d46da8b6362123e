"""What becomes of a meeting before it begins: changed, copied, called off; and which rooms it would take from another.

A change names only what is another now, so that two people who change different things do not meet. Only the unit that
convenes a meeting plans it, and nobody once it has begun.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from desktop_app.domain.clock import Clock, moment, unix_ms
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath, uuid7
from desktop_app.domain.meetings import MeetingKind
from sync.log.write import Write
from sync.meetings.schedule import TITLE_LENGTH, AgendaDraft, MeetingDraft, agenda_fields, meeting_fields
from sync.meetings.source import RecordSource, RecordWriter, Row

OVER = frozenset({"ended", "cancelled"})
USUAL = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Clash:
    """Another meeting at the same time that needs some of the same rooms."""

    meeting: MeetingId
    title: str
    start: datetime
    end: datetime
    units: tuple[UnitPath, ...]


def change_meeting(records: RecordWriter, meeting: MeetingId, draft: MeetingDraft, clock: Clock) -> bool:
    """Bring a planned meeting to what the draft says; whether that changed anything.

    OperatorError `meeting-missing`, `meeting-not-own`, `meeting-begun`, and what `schedule_meeting` says.
    """
    row = _planned(records, meeting, draft.convener)
    writes = []
    wanted = meeting_fields(draft)
    new = {name: value for name, value in wanted.items() if row.get(name) != value}
    if new:
        writes.append(Write("meeting", meeting, new, meeting))
    held = {item["pk"]: item for item in records.list("agenda_item", meeting=meeting)}
    kept = set()
    for number, item in enumerate(draft.agenda, start=1):
        fields = agenda_fields(meeting, number, item)
        known = held.get(item.item)
        if known is None:
            pk = uuid7(unix_ms(clock.now()))
            writes.append(Write("agenda_item", pk, fields | {"state": "planned"}, meeting))
            continue
        kept.add(item.item)
        changed = {name: value for name, value in fields.items() if known.get(name) != value}
        if changed:
            writes.append(Write("agenda_item", item.item, changed, meeting))
    gone = sorted(held.keys() - kept)
    if writes:
        records.write(*writes)
    for pk in gone:
        records.retract("agenda_item", pk, meeting=meeting)
    return bool(writes or gone)


def cancel_meeting(records: RecordWriter, meeting: MeetingId, convener: UnitPath, reason: str = "") -> None:
    """Call a meeting off: it stays in the records, and nobody enters it any more. The faults of `change_meeting`."""
    _planned(records, meeting, convener)
    fields: dict[str, Any] = {"state": "cancelled"}
    if reason.strip():
        fields["cancel_reason"] = " ".join(reason.split())[:TITLE_LENGTH]
    records.write(Write("meeting", meeting, fields, meeting))


def draft_of(records: RecordSource, meeting: MeetingId) -> MeetingDraft:
    """A meeting as a draft, with its agenda. OperatorError `meeting-missing`, also where it has no sound time."""
    row = records.get("meeting", meeting)
    if row is None or (span := _span(row)) is None:
        raise OperatorError("meeting-missing", meeting=meeting)
    items = sorted(records.list("agenda_item", meeting=meeting), key=lambda item: int(item.get("item_no") or 0))
    try:
        kind = MeetingKind(str(row.get("kind")))
    except ValueError as err:
        raise OperatorError("meeting-missing", meeting=meeting) from err
    return MeetingDraft(
        title=str(row.get("title") or ""),
        kind=kind,
        convener=UnitPath(str(row.get("convener_unit") or "")),
        start=span[0],
        end=span[1],
        invited=[UnitPath(str(path)) for path in row.get("invited") or ()],
        agenda=[_item(item) for item in items],
        host_member=str(row.get("host_member") or ""),
    )


def clashes(
    records: RecordSource, units: Sequence[UnitPath], start: datetime, end: datetime, but: str = ""
) -> tuple[Clash, ...]:
    """The other meetings that need one of these rooms at this time, by their start; as far as this terminal knows."""
    wanted = set(units)
    found = []
    for row in records.list("meeting"):
        span = _span(row)
        if row["pk"] == but or row.get("state") in OVER or row.get("actual_end") or span is None:
            continue
        if span[0] >= end or start >= span[1]:
            continue
        shared = tuple(path for path in units_of(row) if path in wanted)
        if shared:
            found.append(Clash(MeetingId(row["pk"]), str(row.get("title") or ""), *span, shared))
    return tuple(sorted(found, key=lambda one: (one.start, one.meeting)))


def units_of(meeting: Mapping[str, Any]) -> tuple[UnitPath, ...]:
    """The convener and everybody invited, each once."""
    paths = (meeting.get("convener_unit"), *(meeting.get("invited") or ()))
    return tuple(dict.fromkeys(UnitPath(str(path)) for path in paths if path))


def _planned(records: RecordSource, meeting: MeetingId, convener: UnitPath) -> Row:
    row = records.get("meeting", meeting)
    if row is None:
        raise OperatorError("meeting-missing", meeting=meeting)
    if row.get("convener_unit") != convener:
        raise OperatorError("meeting-not-own")
    if row.get("actual_start") or row.get("state") in OVER:
        raise OperatorError("meeting-begun")
    return row


def _item(row: Row) -> AgendaDraft:
    return AgendaDraft(
        item_type=str(row.get("item_type") or "SPEECH"),
        title=str(row.get("title") or ""),
        planned_min=int(row.get("planned_min") or 0),
        limit_sec=int(row.get("limit_sec") or 0),
        warn_sec=int(row.get("warn_sec") or 0),
        presenter=str(row.get("presenter") or ""),
        site=str(row.get("site") or ""),
        item=str(row["pk"]),
    )


def _span(row: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    try:
        start = moment(str(row["planned_start"]))
        end = moment(str(row["planned_end"])) if row.get("planned_end") else start + USUAL
    except (KeyError, ValueError):
        return None
    return start, end
