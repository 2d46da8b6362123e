"""From the records to the papers: what the export buttons do. Slow; never called on the Qt thread."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from desktop_app.domain.clock import Clock, moment
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.meetings import MeetingKind
from sync.documents.minutes import MinutesDocument
from sync.export.calendar_ics import CalendarEntry, write_calendar
from sync.export.files import write_whole
from sync.export.minutes_docx import write_minutes
from sync.export.paper import Block, Item, MinutesPaper, Remark, Turn
from sync.export.readiness_xlsx import write_readiness
from sync.export.report_docx import write_report_page
from sync.export.report_xlsx import write_report
from sync.export.signin_xlsx import SignInList, write_sign_in_list
from sync.meetings.attendance import attendance_sheet
from sync.meetings.readiness import SiteReadiness
from sync.meetings.report import meeting_report
from sync.meetings.source import RecordSource, Row
from sync.reference.codes import kinds
from sync.reference.units import unit_name
from sync.terminal.delivery import Delivery


class DocumentSource(RecordSource, Protocol):
    """A store, with the documents in it."""

    def minutes_state(self, minutes: str) -> bytes | None: ...

    def delivery(self, entity: str, pk: str) -> Delivery:
        """By which receipt a record is at the center."""
        ...


class RecordExports:
    """The exports of one store for one unit."""

    def __init__(self, records: DocumentSource, unit_path: str, clock: Clock) -> None:
        self._records = records
        self._unit_path = unit_path
        self._clock = clock

    def minutes(self, minutes_id: str, path: Path) -> Path:
        """Write the minutes as .docx; the path. OperatorError `minutes-missing`, HostFault as `write_whole`."""
        return write_minutes(minutes_paper(self._records, minutes_id, self._clock.now()), path)

    def receipt(self, content: bytes, path: Path) -> Path:
        """Write a receipt's page; the path. HostFault as `write_whole`."""
        return write_whole(path, lambda target: target.write(content))

    def sign_in_list(self, meeting: str, path: Path) -> Path:
        """Write the sign-in list as .xlsx; the path. OperatorError `meeting-missing`, HostFault as `write_whole`."""
        return write_sign_in_list(sign_in_list(self._records, meeting, self._unit_path, self._clock.now()), path)

    def readiness(self, title: str, sites: Sequence[SiteReadiness], path: Path) -> Path:
        """Write the readiness board as .xlsx; the path. HostFault as `write_whole`."""
        return write_readiness(unit_name(self._unit_path), title, sites, self._clock.now(), path)

    def report(self, meeting: str, path: Path) -> Path:
        """Write what a meeting came to, as .docx where the path says so, else as .xlsx; the path.

        OperatorError `meeting-missing`, HostFault as `write_whole`.
        """
        report = meeting_report(self._records, meeting, self._clock.now())
        if path.suffix.lower() == ".docx":
            return write_report_page(report, path)
        return write_report(report, path)

    def calendar(self, meeting: str, path: Path) -> Path:
        """Write the meeting as .ics; the path. OperatorError `meeting-missing`, HostFault as `write_whole`."""
        return write_calendar([calendar_entry(self._records, meeting, self._clock.now())], path)


def minutes_paper(source: DocumentSource, minutes_id: str, made_at: datetime) -> MinutesPaper:
    """Put together what the document of these minutes says."""
    minutes = source.get("minutes", minutes_id)
    if minutes is None:
        raise OperatorError("minutes-missing", minutes=minutes_id)
    meeting_id = str(minutes["meeting"])
    meeting = _meeting(source, meeting_id)
    unit_path = str(minutes.get("unit_path") or "")
    members = {row["pk"]: row for row in source.list("member")}
    host = members.get(str(meeting.get("host_member") or ""), {})
    state = source.minutes_state(minutes_id)
    written = MinutesDocument.from_updates([state] if state else []).blocks()
    items = sorted(source.list("agenda_item", meeting=meeting_id), key=lambda row: int(row.get("item_no") or 0))
    places = {block.id: place for place, block in enumerate(written)}
    opinions = [row for row in source.list("opinion", meeting=meeting_id) if row.get("state") != "dismissed"]
    opinions.sort(key=lambda row: (places.get(str(row.get("block") or ""), len(places)), row["pk"]))
    speeches = sorted(source.list("speech", meeting=meeting_id), key=lambda row: int(row.get("speech_no") or 0))
    convener = str(meeting.get("convener_unit") or "")
    attendance = attendance_sheet(source, meeting_id)
    delivery = source.delivery("minutes", minutes_id)
    return MinutesPaper(
        unit=unit_name(unit_path),
        meeting_title=str(meeting.get("title") or ""),
        meeting_code=str(meeting.get("code") or ""),
        kind=_kind(meeting),
        approved=minutes.get("state") == "approved",
        start=_time(meeting.get("actual_start") or meeting.get("planned_start")),
        end=_time(meeting.get("actual_end")),
        main_site=unit_name(convener),
        branch_sites=tuple(unit_name(path) for path in meeting.get("invited") or () if path != convener),
        host=str(host.get("name") or ""),
        items=tuple(_item(row) for row in items),
        blocks=tuple(
            Block(one.agenda_item, one.member_name, unit_name(one.site), _time(one.at), one.text) for one in written
        ),
        remarks=tuple(_remark(row) for row in opinions),
        turns=tuple(_turn(row) for row in speeches),
        attendance=attendance.of_site(unit_path),
        attendance_of_all=attendance,
        made_at=made_at,
        receipt=delivery.number,
        receipt_at=delivery.received_at,
        unreceipted=delivery.waiting,
    )


