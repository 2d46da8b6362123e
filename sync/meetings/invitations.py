"""Who is invited, by level, by city, or by a list in a spreadsheet whose wrong rows are told one by one."""

from collections.abc import Iterable
from pathlib import Path

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.limits import ROSTER_ROWS
from desktop_app.domain.units import Level, is_within
from sync.meetings.roster import REPORTED, RowFault
from sync.meetings.sheets import SheetRow, read_sheets
from sync.reference.units import Unit, units

CODES = frozenset({"单位代码", "行政区划代码", "代码", "unitcode", "code"})
NAMES = frozenset({"单位", "单位名称", "会场", "名称", "unit", "site", "name"})
HEADER_WITHIN = 10


class InvitationFault(OperatorError):
    """`invitation-rows`: these rows name no unit, and nobody was invited by the list."""

    def __init__(self, rows: list[RowFault]) -> None:
        super().__init__("invitation-rows", count=len(rows), row=rows[0].row, first=rows[0].id)
        self.rows = tuple(rows[:REPORTED])


def by_level(level: Level, under: UnitPath) -> list[UnitPath]:
    """Every unit of a level below (or at) a unit, in administrative order."""
    return [one.unit_path for one in units().values() if one.level is level and is_within(one.unit_path, under)]


def by_city(city: UnitPath) -> list[UnitPath]:
    """A city and its counties."""
    return [one.unit_path for one in units().values() if is_within(one.unit_path, city)]


def read_invitations(path: Path) -> list[UnitPath]:
    """The units that a sheet (.xlsx, .csv) names, by code or by name, each once, in the sheet's order.

    OperatorError `roster-not-found`, `roster-wrong-file`, `roster-old-format`, `roster-encoding`, `roster-too-big`,
    `roster-empty`, `invitation-columns-missing`; InvitationFault: `invitation-rows`.
    """
    for _name, rows in read_sheets(path):
        code = name = None
        for seen, row in enumerate(rows):
            if seen >= HEADER_WITHIN:
                break
            plain = [text.lower().replace(" ", "").replace("_", "") for text in row.cells]
            code = next((place for place, text in enumerate(plain) if text in CODES), None)
            name = next((place for place, text in enumerate(plain) if text in NAMES), None)
            if code is not None or name is not None:
                return _units(rows, code, name, path.name)
    raise OperatorError("invitation-columns-missing", file=path.name)


def _units(rows: Iterable[SheetRow], code: int | None, name: int | None, file_name: str) -> list[UnitPath]:
    found: dict[UnitPath, None] = {}
    faults: list[RowFault] = []
    for seen, row in enumerate(rows):
        if seen >= ROSTER_ROWS:
            raise OperatorError("roster-too-long", rows=seen + 1, limit=ROSTER_ROWS)
        wanted_code, wanted_name = _cell(row, code), _cell(row, name)
        if not wanted_code and not wanted_name:
            continue
        unit, fault = _unit(row.number, wanted_code, wanted_name)
        if fault is not None:
            faults.append(fault)
        elif unit is not None:
            found[unit.unit_path] = None
    if faults:
        raise InvitationFault(faults)
    if not found:
        raise OperatorError("roster-empty", file=file_name)
    return list(found)


def _cell(row: SheetRow, place: int | None) -> str:
    return row.cells[place] if place is not None and place < len(row.cells) else ""


def _unit(number: int, code: str, name: str) -> tuple[Unit | None, RowFault | None]:
    """By code where there is one; a name that several units have needs one."""
    if code:
        unit = units().get(code)
        return unit, None if unit is not None else RowFault(number, "row-unit-unknown", {"code": code})
    plain = name.replace(" ", "")
    names = [one for one in units().values() if plain in (one.name, one.full_name, one.short_name)]
    exact = [one for one in names if plain in (one.name, one.full_name)] or names
    if len(exact) == 1:
        return exact[0], None
    fault = "row-unit-name-unknown" if not exact else "row-unit-name-shared"
    return None, RowFault(number, fault, {"text": name[:40]})
