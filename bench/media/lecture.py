"""A lecture through Janus: one site sends 1280x720 at 1.5 Mbit/s, 150 receive it; then the same over a cascade.

Ours is the center as a process with 150 sites in meeting control, and Janus; the peer is Janus alone, driven from here.
CPU is what the kernel counted (user and system) over some seconds. Receivers shake hands, report and count; they do not
decode, because 150 of them share these two cores with the engines. The delay of the cascade is from the sender's hand
to a receiver's, by the picture ids, on the engine that the sender is on and on the others.
"""

import asyncio
import contextlib
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from bench.media.engines import FPS, cpu_seconds, memory, moving_pictures
from bench.rows import Row
from desktop_app.center.engines import write_janus_config
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingKind
from desktop_app.settings import CenterSettings
from desktop_app.simulate.center import Seating, SimulatedCenter, opened_center
from desktop_app.simulate.sites import SimulatedSite
from desktop_app.simulate.sites import until as came
from media.codecs.vp8 import CLOCK
from media.engine.cascade import CascadeEngine
from media.engine.layers import Layer
from media.engine.placement import Place
from media.live import ControlSignal
from media.meeting.seals import TerminalSigner
from media.peers.publishing import Publishing
from media.peers.seams import MediaSignal
from media.rtp import rtcp, vp8
from media.rtp.packet import read_rtp
from media.sdp import VP8, MediaLine, read_description, write_description
from media.transport.path import MediaPath
from sync.identity.authority import tls_context
from sync.identity.device import verify
from sync.reference.units import units
from tests.media.janus_rig import Janus, own_network, why_not
from tests.media.rig import MEETING, EngineSignal, until

RECEIVERS = 150
CITY_RECEIVERS = 50
SECONDS = 15.0
BITRATE = 1_500_000
SLOT = "v0"
ADDRESS = "10.77.0.1"
_SPARE = 256
"""Picture ids that are remembered: ten seconds."""


class Sender:
    """The lecturer: the pictures over and over, each with the time at which it was sent."""

    def __init__(self, signal: MediaSignal, frames: Sequence[bytes]) -> None:
        self.sent: dict[int, float] = {}
        self._publishing = Publishing("127.0.0.1", SystemClock(), lambda *_: None)
        self._publishing.pacer.expect(BITRATE)
        self._signal, self._frames, self._number = signal, frames, 0
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        answer = await self._signal.publish(self._publishing.offer())
        await self._publishing.connect(read_description(answer))
        self._task = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._publishing.path.close()

    async def _run(self) -> None:
        began = time.monotonic()
        while True:
            self._number += 1
            at = time.monotonic()
            self._publishing.send_picture(self._frames[self._number % len(self._frames)], self._number * CLOCK // FPS)
            self.sent[self._publishing._picture_ids[Layer.MAIN] % _SPARE] = at
            if self._number % FPS == 0:
                self._publishing.report()
            await asyncio.sleep(max(0.0, began + self._number / FPS - time.monotonic()))


class Receiver:
    """One slot that shows the lecturer. `listens` to when pictures come, or counts datagrams only."""

    def __init__(self, signal: MediaSignal, sender: Sender | None = None) -> None:
        self.datagrams = 0
        self.delays: list[float] = []
        self._signal, self._sender = signal, sender
        self.path = MediaPath("127.0.0.1", on_rtp=self._heard, on_rtcp=lambda _: None, monotonic=time.monotonic)

    async def open(self, source: UnitPath) -> None:
        lines = (MediaLine(SLOT, "video", "recvonly", VP8),)
        answer = await self._signal.subscribe(write_description(self.path.offer(lines)))
        await self.path.connect(read_description(answer))
        await self._signal.switch(SLOT, source)
        if self._sender is None:
            decrypts = self.path._connection._on_media

            def count(data: bytes) -> None:
                self.datagrams += 1
                if 200 <= data[1] <= 207:
                    decrypts(data)

            self.path._connection._on_media = count

    def report(self) -> None:
        self.path.send_rtcp(rtcp.receiver_report(1, []))

    def _heard(self, data: bytes) -> None:
        self.datagrams += 1
        packet = read_rtp(data)
        if packet is None or self._sender is None or not packet.marker:
            return
        payload = vp8.read_payload(packet.payload)
        at = self._sender.sent.get(payload.picture_id % _SPARE) if payload is not None else None
        if at is not None:
            self.delays.append(time.monotonic() - at)


@dataclass(frozen=True, slots=True)
class Load:
    """What some processes cost while all receive: cores and megabytes of each, and datagrams that came per second."""

    cores: tuple[float, ...]
    megabytes: tuple[float, ...]
    datagrams: float


async def load(pids: Sequence[int], receivers: Sequence[Receiver]) -> Load:
    reporting = asyncio.ensure_future(_report(receivers))
    try:
        await asyncio.sleep(3.0)
        came_before, cpu, began = sum(each.datagrams for each in receivers), [*map(cpu_seconds, pids)], time.monotonic()
        await asyncio.sleep(SECONDS)
        took = time.monotonic() - began
        cores = tuple((cpu_seconds(pid) - before) / took for pid, before in zip(pids, cpu, strict=True))
        here = sum(each.datagrams for each in receivers) - came_before
        return Load(cores, tuple(map(memory, pids)), here / took)
    finally:
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)


