"""Lets a large picture out over some hundredths of a second, so that it does not stand before the voice in a queue.

The voice does not come by here. What is small goes at once. Where the engine says what the line bears, pictures leave
no faster than that, and while a queue of the line is to drain, none do.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from media.rtp.wire import AROUND, FILL_FOR, FILL_SIZE

BURST = 9_000
"""Bytes that may go at once."""
NARROW_BURST = 1_300
"""The same on a line that does not bear everything: a packet."""
LEAST_RATE = 1_000_000
FASTER = 2.5
"""So many times the pictures' bit rate is let out."""
BEAT = 0.005
LONGEST_WAIT = 0.2
"""Seconds of packets that wait, beyond which no further picture should be made."""
LONGEST_HOLD = 2.0


class Pacer:
    """Use on one loop. `send` puts a packet on the path, `fill` so many bytes of nothing."""

    def __init__(self, send: Callable[[bytes], None], fill: Callable[[int], None] = lambda size: None) -> None:
        self._send, self._fill = send, fill
        self._fill_until = 0.0
        self._waiting: deque[bytes] = deque()
        self._octets = 0
        self._rate = LEAST_RATE
        self._burst = BURST
        self._allowance = float(BURST)
        self._allowance_at = 0.0
        self._held_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_full(self) -> bool:
        """Whether what waits takes so long that a picture more would only be late."""
        return 8 * self._octets > LONGEST_WAIT * self._rate

    def expect(self, bits: int, borne: int | None = None) -> None:
        """The pictures that are sent have so many bit/s; the line bears so many of them, where that is known."""
        self._rate = max(LEAST_RATE, round(bits * FASTER)) if borne is None else max(1, borne)
        self._burst = BURST if borne is None else NARROW_BURST
        if borne is None:
            self._fill_until = 0.0

    def hold(self, seconds: float) -> list[bytes]:
        """Nothing for so long; what waited, where that was too much: it is dropped."""
        dropped = list(self._waiting) if self.is_full else []
        if dropped:
            self._waiting.clear()
            self._octets = 0
        self._held_until = asyncio.get_running_loop().time() + min(seconds, LONGEST_HOLD)
        self._fill_until = 0.0
        return dropped

    def fill(self) -> None:
        """More is tried: for a moment let out all that the line may bear, whether there are pictures for it or not."""
        self._fill_until = asyncio.get_running_loop().time() + FILL_FOR
        if self._timer is None:
            self._let_out()

    def put(self, packet: bytes) -> None:
        """Send it, soon; packets keep their order."""
        self._waiting.append(packet)
        self._octets += len(packet)
        if self._timer is None:
            self._let_out()

    def close(self) -> None:
        """What waits is dropped."""
        self._waiting.clear()
        self._octets = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _let_out(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._allowance = min(self._burst, self._allowance + (now - self._allowance_at) * self._rate / 8)
        self._allowance_at = now
        while self._waiting and self._allowance > 0 and now >= self._held_until:
            packet = self._waiting.popleft()
            self._octets -= len(packet)
            self._allowance -= len(packet) + AROUND
            self._send(packet)
        filling = now < self._fill_until
        if filling and not self._waiting and self._allowance > FILL_SIZE:
            self._allowance -= FILL_SIZE + AROUND
            self._fill(FILL_SIZE)
        if self._waiting or filling:
            self._timer = loop.call_later(BEAT, self._let_out)
