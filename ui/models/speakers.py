"""Who may be named as a speaker: the roster of a meeting, or the members of the unit where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath


class SpeakerRows(Protocol):
    """The store, as far as it is read here."""

    def get(self, entity: str, pk: str) -> dict[str, Any] | None: ...

    def list(self, entity: str, **equal: Any) -> Sequence[dict[str, Any]]: ...

    def attendance(self, meeting: str) -> Sequence[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class SpeakerChoice:
    """A member who may be put on the list of speakers, or named in the minutes."""

    member_id: str
    name: str
    note: str
    signed_in: bool
    initials: str = ""
    site: str = ""


def read_speakers(
    records: SpeakerRows, meeting: MeetingId, own: UnitPath, *, every_site: bool = False
) -> list[SpeakerChoice]:
    """The members of this room (or of every room), who signed in first."""
    present = {row["member"] for row in records.attendance(meeting) if row.get("status") == "present"}
    entries = [row for row in records.list("roster_entry", meeting=meeting) if every_site or row.get("site") == own]
    members = {row["pk"]: row for row in records.list("member")}
    if entries:
        wanted = [
            (str(row["member"]), str(row.get("member_name") or ""), str(row.get("site") or "")) for row in entries
        ]
    else:
        ours = [row for row in members.values() if row.get("unit_path") == own]
        wanted = [(str(one["pk"]), _text(one, "name"), str(own)) for one in ours]
    people = []
    for pk, name, site in wanted:
        member = members.get(pk, {})
        sector, initials = _text(member, "sector"), _text(member, "initials")
        people.append(SpeakerChoice(pk, name, sector, pk in present, initials, site))
    return sorted(people, key=lambda one: not one.signed_in)


def member_name(records: SpeakerRows, meeting: MeetingId, member_id: str) -> str:
    """What a member is called; raises OperatorError `member-unknown`."""
    member = records.get("member", member_id)
    if member is not None and member.get("name"):
        return str(member["name"])
    for row in records.list("roster_entry", meeting=meeting, member=member_id):
        return _text(row, "member_name")
    raise OperatorError("member-unknown")


def _text(row: dict[str, Any], name: str) -> str:
    return str(row.get(name) or "")
