"""Which sites of a meeting are limited by the engine, or have no sound and picture at all: told to whoever conducts,
and to each such site of itself.

An engine limits at once; a site is named only where that goes on, so that a bad line, a moment of many requests or a
connection made anew accuses nobody. It is no event: the log has nothing of it.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import UnitPath
from media.engine.room import RoomEngine
from media.engine.trouble import Behaviour, Refused, Trouble
from media.meeting.model import MeetingPhase
from media.meeting.room import Room

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
PER_SECOND = {
    Trouble.LARGE: 5.0,
    Trouble.TIMES: 5.0,
    Trouble.FLOOD: 20.0,
    Trouble.REPEATS: 100.0,
    Trouble.KEYFRAMES: 10.0,
}
"""What an engine refuses of a site each second from which on a look finds it at fault. What is admitted comes before
that, and is more already than an honest site asks for or sends."""
NAMED_AFTER, FORGIVEN_AFTER = 3, 8
"""Looks at fault, within the last `FORGIVEN_AFTER`, until it is named; looks in a row without fault until it is not."""
ABSENT_SECONDS = 15.0
"""In the meeting without any connection for so long: a cut line or a killed engine takes 10 s at most."""


class Troubles:
    """The judgement over one meeting. Pure: times are passed in, in seconds of one clock."""

    def __init__(self) -> None:
        self.named: dict[UnitPath, Trouble] = {}
        self._sites: dict[UnitPath, _Record] = {}
        self._at: float | None = None

    def look(self, online: Iterable[UnitPath], found: Mapping[UnitPath, Behaviour], now: float) -> None:
        """What the engine counts now of the sites that are in."""
        passed = LOOK_SECONDS if self._at is None else max(LOOK_SECONDS / 2, now - self._at)
        self._at = now
        before, self._sites = self._sites, {}
        for site in online:
            record = self._sites[site] = before.get(site) or _Record(now)
            record.look(found.get(site, Behaviour()), passed, now)
        self.named = {site: trouble for site, each in self._sites.items() if (trouble := each.trouble)}


class _Record:
    def __init__(self, now: float) -> None:
        self.trouble = Trouble.NONE
        self._counted: Refused = {}
        self._faults: dict[Trouble, list[bool]] = {}
        """The last looks, the newest last; none as long as nothing was refused."""
        self._connected_at = now

    def look(self, found: Behaviour, passed: float, now: float) -> None:
        counted, self._counted = self._counted, found.refused
        for trouble in found.refused.keys() | self._faults.keys():
            count, known = found.refused.get(trouble, 0), counted.get(trouble, 0)
            fresh = count - known if count >= known else count  # a new connection counts from nothing
            looks = self._faults.setdefault(trouble, [])
            looks.append(fresh / passed >= PER_SECOND[trouble])
            del looks[:-FORGIVEN_AFTER]
        if found.up or found.down:
            self._connected_at = now
        if now - self._connected_at >= ABSENT_SECONDS:
            self.trouble = Trouble.ABSENT
        else:
            self.trouble = next((each for each in PER_SECOND if self._stands(each)), Trouble.NONE)

    def _stands(self, trouble: Trouble) -> bool:
        """Once named, it is until no look of the last ones found it."""
        return sum(self._faults.get(trouble, ())) >= (1 if self.trouble is trouble else NAMED_AFTER)


class TroubleLane:
    """Looks as long as the meeting is open; the room has what comes of it."""

    def __init__(self, room: Room, engine: RoomEngine, clock: Clock) -> None:
        self._room, self._engine, self._clock = room, engine, clock
        self._troubles = Troubles()
        self._task = asyncio.create_task(self._work(), name=f"troubles of meeting {room.meeting}")

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            state = self._room.state
            if state.phase is not MeetingPhase.OPEN:
                continue
            try:
                found = await self._engine.behaviours(self._room.meeting)
            except Fault as fault:
                log.debug("what the sites of meeting %s do is not known now: %s", self._room.meeting, fault)
                self._troubles = Troubles()
                continue
            online = [path for path, site in state.sites.items() if site.online]
            self._troubles.look(online, found, self._clock.monotonic())
            self._room.told_troubles(self._troubles.named)
