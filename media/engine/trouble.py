"""What an engine finds wrong with a site's media, and what it counts of it. A judgement over time is the meeting's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from desktop_app.domain.ids import UnitPath
from media.engine.content import presenter_of


class Trouble(StrEnum):
    """Why a site is limited, or that nothing connects it. What tells more comes first."""

    NONE = ""
    LARGE = "large"
    """Pictures that are larger than anybody decodes."""
    TIMES = "times"
    """Timestamps that have nothing to do with the time."""
    FLOOD = "flood"
    """More packets, or more bits, than a site may send."""
    REPEATS = "repeats"
    """Lost packets asked for more often than anybody who lost them would."""
    KEYFRAMES = "keyframes"
    """Whole pictures asked for without end."""
    ABSENT = "absent"
    """It is in the meeting, and neither sound nor picture of it ever came to stand."""


Refused = Mapping[Trouble, int]
"""What was held back or not answered, and why: packets, requests. Counted since the connection stands."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One site as its engine sees it now."""

    up: bool = False
    """Whether it publishes."""
    down: bool = False
    """Whether it receives."""
    refused: Refused = field(default_factory=dict)


def added(parts: Iterable[Refused]) -> dict[Trouble, int]:
    """The sums, without what is nothing."""
    found: dict[Trouble, int] = {}
    for part in parts:
        for trouble, count in part.items():
            if count:
                found[trouble] = found.get(trouble, 0) + count
    return found


def behaviours(
    publishers: Mapping[UnitPath, Refused], subscribers: Mapping[UnitPath, Refused]
) -> dict[UnitPath, Behaviour]:
    """By site; what a shared screen does wrong is its presenter's."""
    found: dict[UnitPath, Behaviour] = {}
    for name, refused in publishers.items():
        site = presenter_of(name) or name
        before = found.get(site, Behaviour())
        found[site] = Behaviour(before.up or site == name, site in subscribers, added((before.refused, refused)))
    for site, refused in subscribers.items():
        before = found.get(site, Behaviour())
        found[site] = Behaviour(before.up, True, added((before.refused, refused)))
    return found


def write_behaviours(found: Mapping[UnitPath, Behaviour]) -> dict[str, Any]:
    """As it travels from the hub to the center."""
    return {site: [int(one.up), int(one.down), dict(one.refused)] for site, one in found.items()}


def read_behaviours(found: Mapping[str, Any]) -> dict[UnitPath, Behaviour]:
    """Of a hub that is newer than this center, what this one does not know is left out."""
    known = {each.value for each in Trouble}
    return {
        UnitPath(site): Behaviour(
            bool(up), bool(down), {Trouble(name): int(count) for name, count in refused.items() if name in known}
        )
        for site, (up, down, refused) in found.items()
    }
