"""Tells each publishing terminal what the others show of its picture, so that nobody sends what nobody looks at.

The engine knows what its slots show, also after a restart of the center. It is asked after each change of a slot, and
now and then for receivers that vanished without a word.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.layers import NOBODY, Demand
from media.engine.room import RoomEngine

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
GATHER_SECONDS = 0.02
"""Changes come in flocks: a page of a grid is turned everywhere at once."""


class Publisher(Protocol):
    """A terminal's socket."""

    demand: Demand | None
    """What it was told last."""

    @property
    def site(self) -> UnitPath: ...

    def tell_demand(self, demand: Demand) -> None: ...


class DemandLane:
    """One meeting's. `publishers` are the terminals that are connected now."""

    def __init__(self, meeting: MeetingId, engine: RoomEngine, publishers: Callable[[], Iterable[Publisher]]) -> None:
        self._meeting, self._engine, self._publishers = meeting, engine, publishers
        self._stale = asyncio.Event()
        self._task = asyncio.create_task(self._work(), name=f"demand of meeting {meeting}")

    def changed(self) -> None:
        """A slot shows something else, or a terminal came that was told nothing yet."""
        self._stale.set()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            if not list(self._publishers()):
                await self._stale.wait()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._stale.wait()
                await asyncio.sleep(GATHER_SECONDS)
            except TimeoutError:
                pass
            self._stale.clear()
            try:
                found = await self._engine.demand(self._meeting)
            except Fault as fault:
                log.debug("what is shown in meeting %s is not known now: %s", self._meeting, fault)
                continue
            for publisher in self._publishers():
                demand = found.get(publisher.site, NOBODY)
                if demand != publisher.demand:
                    publisher.tell_demand(demand)
