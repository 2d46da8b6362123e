"""One slot of the receiving connection that carries a voice: losses repaired where that is in time, then played."""

from collections import deque
from collections.abc import Callable

from media.codecs.opus import SAMPLES
from media.playout.playout import Playout
from media.rtp import rtcp
from media.rtp.gaps import VoiceGaps
from media.rtp.opus import carries_copy
from media.rtp.packet import RtpPacket
from media.rtp.reception import Reception
from media.rtp.red import read_red

SOUND_CLOCK = 48_000
NARROW_LATE = 0.1
"""Seconds that a voice may come late over a narrow line."""
TOLD_FOR = 3.0
"""Seconds for which a word holds that the speaker's line is narrow; it is repeated every second."""
ASKED = 64
"""Packets asked for again that are remembered."""


class AudioSlot:
    """`red` is RED's payload type where the engine may send it. Media thread only."""

    def __init__(
        self, name: str, ssrc: int, red: int | None, playout: Playout, sender: int, send_rtcp: Callable[[bytes], None]
    ) -> None:
        self.reception = Reception(ssrc, SOUND_CLOCK)
        self.name = name
        self._red = red
        self._playout = playout
        self._sender = sender
        self._send_rtcp = send_rtcp
        self._gaps = VoiceGaps()
        self._asked: deque[int] = deque(maxlen=ASKED)
        self._is_allowed = False
        self._told_late_at = float("-inf")

    def told_late(self, now: float) -> None:
        """This voice comes over a line that is narrow before it reaches the engine."""
        self._told_late_at = now

    def tick(self, now: float, *, narrow: bool) -> None:
        """Over a `narrow` line of its listener, or of its speaker, the voice may be late."""
        allowed = narrow or now - self._told_late_at < TOLD_FOR
        if allowed != self._is_allowed:
            self._is_allowed = allowed
            self._playout.allow(self.name, NARROW_LATE if allowed else 0.0)

    def repair(self, now: float) -> None:
        """Every some hundredths of a second: ask again for what has not come, over a line that bears what is sent."""
        if not self._is_allowed:
            self._ask(self._gaps.due(now))

    def packet(self, packet: RtpPacket, now: float) -> None:
        payload = packet.payload
        copies: tuple[bytes, ...] = ()
        if packet.payload_type == self._red:
            red = read_red(packet.payload)
            if red is None:
                return
            payload, copies = red.data, red.copies(SAMPLES)
        number = self.reception.add(packet.sequence, packet.timestamp, len(packet.payload), now)
        self._ask(self._gaps.add(number, now, spared=max(len(copies), carries_copy(payload))))
        self._playout.put(self.name, packet.sequence, packet.timestamp, payload, copies, resent=number in self._asked)

    def _ask(self, numbers: list[int]) -> None:
        if numbers:
            self._asked.extend(numbers)
            self._send_rtcp(rtcp.nack(self._sender, self.reception.ssrc, numbers))
