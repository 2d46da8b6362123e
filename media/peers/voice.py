"""The voice on its way out: how much it protects itself follows what the engine reports of its loss."""

from collections import deque
from collections.abc import Callable

from aiortc.rtp import RtcpReceiverInfo

from media.codecs.opus import SAMPLES
from media.peers.sending import RtpSender
from media.rtp.protection import COPIES, VoiceProtection, believed
from media.rtp.red import write_red
from media.sdp import OPUS

RESEND_WITHIN = 0.12
"""Seconds of round trip up to which a packet that is asked for again still comes in time."""
AT_FIRST = 0.1
"""The loss that is reckoned with from the first packet that is asked for again to the next report."""


class VoiceSender:
    """The publishing connection's sound. Media thread only."""

    def __init__(
        self, clock_rate: int, send: Callable[[bytes], None], expect_loss: Callable[[float], None] = lambda loss: None
    ) -> None:
        self.protection = VoiceProtection()
        self.red: int | None = None
        """RED's payload type where the engine takes it."""
        self.stream = RtpSender(OPUS, clock_rate, send, keep=True)
        self._expect_loss = expect_loss
        self._loss = 0.0
        self._counted: tuple[int, int] | None = None
        self._asked: set[int] = set()
        """Numbers that were asked for again since the last report, which counts those that came then as never lost."""
        self._last: deque[tuple[int, bytes]] = deque(maxlen=max(COPIES))

    def send(self, packet: bytes, timestamp: int, first: bool, now: float) -> None:
        """One Opus packet of 20 ms; `first` after a pause."""
        if first:
            self._last.clear()
        if self.red is not None and self.protection.redundant:
            wanted = {place * SAMPLES for place in COPIES}
            copies = [(timestamp - at, copy) for at, copy in self._last if timestamp - at in wanted]
            payload = write_red(OPUS, packet, copies)
            self.stream.send([payload], timestamp, now, marker=first, payload_type=self.red)
        else:
            self.stream.send([packet], timestamp, now, marker=first)
        self._last.append((timestamp, packet))

    def resend(self, numbers: list[int]) -> None:
        """Answer a NACK, unless the answer would come too late. The first says that the line loses, before a report."""
        if not self._loss:
            self._expect_loss(AT_FIRST)
        self._asked.update(numbers)
        if (self.protection.round_trip or 0.0) <= RESEND_WITHIN:
            self.stream.resend(numbers)

    def reported(self, block: RtcpReceiverInfo, now: float, ntp: int) -> None:
        """What the engine says of this stream; `ntp` is the time now.

        The share is that of the worst listener, for which the copies in the Opus packets are; RED serves this leg
        alone, whose own loss is in the counts.
        """
        round_trip = None
        if block.lsr:
            passed = ((ntp >> 16) - block.lsr - block.dlsr) & 0xFFFFFFFF
            round_trip = passed / 65536 if passed < 1 << 31 else 0.0
        counted, self._counted = self._counted, (block.packets_lost, block.highest_sequence)
        lost, sent = (now_ - before for now_, before in zip(self._counted, counted or (0, 0), strict=True))
        asked = len(self._asked)
        self._asked.clear()
        if counted is not None and 0 < sent < 1 << 16:
            self.protection.reported(min(1.0, (max(0, lost) + asked) / sent), round_trip, now)
        self._loss = believed(self._loss, block.fraction_lost / 256)
        self._expect_loss(self._loss)
