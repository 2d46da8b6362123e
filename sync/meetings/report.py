"""会后报告: what a meeting came to, put together from its records: nothing of it is kept a second time.

So it is there as soon as the records are, also after the program was closed, and a room that was offline adds to it
when its records arrive. Pure functions of a store.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from desktop_app.domain.clock import moment
from desktop_app.domain.faults import OperatorError
from sync.meetings.attendance import Tally, attendance_sheet
from sync.meetings.hours import MeetingHours
from sync.meetings.lines import LineHistory, line_histories
from sync.meetings.names import stroke_key
from sync.meetings.source import RecordSource, Row
from sync.reference.units import in_tree_order, unit_name


@dataclass(frozen=True, slots=True)
class SiteLine:
    """One room of the meeting."""

    site: str
    name: str
    tally: Tally
    joined_at: datetime | None
    """None: it never came in."""
    left_at: datetime | None
    drops: int
    outage_sec: int


@dataclass(frozen=True, slots=True)
class OutageLine:
    """From the loss of a room to its return; `until` None while it is away."""

    site: str
    name: str
    since: datetime
    until: datetime | None
    seconds: int


@dataclass(frozen=True, slots=True)
class SpeechLine:
    """One member's turn."""

    number: int
    member: str
    sector: str
    site: str
    item: str
    """Title of the agenda item."""
    started_at: datetime | None
    ended_at: datetime | None
    seconds: int
    over_sec: int


@dataclass(frozen=True, slots=True)
class RollLine:
    """One round of a roll call."""

    number: int
    by_voice: bool
    called_at: datetime | None
    present: int
    no_answer: int
    offline: int

    @property
    def sites(self) -> int:
        return self.present + self.no_answer + self.offline


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One member's 履职记录."""

    member: str
    name: str
    member_no: str
    unit: str
    role: str
    """speech | attend | guest."""
    attended_min: int
    permille: int
    speeches: int
    speech_sec: int


