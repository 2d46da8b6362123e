"""The hybrid logical clock: order that survives wrong wall clocks, and the change ids that are made from it.

A reading is one integer, `milliseconds << 16 | counter`. A clock's own counter stays below 4096, so that it fits the
12 bits that a UUIDv7 leaves for it (RFC 9562, section 6.2, method 1); the low 16 bits all set mean "capped".
No change is ever held because of its clock: the center's receive stamp caps it where it is compared.
"""

from sync.log.envelope import uuid_text

COUNTER_BITS = 16
COUNTER_LIMIT = 1 << 12
ID_BYTES = 8
CAPPED = (1 << COUNTER_BITS) - 1
LARGEST = (1 << 63) - 1
"""What a store can hold; far beyond any date."""


def capped(hlc: int, received_ms: int | None) -> int:
    """A reading as merges compare it: never later than the center received it (None: not received yet)."""
    if received_ms is None:
        return hlc
    return min(hlc, received_ms << COUNTER_BITS | CAPPED)


def wall_ms(hlc: int) -> int:
    """The milliseconds of a reading."""
    return hlc >> COUNTER_BITS


class HybridClock:
    """One origin's clock. Not thread-safe: the store's lock guards it."""

    def __init__(self, last: int) -> None:
        self.last = last

    def tick(self, now_ms: int) -> int:
        """The next reading: later than every reading made or absorbed before."""
        following = self.last + 1
        if following & CAPPED >= COUNTER_LIMIT:
            following = (wall_ms(self.last) + 1) << COUNTER_BITS
        self.last = max(following, now_ms << COUNTER_BITS)
        return self.last

    def stamp(self, now_ms: int) -> int:
        """A millisecond nobody has used yet: the center's receive stamps only ever grow."""
        millisecond = max(now_ms, wall_ms(self.last) + 1)
        self.last = millisecond << COUNTER_BITS
        return millisecond

    def absorb(self, hlc: int, received_ms: int | None) -> None:
        """Take note of another origin's reading, capped, so that what is written next comes after it."""
        self.last = max(self.last, capped(hlc, received_ms))


def change_id(hlc: int, drawn: bytes) -> str:
    """A UUIDv7 whose order is the order of `hlc`: 48 bits of milliseconds, 12 of counter, 62 of `ID_BYTES` drawn."""
    value = wall_ms(hlc) << 80 | 0x7 << 76 | (hlc & (COUNTER_LIMIT - 1)) << 64
    value |= 0x2 << 62 | int.from_bytes(drawn, "big") & (1 << 62) - 1
    return uuid_text(value.to_bytes(16, "big"))
