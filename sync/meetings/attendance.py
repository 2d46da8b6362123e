"""签到: who is expected and who is here. Pure functions of a store; nothing is written.

应到 counts the roster's 出席 alone; 列席 (guests) are counted apart, and so is whoever signed in without being on the
roster. Always expected = present + excused + absent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.clock import moment
from sync.meetings.hours import MeetingHours, Stay, hours_of
from sync.meetings.names import StrokeKey, initials_of, pinyin_of, stroke_key
from sync.meetings.source import RecordSource, Row

ATTEND = "attend"
GUEST = "guest"


class AttendanceState(StrEnum):
    """到会状态 of one person. Before the meeting begins nobody is absent, only not yet here (未到)."""

    PRESENT = "present"
    EXCUSED = "excused"
    WAITING = "waiting"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Attendee:
    """One person of the list, expected or guest, with what is known of the signature."""

    member: str
    name: str
    member_no: str
    pinyin: str
    initials: str
    sector: str
    post: str
    work_title: str
    site: str
    capacity: str
    """attend (出席) | guest (列席)."""
    seat_no: str
    surname_strokes: int
    state: AttendanceState
    signed_at: datetime | None = None
    method: str = ""
    sign_in: str = ""
    """Key of the sign-in that counts; empty where there is none."""
    recorded_by: str = ""
    leave_reason: str = ""
    departure: str = ""
    """Key of the departure that counts; empty while the person is here."""
    stay: Stay | None = None
    """Of who is present: when they came and left, and how long that is of the meeting."""

    @property
    def left_at(self) -> datetime | None:
        """离会; None while the person is here."""
        return None if self.stay is None else self.stay.left_at

    @property
    def order(self) -> StrokeKey:
        """Place in an official list: by strokes of the surname."""
        return stroke_key(self.name, self.surname_strokes)


@dataclass(frozen=True, slots=True)
class Tally:
    """应到, 实到, 请假, 缺席 (or 未到), and 列席 who came."""

    expected: int = 0
    present: int = 0
    excused: int = 0
    absent: int = 0
    guests: int = 0
    late: int = 0
    """迟到: of those present."""
    left: int = 0
    """离会: of those present, who are no longer here."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class AttendanceSheet:
    """The attendance of one meeting, in the order of surname strokes."""

    meeting: str
    begun: bool
    """From then on who is neither present nor excused is absent."""
    attendees: tuple[Attendee, ...]
    hours: MeetingHours = MeetingHours()

    @property
    def tally(self) -> Tally:
        return count(self.attendees)

    def of_site(self, site: str) -> "AttendanceSheet":
        """The part of one room."""
        return self._part(one for one in self.attendees if one.site == site)

    def elsewhere(self, site: str) -> "AttendanceSheet":
        """The part of all other rooms."""
        return self._part(one for one in self.attendees if one.site != site)

    def _part(self, attendees: Iterable[Attendee]) -> "AttendanceSheet":
        return AttendanceSheet(self.meeting, self.begun, tuple(attendees), self.hours)

    def by_site(self) -> dict[str, Tally]:
        """A tally for each room, by its unit's path."""
        return {
            site: count(one for one in self.attendees if one.site == site)
            for site in sorted({one.site for one in self.attendees})
        }

    def find(self, member: str) -> Attendee | None:
        return next((one for one in self.attendees if one.member == member), None)


def attendance_sheet(source: RecordSource, meeting: str) -> AttendanceSheet:
    """Everyone on the roster of a meeting, and everyone who signed in besides."""
    hours = hours_of(source.get("meeting", meeting) or {})
    begun = hours.begun
    members = {row["pk"]: row for row in source.list("member")}
    signed = {row["member"]: row for row in source.attendance(meeting)}
    entries = {row["member"]: row for row in source.list("roster_entry", meeting=meeting)}
    gone = _departures(source, meeting)
    everyone = entries | {
        member: {**signature, "capacity": GUEST} for member, signature in signed.items() if member not in entries
    }
    people = [
        _attendee(entry, members.get(member, {}), signed.get(member), gone.get(member, ()), hours)
        for member, entry in everyone.items()
    ]
    return AttendanceSheet(meeting, begun, tuple(sorted(people, key=lambda one: (one.order, one.member_no))), hours)


