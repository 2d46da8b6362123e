"""The four levels and the paths that name a place in the tree."""

from enum import IntEnum

from desktop_app.domain.ids import UnitPath


class Level(IntEnum):
    """级别: the value is the depth in the tree and the number used in `units.csv`."""

    NATIONAL = 1
    PROVINCE = 2
    CITY = 3
    COUNTY = 4


NATIONAL_DEPTH = Level.NATIONAL.value


def level_of(path: UnitPath) -> Level:
    """The level of a unit, which is the number of codes in its path."""
    return Level(path.count("/"))


def unit_code(path: UnitPath) -> str:
    """The unit's own GB/T 2260 code: the last one of its path."""
    return path.rstrip("/").rpartition("/")[2]


def parent_of(path: str) -> UnitPath:
    """The place of the unit above; empty for the one at the top."""
    head = path.rstrip("/").rpartition("/")[0]
    return UnitPath(f"{head}/" if head else "")


def is_within(path: str, ancestor: str) -> bool:
    """Whether `path` is `ancestor` itself or lies below it."""
    return path.startswith(ancestor)


def governs(unit_path: UnitPath, path: str) -> bool:
    """Whether what lies at `path` is in the unit's charge: its own subtree, and of the national level itself alone."""
    return path == unit_path if unit_path.count("/") == NATIONAL_DEPTH else path.startswith(unit_path)
