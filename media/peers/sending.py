"""One outgoing RTP stream of the terminal: numbers, timestamps, retransmission, sender reports."""

import secrets
from collections.abc import Callable

from media.rtp import rtcp
from media.rtp.packet import HEADER_LENGTH, write_rtp

HISTORY = 512
"""Packets kept for retransmission."""
RESEND_SHARE = 0.5
"""Packets that may be sent again for each one that is sent."""
RESENDS_AT_ONCE = 80


class RtpSender:
    """`send` puts a plain RTP packet on the path. Media thread only."""

    def __init__(self, payload_type: int, clock_rate: int, send: Callable[[bytes], None], *, keep: bool) -> None:
        self.ssrc = secrets.randbelow(0xFFFFFFFE) + 1
        self.packets = 0
        self._octets = 0
        self._payload_type = payload_type
        self._clock_rate = clock_rate
        self._send = send
        self._number = secrets.randbelow(0x7FFF)  # the lower half: an early wrap upsets SRTP's roll-over counter
        self._origin = secrets.randbelow(0x7FFFFFFF)
        self._history: dict[int, bytes] = {}
        self._keep = keep
        self._last: tuple[int, float] | None = None
        self._resends_left = 20.0

    @property
    def octets(self) -> int:
        """Bytes of payload sent, but for those sent again."""
        return self._octets

    def send(
        self, payloads: list[bytes], timestamp: int, now: float, *, marker: bool, payload_type: int | None = None
    ) -> None:
        """One frame; `marker` goes on its last packet. `payload_type` where it is not the stream's usual one."""
        kind = self._payload_type if payload_type is None else payload_type
        for index, payload in enumerate(payloads):
            number = self._number = (self._number + 1) & 0xFFFF
            last = marker and index == len(payloads) - 1
            packet = write_rtp(kind, last, number, timestamp + self._origin, self.ssrc, payload)
            if self._keep:
                self._history[number % HISTORY] = packet
            self.packets += 1
            self._octets += len(payload)
            self._resends_left = min(RESENDS_AT_ONCE, self._resends_left + RESEND_SHARE)
            self._send(packet)
        self._last = (timestamp + self._origin, now)

    def resend(self, numbers: list[int]) -> None:
        """Answer a NACK, up to a share of what is sent: repairs must not crowd out what they repair."""
        for number in numbers:
            packet = self._history.get(number % HISTORY)
            if packet is not None and packet[2:4] == number.to_bytes(2, "big") and self._resends_left >= 1:
                self._resends_left -= 1
                self._send(packet)

    def take_back(self, packets: list[bytes]) -> None:
        """These never left: the next one takes the first one's number, so that nobody takes them for lost. Among them
        may be some that were sent before; those keep theirs."""
        ssrc = self.ssrc.to_bytes(4, "big")
        kept = {packet[2:4]: packet for packet in packets if packet[8:12] == ssrc}
        while (packet := kept.get(self._number.to_bytes(2, "big"))) is not None:
            self._history.pop(self._number % HISTORY, None)
            self._number = (self._number - 1) & 0xFFFF
            self.packets -= 1
            self._octets -= len(packet) - HEADER_LENGTH

    def report(self, now: float, unix: float) -> bytes:
        """The sender report of this second; nothing before the first packet."""
        if self._last is None:
            return b""
        timestamp = self._last[0] + round((now - self._last[1]) * self._clock_rate)
        return rtcp.sender_report(self.ssrc, rtcp.ntp_time(unix), timestamp, self.packets, self._octets)
