"""One slot of a receiving site: whatever is switched into it leaves as one unbroken stream.

SSRC, payload type, sequence numbers and timestamps are rewritten. A picture begins with a keyframe and the numbers go
on where the last source ended, so that a receiver never waits for a packet that was never sent.
"""

import secrets
from collections.abc import Callable
from typing import Literal

from aiortc.rtp import RtcpReceiverInfo

from desktop_app.domain.ids import UnitPath
from media.engine.layers import FULL_HEIGHT
from media.hub.allowance import Requests
from media.hub.source import CLOCK_RATE, VOICE_SAMPLES, Source
from media.rtp import rtcp
from media.rtp.packet import RtpPacket, write_rtp
from media.rtp.protection import COPIES, VoiceProtection
from media.rtp.red import write_red

RESEND_SHARE = 0.5
"""Packets that may be sent again for each one that is forwarded: repairs must not crowd out what they repair."""
RESENDS_AT_ONCE = 100
BEGIN_AFTER = 0.5
"""Seconds after which a whole picture is asked for in the place of one that was dropped; and again after as many."""


class Slot:
    """`send` puts a plain RTP packet on the way to the receiving site."""

    def __init__(
        self,
        name: str,
        kind: Literal["audio", "video"],
        payload_type: int,
        send: Callable[[bytes], None],
        red: int | None = None,
        queue: "Callable[[Slot, int | None, bytes], None] | None" = None,
    ) -> None:
        """`red` is RED's payload type where the receiver takes it (RFC 2198): a voice that loses much goes thrice.
        With `queue` packets go there instead, with their number, or None where they are sent again; what does not leave
        from there comes back as `dropped_from`."""
        self.name = name
        self.kind = kind
        self.ssrc = secrets.randbelow(0xFFFFFFFE) + 1
        self.wanted: UnitPath | None = None
        """The site to show, whether it is there or not."""
        self.height = FULL_HEIGHT
        """Lines of the place it is shown in."""
        self.paused = False
        self.packets = 0
        self.octets = 0
        self.resent = 0
        self.fraction_lost = 0.0
        """As the receiver last reported it."""
        self.leg_loss = 0.0
        """The same without what the hub itself never got."""
        self.protection = VoiceProtection()
        self.bears: int | None = None
        """Bit/s that the receiver's line leaves for this picture; None where nothing limits it."""
        self.is_small = False
        """The line does not bear the main picture as it is sent: the thumb stands in for it."""
        self.too_large = 0
        """Looks in a row at which the picture was more than the line bears."""
        self._queue = queue
        self._dropped_at: float | None = None
        self._never_got = 0
        """Numbers that were left out on the way to the receiver."""
        self._counted: tuple[int, int, int] | None = None
        self._red = red
        self._payload_type = payload_type
        self._send = send
        self._source: Source | None = None
        self._next: Source | None = None
        """Another picture of the same site, which takes over with its next whole one."""
        self._start: int | None = None
        self._shift = 0
        self._time_shift = 0
        self._newest = secrets.randbelow(0x7FFF)  # the lower half: an early wrap upsets SRTP's roll-over counter
        self._newest_time: int | None = None
        self._newest_at = 0.0
        self._allowance = 20.0
        self.requests = Requests()

    def show(self, source: Source | None, now: float) -> None:
        """Cut over: the old source stops at once, the new one begins with its next keyframe."""
        self._drop_next()
        if source is self._source:
            return
        if self._source is not None:
            self._source.sinks.remove(self)
        self._source = source
        self._start = None
        if source is not None:
            source.sinks.append(self)
            source.want_keyframe(now)

    def reported(self, block: RtcpReceiverInfo, now: float) -> None:
        """The receiver says what it lost since it said so last."""
        self.fraction_lost = block.fraction_lost / 256
        counted, self._counted = self._counted, (block.packets_lost, self._never_got, block.highest_sequence)
        if counted is None:
            return
        lost, never_got, sent = (after - before for after, before in zip(self._counted, counted, strict=True))
        if 0 < sent < 1 << 16:
            self.leg_loss = min(1.0, max(0.0, (lost - never_got) / sent))
            self.protection.reported(self.leg_loss, None, now)

    def aim(self, source: Source | None, now: float) -> None:
        """Go over to another picture of the same site: what is shown goes on until the other one has begun."""
        if self._source is None or source is None or self._start is None or self.paused:
            self.show(source, now)
            return
        if source is self._next:
            return
        self._drop_next()
        if source is not self._source:
            self._next = source
            source.sinks.append(self)
            source.want_keyframe(now)

    def pause(self, paused: bool, now: float) -> None:
        """Stop forwarding, or go on with the next keyframe."""
        if paused == self.paused:
            return
        self.paused = paused
        if self._next is not None:
            self.show(self._next, now)
        self._start = None
        if not paused and self._source is not None:
            self._source.want_keyframe(now)

    @property
    def source(self) -> Source | None:
        """What is shown now."""
        return self._source

    def dropped_from(self, first: int | None, now: float) -> None:
        """What was forwarded with this number and later ones did not leave: the next whole picture takes its place.
        None: only what was to be sent again."""
        if first is not None:
            self._newest = first - 1
            self._start = None
            self._dropped_at = now

    def go_on(self, now: float) -> None:
        """Ask for the whole picture with which a dropped one is followed, once the smaller one that was asked for by
        then could have come by itself."""
        if self._start is not None:
            self._dropped_at = None
        elif self._dropped_at is not None and now - self._dropped_at > BEGIN_AFTER:
            self._dropped_at = now
            self.want_keyframe(now)

    def rest(self, source: Source) -> None:
        """A source begins anew."""
        if source is self._source:
            self._start = None

    def want_keyframe(self, now: float) -> None:
        """The receiver cannot decode."""
        if self._source is not None and not self.paused:
            self._source.want_keyframe(now)

    def forward(self, source: Source, packet: RtpPacket, number: int, keyframe: bool, now: float) -> None:
        """Send a packet of the source on, rewritten."""
        if self.paused:
            return
        if source is not self._source:
            if not keyframe:
                return
            if self._source is not None:
                self._source.sinks.remove(self)
            self._source, self._next, self._start = source, None, None
        if self._start is None:
            if self.kind == "video" and not keyframe:
                return
            self._begin(packet, number, now)
        elif number < self._start:
            return
        if self._allowance < RESENDS_AT_ONCE:
            self._allowance += RESEND_SHARE
        out = number + self._shift
        fresh = out > self._newest
        if fresh:
            self._never_got += out - self._newest - 1
            self._newest = out
            self._newest_time = packet.timestamp + self._time_shift
            self._newest_at = now
        elif out < self._newest:
            self._never_got -= 1
        self._put(packet, out, fresh=fresh)

    def resend(self, sequences: list[int], now: float) -> None:
        """Answer a NACK from the source's cache, within the allowance."""
        source = self._source
        if not self.requests.admits_repeats(len(sequences), self.packets):
            return
        if source is None or self._start is None or self.paused:
            return
        for sequence in sequences:
            if self._allowance < 1:
                return
            behind = (self._newest - sequence) % 0x10000
            number = self._newest - behind - self._shift
            packet = source.cached(number) if behind < 0x8000 and number >= self._start else None
            if packet is not None:
                self._allowance -= 1
                self.resent += 1
                self._put(packet, number + self._shift, fresh=False)

    def report(self) -> bytes:
        """A sender report, or nothing where the source has not made one yet."""
        source = self._source
        if source is None or source.sender_report is None or self._start is None:
            return b""
        ntp, timestamp = source.sender_report
        return rtcp.sender_report(self.ssrc, ntp, timestamp + self._time_shift, self.packets, self.octets)

    def _drop_next(self) -> None:
        if self._next is not None:
            self._next.sinks.remove(self)
            self._next = None

    def _begin(self, packet: RtpPacket, number: int, now: float) -> None:
        self._start = number
        self._shift = self._newest + 1 - number
        if self._newest_time is None:
            self._time_shift = secrets.randbelow(0x7FFFFFFF) - packet.timestamp
        else:
            elapsed = max(1, round((now - self._newest_at) * CLOCK_RATE[self.kind]))
            self._time_shift = self._newest_time + elapsed - packet.timestamp

    def _put(self, packet: RtpPacket, out: int, *, fresh: bool) -> None:
        self.packets += 1
        payload_type, payload = self._payload_type, packet.payload
        if self._red is not None and self.protection.redundant and (copies := self._copies(packet, out)):
            payload_type, payload = self._red, write_red(payload_type, payload, copies)
        self.octets += len(payload)
        data = write_rtp(
            payload_type, packet.marker, out & 0xFFFF, packet.timestamp + self._time_shift, self.ssrc, payload
        )
        if self._queue is None:
            self._send(data)
        else:
            self._queue(self, out if fresh else None, data)

    def _copies(self, packet: RtpPacket, out: int) -> list[tuple[int, bytes]]:
        """The packets of the voice that go along with this one (`COPIES` before it), the earliest first."""
        source, number = self._source, out - self._shift
        if source is None or packet.marker:
            return []
        copies = []
        for back in COPIES:
            before = source.cached(number - back) if number - back >= (self._start or 0) else None
            if before is not None and (packet.timestamp - before.timestamp) & 0xFFFFFFFF == back * VOICE_SAMPLES:
                copies.append((back * VOICE_SAMPLES, before.payload))
        return copies
