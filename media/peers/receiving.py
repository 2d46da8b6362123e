"""The terminal's receiving connection: fixed slots for sound and pictures, switched by the engine."""

import secrets
from dataclasses import dataclass

from aiortc.rtp import RtcpSrPacket

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import PeerFault
from media.engine.room import AUDIO_SLOTS, VIDEO_SLOTS
from media.peers.audio_slot import SOUND_CLOCK, AudioSlot
from media.peers.decoding import PictureThread
from media.peers.video_slot import PICTURE_CLOCK, VideoSlot
from media.playout.playout import Playout
from media.rtp import rtcp, send_time
from media.rtp.fullness import is_full
from media.rtp.packet import read_rtp
from media.rtp.teller import LineTeller
from media.sdp import OPUS, RED, VP8, Description, MediaLine, write_description
from media.transport.path import MediaPath
from media.transport.relay import Relay


@dataclass(frozen=True, slots=True)
class SlotReading:
    """How a picture came in over the last second: share lost, jitter in seconds, bit/s."""

    loss: float = 0.0
    jitter: float = 0.0
    bits: int = 0


class Receiving:
    """One connection; a reconnect is a new one. Media thread only."""

    def __init__(
        self, address: str, clock: Clock, pictures: PictureThread, playout: Playout, relay: Relay | None = None
    ) -> None:
        self.path = MediaPath(
            address, on_rtp=self._on_rtp, on_rtcp=self._on_rtcp, monotonic=clock.monotonic, relay=relay
        )
        self._sender = secrets.randbelow(0xFFFFFFFE) + 1
        self.line = LineTeller(self._sender, self.path.send_rtcp, lambda: list(self._video_by_ssrc)[:1])
        """The way from the engine."""
        self.video: dict[str, VideoSlot] = {}
        self.readings: dict[str, SlotReading] = {}
        """Of each slot's picture, over the last second."""
        self.is_exact = False
        """The engine says when each packet left, and lets no more out than the line bears."""
        self._send_time: int | None = None
        self._counted: dict[str, int] = {}
        self._reported_at = clock.monotonic()
        self._clock = clock
        self._pictures = pictures
        self._playout = playout
        self._video_by_ssrc: dict[int, VideoSlot] = {}
        self._audio_by_ssrc: dict[int, AudioSlot] = {}

    def offer(self) -> str:
        number = send_time.NUMBER
        lines = tuple(MediaLine(name, "audio", "recvonly", OPUS, red=RED, send_time=number) for name in AUDIO_SLOTS)
        lines += tuple(MediaLine(name, "video", "recvonly", VP8, send_time=number) for name in VIDEO_SLOTS)
        return write_description(self.path.offer(lines))

    def prepare(self, answer: Description) -> None:
        """Make the slots that the answer names; raises PeerFault where one is missing."""
        lines = {line.mid: line for line in answer.lines}
        self._send_time = next((line.send_time for line in answer.lines if line.send_time is not None), None)
        for name in (*AUDIO_SLOTS, *VIDEO_SLOTS):
            line = lines.get(name)
            if line is None or (ssrc := line.ssrc) is None:
                raise PeerFault("sdp-unsupported", why="slots")
            if name in AUDIO_SLOTS:
                self._audio_by_ssrc[ssrc] = AudioSlot(
                    name, ssrc, line.red, self._playout, self._sender, self.path.send_rtcp
                )
                self._playout.allow(name, 0.0)  # whatever the connection before this one was like
            else:
                slot = VideoSlot(ssrc, self._pictures, self.path.send_rtcp, self._clock)
                self.video[name] = self._video_by_ssrc[ssrc] = slot

    def tick(self) -> bool:
        """Repair what is lost; whether the line bears more or less than it did."""
        now = self._clock.monotonic()
        for slot in self.video.values():
            slot.tick(now)
        for audio in self._audio_by_ssrc.values():
            audio.repair(now)
        before = self.line.budget.bits
        reading = self.line.tick(now)
        if reading is None:
            return False
        full = is_full(reading)
        self.is_exact = reading.exact
        for slot in self.video.values():
            slot.line_is_full = full
        for audio in self._audio_by_ssrc.values():
            audio.tick(now, narrow=self.line.is_narrow)
        return self.line.budget.bits != before

    def report(self) -> None:
        """Once a second: how everything arrives; the engine also learns that we are there."""
        now = self._clock.monotonic()
        blocks = []
        for name, slot in self.video.items():
            if (reception := slot.reception).packets:
                block = reception.report(now)
                blocks.append(block)
                before = self._counted.get(name, 0)
                self._counted[name] = reception.bytes
                bits = round(8 * (reception.bytes - before) / max(0.1, now - self._reported_at))
                self.readings[name] = SlotReading(block.fraction_lost / 256, block.jitter / PICTURE_CLOCK, bits)
        self._reported_at = now
        voices = (audio.reception for audio in self._audio_by_ssrc.values())
        blocks += [reception.report(now) for reception in voices if reception.packets]
        self.path.send_rtcp(rtcp.receiver_report(self._sender, blocks))

    def beat(self) -> None:
        """A sign of life beyond the reports."""
        self.path.send_rtcp(rtcp.receiver_report(self._sender, []))

    def another_voice(self, name: str) -> None:
        """Another site is in this slot of sound from now on."""
        for ssrc, audio in self._audio_by_ssrc.items():
            if audio.name == name:
                self.line.arrivals.forget(ssrc)

    async def close(self) -> None:
        await self.path.close()

    def _on_rtp(self, data: bytes) -> None:
        packet = read_rtp(data)
        if packet is None:
            return
        now = self._clock.monotonic()
        slot = self._video_by_ssrc.get(packet.ssrc)
        if slot is not None:
            slot.packet(packet, now)
            number, clock_rate, timed = slot.reception.number, PICTURE_CLOCK, not slot.waiting
            if slot.is_another:
                slot.is_another = False
                self.line.arrivals.forget(packet.ssrc)
        elif (audio := self._audio_by_ssrc.get(packet.ssrc)) is not None:
            audio.packet(packet, now)
            number, clock_rate, timed = audio.reception.number, SOUND_CLOCK, True
        else:
            return
        sent = None if self._send_time is None else send_time.read_send_time(data, self._send_time)
        size = len(packet.payload)
        self.line.arrivals.add(packet.ssrc, number, packet.timestamp, clock_rate, size, now, timed=timed, sent=sent)

    def _on_rtcp(self, data: bytes) -> None:
        now = self._clock.monotonic()
        if (sent := rtcp.read_filling(data)) is not None:
            self.line.arrivals.fill(sent, len(data), now)
            return
        if (late := rtcp.read_late(data)) is not None:
            for ssrc in late:
                if (audio := self._audio_by_ssrc.get(ssrc)) is not None:
                    audio.told_late(now)
            return
        for packet in rtcp.read_rtcp(data):
            if isinstance(packet, RtcpSrPacket):
                slot = self._video_by_ssrc.get(packet.ssrc) or self._audio_by_ssrc.get(packet.ssrc)
                if slot is not None:
                    slot.reception.sender_report(packet.sender_info.ntp_timestamp, now)
