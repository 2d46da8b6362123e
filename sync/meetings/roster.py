"""名册: members from a clerk's own spreadsheet, all of it or nothing.

A title above the header and columns in any order, in Chinese or English, are fine. What is wrong is told row by row.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.limits import ROSTER_ROWS
from desktop_app.domain.units import is_within
from sync.meetings.names import initials_of, pinyin_of, surname_strokes
from sync.meetings.sheets import SheetRow, read_sheets
from sync.reference.codes import sectors
from sync.reference.units import units

HEADERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "member_no": (
            "委员证号",
            "证号",
            "编号",
            "委员编号",
            "member_no",
            "member no",
            "card number",
            "card no",
            "number",
        ),
        "name": ("姓名", "委员姓名", "name", "full name"),
        "pinyin": ("拼音", "姓名拼音", "pinyin"),
        "initials": ("首字母", "拼音首字母", "initials"),
        "surname_strokes": ("姓氏笔画", "笔画", "surname_strokes", "strokes"),
        "gender": ("性别", "gender", "sex"),
        "ethnic_group": ("民族", "ethnic_group", "ethnic group"),
        "party": ("党派", "政治面貌", "party"),
        "sector": ("界别", "所属界别", "sector_name", "sector"),
        "sector_code": ("界别代码", "sector_code"),
        "committee": ("专委会", "专门委员会", "committee"),
        "post": ("政协职务", "post"),
        "work_title": ("单位及职务", "工作单位及职务", "title_in_own_unit", "work_title", "work title"),
        "term_no": ("届次", "term_no", "term"),
        "status": ("状态", "status"),
        "unit_code": ("单位代码", "行政区划代码", "unit_code", "unit code"),
        "capacity": ("参会身份", "身份", "capacity", "role"),
        "seat_no": ("座位", "座位号", "seat_no", "seat"),
    }
)
REQUIRED = {"member_no": "委员证号", "name": "姓名"}
MEMBER_FIELDS = (
    "member_no", "name", "pinyin", "initials", "surname_strokes", "gender", "ethnic_group", "party", "sector",
    "committee", "post", "work_title", "term_no", "status",
)  # fmt: skip
CAPACITIES = {"": "attend", "出席": "attend", "attend": "attend", "列席": "guest", "guest": "guest"}
STATUSES = {"": "active", "active": "active", "在任": "active", "现任": "active", "在职": "active", "正常": "active"}
"""Whatever else a sheet says of a member's status (离任, 辞去 ...) is kept as it is, and means: not active."""
HEADER_WITHIN = 10
"""A sheet's header is one of its first rows; above it there may be a title."""
NAME_LENGTH = 40
NUMBER_LENGTH = 40
REPORTED = 200
"""Wrong rows that are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one row: a stable id and the values of its sentence, like a `Fault` that is not raised."""

    row: int
    id: str
    values: Mapping[str, Any] = field(default_factory=dict)


