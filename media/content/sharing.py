"""A shared screen on its way to the engine: a connection of its own, made anew when it dies, from `start` to `stop`."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from typing import Protocol

from aiortc.rtp import RtcpRrPacket

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from media.capture.sources import PictureSource
from media.codecs.vp8 import CLOCK as PICTURE_CLOCK
from media.content.capture import BITS, ContentCapture
from media.peers.connection import CONNECT_WITHIN, RelaySignal, open_relay
from media.peers.pacing import Pacer
from media.peers.seams import SIGNAL_WITHIN
from media.peers.sending import RtpSender
from media.rtp import rtcp, vp8
from media.sdp import VP8, MediaLine, read_description, write_description
from media.transport.path import MediaPath, resolve
from media.transport.relay import Relay

log = logging.getLogger(__name__)

SILENT_AFTER = 3.0
TRY_AGAIN = 0.5
LOOK = 0.25
HEAVY_LOSS, LITTLE_LOSS = 0.08, 0.02


class ContentSignal(RelaySignal, Protocol):
    """The way to the engine. Raises ConnectionError or PeerFault."""

    async def publish_content(self, offer: str) -> str:
        """Send the offer of the shared screen's connection; the SDP answer."""
        ...


class ContentMedia:
    """Media thread only."""

    def __init__(self, signal: ContentSignal, host: str, on_fault: Callable[[Fault], object], clock: Clock) -> None:
        self._signal, self._host, self._on_fault, self._clock = signal, host, on_fault, clock
        self._capture: ContentCapture | None = None
        self._path: _Way | None = None
        self._task: asyncio.Task[None] | None = None
        self._through_relay = False
        """Where the direct way did not work the relay is tried, and the other way round."""

    @property
    def sent(self) -> int:
        """Pictures sent since `start`."""
        return self._capture.sent if self._capture is not None else 0

    async def start(self, source: PictureSource) -> None:
        """Share this, and keep the connection up until `stop`; returns at once."""
        await self.stop()
        loop = asyncio.get_running_loop()

        def soon(fn: Callable[..., object], *args: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop closed just now
                loop.call_soon_threadsafe(fn, *args)

        self._capture = ContentCapture(
            source,
            lambda frame, timestamp: soon(self._send, frame, timestamp),
            lambda fault: soon(self._on_fault, fault),
        )
        self._capture.start()
        self._task = loop.create_task(self._keep_up(self._capture), name="shared screen")

    async def stop(self) -> None:
        """Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        capture, self._capture = self._capture, None
        if capture is not None:
            await asyncio.to_thread(capture.stop)

    def _send(self, frame: bytes, timestamp: int) -> None:
        if self._path is not None:
            self._path.send(frame, timestamp)

    async def _keep_up(self, capture: ContentCapture) -> None:
        while True:
            try:
                relay = await open_relay(self._signal, self._host) if self._through_relay else None
                way = _Way(await resolve(self._host), self._clock, capture, relay)
            except (ConnectionError, PeerFault, HostFault, TimeoutError, OSError) as err:
                log.info("no way to the center: %s", err)
                self._through_relay = False
                await asyncio.sleep(TRY_AGAIN)
                continue
            try:
                async with asyncio.timeout(SIGNAL_WITHIN):
                    answer = await self._signal.publish_content(way.offer())
                async with asyncio.timeout(CONNECT_WITHIN):
                    await way.path.connect(read_description(answer))
                self._path = way
                capture.want_keyframe()
                await way.stay()
            except (ConnectionError, PeerFault, HostFault, TimeoutError, OSError) as err:
                log.info("the shared screen did not connect: %s", err)
                self._through_relay = not self._through_relay
            finally:
                self._path = None
                await asyncio.shield(way.close())
            await asyncio.sleep(TRY_AGAIN)


class _Way:
    """One connection."""

    def __init__(self, address: str, clock: Clock, capture: ContentCapture, relay: Relay | None) -> None:
        self.path = MediaPath(
            address, on_rtp=lambda data: None, on_rtcp=self._on_rtcp, monotonic=clock.monotonic, relay=relay
        )
        self._clock, self._capture = clock, capture
        self._pacer = Pacer(self.path.send_rtp)
        self._stream = RtpSender(VP8, PICTURE_CLOCK, self._pacer.put, keep=True)
        self._picture_id = secrets.randbelow(0x8000)

    def offer(self) -> str:
        return write_description(self.path.offer((MediaLine("video", "video", "sendonly", VP8, self._stream.ssrc),)))

    def send(self, frame: bytes, timestamp: int) -> None:
        if self.path.ready:
            self._picture_id = (self._picture_id + 1) & 0x7FFF
            payloads = vp8.packetize(frame, self._picture_id)
            self._stream.send(payloads, timestamp, self._clock.monotonic(), marker=True)

    async def stay(self) -> None:
        """Returns when the connection is dead; the engine lets it hear something every second."""
        report_at = 0.0
        while not self.path.ended and self._clock.monotonic() - self.path.heard_at < SILENT_AFTER:
            now = self._clock.monotonic()
            if now >= report_at:
                report_at = now + 1.0
                self._pacer.expect(self._capture.bits)
                report = self._stream.report(now, self._clock.now().timestamp())
                self.path.send_rtcp(report or rtcp.receiver_report(self._stream.ssrc, []))
            await asyncio.sleep(LOOK)

    async def close(self) -> None:
        self._pacer.close()
        await self.path.close()

    def _on_rtcp(self, data: bytes) -> None:
        for packet in rtcp.read_rtcp(data):
            if isinstance(packet, RtcpRrPacket):
                for block in packet.reports:
                    if block.ssrc == self._stream.ssrc:
                        self._fit(block.fraction_lost / 256)
            elif rtcp.wants_keyframe(packet):
                self._capture.want_keyframe()
            elif numbers := rtcp.lost_numbers(packet):
                self._stream.resend(numbers)

    def _fit(self, loss: float) -> None:
        """Less where much is lost, and more again by and by: a page may come late, the voice may not."""
        least, most = BITS
        bits = self._capture.bits
        if loss > HEAVY_LOSS:
            self._capture.bits = max(least, round(bits * 0.6))
        elif loss < LITTLE_LOSS and bits < most:
            self._capture.bits = min(most, round(bits * 1.25))
