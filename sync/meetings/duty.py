"""履职记录: what a meeting that is over means for each member who came. Pure functions of a store.

Present is whoever signed in and was not excused, also as a guest. Who is in no roster's member list (a guest typed in
by name) has no duty file, and leaves no event.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from desktop_app.domain.clock import BEIJING, stamp
from desktop_app.domain.ids import derived_id
from desktop_app.domain.meetings import MeetingKind, MeetingMode
from sync.meetings.attendance import GUEST, AttendanceState, Attendee, attendance_sheet
from sync.meetings.source import RecordSource

SPEECH, ATTEND = "speech", "attend"
"""作用: 发言, 出席; a guest (列席) who did not speak is `guest`."""


@dataclass(frozen=True, slots=True)
class DutyEvent:
    """One record `duty_event` as it should be."""

    pk: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def leaves_duty(meeting: Mapping[str, Any]) -> bool:
    """Whether this meeting is over, and of a kind that counts."""
    try:
        kind = MeetingKind(str(meeting.get("kind")))
    except ValueError:
        return False
    over = meeting.get("state") == "ended" and bool(meeting.get("actual_end"))
    return over and kind.mode is not MeetingMode.REHEARSAL


def duty_events(source: RecordSource, meeting: Mapping[str, Any]) -> list[DutyEvent]:
    """One for each member who came to this meeting, by strokes of the surname."""
    pk = str(meeting["pk"])
    sheet = attendance_sheet(source, pk)
    spoken: dict[str, list[int]] = {}
    for row in source.list("speech", meeting=pk):
        if row.get("member") and row.get("started_at"):
            spoken.setdefault(str(row["member"]), []).append(int(row.get("seconds") or 0))
    members = {row["pk"]: row for row in source.list("member")}
    return [
        _event(meeting, one, members[one.member], spoken.get(one.member, []))
        for one in sheet.attendees
        if one.state is AttendanceState.PRESENT and one.member in members
    ]


def _event(meeting: Mapping[str, Any], one: Attendee, member: Mapping[str, Any], spoken: list[int]) -> DutyEvent:
    began = one.stay.hours.start if one.stay is not None else None
    began = began or one.signed_at
    role = SPEECH if spoken else one.capacity if one.capacity == GUEST else ATTEND
    fields: dict[str, Any] = {
        "unit_path": str(member.get("unit_path") or one.site),
        "meeting": str(meeting["pk"]),
        "member": one.member,
        "member_name": one.name,
        "member_no": one.member_no,
        "title": str(meeting.get("title") or ""),
        "kind": str(meeting.get("kind") or ""),
        "occurred_on": f"{began.astimezone(BEIJING):%Y-%m-%d}" if began is not None else "",
        "role": role,
        "signed_at": stamp(one.signed_at) if one.signed_at is not None else None,
        "left_at": stamp(one.left_at) if one.left_at is not None else None,
        "attended_min": one.stay.lasted() // timedelta(minutes=1) if one.stay is not None else 0,
        "attended_permille": one.stay.permille if one.stay is not None else 0,
        "speeches": len(spoken),
        "speech_sec": sum(spoken),
    }
    return DutyEvent(derived_id("duty", str(meeting["pk"]), one.member), fields)