class RosterFault(OperatorError):
    """`roster-rows`: these rows are wrong, and nothing was imported."""

    def __init__(self, rows: list[RowFault]) -> None:
        first = rows[0]
        super().__init__("roster-rows", count=len(rows), row=first.row, first=first.id)
        self.rows = tuple(rows[:REPORTED])


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One member of the sheet."""

    row: int
    unit_path: UnitPath
    member: Mapping[str, Any]
    """Fields of the record `member` but for its unit."""
    capacity: str
    """attend | guest."""
    seat_no: str


@dataclass(frozen=True, slots=True)
class RosterSheet:
    """A sheet without a fault in it."""

    name: str
    columns: frozenset[str]
    rows: tuple[RosterRow, ...]


def read_roster(path: Path, unit_path: UnitPath) -> RosterSheet:
    """Read the first sheet of the file that has a roster's header.

    `unit_path` is the unit that imports: a row without a unit of its own is its member, and a row of a unit outside its
    subtree is wrong. OperatorError: `roster-not-found`, `roster-wrong-file`, `roster-old-format`, `roster-encoding`,
    `roster-too-big`, `roster-too-long`, `roster-empty`, `roster-columns-missing`; RosterFault: `roster-rows`.
    """
    missing: list[str] | None = None
    for sheet, rows in read_sheets(path):
        header: dict[str, int] | None = None
        for seen, row in enumerate(rows):
            if seen >= HEADER_WITHIN:
                break
            found = columns_of(row)
            if REQUIRED.keys() <= found.keys():
                header = found
                break
            lacking = [label for column, label in REQUIRED.items() if column not in found]
            if found and (missing is None or len(lacking) < len(missing)):
                missing = lacking
        if header is not None:
            return _roster(sheet, header, _bounded(rows), path.name, unit_path)
    if missing is None:
        missing = list(REQUIRED.values())
    raise OperatorError("roster-columns-missing", file=path.name, columns="、".join(missing))


def columns_of(row: SheetRow) -> dict[str, int]:
    """Which known columns a header row names, and where."""
    places: dict[str, int] = {}
    for place, text in enumerate(row.cells):
        plain = re.sub(r"[\s*＊:：]|[(（].*[)）]$", "", text.lower()).replace("_", "")
        for column, names in HEADERS.items():
            if plain and plain in {re.sub(r"[\s_]", "", name) for name in names}:
                places.setdefault(column, place)
    return places


def _bounded(rows: Iterable[SheetRow]) -> list[SheetRow]:
    """All rows, where they are no more than a roster may have; what is over is counted, not kept."""
    kept: list[SheetRow] = []
    total = 0
    for row in rows:
        total += 1
        if total <= ROSTER_ROWS:
            kept.append(row)
    if total > ROSTER_ROWS:
        raise OperatorError("roster-too-long", rows=total, limit=ROSTER_ROWS)
    return kept


def _roster(
    sheet: str, header: dict[str, int], rows: list[SheetRow], file_name: str, unit_path: UnitPath
) -> RosterSheet:
    faults: list[RowFault] = []
    first_seen: dict[str, int] = {}
    good: list[RosterRow] = []
    for row in rows:
        texts = {column: row.cells[place] if place < len(row.cells) else "" for column, place in header.items()}
        if not any(texts.values()):
            continue
        member, wrong = _member(row.number, texts)
        number = member["member_no"]
        if number and first_seen.setdefault(number, row.number) != row.number:
            wrong.append(RowFault(row.number, "row-number-duplicate", {"number": number, "first": first_seen[number]}))
        home, foreign = _home(row.number, texts.get("unit_code", ""), unit_path)
        wrong += foreign
        capacity = CAPACITIES.get(texts.get("capacity", "").lower())
        if capacity is None:
            wrong.append(RowFault(row.number, "row-capacity-unknown", {"text": texts["capacity"]}))
        faults += wrong
        good.append(RosterRow(row.number, home, member, capacity or "attend", texts.get("seat_no", "")))
    if faults:
        raise RosterFault(faults)
    if not good:
        raise OperatorError("roster-empty", file=file_name)
    return RosterSheet(sheet, frozenset(header), tuple(good))


def _member(number: int, texts: dict[str, str]) -> tuple[dict[str, Any], list[RowFault]]:
    faults: list[RowFault] = []
    member: dict[str, Any] = {column: text for column, text in texts.items() if column in MEMBER_FIELDS}
    member["member_no"] = unicodedata.normalize("NFKC", texts["member_no"]).replace(" ", "").lstrip("'")
    member["name"] = person_name(texts["name"])
    for column, limit in (("member_no", NUMBER_LENGTH), ("name", NAME_LENGTH)):
        if not member[column]:
            faults.append(RowFault(number, "row-number-missing" if column == "member_no" else "row-name-missing"))
        elif len(member[column]) > limit:
            faults.append(RowFault(number, "row-text-too-long", {"column": REQUIRED[column], "limit": limit}))
    strokes = texts.get("surname_strokes", "")
    if strokes and not (strokes.isascii() and strokes.isdigit() and int(strokes) < 100):
        faults.append(RowFault(number, "row-strokes-not-a-number", {"text": strokes}))
        strokes = ""
    member["surname_strokes"] = int(strokes) if strokes else surname_strokes(member["name"])
    member["pinyin"] = texts.get("pinyin", "").lower() or pinyin_of(member["name"])
    member["initials"] = texts.get("initials", "").lower().replace(" ", "") or initials_of(
        member["pinyin"] if " " in member["pinyin"] else pinyin_of(member["name"])
    )
    if not member.get("sector") and (listed := sectors().get(texts.get("sector_code", "").upper())):
        member["sector"] = listed.zh
    status = member.get("status", "")
    member["status"] = STATUSES.get(status.lower(), status)
    return member, faults


def person_name(text: str) -> str:
    """A name without the spaces with which sheets align two-character names; a name in Latin letters keeps them."""
    return " ".join(text.split()) if text.isascii() else "".join(text.split())


def _home(number: int, code: str, unit_path: UnitPath) -> tuple[UnitPath, list[RowFault]]:
    if not code:
        return unit_path, []
    unit = units().get(code)
    if unit is None:
        return unit_path, [RowFault(number, "row-unit-unknown", {"code": code})]
    if not is_within(unit.unit_path, unit_path):
        return unit_path, [RowFault(number, "row-unit-foreign", {"unit": unit.name})]
    return unit.unit_path, []