def _departures(source: RecordSource, meeting: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in source.list("departure", meeting=meeting):
        if row.get("left_at"):
            found.setdefault(str(row.get("member") or ""), []).append(row)
    return found


def _attendee(
    entry: Row, member: Row, signature: Row | None, departures: Sequence[Row], hours: MeetingHours
) -> Attendee:
    name = str(entry.get("member_name") or member.get("name") or "")
    pinyin = str(member.get("pinyin") or pinyin_of(name))
    if signature is None:
        state = AttendanceState.ABSENT if hours.begun else AttendanceState.WAITING
    else:
        state = AttendanceState.EXCUSED if signature["status"] == "excused" else AttendanceState.PRESENT
    signature = signature or {}
    signed_at = moment(signature["signed_at"]) if signature.get("signed_at") else None
    stay, departure = None, ""
    if state is AttendanceState.PRESENT and signed_at is not None:
        # A departure before the signature that counts ended another one, which was taken back.
        ends = [(left, row["pk"]) for row in departures if (left := moment(row["left_at"])) >= signed_at]
        left_at, departure = min(ends, default=(None, ""))
        stay = Stay(signed_at, left_at, hours)
    return Attendee(
        member=str(entry["member"]),
        name=name,
        member_no=str(member.get("member_no") or ""),
        pinyin=pinyin,
        initials=str(member.get("initials") or initials_of(pinyin)),
        sector=str(member.get("sector") or ""),
        post=str(member.get("post") or ""),
        work_title=str(member.get("work_title") or ""),
        site=str(entry.get("site") or signature.get("site") or ""),
        capacity=str(entry.get("capacity") or ATTEND),
        seat_no=str(entry.get("seat_no") or ""),
        surname_strokes=int(member.get("surname_strokes") or 0),
        state=state,
        signed_at=signed_at,
        method=str(signature.get("method") or ""),
        sign_in=str(signature.get("pk") or ""),
        recorded_by=str(signature.get("recorded_by") or ""),
        leave_reason=str(signature.get("leave_reason") or ""),
        departure=departure,
        stay=stay,
    )


def count(attendees: Iterable[Attendee]) -> Tally:
    """应到 of those who attend; guests are only ever counted when they came."""
    expected = present = excused = guests = late = left = 0
    for one in attendees:
        here = one.state is AttendanceState.PRESENT
        if one.capacity == GUEST:
            guests += here
            continue
        expected += 1
        present += here
        excused += one.state is AttendanceState.EXCUSED
        late += here and one.stay is not None and one.stay.late_min > 0
        left += here and one.left_at is not None
    return Tally(expected, present, excused, expected - present - excused, guests, late, left)


def search(attendees: Sequence[Attendee], text: str, limit: int = 20) -> list[Attendee]:
    """Who is meant by a name, pinyin, its initials, or a card number (whole, or its last digits); best first."""
    wanted = "".join(text.lower().split())
    if not wanted:
        return []
    hits = [(rank, place, one) for place, one in enumerate(attendees) if (rank := _rank(one, wanted))]
    hits.sort(key=lambda hit: (-hit[0], hit[1]))
    return [one for _, _, one in hits[:limit]]


def _rank(one: Attendee, wanted: str) -> int:
    name, number = one.name.lower().replace(" ", ""), one.member_no.lower()
    words = (name, one.initials, one.pinyin.replace(" ", ""), number)
    if wanted in words:
        return 4
    if any(word.startswith(wanted) for word in words):
        return 3
    if wanted.isdigit() and number.endswith(wanted):
        return 2
    return 1 if wanted in name or wanted in one.initials else 0
