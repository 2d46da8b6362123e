"""Making a meeting: title, kind, time, guests and agenda, as the changes of one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from desktop_app.domain.clock import Clock, stamp, unix_ms
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath, uuid7
from desktop_app.domain.limits import SITES
from desktop_app.domain.meetings import MeetingKind
from sync.log.write import Write
from sync.meetings.source import RecordWriter
from sync.reference.codes import agenda_types, kinds
from sync.reference.units import unit_at

TITLE_LENGTH = 120
AGENDA_ITEMS = 60


@dataclass(frozen=True, slots=True)
class AgendaDraft:
    """One agenda item before it is a record."""

    item_type: str
    title: str
    planned_min: int = 0
    limit_sec: int = 0
    """Length of one turn; 0 where turns are not limited."""
    warn_sec: int = 30
    presenter: str = ""
    site: str = ""
    item: str = ""
    """Key of the record it changes; empty for a new one."""


@dataclass(frozen=True, slots=True)
class MeetingDraft:
    """A meeting before it is a record. Times are aware."""

    title: str
    kind: MeetingKind
    convener: UnitPath
    start: datetime
    end: datetime
    invited: Sequence[UnitPath] = ()
    agenda: Sequence[AgendaDraft] = field(default_factory=tuple)
    host_member: str = ""


def usual_agenda(kind: MeetingKind, language: str = "zh") -> tuple[AgendaDraft, ...]:
    """The agenda that is usual for a kind of meeting, for a host to change."""
    profile = kinds()[kind]
    limits = {"SPEECH": profile.speech_limit_sec, "PLENARY_SPEECH": profile.speech_limit_sec}
    limits |= {"DEPT_REPLY": profile.reply_limit_sec, "LEADER_REPLY": profile.reply_limit_sec}
    return tuple(
        AgendaDraft(code, agenda_types()[code].label(language), limit_sec=limits.get(code, 0))
        for code in profile.agenda
    )


def schedule_meeting(records: RecordWriter, draft: MeetingDraft, clock: Clock) -> MeetingId:
    """Write a meeting and its agenda. OperatorError names the first thing that is wrong, and nothing is written."""
    meeting, writes = meeting_writes(draft, clock)
    records.write(*writes)
    return meeting


def meeting_writes(draft: MeetingDraft, clock: Clock) -> tuple[MeetingId, list[Write]]:
    """The changes that make the meeting; the official number is the center's to give and stays out."""
    fields = meeting_fields(draft) | {"state": "planned"}
    now = unix_ms(clock.now())
    meeting = MeetingId(uuid7(now))
    writes = [Write("meeting", meeting, fields, meeting)]
    for number, item in enumerate(draft.agenda, start=1):
        agenda = agenda_fields(meeting, number, item) | {"state": "planned"}
        writes.append(Write("agenda_item", uuid7(now), agenda, meeting))
    return meeting, writes


def meeting_fields(draft: MeetingDraft) -> dict[str, Any]:
    """The fields of a meeting's record as this draft has them. OperatorError names the first thing that is wrong."""
    title = " ".join(draft.title.split())
    invited = [path for path in dict.fromkeys(draft.invited) if path != draft.convener]
    _check(draft, title, invited)
    fields = {
        "title": title,
        "kind": draft.kind.value,
        "convener_unit": draft.convener,
        "invited": invited,
        "planned_start": stamp(draft.start),
        "planned_end": stamp(draft.end),
    }
    return fields | ({"host_member": draft.host_member} if draft.host_member else {})


def agenda_fields(meeting: MeetingId, number: int, item: AgendaDraft) -> dict[str, Any]:
    """The fields of one agenda item; an untitled one is called by its type."""
    return {
        "meeting": meeting,
        "item_no": number,
        "item_type": item.item_type.upper(),
        "title": " ".join(item.title.split()) or agenda_types()[item.item_type.upper()].zh,
        "presenter": item.presenter,
        "site": item.site,
        "planned_min": item.planned_min,
        "limit_sec": item.limit_sec,
        "warn_sec": item.warn_sec,
    }


def _check(draft: MeetingDraft, title: str, invited: list[UnitPath]) -> None:
    if not title:
        raise OperatorError("meeting-title-missing")
    if len(title) > TITLE_LENGTH:
        raise OperatorError("meeting-title-too-long", limit=TITLE_LENGTH)
    if draft.end <= draft.start:
        raise OperatorError("meeting-ends-before-start")
    if len(invited) >= SITES:
        raise OperatorError("meeting-too-many-sites", limit=SITES)
    for path in invited:
        if unit_at(path) is None:
            raise OperatorError("unit-unknown", code=path)
    if len(draft.agenda) > AGENDA_ITEMS:
        raise OperatorError("agenda-too-long", limit=AGENDA_ITEMS)
    for number, item in enumerate(draft.agenda, start=1):
        if item.item_type.upper() not in agenda_types():
            raise OperatorError("agenda-type-unknown", number=number, code=item.item_type)
        if len(item.title) > TITLE_LENGTH:
            raise OperatorError("agenda-title-too-long", number=number, limit=TITLE_LENGTH)
        if min(item.planned_min, item.limit_sec, item.warn_sec) < 0:
            raise OperatorError("agenda-time-negative", number=number)
