"""备会: which sites of a meeting will fail: the last self-test of each, whom to ring, whether anybody is there. Pure.

What a unit may see of others is its own subtree: the province sees all of them, a city its counties.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from desktop_app.domain.clock import moment
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.principal import WORKING
from desktop_app.domain.units import Level, governs, level_of, unit_code
from sync.meetings.source import RecordSource, Row
from sync.reference.units import in_tree_order, unit_at

FRESH = timedelta(minutes=60)
"""A test older than this is shown as such: cables are pulled between two mornings."""
FORGOTTEN = timedelta(hours=36)
"""Of a test before that nothing can be said of today."""
HISTORY = 20
TROUBLES = 8
"""Checks of one test that are read."""


class Ready(StrEnum):
    """A site, the worst first."""

    FAILED = "failed"
    """不能开会: the last test says so."""
    NOBODY = "nobody"
    """没有操作员: no account that could work there."""
    UNTESTED = "untested"
    """未自检."""
    STALE = "stale"
    """The last test was good, and is old."""
    ADVICE = "advice"
    READY = "ready"


WORST = tuple(Ready)
PROBLEMS = frozenset({Ready.FAILED, Ready.NOBODY, Ready.UNTESTED})
"""What somebody has to ring for."""


@dataclass(frozen=True, slots=True)
class Check:
    """One device of one test."""

    kind: str
    state: str
    detail: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Tested:
    """One self-test of one site."""

    at: datetime
    state: str
    """ok | advice | failed."""
    checks: tuple[Check, ...]
    up_kbps: int
    down_kbps: int
    delay_ms: int
    person_name: str

    @property
    def worst(self) -> Check | None:
        """What is to be mended first; None where all is well."""
        for state in ("failed", "advice"):
            found = next((one for one in self.checks if one.state == state), None)
            if found is not None:
                return found
        return None


@dataclass(frozen=True, slots=True)
class SiteReadiness:
    """One tile of the board."""

    unit_path: UnitPath
    name: str
    short: str
    city: str
    """The path of the city it belongs to; its own above the counties."""
    level: Level
    state: Ready
    tested: Tested | None = None
    contact: str = ""
    phone: str = ""
    operators: int = 0
    history: tuple[Tested, ...] = ()
    """Newest first, the last one included."""


@dataclass(frozen=True, slots=True)
class City:
    """One row of the board."""

    unit_path: str
    name: str
    sites: tuple[SiteReadiness, ...]
    """The worst first, then as the tree has them."""

    @property
    def ready(self) -> int:
        return sum(one.state in (Ready.READY, Ready.ADVICE) for one in self.sites)

    @property
    def worst(self) -> int:
        return min((WORST.index(one.state) for one in self.sites), default=len(WORST))


def site_board(source: RecordSource, meeting: str, own: UnitPath, now: datetime) -> tuple[SiteReadiness, ...]:
    """The sites of a meeting in this unit's charge, as the tree has them; without a meeting all that were heard of."""
    tests: dict[str, list[Row]] = {}
    for row in source.list("self_test"):
        tests.setdefault(str(row.get("unit_path") or ""), []).append(row)
    contacts = {str(row.get("unit_path") or ""): row for row in source.list("site_contact")}
    operators: dict[str, int] = {}
    for row in source.list("operator"):
        if row.get("is_active") and WORKING & set(row.get("roles") or ()):
            path = str(row.get("unit_path") or "")
            operators[path] = operators.get(path, 0) + 1
    if meeting:
        row = source.get("meeting", meeting) or {}
        paths = {str(path) for path in (row.get("convener_unit"), *(row.get("invited") or ())) if path}
    else:
        paths = {path for path in (*tests, *operators, *contacts) if path}
    mine = in_tree_order(path for path in paths if path.count("/") in tuple(Level) and governs(own, path))
    return tuple(
        _site(UnitPath(path), tests.get(path, []), contacts.get(path, {}), operators.get(path, 0), now) for path in mine
    )


def by_city(sites: tuple[SiteReadiness, ...]) -> tuple[City, ...]:
    """The rows of the board: cities with reds first, and in each the reds first."""
    rows: dict[str, list[SiteReadiness]] = {}
    for one in sites:
        rows.setdefault(one.city, []).append(one)
    cities = [
        City(path, _short(path), tuple(sorted(found, key=lambda one: WORST.index(one.state))))
        for path, found in rows.items()
    ]
    troubled = (Ready.FAILED, Ready.NOBODY)
    limit = max(WORST.index(one) for one in troubled)
    return tuple(sorted(cities, key=lambda city: min(city.worst, limit + 1)))


def _site(path: UnitPath, tests: list[Row], contact: Mapping[str, Any], operators: int, now: datetime) -> SiteReadiness:
    unit = unit_at(path)
    history = sorted((one for row in tests if (one := _tested(row)) is not None), key=lambda one: one.at, reverse=True)
    last = history[0] if history else None
    return SiteReadiness(
        unit_path=path,
        name=unit.name if unit is not None else path,
        short=unit.short_name if unit is not None else unit_code(path),
        city=_city(path),
        level=level_of(path),
        state=_state(last, operators, now),
        tested=last,
        contact=str(contact.get("name") or ""),
        phone=str(contact.get("phone") or ""),
        operators=operators,
        history=tuple(history[:HISTORY]),
    )


def _state(last: Tested | None, operators: int, now: datetime) -> Ready:
    if last is None or now - last.at > FORGOTTEN:
        return Ready.UNTESTED if operators else Ready.NOBODY
    if last.state == "failed":
        return Ready.FAILED
    if now - last.at > FRESH:
        return Ready.STALE
    return Ready.ADVICE if last.state == "advice" else Ready.READY


def _tested(row: Row) -> Tested | None:
    """None for what another program wrote wrongly."""
    try:
        at = moment(str(row["at"]))
    except (KeyError, ValueError):
        return None
    checks = tuple(one for text in (row.get("checks") or ())[:TROUBLES] if (one := _check(text)) is not None)
    up, down, delay = (int(row.get(name) or 0) for name in ("up_kbps", "down_kbps", "delay_ms"))
    return Tested(at, str(row.get("state") or ""), checks, up, down, delay, str(row.get("person_name") or ""))


def _check(text: object) -> Check | None:
    try:
        told = json.loads(str(text))
        return Check(*(str(told.get(name) or "") for name in ("kind", "state", "detail", "fault")))
    except (ValueError, AttributeError):
        return None


def _city(path: str) -> str:
    codes = path.rstrip("/").split("/")
    return "".join(f"{code}/" for code in codes[: int(Level.CITY)])


def _short(path: str) -> str:
    unit = unit_at(path)
    return unit.name.removesuffix("政协") if unit is not None else path
