"""The terminal's publishing connection: its own sound and picture, up to the engine."""

import secrets
from collections.abc import Callable

from aiortc.rtp import AnyRtcpPacket, RtcpRrPacket

from desktop_app.domain.clock import Clock
from media.codecs.vp8 import CLOCK as PICTURE_CLOCK
from media.engine.layers import Layer
from media.peers.pacing import Pacer
from media.peers.sending import RtpSender
from media.peers.uplink import Uplink
from media.peers.voice import VoiceSender
from media.rtp import rtcp, send_time, vp8
from media.sdp import OPUS, RED, VP8, Description, MediaLine, write_description
from media.transport.path import MediaPath
from media.transport.relay import Relay

SOUND_CLOCK = 48_000
RESEND_AFTER = 1.0
"""Seconds after a queue has drained before anything of a picture is sent again: what was lost in it is too old."""


class Publishing:
    """One connection; a reconnect is a new one. Media thread only."""

    def __init__(
        self,
        address: str,
        clock: Clock,
        want_keyframe: Callable[[Layer | None], None],
        relay: Relay | None = None,
        expect_loss: Callable[[float], None] = lambda loss: None,
    ) -> None:
        self.path = MediaPath(
            address, on_rtp=lambda data: None, on_rtcp=self._on_rtcp, monotonic=clock.monotonic, relay=relay
        )
        self._clock = clock
        self._want_keyframe = want_keyframe
        self._send_time: int | None = None
        """The number of the header extension in which the engine wants to hear when a packet left."""
        self.voice = VoiceSender(SOUND_CLOCK, self._send, expect_loss)
        self._sound = self.voice.stream
        self.uplink = Uplink()
        self.pacer = Pacer(self._send, self._fill)
        self._pictures = {layer: RtpSender(VP8, PICTURE_CLOCK, self.pacer.put, keep=True) for layer in Layer}
        self._reported = (0, clock.monotonic())
        self._resend_from = 0.0
        self._picture_ids = {layer: secrets.randbelow(0x8000) for layer in Layer}

    def offer(self) -> str:
        lines = (
            MediaLine("audio", "audio", "sendonly", OPUS, self._sound.ssrc, RED, send_time.NUMBER),
            *(
                MediaLine(layer.value, "video", "sendonly", VP8, each.ssrc, send_time=send_time.NUMBER)
                for layer, each in self._pictures.items()
            ),
        )
        return write_description(self.path.offer(lines))

    async def connect(self, answer: Description) -> None:
        self.voice.red = next((line.red for line in answer.lines if line.kind == "audio"), None)
        self._send_time = next((line.send_time for line in answer.lines if line.send_time is not None), None)
        self.voice.protection.is_told = self.uplink.is_told = self._send_time is not None
        await self.path.connect(answer)
        self._want_keyframe(None)

    def send_picture(self, frame: bytes, timestamp: int, layer: Layer = Layer.MAIN) -> None:
        """One encoded VP8 frame; `timestamp` counts 1/90,000 s."""
        if self.path.ready:
            number = self._picture_ids[layer] = (self._picture_ids[layer] + 1) & 0x7FFF
            payloads = vp8.packetize(frame, number)
            self._pictures[layer].send(payloads, timestamp, self._clock.monotonic(), marker=True)

    def send_sound(self, packet: bytes, timestamp: int, first: bool) -> None:
        """One Opus packet; the marker tells the beginning of a stretch (RFC 3551, section 4.1)."""
        if self.path.ready:
            self.voice.send(packet, timestamp, first, self._clock.monotonic())

    def report(self) -> None:
        """Once a second: the engine learns what was sent, and that we are there."""
        now, unix = self._clock.monotonic(), self._clock.now().timestamp()
        self.voice.protection.allowed = self.uplink.bits(now) is None
        reports = b"".join(each.report(now, unix) for each in (self._sound, *self._pictures.values()))
        self.path.send_rtcp(reports or rtcp.receiver_report(self._sound.ssrc, []))

    async def close(self) -> None:
        self.pacer.close()
        await self.path.close()

    def _send(self, packet: bytes) -> None:
        if self._send_time is not None:
            packet = send_time.stamped(packet, self._send_time, self._clock.monotonic())
        self.path.send_rtp(packet)

    def _fill(self, size: int) -> None:
        self.path.send_rtcp(rtcp.filling(self._sound.ssrc, send_time.ticks(self._clock.monotonic()), size))

    def _on_rtcp(self, data: bytes) -> None:
        if (seconds := rtcp.read_hold(data)) is not None:
            self._resend_from = self._clock.monotonic() + seconds + RESEND_AFTER
            if dropped := self.pacer.hold(seconds):
                for each in self._pictures.values():
                    each.take_back(dropped)
                self._want_keyframe(None)
            return
        for packet in rtcp.read_rtcp(data):
            if isinstance(packet, RtcpRrPacket):
                self._hear_of_voice(packet)
                self._hear_of_pictures(packet)
                continue
            if (limit := rtcp.read_bitrate_limit(packet)) is not None:
                self._hear_of_limit(*limit)
                continue
            layer = self._layer_of(packet)
            if rtcp.wants_keyframe(packet):
                self._want_keyframe(layer)
            elif numbers := rtcp.lost_numbers(packet):
                if layer is not None:
                    if self._clock.monotonic() >= self._resend_from:
                        self._pictures[layer].resend(numbers)
                elif getattr(packet, "media_ssrc", 0) == self._sound.ssrc:
                    self.voice.resend(numbers)

    def _hear_of_limit(self, bits: int, ssrcs: list[int]) -> None:
        """Of one picture alone it is what those bear who watch it; else it is this line's."""
        now = self._clock.monotonic()
        if ssrcs == [self._pictures[Layer.MAIN].ssrc]:
            self.uplink.told_main(bits, now)
        elif ssrcs != [self._pictures[Layer.THUMB].ssrc]:
            before = self.uplink.bits(now)
            self.uplink.told(bits, now)
            borne = self.uplink.bits(now)
            if borne is not None:
                self.voice.protection.forbid()
            if before is not None and borne is not None and borne > before and self._send_time is not None:
                self.pacer.fill()

    def _hear_of_voice(self, report: RtcpRrPacket) -> None:
        for block in report.reports:
            if block.ssrc == self._sound.ssrc:
                self.voice.reported(block, self._clock.monotonic(), rtcp.ntp_time(self._clock.now().timestamp()))

    def _hear_of_pictures(self, report: RtcpRrPacket) -> None:
        blocks = [block for block in report.reports if any(block.ssrc == each.ssrc for each in self._pictures.values())]
        if not blocks:
            return
        now, ntp = self._clock.monotonic(), rtcp.ntp_time(self._clock.now().timestamp())
        octets = self._sound.octets + sum(each.octets for each in self._pictures.values())
        before, at = self._reported
        self._reported = (octets, now)
        sent = 8 * (octets - before) / max(0.1, now - at)
        trips = [trip for block in blocks if (trip := rtcp.round_trip(block, ntp)) is not None]
        loss = max(block.fraction_lost for block in blocks) / 256
        self.uplink.reported(loss, min(trips, default=None), sent, now)

    def _layer_of(self, packet: AnyRtcpPacket) -> Layer | None:
        """Which picture a feedback is about; None where it names none (a full intra request may not)."""
        ssrc = getattr(packet, "media_ssrc", 0)
        return next((layer for layer, each in self._pictures.items() if each.ssrc == ssrc), None)
