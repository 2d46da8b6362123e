"""The RTP fixed header (RFC 3550, section 5.1). Reading never raises: what is not RTP is None.

What we send has neither contributing sources nor header extensions; what we receive may have both and loses them.
"""

import struct
from dataclasses import dataclass

MAX_PACKET = 1500
"""Bytes of a datagram we accept, RTP or RTCP."""
HEADER = struct.Struct("!BBHLL")
HEADER_LENGTH = 12
_EXTENSION = struct.Struct("!HH")


@dataclass(slots=True)
class RtpPacket:
    """A packet as it travels: `payload` without padding, header extensions and contributing sources."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def read_rtp(data: bytes) -> RtpPacket | None:
    """The packet, or None for what is not one."""
    size = len(data)
    if not HEADER_LENGTH <= size <= MAX_PACKET:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        return None
    at = HEADER_LENGTH + 4 * (first & 0x0F)
    if first & 0x10:
        if size < at + 4:
            return None
        at += 4 + 4 * _EXTENSION.unpack_from(data, at)[1]
    end = size
    if first & 0x20:
        end -= data[-1]
        if not data[-1]:
            return None
    if end < at:
        return None
    return RtpPacket(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, data[at:end])


def write_rtp(payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """A packet with the fixed header alone."""
    return HEADER.pack(0x80, marker << 7 | payload_type, sequence, timestamp & 0xFFFFFFFF, ssrc) + payload


def is_rtcp(data: bytes) -> bool:
    """Tells RTCP from RTP where both share a port (RFC 5761, section 4)."""
    return len(data) >= 2 and 192 <= data[1] <= 223


class Unwrapper:
    """Turns a counter of `bits` bits that wraps into one that does not. The nearest reading is taken."""

    def __init__(self, bits: int) -> None:
        self._modulus = 1 << bits
        self._half = 1 << (bits - 1)
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        if self._last is None:
            self._last = value
            return value
        step = (value - self._last) % self._modulus
        if step >= self._half:
            step -= self._modulus
        unwrapped = self._last + step
        if step > 0:
            self._last = unwrapped
        return unwrapped

    def peek(self, value: int) -> int:
        """The reading of a value without taking note of it."""
        if self._last is None:
            return value
        step = (value - self._last) % self._modulus
        return self._last + (step - self._modulus if step >= self._half else step)
