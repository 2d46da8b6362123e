"""Redundant audio data in RTP (RFC 2198): a packet of sound that also carries those right before it.

Only what a voice needs: every block is Opus of the same length in time, and the redundant ones end where the next
begins. Reading never raises.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

BLOCK_MAX = 1023
"""Bytes of a redundant block: its length has ten bits."""
OFFSET_MAX = 16_383
"""Timestamp units that a redundant block may lie back: its offset has fourteen bits."""
BLOCKS = 8
"""Blocks of one packet that are read."""


class RedPayload(NamedTuple):
    """`earlier` are (timestamp units back, data), in the order of time."""

    data: bytes
    earlier: tuple[tuple[int, bytes], ...]

    def copies(self, samples: int) -> tuple[bytes, ...]:
        """The packets right before, the nearest first, each `samples` long; empty where one is not among them."""
        by_place = {back // samples: data for back, data in self.earlier if back % samples == 0}
        by_place = {place: data for place, data in by_place.items() if 0 < place <= BLOCKS}
        return tuple(by_place.get(place, b"") for place in range(1, max(by_place, default=0) + 1))


def write_red(payload_type: int, data: bytes, earlier: Sequence[tuple[int, bytes]]) -> bytes:
    """A payload; `earlier` in the order of time. A block that does not fit its header is left out."""
    blocks = [(back, block) for back, block in earlier if 0 < back <= OFFSET_MAX and 0 < len(block) <= BLOCK_MAX]
    heads = b"".join(
        struct.pack("!BHB", 0x80 | payload_type, back << 2 | len(block) >> 8, len(block) & 0xFF)
        for back, block in blocks
    )
    return heads + bytes([payload_type]) + b"".join(block for _, block in blocks) + data


def read_red(payload: bytes) -> RedPayload | None:
    """The blocks of a payload; None for what is not one."""
    at = 0
    sizes: list[tuple[int, int]] = []
    while at < len(payload) and payload[at] & 0x80:
        if len(payload) < at + 4 or len(sizes) == BLOCKS:
            return None
        packed = int.from_bytes(payload[at + 1 : at + 4], "big")
        sizes.append((packed >> 10, packed & 0x3FF))
        at += 4
    at += 1
    earlier = []
    for back, size in sizes:
        earlier.append((back, payload[at : at + size]))
        at += size
    if at >= len(payload):
        return None
    return RedPayload(payload[at:], tuple(earlier))
