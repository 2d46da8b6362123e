"""汇总: the tallies of many rooms as the tree of units has them: each city's sum, and the province's. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.domain.units import Level
from sync.meetings.attendance import Tally
from sync.reference.units import in_tree_order


@dataclass(frozen=True, slots=True)
class SiteSum:
    """One line of the summary, in administrative order."""

    unit_path: str
    level: int
    """1 to 4; a place outside the tree is as deep as its path."""
    own: Tally | None
    """Of the unit's own room; None where it has none in this meeting."""
    total: Tally
    """With all rooms below it."""
    sites: int
    """Rooms counted in `total`."""


def site_sums(by_site: Mapping[str, Tally]) -> tuple[SiteSum, ...]:
    """Every room that has somebody expected or present, and every city and province above one.

    The nation is a line of its own room alone: the province's sum is the whole meeting's but for it.
    """
    paths = {path for path in by_site if path}
    for path in tuple(paths):
        codes = path.rstrip("/").split("/")
        for depth in range(Level.PROVINCE, len(codes)):
            paths.add("".join(f"{code}/" for code in codes[:depth]))
    return tuple(_sum(path, by_site) for path in in_tree_order(paths))


def _sum(path: str, by_site: Mapping[str, Tally]) -> SiteSum:
    level = path.count("/")
    below = [site for site in by_site if site == path or (level > Level.NATIONAL and site.startswith(path))]
    total = sum((by_site[site] for site in below), Tally())
    return SiteSum(path, level, by_site.get(path), total, len(below))
