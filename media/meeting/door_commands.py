"""Wishes at the door: join, leave, lock, admit, remove."""

from dataclasses import dataclass

from desktop_app.domain.ids import UnitPath


@dataclass(frozen=True, slots=True)
class Join:
    """Enter with the room of one's unit. The first join of the host opens the meeting; a locked one is knocked at."""

    site_name: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave on purpose, or (from the server) because nothing was heard from the site."""

    lost: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """Chair: nobody comes in who was not in before, or let them again."""

    locked: bool = True


@dataclass(frozen=True, slots=True)
class Admit:
    """Chair: let a site in that knocks, that will come to the locked meeting, or that was removed."""

    unit_path: UnitPath


@dataclass(frozen=True, slots=True)
class Remove:
    """Chair: out with this site; it gets nothing of the meeting until it is admitted again."""

    unit_path: UnitPath
    reason: str = ""