async def _report(receivers: Sequence[Receiver]) -> None:
    while True:
        for receiver in receivers:
            receiver.report()
        await asyncio.sleep(1.0)


async def _open_all(receivers: Sequence[Receiver], source: UnitPath) -> None:
    for start in range(0, len(receivers), 10):
        await asyncio.gather(*(receiver.open(source) for receiver in receivers[start : start + 10]))


# Janus alone


async def janus_alone(folder: Path, frames: Sequence[bytes]) -> Load:
    janus, source = Janus(folder), UnitPath("source/")
    await janus.start()
    engine = janus.engine()
    try:
        await engine.open()
        await until(lambda: engine.connected)
        await engine.create_room(MEETING)
        sender = Sender(EngineSignal(engine, source), frames)
        receivers = [Receiver(EngineSignal(engine, UnitPath(f"r{number}/"))) for number in range(RECEIVERS)]
        await sender.open()
        await engine.offer_layers(MEETING, source, frozenset({Layer.MAIN}))
        try:
            await _open_all(receivers, source)
            return await load([janus.pid], receivers)
        finally:
            await sender.close()
            await asyncio.gather(*(receiver.path.close() for receiver in receivers))
    finally:
        await engine.close()
        await janus.kill()


# the center and Janus


@contextlib.contextmanager
def _janus_of_the_center(folder: Path, center: SimulatedCenter) -> Iterator[int]:
    settings = replace(CenterSettings(), engine="janus", media_ports="40000-41999")
    with opened_center(center.folder, center._passphrase, SystemClock()) as opened:
        write_janus_config(settings, opened.keys.identity.key, "province", (ADDRESS,), folder)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(["janus", "-F", str(folder), "--disable-colors"], stdout=log, stderr=log)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


@contextlib.asynccontextmanager
async def _seated(
    center: SimulatedCenter, seatings: Sequence[Seating], meeting: MeetingId
) -> AsyncIterator[list[SimulatedSite]]:
    tls, clock = tls_context(center.ca_pem), SystemClock()
    sites = [
        SimulatedSite(seating, center, meeting, tls=tls, clock=clock, jitter=Random(number))
        for number, seating in enumerate(seatings)
    ]
    try:
        for site in sites:
            site.start()
            await asyncio.sleep(0.02)
        await came(lambda: all(site.is_in for site in sites))
        yield sites
    finally:
        await asyncio.gather(*(site.stop() for site in sites))


def _signal(site: SimulatedSite, seating: Seating, center_key: bytes, meeting: MeetingId) -> ControlSignal:
    signer = TerminalSigner(seating.identity.sign, lambda message, seal: verify(center_key, message, seal))
    return ControlSignal(site.client, meeting, signer, lambda fault: None)


def center_and_janus(folder: Path, frames: Sequence[bytes]) -> Load:
    os.environ["SILIAN_CENTER_ENGINE"] = "janus"
    try:
        with SimulatedCenter(folder / "center", SystemClock()) as center:
            paths = [unit.unit_path for unit in units().values() if unit.unit_path.startswith("100000/440000/")]
            seatings, (meeting,) = center.prepare(paths[: RECEIVERS + 1], MeetingKind.GUOSHI_LECTURE, ["讲座"])
            with _janus_of_the_center(folder / "janus", center) as janus:
                center.start()
                pids = [center._process.pid if center._process is not None else 0, janus]
                return asyncio.run(_lecture(center, seatings, meeting, pids, frames))
    finally:
        del os.environ["SILIAN_CENTER_ENGINE"]


