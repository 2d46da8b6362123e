"""One stream a site publishes, as the hub sees it: a bounded cache, loss repair, throttled keyframe requests."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, Protocol

from media.rtp import rtcp, vp8
from media.rtp.gaps import Gaps, VoiceGaps
from media.rtp.opus import carries_copy
from media.rtp.packet import RtpPacket
from media.rtp.reception import Reception
from media.rtp.red import RedPayload, read_red

CACHE = 512
"""Packets of a picture kept for retransmission: about 5 s of 640x360."""
VOICE_CACHE = 64
"""Packets of a voice kept: 1.3 s."""
KEYFRAME_EVERY = 0.5
"""Seconds between two keyframe requests to one publisher in the long run, however many ask."""
KEYFRAME_BURST = 3
"""Requests that may go closer together, so that sites which join one after the other do not wait for a picture."""
KEYFRAME_GAP = 0.1
"""Seconds between two requests even then."""
RATE_OVER = 0.25
"""Seconds over which a stream's bit rate is counted."""
CLOCK_RATE = {"audio": 48_000, "video": 90_000}
VOICE_SAMPLES = 960
"""Of one packet of sound, 20 ms."""
COPIES = 8
"""Packets before the newest that a copy may still stand for."""


class Sink(Protocol):
    """A slot that shows this source."""

    def forward(self, source: "Source", packet: RtpPacket, number: int, keyframe: bool, now: float) -> None: ...

    def rest(self, source: "Source") -> None: ...

    @property
    def leg_loss(self) -> float:
        """The share that was lost lately between the hub and its receiver."""
        ...

    @property
    def bears(self) -> int | None:
        """Bit/s that the receiver's line leaves for it; None where nothing limits it."""
        ...