def sign_in_list(source: RecordSource, meeting_id: str, unit_path: str, made_at: datetime) -> SignInList:
    """Put together what the sign-in list of a meeting holds: the unit's own room first, then the others."""
    meeting = _meeting(source, meeting_id)
    return SignInList(
        unit=unit_name(unit_path),
        unit_path=unit_path,
        meeting_title=str(meeting.get("title") or ""),
        start=_time(meeting.get("actual_start") or meeting.get("planned_start")),
        end=_time(meeting.get("actual_end") or meeting.get("planned_end")),
        attendance=attendance_sheet(source, meeting_id),
        made_at=made_at,
    )


def calendar_entry(source: RecordSource, meeting_id: str, made_at: datetime) -> CalendarEntry:
    """The meeting as a calendar has it. OperatorError `meeting-missing`, also where it has no sound time."""
    meeting = _meeting(source, meeting_id)
    start, end = _time(meeting.get("planned_start")), _time(meeting.get("planned_end"))
    if start is None:
        raise OperatorError("meeting-missing", meeting=meeting_id)
    items = sorted(source.list("agenda_item", meeting=meeting_id), key=lambda row: int(row.get("item_no") or 0))
    agenda = [f"{number}. {row.get('title') or ''}" for number, row in enumerate(items, start=1)]
    sites = [unit_name(str(path)) for path in meeting.get("invited") or ()]
    code = str(meeting.get("code") or "")
    return CalendarEntry(
        uid=meeting_id,
        title=str(meeting.get("title") or ""),
        start=start,
        end=end or start + timedelta(hours=1),
        made_at=made_at,
        place=unit_name(str(meeting.get("convener_unit") or "")),
        text="\n".join([_kind(meeting), *([code] if code else []), *agenda, "、".join(sites)]),
        cancelled=meeting.get("state") == "cancelled",
        version=int(made_at.timestamp()),
    )


def _meeting(source: RecordSource, meeting_id: str) -> Row:
    meeting = source.get("meeting", meeting_id)
    if meeting is None:
        raise OperatorError("meeting-missing", meeting=meeting_id)
    return meeting


def _kind(meeting: Row) -> str:
    try:
        return kinds()[MeetingKind(str(meeting.get("kind")))].zh
    except ValueError:  # a kind that a later version knows
        return ""


def _time(value: Any) -> datetime | None:
    """A stored time; None where there is none, or one that another program wrote wrongly."""
    try:
        return moment(str(value)) if value else None
    except ValueError:
        return None


def _item(row: Row) -> Item:
    return Item(
        item_id=str(row["pk"]),
        number=int(row.get("item_no") or 0),
        title=str(row.get("title") or ""),
        started_at=_time(row.get("started_at")),
        ended_at=_time(row.get("ended_at")),
    )


def _remark(row: Row) -> Remark:
    return Remark(
        text=str(row.get("text") or row.get("quote") or ""),
        speaker=str(row.get("member_name") or ""),
        site=unit_name(str(row.get("site") or "")),
        confirmed=row.get("state") == "confirmed",
    )


def _turn(row: Row) -> Turn:
    return Turn(
        number=int(row.get("speech_no") or 0),
        speaker=str(row.get("member_name") or ""),
        site=unit_name(str(row.get("site") or "")),
        started_at=_time(row.get("started_at")),
        seconds=int(row.get("seconds") or 0),
        over_seconds=int(row.get("over_sec") or 0),
    )
