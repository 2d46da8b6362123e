"""Control and media together on real sockets: who is granted the floor is heard, and everybody is seen."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import MeetingId, UnitPath
from media.capture.capture import Capture
from media.capture.pictures import CardSource
from media.content.sharing import ContentMedia
from media.engine.content import content_of
from media.live import LiveMeeting
from media.meeting import commands as cmd
from media.meeting.link import Connection
from media.meeting.stage import SCREEN
from media.peers.seams import MediaConfig, MediaListener, MediaSignal, SiteStats
from media.peers.terminal import TerminalMedia
from media.playout.outputs import SilentOutput
from media.playout.playout import Playout
from media.thread import MediaThread
from tests.media.rig import PlainCard, Room, ToneSource
from tests.media.test_shared_screen import Page
from tests.meeting.center import Center, until
from tests.meeting.rooms import BOLUO, HUIDONG, MEETING, signer_of
from tests.meeting.test_live import Screen


class HubHere:
    """The hub of the test's own loop as a `RoomEngine`."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def __getattr__(self, name: str) -> Any:
        async def call(meeting: MeetingId, *args: Any) -> Any:
            return getattr(self._room.hub, name)(meeting, *args)

        return call


class InTheMiddle:
    """Between a terminal and its center: puts a fingerprint of its own into whatever `goes`, and passes on the rest."""

    def __init__(self, connection: Connection, goes: str) -> None:
        self._connection, self._goes = connection, goes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def send(self, text: str) -> None:
        await self._connection.send(self._swapped(text) if self._goes == "up" else text)

    async def receive(self) -> str:
        text = await self._connection.receive()
        return self._swapped(text) if self._goes == "down" else text

    def _swapped(self, text: str) -> str:
        return re.sub(r"(a=fingerprint:sha-256 )[0-9A-F:]+", r"\1" + ":".join(["AB"] * 32), text)


class Seat:
    """A terminal with a card for a camera and a tone for a voice."""

    def __init__(self, thread: MediaThread, center: Center, unit: UnitPath, swapped: str = "") -> None:
        self.unit, self.screen = unit, Screen()

        async def dial() -> Connection:
            connection = await center.dial(unit)()
            return InTheMiddle(connection, swapped) if swapped else connection

        self.live = LiveMeeting(
            thread=thread,
            meeting_id=MEETING,
            unit_path=unit,
            site_name=unit,
            connect=dial,
            signer=signer_of(unit),
            media=self._media,
            listener=self.screen,
            clock=SystemClock(),
            content=lambda signal, on_fault: ContentMedia(signal, "127.0.0.1", on_fault, SystemClock()),
        )

    def sees_screen(self, other: "Seat") -> bool:
        source = self.live.content_source(other.unit)
        source.want(1280, 720)
        return source.latest() is not None

    def _media(self, signal: MediaSignal, listener: MediaListener) -> TerminalMedia:
        clock, card = SystemClock(), PlainCard()
        return TerminalMedia(
            signal=signal,
            capture=Capture(picture=CardSource(card, clock), sound=ToneSource(), card=card, clock=clock),
            playout=Playout(SilentOutput(), clock),
            listener=listener,
            clock=clock,
            config=MediaConfig(center_host="127.0.0.1"),
        )

    def hears(self, other: "Seat") -> int:
        return self.live.stats().sites.get(other.unit, SiteStats()).audio_decoded

    def sees(self, other: "Seat") -> bool:
        source = self.live.source(other.unit)
        source.want(320, 180)
        return source.latest() is not None


@contextlib.asynccontextmanager
async def seated(center: Center, hub: Room, swapped: str = "") -> AsyncIterator[tuple[Seat, Seat]]:
    """惠东县 and 博罗县 with their devices, their media through this hub; `swapped`: what befalls 博罗县."""
    center.engine = HubHere(hub)  # type: ignore[assignment]  # whatever it is asked, it passes to the real hub
    await center.stop()
    await center.start()
    thread = MediaThread("media of the test")
    thread.start()
    seats = Seat(thread, center, HUIDONG), Seat(thread, center, BOLUO, swapped=swapped)
    try:
        for seat in seats:
            seat.live.start()
        yield seats
    finally:
        for seat in seats:
            await asyncio.wrap_future(seat.live.stop())
        await asyncio.to_thread(thread.stop)


async def test_everybody_is_seen_and_whoever_has_the_floor_is_heard(center: Center, hub: Room):
    async with seated(center, hub) as (host, boluo):
        await until(lambda: host.sees(boluo) and boluo.sees(host))
        await until(lambda: boluo.hears(host) > 5)
        assert host.hears(boluo) == 0
        await asyncio.wrap_future(boluo.live.send(cmd.RequestFloor("r1", "m1", "委员")))
        await asyncio.wrap_future(host.live.send(cmd.GrantFloor("r1", 60)))
        await until(lambda: host.hears(boluo) > 5)
        await asyncio.wrap_future(host.live.send(cmd.End()))
        await until(lambda: not host.live.stats().up and not boluo.live.stats().up)


async def test_a_screen_is_seen_while_the_meeting_shows_it_and_nothing_of_it_leaves_before_or_after(
    center: Center, hub: Room
):
    async with seated(center, hub) as (host, boluo):
        await until(lambda: host.live.stats().up and boluo.live.stats().up, 20)
        host.live.share(Page())
        assert host.live.shared_pictures == 0
        await asyncio.wrap_future(host.live.send(cmd.PointSlide(SCREEN, 1, 1, "表格")))
        await until(lambda: boluo.sees_screen(host), 20)
        assert content_of(HUIDONG) in hub.hub.stats(MEETING)["publishers"]
        await asyncio.wrap_future(host.live.send(cmd.PointSlide("")))
        await until(lambda: content_of(HUIDONG) not in hub.hub.stats(MEETING)["publishers"], 20)
        await until(lambda: host.live.shared_pictures == 0, 20)
        assert host.live.stats().up


@pytest.mark.parametrize("goes", ["up", "down"])
async def test_whoever_swaps_a_fingerprint_on_the_way_sees_and_shows_nothing(center: Center, hub: Room, goes: str):
    async with seated(center, hub, swapped=goes) as (host, boluo):
        await until(lambda: host.live.stats().up)
        await until(lambda: boluo.screen.faults)
        assert boluo.screen.faults[0].id == ("sdp-unsigned" if goes == "up" else "answer-unproven")
        assert not boluo.live.stats().up
        assert not host.sees(boluo)
        assert not boluo.sees(host)
