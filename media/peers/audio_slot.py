"""One slot of the receiving connection that carries a voice: losses repaired where that is in time, then played."""

from collections import deque
from collections.abc import Callable

from media.codecs.opus import SAMPLES
from media.playout.playout import Playout
from media.rtp import rtcp
from media.rtp.gaps import fresh_losses
from media.rtp.opus import carries_copy
from media.rtp.packet import RtpPacket
from media.rtp.reception import Reception
from media.rtp.red import read_red

SOUND_CLOCK = 48_000
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
        self._newest: int | None = None
        self._asked: deque[int] = deque(maxlen=ASKED)

    def packet(self, packet: RtpPacket, now: float) -> None:
        payload = packet.payload
        copies: tuple[bytes, ...] = ()
        if packet.payload_type == self._red:
            red = read_red(packet.payload)
            if red is None:
                return
            payload, copies = red.data, red.copies(SAMPLES)
        number = self.reception.add(packet.sequence, packet.timestamp, len(packet.payload), now)
        lost = fresh_losses(self._newest, number, spared=max(len(copies), carries_copy(payload)))
        self._newest = number if self._newest is None else max(self._newest, number)
        if lost:
            self._asked.extend(lost)
            self._send_rtcp(rtcp.nack(self._sender, self.reception.ssrc, lost))
        self._playout.put(self.name, packet.sequence, packet.timestamp, payload, copies, resent=number in self._asked)
