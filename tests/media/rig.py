"""A hub and terminals in one loop, on real sockets of the loopback, with drawn pictures and a tone for sound."""

import asyncio
import math
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bench.link import Link
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import MeetingId, UnitPath
from media.capture.capture import Capture
from media.capture.pictures import CardSource
from media.capture.sources import FRAME_SAMPLES, FRAME_SECONDS, PictureSource, SoundSource
from media.engine.layers import FULL_HEIGHT, Layer
from media.engine.room import RoomEngine
from media.hub.hub import Hub
from media.metronome import Metronome
from media.peers.seams import MediaConfig
from media.peers.terminal import TerminalMedia
from media.playout.outputs import SilentOutput, SoundOutput
from media.playout.playout import Playout
from media.sdp import read_description, write_description
from media.transport.port import MediaPort
from media.transport.relay import Relay

MEETING = MeetingId("0192f0c0-0000-7000-8000-000000000001")
PORTS = range(41_000, 41_400)


class PlainCard:
    """A card of one colour with a moving bar, so that pictures differ."""

    def __init__(self, shade: int = 80) -> None:
        self.shade = shade
        self.painted = 0

    def paint(self, width: int, height: int, now: datetime) -> bytes:
        self.painted += 1
        line = bytes([self.shade, self.shade // 2, 200, 255]) * width
        bar = bytes([255, 255, 255, 255]) * width
        at = self.painted * 4 % height
        return b"".join(bar if at <= row < at + 8 else line for row in range(height))


class ToneSource:
    """A tone that swells, as a stand-in for a voice."""

    def __init__(self, pitch: float = 300.0) -> None:
        self._frame = 0
        self._pitch = pitch
        self._metronome: Metronome | None = None

    def samples(self) -> bytes:
        start = self._frame * FRAME_SAMPLES
        self._frame += 1
        loud = 6000 * (1.2 + math.sin(self._frame / 9))
        step = 2 * math.pi * self._pitch / 48_000
        return struct.pack("<960h", *(int(loud * math.sin(step * (start + at))) for at in range(FRAME_SAMPLES)))

    def open(self, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self._metronome = Metronome(
            FRAME_SECONDS, lambda: deliver(self.samples()), monotonic=time.monotonic, name="tone"
        )
        self._metronome.start()

    def close(self) -> None:
        if self._metronome is not None:
            self._metronome.stop()
            self._metronome = None


class HubSignal:
    """Signalling straight into the hub; `broken` plays a control connection that is away."""

    def __init__(self, hub: Callable[[], Hub], site: UnitPath, port: Callable[[int], int] | None = None) -> None:
        self.broken = False
        self.opens: Relay | None = None
        self.in_vain = 0
        self._hub = hub
        self._site = site
        self._port = port

    async def publish(self, offer: str) -> str:
        return self._through(self._ready().publish(MEETING, self._site, offer))

    async def subscribe(self, offer: str) -> str:
        return self._through(self._ready().subscribe(MEETING, self._site, offer))

    async def switch(self, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT) -> None:
        self._ready().switch(MEETING, self._site, slot, source, height)

    async def offer_layers(self, layers: frozenset[Layer]) -> None:
        self._ready().offer_layers(MEETING, self._site, layers)

    async def pause(self, slot: str, paused: bool) -> None:
        self._ready().pause(MEETING, self._site, slot, paused)

    async def relay(self) -> Relay | None:
        return self.opens

    def _ready(self) -> Hub:
        if self.broken:
            self.in_vain += 1
            raise ConnectionError("control is away")
        return self._hub()

    def _through(self, answer: str) -> str:
        """The answer as it is when a forwarder stands before the hub's port."""
        if self._port is None:
            return answer
        lines = answer.split("\r\n")
        for index, line in enumerate(lines):
            if line.startswith("a=candidate:"):
                words = line.split(" ")
                words[5] = str(self._port(int(words[5])))
                lines[index] = " ".join(words)
        return "\r\n".join(lines)


class EngineSignal:
    """Signalling through a center's engine; `broken` plays a center that is away."""

    def __init__(self, engine: RoomEngine, site: UnitPath) -> None:
        self.engine = engine
        self.broken = False
        self._site = site

    async def publish(self, offer: str) -> str:
        return await self._ready().publish(MEETING, self._site, offer)

    async def subscribe(self, offer: str) -> str:
        return await self._ready().subscribe(MEETING, self._site, offer)

    async def switch(self, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT) -> None:
        await self._ready().switch(MEETING, self._site, slot, source, height)

    async def offer_layers(self, layers: frozenset[Layer]) -> None:
        await self._ready().offer_layers(MEETING, self._site, layers)

    async def pause(self, slot: str, paused: bool) -> None:
        await self._ready().pause(MEETING, self._site, slot, paused)

    async def relay(self) -> Relay | None:
        return None

    def _ready(self) -> RoomEngine:
        if self.broken:
            raise ConnectionError("the center is away")
        return self.engine


class CableSignal(EngineSignal):
    """The same, with a cable of its own before every connection to the engine's media; all are cut together."""

    def __init__(self, engine: RoomEngine, site: UnitPath) -> None:
        super().__init__(engine, site)
        self._cables: list[Link] = []
        self._is_cut = False

    async def publish(self, offer: str) -> str:
        return await self._through(await super().publish(offer))

    async def subscribe(self, offer: str) -> str:
        return await self._through(await super().subscribe(offer))

    def cut(self, cut: bool) -> None:
        """No word comes through any more, of media or of the center; or everything does again."""
        self._is_cut = self.broken = cut
        for cable in self._cables:
            cable.cut = cut

    async def change_address(self) -> None:
        """The engine hears what is sent from other ports from now on."""
        for cable in self._cables:
            await cable.change_address()

    def close(self) -> None:
        for cable in self._cables:
            cable.close()

    async def _through(self, answer: str) -> str:
        cable, description = Link(), read_description(answer)
        number = await cable.open(description.candidates[0])
        cable.cut = self._is_cut
        self._cables.append(cable)
        return write_description(replace(description, candidates=(("127.0.0.1", number),)))


class Notes:
    """A listener that keeps what it was told."""

    def __init__(self) -> None:
        self.up: list[bool] = []
        self.faults: list[Fault] = []

    def on_media(self, up: bool) -> None:
        self.up.append(up)

    def on_fault(self, fault: Fault) -> None:
        self.faults.append(fault)


class Room:
    """A hub with one meeting."""

    def __init__(self) -> None:
        self.hub: Hub
        self.port: MediaPort
        self._clock: asyncio.Task[None] | None = None
        self._dead: list[Hub] = []
        self.terminals: list[Terminal] = []

    async def open(self) -> None:
        self.port = await MediaPort.open("127.0.0.1", PORTS, time.monotonic)
        self.hub = Hub(self.port, time.monotonic)
        self.hub.create_room(MEETING)
        self._clock = asyncio.ensure_future(self.hub.run())

    def seated(self, side: str) -> set[str]:
        """The sites that publish or subscribe now."""
        return set(self.hub.stats(MEETING)[side])

    def reachable_hub(self) -> Hub:
        if self._clock is None:
            raise ConnectionError("there is no hub")
        return self.hub

    async def kill(self) -> None:
        """The hub is gone without a word."""
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        self._dead.append(self.hub)
        self.port.close()

    async def close(self) -> None:
        for terminal in self.terminals:
            await terminal.media.stop()
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        for hub in (*self._dead, self.hub):
            await hub.close()

    def join(
        self,
        name: str,
        *,
        picture: PictureSource | None = None,
        sound: SoundSource | None = None,
        through: Callable[[int], int] | None = None,
        silent_after: float = 3.0,
        host: str = "127.0.0.1",
        output: SoundOutput | None = None,
    ) -> "Terminal":
        signal = HubSignal(self.reachable_hub, UnitPath(name), through)
        terminal = Terminal(UnitPath(name), signal, picture, sound, silent_after, host, output)
        self.terminals.append(terminal)
        return terminal


class Terminal:
    """One terminal's media with its notes."""

    def __init__(
        self,
        site: UnitPath,
        signal: "HubSignal | EngineSignal",
        picture: PictureSource | None = None,
        sound: SoundSource | None = None,
        silent_after: float = 3.0,
        host: str = "127.0.0.1",
        output: SoundOutput | None = None,
    ) -> None:
        clock = SystemClock()
        card = PlainCard()
        self.site = site
        self.notes = Notes()
        self.signal = signal
        self.capture = Capture(
            picture=picture or CardSource(card, clock), sound=sound or ToneSource(), card=card, clock=clock
        )
        self.media = TerminalMedia(
            signal=self.signal,
            capture=self.capture,
            playout=Playout(output or SilentOutput(), clock),
            listener=self.notes,
            clock=clock,
            config=MediaConfig(center_host=host, silent_after=silent_after),
        )

    def see(self, *others: "Terminal", width: int = 640, height: int = 360) -> None:
        """Show the others in tiles of this size."""
        for other in others:
            self.media.source(other.site).want(width, height)
        self.media.show([other.site for other in others])

    def frames(self, other: "Terminal") -> int:
        found = self.media.stats().sites.get(other.site)
        return found.frames if found is not None else 0


class TwoWay:
    """Two terminals that see and hear each other."""

    def __init__(self, one: Terminal, other: Terminal) -> None:
        self.ways = ((one, other), (other, one))

    async def is_back(self, within: float = 20.0) -> float:
        """Seconds until new pictures and sounds have come both ways."""
        before = self._came()
        return await until(
            lambda: all(now >= then + 5 for now, then in zip(self._came(), before, strict=True)), within=within
        )

    def _came(self) -> list[int]:
        found: list[int] = []
        for here, there in self.ways:
            site = here.media.stats().sites.get(there.site)
            found += (site.frames, site.audio_decoded) if site is not None else (0, 0)
        return found


async def until(condition: Callable[[], bool], within: float = 10.0) -> float:
    """Wait for a condition; the seconds it took. Fails after `within`."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise AssertionError("it did not come to pass in time")
        await asyncio.sleep(0.01)
    return time.monotonic() - began