@dataclass(frozen=True, slots=True)
class IndexLine:
    """Where an agenda item begins in a recording."""

    item: str
    """Its title."""
    seconds: int
    """From the recording's beginning."""

    @property
    def time(self) -> str:
        """00:12:30, as a player shows it."""
        minutes, seconds = divmod(self.seconds, 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


@dataclass(frozen=True, slots=True)
class FilmLine:
    """What was recorded of one room."""

    recording: str
    """The record; its file is attached to it."""
    site: str
    name: str
    started_at: datetime | None
    seconds: int
    bytes: int
    state: str
    """making | kept | empty."""
    progress: int
    """Percent."""
    index: tuple[IndexLine, ...] = ()
    """By agenda item, as the chapters of the file are."""


@dataclass(frozen=True, slots=True)
class MeetingReport:
    """All of it; times are aware."""

    meeting: str
    title: str
    code: str
    kind: str
    convener: str
    hours: MeetingHours
    people: Tally
    sites: tuple[SiteLine, ...]
    outages: tuple[OutageLine, ...]
    speeches: tuple[SpeechLine, ...]
    rolls: tuple[RollLine, ...]
    duties: tuple[DutyLine, ...]
    lines: tuple[LineHistory, ...]
    """Of the sites whose line was weak, or which were limited, in some minute, as far as this unit may know."""
    films: tuple[FilmLine, ...]
    made_at: datetime

    @property
    def over(self) -> bool:
        return self.hours.actual_end is not None

    @property
    def joined(self) -> int:
        return sum(one.joined_at is not None for one in self.sites)

    @property
    def outage_sec(self) -> int:
        """Of all rooms together."""
        return sum(one.seconds for one in self.outages)


def meeting_report(source: RecordSource, meeting: str, now: datetime) -> MeetingReport:
    """OperatorError `meeting-missing` where there is none."""
    row = source.get("meeting", meeting)
    if row is None:
        raise OperatorError("meeting-missing", meeting=meeting)
    sheet = attendance_sheet(source, meeting)
    hours = sheet.hours
    outages = _outages(source, meeting, hours.actual_end or now)
    items = {item["pk"]: str(item.get("title") or "") for item in source.list("agenda_item", meeting=meeting)}
    tallies = sheet.by_site()
    stays = {str(one.get("site")): one for one in source.list("site_stay", meeting=meeting)}
    paths = {str(path) for path in (row.get("convener_unit"), *(row.get("invited") or ())) if path}
    paths |= tallies.keys() | stays.keys()
    sites = tuple(
        _site(path, tallies.get(path, Tally()), stays.get(path, {}), outages) for path in in_tree_order(paths - {""})
    )
    duties = [_duty(one) for one in source.list("duty_event", meeting=meeting)]
    return MeetingReport(
        meeting=meeting,
        title=str(row.get("title") or ""),
        code=str(row.get("code") or ""),
        kind=str(row.get("kind") or ""),
        convener=unit_name(str(row.get("convener_unit") or "")),
        hours=hours,
        people=sheet.tally,
        sites=sites,
        outages=outages,
        speeches=tuple(
            sorted((_speech(one, items) for one in source.list("speech", meeting=meeting)), key=lambda one: one.number)
        ),
        rolls=_rolls(source.list("roll_call_answer", meeting=meeting)),
        duties=tuple(sorted(duties, key=lambda one: (stroke_key(one.name), one.member_no))),
        films=tuple(
            sorted(
                map(_film, source.list("recording", meeting=meeting)), key=lambda one: (str(one.started_at), one.name)
            )
        ),
        lines=tuple(
            sorted(
                (one for one in line_histories(source, meeting) if one.weak or one.limited),
                key=lambda one: (-one.weak, one.site),
            )
        ),
        made_at=now,
    )


def _site(path: str, tally: Tally, stay: Row, outages: tuple[OutageLine, ...]) -> SiteLine:
    away = sum(one.seconds for one in outages if one.site == path)
    joined, left = _time(stay.get("joined_at")), _time(stay.get("left_at"))
    return SiteLine(path, unit_name(path), tally, joined, left, int(stay.get("drops") or 0), away)


def _outages(source: RecordSource, meeting: str, until: datetime) -> tuple[OutageLine, ...]:
    lines = []
    for row in source.list("outage", meeting=meeting):
        since, ended = _time(row.get("started_at")), _time(row.get("ended_at"))
        if since is not None:
            seconds = int(row.get("seconds") or 0) if ended else max(0, (until - since) // timedelta(seconds=1))
            path = str(row.get("site") or "")
            lines.append(OutageLine(path, unit_name(path), since, ended, seconds))
    return tuple(sorted(lines, key=lambda one: (one.since, one.site)))


def _speech(row: Row, items: dict[str, str]) -> SpeechLine:
    return SpeechLine(
        number=int(row.get("speech_no") or 0),
        member=str(row.get("member_name") or ""),
        sector=str(row.get("sector") or ""),
        site=unit_name(str(row.get("site") or "")),
        item=items.get(str(row.get("agenda_item") or ""), ""),
        started_at=_time(row.get("started_at")),
        ended_at=_time(row.get("ended_at")),
        seconds=int(row.get("seconds") or 0),
        over_sec=int(row.get("over_sec") or 0),
    )


def _rolls(rows: list[Row]) -> tuple[RollLine, ...]:
    rounds: dict[int, list[Row]] = {}
    for row in rows:
        rounds.setdefault(int(row.get("round_no") or 0), []).append(row)
    return tuple(
        RollLine(
            number,
            any(row.get("manner") == "voice" for row in answers),
            min((at for row in answers if (at := _time(row.get("called_at"))) is not None), default=None),
            sum(row.get("status") == "answered" for row in answers),
            sum(row.get("status") == "no_answer" for row in answers),
            sum(row.get("status") == "offline" for row in answers),
        )
        for number, answers in sorted(rounds.items())
    )


def _film(row: Row) -> FilmLine:
    return FilmLine(
        recording=str(row["pk"]),
        site=str(row.get("site") or ""),
        name=unit_name(str(row.get("site") or "")) or str(row.get("site_name") or ""),
        started_at=_time(row.get("started_at")),
        seconds=int(row.get("seconds") or 0),
        bytes=int(row.get("bytes") or 0),
        state=str(row.get("state") or ""),
        progress=int(row.get("progress") or 0),
        index=tuple(_index(row.get("agenda") or ())),
    )


def _index(entries: Iterable[object]) -> Iterator[IndexLine]:
    """What cannot be read is left out: it may be a later version's."""
    for entry in entries:
        try:
            _, title, start = json.loads(str(entry))
            yield IndexLine(str(title), max(0, int(start) // 1000))
        except (ValueError, TypeError, RecursionError):
            continue


def _duty(row: Row) -> DutyLine:
    return DutyLine(
        member=str(row.get("member") or ""),
        name=str(row.get("member_name") or ""),
        member_no=str(row.get("member_no") or ""),
        unit=unit_name(str(row.get("unit_path") or "")),
        role=str(row.get("role") or ""),
        attended_min=int(row.get("attended_min") or 0),
        permille=int(row.get("attended_permille") or 0),
        speeches=int(row.get("speeches") or 0),
        speech_sec=int(row.get("speech_sec") or 0),
    )


def _time(value: Any) -> datetime | None:
    try:
        return moment(str(value)) if value else None
    except ValueError:
        return None
