"""Which site was in a meeting from when to when, and how often it dropped out: folded from the meeting's log. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import MeetingId, UnitPath, derived_id
from media.meeting.events import Ended, Event, SiteJoined, SiteLeft, SiteRemoved
from media.meeting.model import MeetingPhase, MeetingState


@dataclass(slots=True)
class _Stay:
    joined_at: datetime
    left_at: datetime | None = None
    drops: int = 0


class Stays:
    """The sites of one meeting; `take` hears its events one after the other."""

    def __init__(self, meeting: MeetingId) -> None:
        self._meeting = meeting
        self._stays: dict[UnitPath, _Stay] = {}

    def take(self, event: Event, after: MeetingState) -> dict[str, dict[str, Any]]:
        """What this event changes: the fields of `site_stay` records by their key."""
        touched: tuple[UnitPath, ...] = ()
        if isinstance(event, SiteJoined):
            stay = self._stays.setdefault(event.unit_path, _Stay(event.at))
            stay.left_at = None
            touched = (event.unit_path,)
        elif isinstance(event, SiteLeft | SiteRemoved) and event.unit_path in self._stays:
            stay = self._stays[event.unit_path]
            stay.left_at = event.at
            stay.drops += isinstance(event, SiteLeft) and event.lost and after.phase is MeetingPhase.OPEN
            touched = (event.unit_path,)
        elif isinstance(event, Ended):
            touched = tuple(path for path, stay in self._stays.items() if stay.left_at is None)
            for path in touched:
                self._stays[path].left_at = event.at
        return {derived_id(self._meeting, "stay", path): self._fields(path, after) for path in touched}

    def _fields(self, path: UnitPath, state: MeetingState) -> dict[str, Any]:
        stay, site = self._stays[path], state.sites.get(path)
        return {
            "meeting": self._meeting,
            "site": path,
            "site_name": "" if site is None else site.name,
            "joined_at": stamp(stay.joined_at),
            "left_at": None if stay.left_at is None else stamp(stay.left_at),
            "drops": stay.drops,
        }
