"""The rooms of a day that are not opened as programs: simulated control clients on a thread of their own."""

import asyncio
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.simulate.center import Seating
from desktop_app.simulate.sites import SimulatedSite, until
from media.meeting.commands import Command
from sync.identity.authority import tls_context

ENDING_SECONDS = 10.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Door:
    """Where the center is reached."""

    url: str
    ca_pem: str


class Crowd:
    """Simulated sites of one meeting. Use as a context; every method may be called from the thread of the day."""

    def __init__(
        self, seatings: Sequence[Seating], meeting: MeetingId, doors: Callable[[UnitPath], Door], clock: Clock
    ):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="crowd")
        tls: dict[str, ssl.SSLContext] = {}
        self.sites: list[SimulatedSite] = []
        for number, seating in enumerate(seatings):
            door = doors(seating.unit_path)
            tls.setdefault(door.ca_pem, tls_context(door.ca_pem))
            self.sites.append(
                SimulatedSite(seating, door, meeting, tls=tls[door.ca_pem], clock=clock, jitter=Random(number))
            )

    def __enter__(self) -> "Crowd":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        async def part() -> None:
            await asyncio.gather(*(site.stop() for site in self.sites))

        self._wait(part(), ENDING_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ENDING_SECONDS)
        self._loop.close()

    def begin(self, over: float) -> None:
        """Come in, one after the other, within so many seconds."""
        pace = over / max(1, len(self.sites))
        for number, site in enumerate(self.sites):
            self._loop.call_soon_threadsafe(self._loop.call_later, number * pace, site.start)

    def came_in(self, within: float) -> float:
        """When all of them were in, in Unix time."""
        return self.saw(lambda site: site.is_in, within, "simulated sites come in")

    def saw(self, holds: Callable[[SimulatedSite], bool], within: float, what: str) -> float:
        """When all of them had come to see something, in Unix time. HostFault "day-not-seen"."""

        async def watch() -> float:
            await until(lambda: all(holds(site) for site in self.sites), within)
            return time.time()

        try:
            return self._wait(watch(), within + 5)
        except TimeoutError as err:
            blind = sum(not holds(site) for site in self.sites)
            raise HostFault("day-not-seen", what=what, missing=blind) from err

    def send(self, unit_path: UnitPath, command: Command) -> None:
        """Ask the center for something in the name of one of them; its refusal is raised."""
        site = next(site for site in self.sites if site.unit_path == unit_path)
        self._wait(site.send(command), 15)

    @property
    def refused(self) -> list[str]:
        """What they were refused since the beginning."""
        return [fault.id for site in self.sites for fault in site.faults]

    @property
    def refusals(self) -> str:
        """The same in words: each fault, and how often."""
        counts = Counter(self.refused)
        return ", ".join(f"{count} x {fault}" for fault, count in counts.most_common())

    def _wait(self, work: Coroutine[Any, Any, T], within: float) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within)
