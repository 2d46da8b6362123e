"""Which media engine a site belongs to: the nearest one above it in the tree of units that is there."""

from collections.abc import Iterable
from dataclasses import dataclass

from desktop_app.domain.ids import UnitPath


@dataclass(frozen=True, slots=True)
class Place:
    """An engine and the unit whose sites are its own."""

    name: str
    unit_path: UnitPath


def engine_of(site: UnitPath, places: Iterable[Place], there: frozenset[str]) -> str:
    """The name of the engine for a site.

    Among the engines that are `there`: the one of the longest path above the site; where none is above it, the one that
    shares most of its path, the higher and then the first by name. With none there at all it is the site's own one.
    """
    known = sorted(places, key=lambda place: (len(place.unit_path), place.name))
    if not known:
        raise ValueError("no engine has a place")
    present = [place for place in known if place.name in there] or known
    return max(present, key=lambda place: _shared(site, place.unit_path)).name


def _shared(site: UnitPath, path: UnitPath) -> tuple[int, int]:
    """How well an engine's unit suits: levels in common, and those it has too many."""
    own, other = site.rstrip("/").split("/"), path.rstrip("/").split("/")
    common = 0
    for one, two in zip(own, other, strict=False):
        if one != two:
            break
        common += 1
    return common, common - len(other)