async def _lecture(
    center: SimulatedCenter,
    seatings: Sequence[Seating],
    meeting: MeetingId,
    pids: Sequence[int],
    frames: Sequence[bytes],
) -> Load:
    async with _seated(center, seatings, meeting) as sites:
        signals = [
            _signal(site, seating, seating.identity.center_key, meeting)
            for site, seating in zip(sites, seatings, strict=True)
        ]
        sender = Sender(signals[0], frames)
        receivers = [Receiver(signal) for signal in signals[1:]]
        await sender.open()
        await signals[0].offer_layers(frozenset({Layer.MAIN}))
        try:
            await _open_all(receivers, seatings[0].unit_path)
            return await load(pids, receivers)
        finally:
            await sender.close()
            await asyncio.gather(*(receiver.path.close() for receiver in receivers))


# the cascade


PROVINCE = UnitPath("100000/440000/")
CITIES = {"hz": "441300", "mz": "441400", "hy": "441600"}


async def cascade(folder: Path, frames: Sequence[bytes]) -> tuple[Load, float, float]:
    """The load of the four engines, and the median delay in ms on the province's own and on the cities' engines."""
    places = [
        Place("province", PROVINCE),
        *(Place(name, UnitPath(f"{PROVINCE}{code}/")) for name, code in CITIES.items()),
    ]
    processes = {place.name: Janus(folder, number) for number, place in enumerate(places, 1)}
    for process in processes.values():
        await process.start()
    engine = CascadeEngine({name: process.engine() for name, process in processes.items()}, places)
    try:
        await engine.open()
        await until(lambda: all(each.connected for each in engine._engines.values()))
        await engine.create_room(MEETING)
        sender = Sender(EngineSignal(engine, PROVINCE), frames)
        await sender.open()
        await engine.offer_layers(MEETING, PROVINCE, frozenset({Layer.MAIN}))
        near = Receiver(EngineSignal(engine, UnitPath(f"{PROVINCE}440100/")), sender)
        listening = [
            Receiver(EngineSignal(engine, UnitPath(f"{place.unit_path}near/")), sender) for place in places[1:]
        ]
        others = [
            Receiver(EngineSignal(engine, UnitPath(f"{place.unit_path}{number:06}/")))
            for place in places[1:]
            for number in range(CITY_RECEIVERS - 1)
        ]
        receivers = [near, *listening, *others]
        try:
            await _open_all(receivers, PROVINCE)
            cost = await load([process.pid for process in processes.values()], receivers)
            here = statistics.median(near.delays[FPS:]) * 1000
            there = statistics.median([delay for each in listening for delay in each.delays[FPS:]]) * 1000
            return cost, here, there
        finally:
            await sender.close()
            await asyncio.gather(*(receiver.path.close() for receiver in receivers))
    finally:
        await engine.close()
        for process in processes.values():
            await process.kill()


def rows(say: Callable[[str], object] = print) -> list[Row]:
    """Nothing where Janus cannot run."""
    if lacking := why_not():
        say(f"  without Janus: {lacking}")
        return []
    frames = moving_pictures(50, (1280, 720), BITRATE, still=4)
    rate = sum(map(len, frames)) * 8 * FPS / len(frames) / 1000
    with tempfile.TemporaryDirectory() as name, own_network(*(f"10.77.0.{number}" for number in range(1, 5))):
        folder = Path(name)
        alone = asyncio.run(janus_alone(folder, frames))
        (folder / "ours").mkdir()
        ours = center_and_janus(folder / "ours", frames)
        (folder / "cascade").mkdir()
        costs, here, there = asyncio.run(cascade(folder / "cascade", frames))
    say(f"  {rate:.0f} kbit/s to {RECEIVERS}: {ours.datagrams:.0f} datagrams/s; Janus alone {alone.datagrams:.0f}")
    say(f"  cores: center {ours.cores[0]:.3f}, its Janus {ours.cores[1]:.3f}; Janus alone {alone.cores[0]:.3f}")
    engines = ", ".join(f"{cores:.3f}" for cores in costs.cores)
    say(f"  cascade: cores of the province's and three cities' engines {engines}; delay {here:.1f} and {there:.1f} ms")

    def beside(row: str, own: float, peer: float) -> Row:
        return Row(row, round(own, 3), round(peer, 3), "<= 1.1", own <= 1.1 * peer)

    return [
        beside("lecture to 150: CPU of center and Janus, cores (peer Janus alone)", sum(ours.cores), alone.cores[0]),
        Row(
            "lecture to 150: memory of center and Janus, MB (peer Janus alone)",
            round(sum(ours.megabytes)),
            round(alone.megabytes[0]),
        ),
        Row("cascade, 3 x 50: cores of the province's engine", round(costs.cores[0], 3)),
        Row("cascade, 3 x 50: cores of a city's engine, median", round(statistics.median(costs.cores[1:]), 3)),
        Row("cascade: added delay, ms", round(there - here, 1), None, "<= 20", there - here <= 20),
    ]
