"""Our voice over bad lines: two terminals and a hub for each cell, the speaker behind a link of ours."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import av

from bench.link import Conditions, Link
from bench.media.speech import Heard
from bench.media.steady import STALL, TRIES, Steady
from media.capture.pictures import bgra_picture
from media.capture.sources import FRAME_BYTES, FRAME_SECONDS, SAMPLE_RATE, SILENCE
from media.metronome import Metronome
from media.sdp import OPUS, RED, read_description, write_description
from tests.media.rig import MEETING, Room, until

AFTER = 1.5
"""Seconds that are listened beyond the end of what is said."""
WARM = 3.0
"""Seconds of silence before it: past the handshakes and the first seconds of every buffer."""


class Mouth:
    """A microphone that hears silence, then what is said. `began` is when the first sample of that was spoken."""

    def __init__(self, samples: bytes) -> None:
        self.began: float | None = None
        self._samples = samples
        self._at = -1
        self._metronome: Metronome | None = None

    def speak(self) -> None:
        self._at = 0

    def open(self, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        def beat() -> None:
            at = self._at
            if at == 0:
                self.began = time.monotonic() - FRAME_SECONDS
            frame = self._samples[at : at + FRAME_BYTES] if at >= 0 else b""
            if at >= 0:
                self._at += FRAME_BYTES
            deliver(frame if len(frame) == FRAME_BYTES else SILENCE)

        self._metronome = Metronome(FRAME_SECONDS, beat, monotonic=time.monotonic, name="mouth")
        self._metronome.start()

    def close(self) -> None:
        if self._metronome is not None:
            self._metronome.stop()
            self._metronome = None


class Ear:
    """A loudspeaker that keeps what it plays. `began` is when its first sample was heard."""

    def __init__(self) -> None:
        self.began: float | None = None
        self.kept = bytearray()
        self._metronome: Metronome | None = None

    def open(self, pull: Callable[[], bytes], lost: Callable[[], None]) -> None:
        def beat() -> None:
            if self.began is None:
                self.began = time.monotonic()
            self.kept += pull()

        self._metronome = Metronome(FRAME_SECONDS, beat, monotonic=time.monotonic, name="ear")
        self._metronome.start()

    def close(self) -> None:
        if self._metronome is not None:
            self._metronome.stop()
            self._metronome = None


class StillPicture:
    """A camera that shows the same small picture once a second: this is about the voice."""

    paced = True

    def open(self) -> None:
        self._picture = bgra_picture(bytes(4 * 320 * 180), 320, 180)

    def read(self) -> av.VideoFrame:
        time.sleep(1)
        return self._picture

    def close(self) -> None: ...


def _without_red(publish: Callable[[str], Awaitable[str]]) -> Callable[[str], Awaitable[str]]:
    """Signalling with an engine that does not answer RED."""

    async def plain(offer: str) -> str:
        answer = read_description(await publish(offer))
        return write_description(replace(answer, lines=tuple(replace(line, red=None) for line in answer.lines)))

    return plain


class Call:
    """One speaker, one listener, one hub."""

    def __init__(self, samples: bytes, conditions: Conditions, seed: int, *, red: bool) -> None:
        self.link = Link(conditions.lossless(), conditions.lossless(), seed)
        self.mouth = Mouth(samples)
        self.ear = Ear()
        self._conditions = conditions
        self._red = red
        self._room = Room()
        self.seconds = len(samples) / 2 / SAMPLE_RATE + AFTER

    async def open(self) -> None:
        room = self._room
        await room.open()
        port = await self.link.open(room.port.address)
        self._speaker = room.join("a/", picture=StillPicture(), sound=self.mouth, through=lambda _: port)
        if not self._red:
            own = self._speaker.signal
            own.publish = _without_red(own.publish)  # type: ignore[method-assign]  # of this one terminal, not its class
        self._listener = room.join("b/", picture=StillPicture(), output=self.ear)
        for each in (self._speaker, self._listener):
            await each.media.start()
        room.hub.set_on_air(MEETING, frozenset({self._speaker.site}))
        self._speaker.media.set_on_air(True)
        self._listener.media.set_speakers(frozenset({self._speaker.site}))
        await until(lambda: self._decoded() > 10, within=20)

    def _decoded(self) -> int:
        site = self._listener.media.stats().sites.get(self._speaker.site)
        return site.audio_decoded if site is not None else 0

    def begin(self) -> None:
        self.link.set(self._conditions)
        self.mouth.speak()

    def heard(self) -> Heard:
        ear, mouth = self.ear, self.mouth
        if ear.began is None or mouth.began is None:
            raise RuntimeError("nothing was said")
        ahead = mouth.began - ear.began
        first = max(0, round(ahead * SAMPLE_RATE))
        octets = sum(self.link.up.octets[kind] for kind in (OPUS, RED))
        return Heard(bytes(ear.kept[2 * first :]), first / SAMPLE_RATE - ahead, octets * 8 / 1000 / self.seconds)

    async def close(self) -> None:
        await self._room.close()
        self.link.close()


def speak(samples: bytes, cells: dict[str, tuple[Conditions, int]], *, red: bool) -> dict[str, Heard]:
    """What our listeners heard in each cell (conditions and seed): all at once, each in a process of its own; those
    in which the machine stood still once more."""
    found: dict[str, Heard] = {}
    for _ in range(TRIES):
        again = {cell: each for cell, each in cells.items() if cell not in found or found[cell].stalled >= STALL}
        if not again:
            break
        with ProcessPoolExecutor(len(again), get_context("spawn")) as processes:
            begun = {cell: processes.submit(_call, samples, *each, red) for cell, each in again.items()}
            for cell, each in begun.items():
                heard = each.result()
                if cell not in found or heard.stalled < found[cell].stalled:
                    found[cell] = heard
    return found


def _call(samples: bytes, conditions: Conditions, seed: int, red: bool) -> Heard:
    with Steady() as steady:
        heard = asyncio.run(_spoken(Call(samples, conditions, seed, red=red)))
    return replace(heard, stalled=steady.stalled)


async def _spoken(call: Call) -> Heard:
    try:
        await call.open()
        await asyncio.sleep(WARM)
        call.begin()
        await asyncio.sleep(call.seconds)
        return call.heard()
    finally:
        await call.close()
