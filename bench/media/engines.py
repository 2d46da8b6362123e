"""What forwarding costs: CPU of the hub's process and of Janus's for the same streams, in turns; the median counts.

One site sends 640x360 at 25 pictures a second; receivers show it in nine slots each, and report as terminals do. The
cores an engine used are what the kernel counted for its process (user and system), per forwarded stream.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av

from bench.rows import Row, not_above_peer
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import UnitPath
from media.codecs.vp8 import CLOCK, Vp8Encoder
from media.engine.hub_engine import HubEngine, read_announcement
from media.engine.layers import Layer
from media.engine.room import VIDEO_SLOTS, MediaEngine
from media.peers.publishing import Publishing
from media.rtp import rtcp
from media.sdp import VP8, MediaLine, read_description, write_description
from media.transport.path import MediaPath
from tests.media.janus_rig import Janus, own_network, why_not
from tests.media.rig import MEETING, until
from tests.media.test_hub_process import Launcher

SECONDS = 10.0
ROUNDS = 3
RECEIVERS = 4
FPS, WIDTH, HEIGHT, BITRATE = 25, 640, 360, 600_000
SOURCE = UnitPath("source/")
SLOTS = VIDEO_SLOTS[:9]


def moving_pictures(
    count: int = 100, size: tuple[int, int] = (WIDTH, HEIGHT), bitrate: int = BITRATE, still: int = 3
) -> list[bytes]:
    """Encoded pictures of a texture of which one part in `still` drifts; the first is whole, so that the row may be
    sent over and over."""
    encoder = Vp8Encoder(*size, fps=FPS, bitrate=bitrate)
    frames = []
    for number in range(count):
        picture = av.VideoFrame(*size, "yuv420p")
        for plane in picture.planes:
            moving = plane.line_size // still
            row = bytes((at * 3 + number * 2) & 0xFF if at < moving else 90 for at in range(plane.line_size))
            plane.update(b"".join(row[line % 61 :] + row[: line % 61] for line in range(plane.height)))
        frames.append(encoder.encode(picture, number * CLOCK // FPS, keyframe=number == 0))
    return frames


class Receiver:
    """Nine slots that all show the source; it decrypts, counts and reports."""

    def __init__(self, site: UnitPath) -> None:
        self.site = site
        self.packets = 0
        self.path = MediaPath("127.0.0.1", on_rtp=self._count, on_rtcp=lambda _: None, monotonic=time.monotonic)

    def _count(self, _: bytes) -> None:
        self.packets += 1

    async def open(self, engine: MediaEngine) -> None:
        lines = tuple(MediaLine(slot, "video", "recvonly", VP8) for slot in SLOTS)
        answer = await engine.subscribe(MEETING, self.site, write_description(self.path.offer(lines)))
        await self.path.connect(read_description(answer))
        for slot in SLOTS:
            await engine.switch(MEETING, self.site, slot, SOURCE)

    def report(self) -> None:
        self.path.send_rtcp(rtcp.receiver_report(1, []))


@dataclass(frozen=True)
class Cost:
    streams: int
    cores: float
    megabytes: float
    packets_per_second: float

    @property
    def per_stream(self) -> float:
        return self.cores / self.streams


def cpu_seconds(pid: int) -> float:
    """Of all threads of a process, as the scheduler counted them to the nanosecond: an engine wakes for less than a
    clock tick at a time, and what is sampled at ticks is off by a fifth."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def memory(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def measure(engine: MediaEngine, pid: Callable[[], int], frames: list[bytes]) -> Cost:
    """The cost of one engine that is open."""
    await until(lambda: engine.connected)
    await engine.create_room(MEETING)
    sender = Publishing("127.0.0.1", SystemClock(), lambda *_: None)
    await sender.connect(read_description(await engine.publish(MEETING, SOURCE, sender.offer())))
    await engine.offer_layers(MEETING, SOURCE, frozenset({Layer.MAIN}))
    receivers = [Receiver(UnitPath(f"receiver-{number}/")) for number in range(RECEIVERS)]
    sending = asyncio.ensure_future(send(sender, receivers, frames))
    try:
        for receiver in receivers:
            await receiver.open(engine)
        await until(lambda: all(receiver.packets > 9 * 60 for receiver in receivers), within=30)
        packets, cpu, began = sum(each.packets for each in receivers), cpu_seconds(pid()), time.monotonic()
        await asyncio.sleep(SECONDS)
        took = time.monotonic() - began
        packets = sum(each.packets for each in receivers) - packets
        return Cost(9 * RECEIVERS, (cpu_seconds(pid()) - cpu) / took, memory(pid()), packets / took)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await asyncio.gather(sender.close(), *(receiver.path.close() for receiver in receivers))
        await engine.close()


async def send(sender: Publishing, receivers: list[Receiver], frames: list[bytes]) -> None:
    began, number = time.monotonic(), 0
    while True:
        sender.send_picture(frames[number % len(frames)], number * CLOCK // FPS)
        if number % FPS == 0:
            sender.report()
            for receiver in receivers:
                receiver.report()
        number += 1
        await asyncio.sleep(max(0.0, began + number / FPS - time.monotonic()))


async def of_the_hub(folder: Path, frames: list[bytes]) -> Cost:
    launcher = Launcher(folder)
    try:
        await launcher.start()
        await until(lambda: read_announcement(launcher.settings.announce) is not None)
        engine: HubEngine = launcher.engine()
        await engine.open()
        return await measure(engine, lambda: launcher.started[-1].pid, frames)
    finally:
        await launcher.end()


async def of_janus(folder: Path, frames: list[bytes]) -> Cost:
    janus = Janus(folder)
    try:
        await janus.start()
        engine = janus.engine()
        await engine.open()
        return await measure(engine, lambda: janus.pid, frames)
    finally:
        await janus.kill()


def median(costs: Sequence[Cost]) -> Cost:
    return sorted(costs, key=lambda cost: cost.cores)[len(costs) // 2]


def rows() -> list[Row]:
    """As root Janus runs beside; without it there is no peer."""
    frames = moving_pictures()
    rate = sum(map(len, frames)) * 8 * FPS / len(frames) / 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if lacking := why_not():
            print(f"  without Janus: {lacking}")
            hub, janus = asyncio.run(of_the_hub(folder, frames)), None
        else:
            with own_network("10.77.0.1"):
                turns = [
                    (asyncio.run(of_the_hub(folder, frames)), asyncio.run(of_janus(folder, frames)))
                    for _ in range(ROUNDS)
                ]
                hub, janus = (median(costs) for costs in zip(*turns, strict=True))
    for label, cost in (("hub", hub), ("janus, event_loops 2", janus)):
        if cost is not None:
            print(
                f"  {label}: {cost.streams} streams of {rate:.0f} kbit/s, {cost.packets_per_second:.0f} packets/s, "
                f"{cost.cores:.4f} cores, {cost.megabytes:.0f} MB"
            )
    micro = 1e6
    return [
        not_above_peer(
            "CPU per forwarded 640x360@25 stream, millionths of a core (hub; peer Janus)",
            round(hub.per_stream * micro),
            round(janus.per_stream * micro) if janus else None,
        ),
        Row(
            "memory of the engine, MB (hub; peer Janus)",
            round(hub.megabytes),
            round(janus.megabytes) if janus else None,
        ),
        Row(
            "packets per second forwarded (hub; peer Janus)",
            round(hub.packets_per_second),
            round(janus.packets_per_second) if janus else None,
        ),
    ]
