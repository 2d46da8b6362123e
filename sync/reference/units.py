"""单位: the four-level tree of committees that ships with the program.

Who has a terminal is never derived from it; it only says which units there are and where each one stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level, is_within
from sync.reference.tables import rows


@dataclass(frozen=True, slots=True)
class Unit:
    """One committee of the tree."""

    code: str
    """GB/T 2260, six digits; 100000 for the nation by practice."""
    unit_path: UnitPath
    level: Level
    parent: str
    """The parent's code; empty for the nation."""
    name: str
    """惠东县政协."""
    short_name: str
    """惠东."""
    full_name: str
    pinyin: str
    """Syllables of the short name, apart: `hui dong`."""
    initials: str
    division_kind: str
    region: str
    """粤东, 粤西, 粤北, 珠三角; empty above the cities."""

    @property
    def english_name(self) -> str:
        """A name for the English interface: `Huidong County CPPCC`."""
        place = self.pinyin.replace(" ", "").capitalize()
        return f"{place} {_KINDS.get(self.division_kind, '')} CPPCC".replace("  ", " ")

    def fields(self) -> dict[str, object]:
        """The fields of the record `unit`, whose key is the code."""
        return {
            "unit_path": self.unit_path,
            "level": int(self.level),
            "name": self.name,
            "short_name": self.short_name,
            "full_name": self.full_name,
            "pinyin": self.pinyin,
            "initials": self.initials,
            "is_active": True,
        }


_KINDS = {
    "省": "Province",
    "副省级市": "City",
    "地级市": "City",
    "县级市": "City",
    "市辖区": "District",
    "县": "County",
    "自治县": "County",
}


@cache
def units() -> Mapping[str, Unit]:
    """Every unit by code, in the order of the tree (a parent before its children)."""
    tree: dict[str, Unit] = {}
    for row in rows("units.csv"):
        above = tree[row["parent"]].unit_path if row["parent"] else ""
        tree[row["code"]] = Unit(
            code=row["code"],
            unit_path=UnitPath(f"{above}{row['code']}/"),
            level=Level(int(row["level"])),
            parent=row["parent"],
            name=row["name"],
            short_name=row["short_name"],
            full_name=row["full_name"],
            pinyin=row["pinyin"],
            initials=row["initials"],
            division_kind=row["division_kind"],
            region=row["region"],
        )
    return MappingProxyType(tree)


def unit_of(code: str) -> Unit:
    """The unit with this code; OperatorError `unit-unknown` where there is none."""
    unit = units().get(code)
    if unit is None:
        raise OperatorError("unit-unknown", code=code)
    return unit


@cache
def _by_path() -> Mapping[str, Unit]:
    return MappingProxyType({unit.unit_path: unit for unit in units().values()})


def unit_at(path: str) -> Unit | None:
    """The unit at this path, or None for a place outside the tree."""
    return _by_path().get(path)


def unit_name(path: str) -> str:
    """The unit's name, or the path itself for a place outside the tree."""
    unit = unit_at(path)
    return unit.name if unit else path


def subtree(path: str) -> list[Unit]:
    """The unit at this path and all below it, in the order of the tree."""
    return [unit for unit in units().values() if is_within(unit.unit_path, path)]


def in_tree_order(paths: Iterable[str]) -> list[str]:
    """A parent before its children; places outside the tree come last."""
    places = {str(path): place for place, path in enumerate(_by_path())}
    return sorted(paths, key=lambda path: (places.get(path, len(places)), path))


def find_units(text: str, limit: int = 20) -> list[Unit]:
    """Units by code, name, pinyin or initials, best first: 21 pairs of initials collide, so show the parent too."""
    wanted = text.strip().lower().replace(" ", "")
    if not wanted:
        return []
    ranked = [(rank, place, unit) for place, unit in enumerate(units().values()) if (rank := _rank(unit, wanted))]
    ranked.sort(key=lambda hit: (-hit[0], hit[1]))
    return [unit for _, _, unit in ranked[:limit]]


def _rank(unit: Unit, wanted: str) -> int:
    words = (unit.code, unit.initials, unit.short_name, unit.name, unit.pinyin.replace(" ", ""))
    if wanted in words:
        return 3
    if any(word.startswith(wanted) for word in words):
        return 2
    return 1 if wanted in unit.full_name else 0