class Source:
    """One stream. `send_rtcp` reaches its publisher; `sender` is the hub's own SSRC in that RTCP."""

    def __init__(
        self,
        kind: Literal["audio", "video"],
        sender: int,
        send_rtcp: Callable[[bytes], None],
        *,
        payload_type: int = 0,
        red: int | None = None,
    ) -> None:
        """`red` is RED's payload type where the publisher may send it around packets of `payload_type`."""
        self.kind: Literal["audio", "video"] = kind
        self.ssrc: int | None = None
        self.declared: int | None = None
        """The SSRC that the publisher's offer names for it."""
        self.sinks: list[Sink] = []
        self.reception: Reception | None = None
        self.sender_report: tuple[int, int] | None = None
        """NTP and RTP time of the publisher's last sender report."""
        self.keyframes = 0
        self.keyframe_requests = 0
        self.bits = 0.0
        """Bit/s of the last quarter of a second."""
        self._counted = (0, float("-inf"))
        self._sender = sender
        self._send_rtcp = send_rtcp
        self._payload_type = payload_type
        self._red = red
        self._newest: int | None = None
        self._voice_gaps = VoiceGaps()
        self._cache: list[tuple[int, RtpPacket] | None] = [None] * (CACHE if kind == "video" else VOICE_CACHE)
        self._gaps = Gaps()
        self._keyframe_wanted = False
        self._keyframe_asked_at = float("-inf")
        self._keyframe_allowance = float(KEYFRAME_BURST)

    def packet(self, packet: RtpPacket, now: float) -> None:
        """A packet of the publisher: note it, repair losses before it, forward it."""
        if self.ssrc != packet.ssrc or self.reception is None:
            self._begin(packet.ssrc)
        reception = self.reception
        if reception is None:  # pragma: no cover - _begin has just set it
            return
        number = reception.add(packet.sequence, packet.timestamp, len(packet.payload), now)
        keyframe = False
        if self.kind == "video":
            keyframe = vp8.starts_keyframe(packet.payload)
            self._keep(number, packet)
            if keyframe:
                self.keyframes += 1
                self._keyframe_wanted = False
            if missing := self._gaps.add(number, now):
                self._send_rtcp(rtcp.nack(self._sender, packet.ssrc, missing))
        else:
            found = self._voice(packet, number, now)
            if found is None:
                return
            packet = found
        for sink in tuple(self.sinks) if keyframe else self.sinks:
            sink.forward(self, packet, number, keyframe, now)

    def limit(self, bears: int | None) -> None:
        """Tell the publisher what the best of the receivers bears, where none bears everything; `bears` is that of one
        which may not have this yet."""
        borne = [bears, *(sink.bears for sink in self.sinks)]
        limits = [each for each in borne if each is not None]
        ssrc = self.declared or self.ssrc
        if ssrc is not None and len(limits) == len(borne):
            self._send_rtcp(rtcp.bitrate_limit(self._sender, max(limits), [ssrc]))

    @property
    def worst_loss(self) -> float:
        """The share that the worst of those who receive this lost lately."""
        return max((sink.leg_loss for sink in self.sinks), default=0.0)

    def _voice(self, packet: RtpPacket, number: int, now: float) -> RtpPacket | None:
        """The packet to forward, out of its RED; None where that was done already. What it brings back goes first."""
        payload = RedPayload(packet.payload, ())
        if packet.payload_type == self._red:
            read = read_red(packet.payload)
            if read is None:
                return None
            payload = read
            packet = replace(packet, payload_type=self._payload_type, payload=read.data)
        newest, self._newest = self._newest, number if self._newest is None else max(self._newest, number)
        copies = payload.copies(VOICE_SAMPLES)
        if lost := self._voice_gaps.add(number, now, spared=max(len(copies), carries_copy(packet.payload))):
            self._send_rtcp(rtcp.nack(self._sender, packet.ssrc, lost))
        for back in range(len(copies), 0, -1):
            missed = number - back
            if copies[back - 1] and newest is not None and missed > newest - COPIES and self.cached(missed) is None:
                timestamp = (packet.timestamp - back * VOICE_SAMPLES) & 0xFFFFFFFF
                copy = replace(
                    packet, marker=False, sequence=missed & 0xFFFF, timestamp=timestamp, payload=copies[back - 1]
                )
                self._keep(missed, copy)
                for sink in self.sinks:
                    sink.forward(self, copy, missed, False, now)
        if self.cached(number) is not None:
            return None
        self._keep(number, packet)
        return packet

    def _keep(self, number: int, packet: RtpPacket) -> None:
        self._cache[number % len(self._cache)] = (number, packet)

    def cached(self, number: int) -> RtpPacket | None:
        """The packet of that unwrapped number, while it is kept."""
        entry = self._cache[number % len(self._cache)]
        return entry[1] if entry is not None and entry[0] == number else None

    def want_keyframe(self, now: float) -> None:
        """Ask the publisher for a whole picture, soon; asked again until one comes."""
        if self.kind == "video":
            self._keyframe_wanted = True
            self.tick(now)

    def want_nothing(self) -> None:
        """The publisher no longer sends this: nothing is asked for any more."""
        self._keyframe_wanted = False
        self._gaps.forget()

    def tick(self, now: float) -> None:
        """Ask again for what has not come."""
        if self.ssrc is None or self.reception is None:
            return
        octets, at = self._counted
        if now - at >= RATE_OVER:
            self.bits = max(0.0, 8 * (self.reception.bytes - octets) / (now - at))
            self._counted = (self.reception.bytes, now)
        if self._keyframe_wanted and self._may_ask(now):
            self.keyframe_requests += 1
            self._send_rtcp(rtcp.picture_loss(self._sender, self.ssrc))
        if self._gaps:
            again, _ = self._gaps.due(now)
            if again:
                self._send_rtcp(rtcp.nack(self._sender, self.ssrc, again))

    def repair_voice(self, now: float) -> None:
        """Ask again for what has not come of a voice, over a line that bears what is sent."""
        if self.kind == "audio" and self.ssrc is not None and (overdue := self._voice_gaps.due(now)):
            self._send_rtcp(rtcp.nack(self._sender, self.ssrc, overdue))

    def _may_ask(self, now: float) -> bool:
        since = now - self._keyframe_asked_at
        allowance = min(KEYFRAME_BURST, self._keyframe_allowance + since / KEYFRAME_EVERY)
        if since < KEYFRAME_GAP or allowance < 1:
            return False
        self._keyframe_asked_at = now
        self._keyframe_allowance = allowance - 1
        return True

    def close_air(self) -> None:
        """The site went off the air: what comes later is a new beginning for everyone."""
        self._voice_gaps.forget()
        for sink in self.sinks:
            sink.rest(self)

    def _begin(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.reception = Reception(ssrc, CLOCK_RATE[self.kind])
        self.sender_report = None
        self._gaps.forget()
        self._voice_gaps.forget()
        self._newest = None
        self._cache = [None] * len(self._cache)
        for sink in self.sinks:
            sink.rest(self)
