"""What meeting control tells the media engine of one meeting: who is on air, who left, that it is over.

The engine may be away (it is a process of its own): what is wanted is kept and told again until it is taken. Control
never waits for it.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import UnitPath
from media.engine.content import content_of
from media.engine.room import RoomEngine
from media.meeting.demand import DemandLane, Publisher
from media.meeting.model import MeetingPhase, MeetingState
from media.meeting.room import Room
from media.meeting.seams import Tapes
from media.meeting.troubles import TroubleLane

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5


class AirLane:
    """Keeps the engine's room as the meeting's state wants it."""

    def __init__(
        self,
        room: Room,
        engine: RoomEngine,
        clock: Clock,
        publishers: Callable[[], Iterable[Publisher]] = lambda: (),
        tapes: Tapes | None = None,
    ) -> None:
        """Without `tapes` nothing is recorded."""
        self._room, self._engine, self._tapes = room, engine, tapes
        self._taped: tuple[datetime, frozenset[UnitPath]] | None = None
        """What the engine was told to record: since when, and whom."""
        self._is_told_tape = False
        self.demand = DemandLane(room.meeting, engine, publishers)
        self._troubles = TroubleLane(room, engine, clock)
        self._stale = asyncio.Event()
        self._told: frozenset[UnitPath] | None = None
        self._away: set[UnitPath] = set()
        self._removed: frozenset[UnitPath] = frozenset()
        self._shares: UnitPath | None = None
        """The site that shares its screen, as the engine knows it."""
        self._stop = room.listen(self._on_event)
        self._task = asyncio.create_task(self._work(), name=f"air of meeting {room.meeting}")
        self._on_event()

    async def close(self) -> None:
        self._stop()
        await self.demand.close()
        await self._troubles.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def refresh(self) -> None:
        """The engine may have forgotten (it was restarted): tell it again."""
        self._told = None
        self._is_told_tape = False
        self._stale.set()

    def end_site(self, site: UnitPath) -> None:
        """The site left on purpose: its connections end."""
        self._away.add(site)
        self._stale.set()

    def _on_event(self) -> None:
        removed = frozenset(removal.unit_path for removal in self._room.state.removed)
        if removed != self._removed:
            self._away |= removed - self._removed
            self._removed = removed
            self._stale.set()
        state = self._room.state
        if state.shares != self._shares:
            if self._shares is not None:
                self._away.add(content_of(self._shares))
                self._stale.set()
            self._shares = state.shares
        if self._told != state.sites_on_air or state.phase is MeetingPhase.ENDED or self._taped != _taped(state):
            self._stale.set()

    async def _work(self) -> None:
        while True:
            await self._stale.wait()
            self._stale.clear()
            try:
                if await self._tell():
                    return
            except Fault as fault:
                log.warning("the media engine did not take what meeting %s wants: %s", self._room.meeting, fault)
                self._told = None
                await asyncio.sleep(RETRY_SECONDS)
                self._stale.set()

    async def _tell(self) -> bool:
        """Bring the engine up to date; True once the room is closed for good."""
        meeting, state = self._room.meeting, self._room.state
        if state.phase is MeetingPhase.ENDED:
            await self._engine.close_room(meeting)
            await self._tape(None)
            return True
        if state.phase is not MeetingPhase.OPEN:
            return False
        on_air = state.sites_on_air
        if on_air != self._told:
            await self._engine.create_room(meeting)
            await self._engine.set_on_air(meeting, on_air)
            self._told = on_air
        await self._tape(_taped(state))
        while self._away:
            site = self._away.pop()
            now = self._room.state.sites.get(site)
            shares = self._room.state.shares
            if shares is not None and site == content_of(shares):
                continue
            if now is None or not now.online:
                await self._engine.leave(meeting, site)
        return False

    async def _tape(self, wanted: tuple[datetime, frozenset[UnitPath]] | None) -> None:
        """Have the engine record what the meeting wants recorded, and say so when one recording is over."""
        tapes, before = self._tapes, self._taped
        if tapes is None or (wanted == before and (self._is_told_tape or wanted is None)):
            return
        over = before is not None and (wanted is None or wanted[0] != before[0])
        if over and self._room.state.phase is not MeetingPhase.ENDED:
            await self._engine.record(self._room.meeting, None)
        if wanted is not None:
            await self._engine.record(self._room.meeting, tapes.order(self._room.meeting, *wanted))
        self._taped, self._is_told_tape = wanted, True
        if over and before is not None:
            tapes.over(self._room.meeting, before[0])


def _taped(state: MeetingState) -> tuple[datetime, frozenset[UnitPath]] | None:
    """Since when this meeting is recorded, and the sites that agreed; None where it is not."""
    if state.recording_since is None or state.phase is not MeetingPhase.OPEN:
        return None
    return state.recording_since, frozenset(path for path, site in state.sites.items() if site.consent)
