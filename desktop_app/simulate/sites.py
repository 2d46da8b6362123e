"""Simulated sites: real control clients of one meeting, all in one process, with cables that can be cut.

What a site does by itself: it stays in the meeting, and answers a roll call after a moment, as a clerk would.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from random import Random
from typing import Any, Protocol

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.simulate.center import Seating
from media.engine.layers import Demand
from media.meeting.client import MeetingClient
from media.meeting.commands import AnswerRollCall, Command
from media.meeting.events import Event, RollCallOpened
from media.meeting.link import Connection, dialer
from media.meeting.model import MeetingState
from media.meeting.roll_call import DeviceHealth, RollManner
from sync.identity.authority import SERVER_NAME, tls_context
from sync.identity.requests import RequestSigner

ANSWER_SECONDS = (0.3, 3.0)
WAIT_SECONDS = 60.0


class Reachable(Protocol):
    """A center, as far as a site needs to know it."""

    @property
    def url(self) -> str: ...
    @property
    def ca_pem(self) -> str: ...


Heard = Callable[["SimulatedSite", int], None]


class SimulatedSite:
    """One site. `faults` are what it was refused, in order."""

    def __init__(
        self, seating: Seating, center: Reachable, meeting: MeetingId, *, tls: Any, clock: Clock, jitter: Random
    ) -> None:
        self.unit_path = seating.unit_path
        self.faults: list[Fault] = []
        self.online_at = 0.0
        self.heard: Heard | None = None
        self.followers: list[Callable[[MeetingState], None]] = []
        """Told of each state."""
        self.wanted: list[Callable[[Demand], None]] = []
        """Told what the other sites want of this one's picture."""
        self.demand: Demand | None = None
        self.was_cut = False
        self.identity, self.center_url = seating.identity, center.url
        self.tls = tls
        self._seating, self._jitter, self._clock = seating, jitter, clock
        self._signer = RequestSigner(seating.identity)
        self._target = f"/v1/meetings/{meeting}"
        self._dial = dialer(
            center.url.replace("https://", "wss://") + self._target,
            tls=tls,
            server_name=SERVER_NAME,
            headers=self._headers,
            refused=lambda status, body: PeerFault("center-refused", status=status),
        )
        self._connection: Connection | None = None
        self._is_cut = False
        self._task: asyncio.Task[None] | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self.client = MeetingClient(
            meeting_id=meeting,
            site_name=self.unit_path,
            connect=self._connect,
            listener=self,
            clock=clock,
            jitter=jitter,
            on_demand=self._on_demand,
        )

    @property
    def state(self) -> MeetingState:
        return self.client.state

    @property
    def is_in(self) -> bool:
        site = self.state.sites.get(self.unit_path)
        return self.client.online and site is not None and site.online

    def start(self) -> None:
        self._task = asyncio.create_task(self.client.run(), name=f"site {self.unit_path}")

    async def stop(self) -> None:
        """Vanish, without a goodbye."""
        tasks = [task for task in (self._task, *self._answering) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def cut(self) -> None:
        """Pull the cable: what is open ends, and nothing new gets through."""
        self._is_cut = self.was_cut = True
        if self._connection is not None:
            self._connection.abort()

    def mend(self) -> None:
        self._is_cut = False

    async def send(self, command: Command) -> None:
        await self.client.send(command)

    def on_state(self, state: MeetingState, event: Event | None) -> None:
        if self.heard is not None:
            self.heard(self, state.seq)
        for follow in self.followers:
            follow(state)
        is_roll = isinstance(event, RollCallOpened) and event.manner is RollManner.ELECTRONIC
        if is_roll and state.roll_call is not None and self.unit_path in state.roll_call.unit_paths:
            task = asyncio.create_task(self._answer())
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    def on_link(self, online: bool) -> None:
        if online:
            self.online_at = time.monotonic()

    def on_fault(self, fault: Fault) -> None:
        self.faults.append(fault)

    def _on_demand(self, demand: Demand) -> None:
        self.demand = demand
        for tell in self.wanted:
            tell(demand)

    async def _answer(self) -> None:
        await asyncio.sleep(self._jitter.uniform(*ANSWER_SECONDS))
        fine = DeviceHealth.OK
        with contextlib.suppress(Fault):
            await self.send(AnswerRollCall(fine, fine, fine, delay_ms=self._jitter.randrange(1, 80)))

    def _headers(self) -> Mapping[str, str]:
        return self._signer.headers("GET", self._target, now=self._clock.now(), person=self._seating.person)

    async def _connect(self) -> Connection:
        if self._is_cut:
            raise ConnectionError("the cable is cut")
        connection = self._connection = await self._dial()
        return connection


@contextlib.asynccontextmanager
async def simulated_sites(
    seatings: Sequence[Seating], center: Reachable, meeting: MeetingId, *, clock: Clock, seed: int = 1
) -> AsyncIterator[list[SimulatedSite]]:
    """The sites of one meeting, none of them started; at the end all of them vanish."""
    tls = tls_context(center.ca_pem)
    sites = [
        SimulatedSite(seating, center, meeting, tls=tls, clock=clock, jitter=Random(seed + number))
        for number, seating in enumerate(seatings)
    ]
    try:
        yield sites
    finally:
        await asyncio.gather(*(site.stop() for site in sites))


class Arrivals:
    """When which site heard an event: the time from a command to its event at every site, in milliseconds."""

    def __init__(self, sites: Sequence[SimulatedSite]) -> None:
        self._sites = sites
        self.milliseconds: list[float] = []
        self._since, self._began, self._missing = 0, 0.0, set[UnitPath]()
        self._whole = asyncio.Event()
        for site in sites:
            site.heard = self._heard

    async def of(self, site: SimulatedSite, command: Command) -> None:
        """Send it, and wait until all who are in have heard of it."""
        self._missing = {one.unit_path for one in self._sites if one.is_in}
        self._since = max(one.state.seq for one in self._sites)
        self._whole.clear()
        self._began = time.monotonic()
        await site.send(command)
        async with asyncio.timeout(WAIT_SECONDS):
            await self._whole.wait()

    def _heard(self, site: SimulatedSite, seq: int) -> None:
        if seq > self._since and site.unit_path in self._missing:
            self._missing.discard(site.unit_path)
            self.milliseconds.append((time.monotonic() - self._began) * 1000)
            if not self._missing:
                self._whole.set()


async def until(holds: Callable[[], bool], seconds: float = WAIT_SECONDS) -> float:
    """Wait until it holds; the seconds that took. TimeoutError."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for is spread over many sites
            await asyncio.sleep(0.01)
    return time.monotonic() - began


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them does not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
