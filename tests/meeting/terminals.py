"""Sites' clients, running against a center of the test."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from random import Random

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import UnitPath
from media.meeting.client import MeetingClient, Timings
from media.meeting.events import Event
from media.meeting.link import Connect
from media.meeting.model import MeetingState
from tests.meeting.center import Center, until
from tests.meeting.rooms import BOLUO, HUIDONG, MEETING


class Ears:
    def __init__(self) -> None:
        self.states: list[tuple[MeetingState, Event | None]] = []
        self.links: list[tuple[bool, float]] = []
        self.faults: list[Fault] = []

    def on_state(self, state: MeetingState, event: Event | None) -> None:
        self.states.append((state, event))

    def on_link(self, online: bool) -> None:
        self.links.append((online, time.monotonic()))

    def on_fault(self, fault: Fault) -> None:
        self.faults.append(fault)


class Terminal:
    """A site's client, running."""

    def __init__(self, connect: Connect, unit: UnitPath, timings: Timings | None = None) -> None:
        self.ears = Ears()
        self.client = MeetingClient(
            meeting_id=MEETING,
            site_name=unit,
            connect=connect,
            listener=self.ears,
            clock=SystemClock(),
            jitter=Random(7),
            timings=timings,
        )
        self.unit = unit

    @property
    def state(self) -> MeetingState:
        return self.client.state

    @property
    def is_in(self) -> bool:
        site = self.state.sites.get(self.unit)
        return self.client.online and site is not None and site.online

    async def entered(self) -> None:
        await until(lambda: self.is_in)


@contextlib.asynccontextmanager
async def running(*terminals: Terminal) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(terminal.client.run()) for terminal in terminals]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def both_in(center: Center) -> AsyncIterator[tuple[Terminal, Terminal]]:
    """The host 惠东县 and its guest 博罗县, both in the meeting."""
    host, boluo = Terminal(center.dial(HUIDONG), HUIDONG), Terminal(center.dial(BOLUO), BOLUO)
    async with running(host, boluo):
        await host.entered()
        await boluo.entered()
        yield host, boluo
