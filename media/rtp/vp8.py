"""VP8 in RTP (RFC 7741): cut a frame into payloads, read a payload's descriptor, know a whole picture."""

import struct
from typing import NamedTuple

PAYLOAD_MAX = 1160
"""Bytes of one payload; with SRTP, UDP and IP this stays below every tunnel's MTU we expect (1,280)."""


class Vp8Payload(NamedTuple):
    """`starts_frame`: the first packet of a frame; `keyframe` is known only there. `picture_id` is -1 where there is
    none; where it has 15 bits `long_id` is set."""

    starts_frame: bool
    keyframe: bool
    data: bytes
    picture_id: int = -1
    long_id: bool = False

    def follows(self, before: int) -> bool:
        """Whether this frame is the next one of the same stream as the one with the id `before`, as far as can be
        told. Another picture that took its place in a slot does not follow."""
        if before < 0 or self.picture_id < 0:
            return True
        return (self.picture_id - before) & (0x7FFF if self.long_id else 0x7F) == 1


def read_payload(payload: bytes) -> Vp8Payload | None:
    """The payload behind its descriptor, or None for what is not VP8."""
    size = len(payload)
    if size < 2:
        return None
    first = payload[0]
    at = 1
    picture_id, long_id = -1, False
    if first & 0x80:
        bits = payload[1]
        at = 2
        if bits & 0x80:
            if size <= at:
                return None
            long_id = bool(payload[at] & 0x80)
            picture_id = payload[at] & 0x7F
            if long_id:
                if size <= at + 1:
                    return None
                picture_id = picture_id << 8 | payload[at + 1]
            at += 2 if long_id else 1
        at += bool(bits & 0x40)
        at += bool(bits & 0x30)
    if size <= at:
        return None
    starts = bool(first & 0x10) and not first & 0x07
    return Vp8Payload(starts, starts and not payload[at] & 0x01, payload[at:], picture_id, long_id)


def starts_keyframe(payload: bytes) -> bool:
    """Whether this payload begins a whole picture."""
    read = read_payload(payload)
    return read is not None and read.keyframe


def packetize(frame: bytes, picture_id: int) -> list[bytes]:
    """One encoded frame as payloads with a 15-bit picture id, of nearly equal size."""
    count = max(1, -(-len(frame) // PAYLOAD_MAX))
    size = max(1, -(-len(frame) // count))
    tail = struct.pack("!BH", 0x80, 0x8000 | picture_id & 0x7FFF)
    return [(b"\x90" if at == 0 else b"\x80") + tail + frame[at : at + size] for at in range(0, len(frame), size)]
