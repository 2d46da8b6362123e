"""A terminal's live meeting: media follows control, from any thread, and a cut link brings both back."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Iterator

import pytest

from desktop_app.demo.forwarder import Forwarder, Route
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import Fault, HostFault, OperatorError, PeerFault
from desktop_app.domain.ids import UnitPath
from media.engine.layers import Demand
from media.frames import FrameSlot, FrameSource
from media.live import LiveMeeting
from media.meeting import commands as cmd
from media.meeting.events import Event
from media.meeting.link import dialer
from media.meeting.model import MeetingPhase, MeetingState
from media.peers.ladder import Step
from media.peers.seams import MediaListener, MediaSignal, MediaStats
from media.thread import MediaThread
from tests.meeting.center import Center, until
from tests.meeting.rooms import BOLUO, CITY, HUIDONG, MEETING, signer_of

LISTEN = "127.0.1.34"


class MediaOfTheTest:
    """Connects over the signal like the real one, and writes down what it is told."""

    def __init__(self, signal: MediaSignal, listener: MediaListener) -> None:
        self.signal, self.listener = signal, listener
        self.shown: list[UnitPath] = []
        self.speakers: frozenset[UnitPath] = frozenset()
        self.on_air = self.muted = self.is_running = False
        self.restarts = 0
        self.answers: list[str] = []
        self.slot = FrameSlot()

    async def start(self) -> None:
        self.is_running = True
        await self._connect()

    async def _connect(self) -> None:
        self.answers.append(await self.signal.publish("offer"))
        self.listener.on_media(True)

    async def stop(self) -> None:
        self.is_running = False

    async def restart(self) -> None:
        self.restarts += 1
        while True:
            with contextlib.suppress(PeerFault, ConnectionError):  # as the real one: tried again until it works
                return await self._connect()
            await asyncio.sleep(0.25)

    def show(self, sites: Iterable[UnitPath]) -> None:
        self.shown = list(sites)

    def set_speakers(self, sites: frozenset[UnitPath]) -> None:
        self.speakers = sites

    def set_on_air(self, on_air: bool) -> None:
        self.on_air = on_air

    def set_demand(self, demand: Demand, *, standby: bool) -> None:
        self.demand = demand

    def set_local_mute(self, muted: bool) -> None:
        self.muted = muted

    def source(self, site: UnitPath) -> FrameSource:
        return self.slot

    def local_source(self) -> FrameSource:
        return self.slot

    @property
    def line(self) -> Step:
        return Step.MAIN

    def stats(self) -> MediaStats:
        return MediaStats(at=0.0, up=True)


class Screen:
    """A listener as the interface has one; may have a bug."""

    def __init__(self) -> None:
        self.links: list[tuple[bool, float]] = []
        self.media: list[bool] = []
        self.faults: list[Fault] = []
        self.is_broken = False

    def on_state(self, state: MeetingState, event: Event | None) -> None:
        if self.is_broken:
            raise ZeroDivisionError

    def on_link(self, online: bool) -> None:
        self.links.append((online, time.monotonic()))

    def on_media(self, up: bool) -> None:
        self.media.append(up)

    def on_fault(self, fault: Fault) -> None:
        self.faults.append(fault)


class Terminal:
    def __init__(self, thread: MediaThread, center: Center, unit: UnitPath, host: str = "127.0.0.1") -> None:
        self.screen, self.unit = Screen(), unit
        self.made: list[MediaOfTheTest] = []

        def make(signal: MediaSignal, listener: MediaListener) -> MediaOfTheTest:
            self.made.append(MediaOfTheTest(signal, listener))
            return self.made[0]

        url = center.url().replace("127.0.0.1", host)
        self.live = LiveMeeting(
            thread=thread,
            meeting_id=MEETING,
            unit_path=unit,
            site_name=unit,
            connect=dialer(url, tls=None, server_name="x", headers=lambda: {"x-unit": unit}),
            signer=signer_of(unit),
            media=make,
            listener=self.screen,
            clock=SystemClock(),
        )

    @property
    def media(self) -> MediaOfTheTest:
        return self.made[0]

    async def does(self, command: cmd.Command) -> None:
        await asyncio.wrap_future(self.live.send(command))

    async def entered(self) -> None:
        await until(lambda: (site := self.live.state.sites.get(self.unit)) and site.online and self.live.online)


@pytest.fixture
def thread() -> Iterator[MediaThread]:
    running = MediaThread("media of the test")
    running.start()
    yield running
    running.stop()


@pytest.fixture
async def terminals(center: Center, thread: MediaThread) -> AsyncIterator[tuple[Terminal, Terminal]]:
    host, boluo = Terminal(thread, center, HUIDONG), Terminal(thread, center, BOLUO)
    boluo.live.start()
    await boluo.entered()
    yield host, boluo
    for terminal in (host, boluo):
        await asyncio.wait_for(asyncio.wrap_future(terminal.live.stop()), 5)


async def test_media_starts_when_the_host_opens_and_stops_with_the_meeting(terminals):
    host, boluo = terminals
    assert not boluo.media.is_running, "nobody is seen before the host opens"
    host.live.start()
    await until(lambda: boluo.media.is_running and boluo.screen.media == [True])
    assert boluo.media.answers == ["answer to offer"]
    await host.entered()
    await host.does(cmd.End())
    await until(lambda: not boluo.media.is_running and not host.media.is_running)
    assert boluo.live.state.phase is MeetingPhase.ENDED


async def test_who_is_shown_and_heard_follows_the_floor(terminals, center: Center, thread: MediaThread):
    host, boluo = terminals
    city = Terminal(thread, center, CITY)
    for terminal in (host, city):
        terminal.live.start()
        await terminal.entered()
    await until(lambda: host.media.on_air)
    assert not boluo.media.on_air
    await boluo.does(cmd.RequestFloor("r1", "m1", "委员"))
    await host.does(cmd.GrantFloor("r1", 60))
    await until(lambda: boluo.media.on_air and city.media.speakers == {HUIDONG, BOLUO})
    assert city.media.shown == [BOLUO, HUIDONG], "the speaker first, then the chair"
    assert host.media.shown == [BOLUO, CITY]
    assert boluo.media.speakers == {HUIDONG}
    await host.does(cmd.Mute(BOLUO))
    await until(lambda: not boluo.media.on_air)
    with pytest.raises(OperatorError, match="chair-only"):
        await city.does(cmd.End())
    await asyncio.wrap_future(city.live.stop())
    await until(lambda: host.media.shown == [BOLUO])
    assert not city.media.is_running


async def test_a_local_mute_stays_in_the_room_and_outlives_a_late_start_of_the_media(terminals):
    host, boluo = terminals
    boluo.live.set_local_mute(True)
    assert boluo.live.local_muted
    host.live.start()
    await until(lambda: boluo.media.is_running and boluo.media.muted)
    assert not boluo.live.state.sites[BOLUO].muted
    boluo.live.set_local_mute(False)
    await until(lambda: not boluo.media.muted)


async def test_a_bug_in_a_screen_does_not_end_the_meeting(terminals, caplog):
    host, boluo = terminals
    boluo.screen.is_broken = True
    host.live.start()
    await until(lambda: boluo.live.state.chair == HUIDONG and boluo.media.is_running)
    assert "listener" in caplog.text


async def test_when_control_comes_back_and_media_did_not_the_media_is_made_anew(
    center: Center, thread: MediaThread, terminals
):
    _, boluo = terminals
    forwarder = Forwarder(Route(LISTEN, "127.0.0.1", (center.port,), ()))
    await forwarder.open()
    host = Terminal(thread, center, HUIDONG, host=LISTEN)
    try:
        host.live.start()
        await until(lambda: host.screen.media == [True] and boluo.screen.media == [True])
        forwarder.cable.cut()
        cut = time.monotonic()
        thread.call(host.media.listener.on_media, False)
        await until(lambda: host.screen.links[-1][0] is False)
        assert host.screen.links[-1][1] - cut < 4.0
        forwarder.cable.restore()
        back = time.monotonic()
        await until(lambda: host.media.restarts == 1 and host.screen.media == [True, False, True])
        assert time.monotonic() - back < 10.0
        await host.entered()
        assert host.live.state.chair == HUIDONG
        assert boluo.media.restarts == 0
    finally:
        await asyncio.wrap_future(host.live.stop())
        forwarder.close()


async def test_leaving_takes_three_seconds_at_most_whatever_the_link_does(center: Center, thread: MediaThread):
    forwarder = Forwarder(Route(LISTEN, "127.0.0.1", (center.port,), ()))
    await forwarder.open()
    try:
        host = Terminal(thread, center, HUIDONG, host=LISTEN)
        host.live.start()
        await host.entered()
        await until(lambda: host.screen.media == [True])
        forwarder.cable.cut()
        began = time.monotonic()
        await asyncio.wrap_future(host.live.stop())
        assert time.monotonic() - began < 4.0
        assert not host.media.is_running
    finally:
        forwarder.close()


async def test_a_missing_device_is_told_and_ends_nothing(terminals, thread: MediaThread):
    host, _ = terminals
    host.live.start()
    await host.entered()
    thread.call(host.media.listener.on_fault, HostFault("camera-lost"))
    await until(lambda: [fault.id for fault in host.screen.faults] == ["camera-lost"])
    await host.does(cmd.PointAgenda(1))


async def test_what_the_chair_broadcasts_or_polls_is_shown_first(terminals, center: Center, thread: MediaThread):
    host, _ = terminals
    city = Terminal(thread, center, CITY)
    for terminal in (host, city):
        terminal.live.start()
        await terminal.entered()
    await until(lambda: city.media.shown == [HUIDONG, BOLUO])
    await host.does(cmd.Broadcast(BOLUO))
    await until(lambda: city.media.shown == [BOLUO, HUIDONG])
    await host.does(cmd.Broadcast(None))
    await host.does(cmd.Poll((CITY, BOLUO), 3, everyone=True))
    await until(lambda: host.media.shown == [CITY, BOLUO])
    await until(lambda: host.media.shown == [BOLUO, CITY])
    await asyncio.wrap_future(city.live.stop())


async def test_a_removed_room_sends_nothing_until_it_is_admitted_again(terminals):
    host, boluo = terminals
    host.live.start()
    await until(lambda: boluo.made[0].is_running and host.made[0].is_running)
    await host.does(cmd.Remove(BOLUO, "走错会场"))
    await until(lambda: not boluo.media.is_running)
    assert [fault.id for fault in boluo.screen.faults] == ["site-removed"]
    await host.does(cmd.Admit(BOLUO))
    await until(lambda: boluo.media.is_running)
