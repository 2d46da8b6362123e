"""A roster that was read becomes members and 应到名册, in one transaction.

Importing one sheet twice, or in two places, makes one member each; only what differs is written. Who is not on the
sheet stays: nobody is removed by an import.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop_app.domain.ids import UnitPath, derived_id
from desktop_app.domain.units import is_within
from sync.log.write import Write
from sync.meetings.attendance import ATTEND
from sync.meetings.roster import RosterRow, RosterSheet, read_roster
from sync.meetings.source import RecordSource, RecordWriter


@dataclass(frozen=True, slots=True)
class RosterImport:
    """What an import did."""

    sheet: str
    members: int
    """Rows of the sheet."""
    added: int
    changed: int
    expected: int
    """Entries of the meeting's roster that were written; 0 without a meeting."""
    changes: int
    """Changes written in all."""


def import_roster(records: RecordWriter, path: Path, *, unit_path: UnitPath, meeting: str = "") -> RosterImport:
    """Read a spreadsheet and write all of it; raises what `read_roster` raises, and has then written nothing.

    With a meeting, everyone on the sheet is also expected (or a guest) there.
    """
    sheet = read_roster(path, unit_path)
    members, added = member_writes(records, sheet)
    entries = entry_writes(records, sheet, meeting, unit_path) if meeting else []
    if members or entries:
        records.write(*members, *entries)
    return RosterImport(
        sheet.name, len(sheet.rows), added, len(members) - added, len(entries), len(members) + len(entries)
    )


def member_id(member_no: str) -> str:
    """The key of the member with this card number."""
    return derived_id("member", member_no)


def member_writes(source: RecordSource, sheet: RosterSheet) -> tuple[list[Write], int]:
    """What has to be written so that every row is a member as the sheet has it, and how many of them are new."""
    known = {row["pk"]: row for row in source.list("member")}
    writes, added = [], 0
    for row in sheet.rows:
        pk = member_id(row.member["member_no"])
        before = known.get(pk)
        wanted: dict[str, Any] = {**row.member, "unit_path": row.unit_path}
        if before is not None:
            wanted = {name: value for name, value in wanted.items() if before.get(name) != value}
        added += before is None
        if wanted:
            writes.append(Write("member", pk, wanted))
    return writes, added


def entry_writes(source: RecordSource, sheet: RosterSheet, meeting: str, unit_path: UnitPath) -> list[Write]:
    """The meeting's roster entries of the sheet that are not there yet or differ; who left office is not expected."""
    taking_part = _sites(source, meeting)
    known = {row["pk"]: row for row in source.list("roster_entry", meeting=meeting)}
    writes = []
    for row in sheet.rows:
        if row.member["status"] != "active":
            continue
        wanted = _entry(row, meeting, _site_of(row.unit_path, taking_part, unit_path))
        pk = derived_id("roster_entry", meeting, wanted["member"])
        before = known.get(pk)
        if before is None or any(before.get(name) != value for name, value in wanted.items()):
            writes.append(Write("roster_entry", pk, wanted, meeting))
    return writes


def expect_members(records: RecordWriter, meeting: str, unit_path: UnitPath) -> int:
    """Put every active member of one unit on the meeting's roster; returns how many were added."""
    known = {row["member"] for row in records.list("roster_entry", meeting=meeting)}
    writes = [
        Write(
            "roster_entry",
            derived_id("roster_entry", meeting, row["pk"]),
            {
                "meeting": meeting,
                "member": row["pk"],
                "member_name": row["name"],
                "site": unit_path,
                "capacity": ATTEND,
            },
            meeting,
        )
        for row in records.list("member", unit_path=unit_path)
        if row.get("status") == "active" and row["pk"] not in known
    ]
    if writes:
        records.write(*writes)
    return len(writes)


def _entry(row: RosterRow, meeting: str, site: str) -> dict[str, Any]:
    entry = {
        "meeting": meeting,
        "member": member_id(row.member["member_no"]),
        "member_name": row.member["name"],
        "site": site,
        "capacity": row.capacity,
    }
    if row.seat_no:
        entry["seat_no"] = row.seat_no
    return entry


def _sites(source: RecordSource, meeting: str) -> list[str]:
    row = source.get("meeting", meeting) or {}
    return [path for path in (row.get("convener_unit"), *(row.get("invited") or ())) if path]


def _site_of(unit_path: UnitPath, taking_part: list[str], importing: UnitPath) -> str:
    """The room in which a member sits: of the nearest unit above (or the own one) that takes part."""
    above = [path for path in taking_part if is_within(unit_path, path) and is_within(path, importing)]
    return max(above, key=len, default=importing)
