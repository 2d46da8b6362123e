"""When a packet left, in its header: a one-byte header extension (RFC 8285) between the center's hub and a terminal.

24 bits, seconds in steps of 2^-18 (the format of abs-send-time), so it begins anew every 64 s. What a receiver learns
from it is of the line alone: the encoder's time and the way of another site to the engine have no part in it. It has a
name of its own, so that a program that reckons by other rules is never offered it.
"""

URI = "urn:x-silian:send-time"
NUMBER = 3
"""The one that we offer."""
CLOCK = 1 << 18
BITS = 24
SIZE = 8
"""Bytes by which a packet grows."""
NUMBERS = range(1, 15)
_FIXED = 12
_ONE_BYTE = b"\xbe\xde"


def ticks(now: float) -> bytes:
    """The moment as it travels."""
    return (int(now * CLOCK) & 0xFFFFFF).to_bytes(3, "big")


def stamped(packet: bytes, number: int, now: float) -> bytes:
    """A packet of the fixed header alone, and when it left."""
    return (
        b"".join(
            (bytes((packet[0] | 0x10,)), packet[1:_FIXED], _ONE_BYTE, b"\0\1", bytes((number << 4 | 2,)), ticks(now))
        )
        + packet[_FIXED:]
    )


def read_send_time(packet: bytes, number: int) -> int | None:
    """When it left; None where it does not say."""
    if len(packet) < _FIXED or not packet[0] & 0x10:
        return None
    at = _FIXED + 4 * (packet[0] & 0x0F)
    if packet[at : at + 2] != _ONE_BYTE:
        return None
    end = min(len(packet), at + 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big"))
    at += 4
    while at < end:
        size = (packet[at] & 0x0F) + 1 if packet[at] else 0  # a zero is padding
        if packet[at] >> 4 == number:
            return int.from_bytes(packet[at + 1 : at + 4], "big") if size == 3 and at + 4 <= end else None
        if packet[at] >> 4 == 15:
            return None
        at += 1 + size
    return None
