"""点名: the board of a roll call, worked out from what is known of the sites. Pure; no Qt, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level


class Answer(StrEnum):
    """What a roll call knows of one site."""

    WAITING = "waiting"
    """待点."""
    CALLED = "called"
    """It is being asked now."""
    PRESENT = "present"
    """已到."""
    NO_ANSWER = "no-answer"
    """未应答: asked, and nobody answered in time, or the caller said so."""
    OFFLINE = "offline"
    """Its equipment was not connected when it was asked: counted apart."""


MISSING = (Answer.NO_ANSWER, Answer.OFFLINE)


class RollFilter(StrEnum):
    """全部, 未应答, 待点."""

    ALL = "all"
    MISSING = "missing"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class RollTile:
    """One site of the board."""

    unit_path: UnitPath
    name: str
    short: str
    """湛江, 雷州: without 市 and 县, for a small tile."""
    city: str
    level: Level
    answer: Answer
    online: bool
    since: datetime | None = None
    """When it was asked or answered last."""
    by: str = ""
    """Who put the answer down, for an answer by voice."""


@dataclass(frozen=True, slots=True)
class RollTally:
    """How far a roll call is; every site counts once."""

    total: int = 0
    present: int = 0
    no_answer: int = 0
    offline: int = 0
    waiting: int = 0

    @property
    def missing(self) -> int:
        return self.no_answer + self.offline

    @property
    def done(self) -> int:
        return self.present + self.missing


@dataclass(frozen=True, slots=True)
class CityTally:
    """One city with its counties, or what stands beside the cities."""

    name: str
    tally: RollTally


def tally_of(tiles: Sequence[RollTile]) -> RollTally:
    """Count the answers."""
    counts = dict.fromkeys(Answer, 0)
    for tile in tiles:
        counts[tile.answer] += 1
    return RollTally(
        len(tiles),
        counts[Answer.PRESENT],
        counts[Answer.NO_ANSWER],
        counts[Answer.OFFLINE],
        counts[Answer.WAITING] + counts[Answer.CALLED],
    )


def by_city(tiles: Sequence[RollTile]) -> list[CityTally]:
    """The tally of each city, in the order of the board."""
    groups: dict[str, list[RollTile]] = {}
    for tile in tiles:
        groups.setdefault(tile.city, []).append(tile)
    return [CityTally(name, tally_of(group)) for name, group in groups.items()]


def shown(tiles: Sequence[RollTile], which: RollFilter) -> list[RollTile]:
    """The tiles that fit a filter."""
    if which is RollFilter.MISSING:
        return [tile for tile in tiles if tile.answer in MISSING]
    if which is RollFilter.WAITING:
        return [tile for tile in tiles if tile.answer in (Answer.WAITING, Answer.CALLED)]
    return list(tiles)
