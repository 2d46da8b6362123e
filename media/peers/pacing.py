"""Lets a large picture out over some hundredths of a second, so that it does not stand before the voice in a queue.

The voice does not come by here. What is small goes at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable

BURST = 9_000
"""Bytes that may go at once."""
LEAST_RATE = 1_000_000
FASTER = 2.5
"""So many times the pictures' bit rate is let out."""
BEAT = 0.005


class Pacer:
    """Use on one loop. `send` puts a packet on the path."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._waiting: deque[bytes] = deque()
        self._rate = LEAST_RATE
        self._allowance = float(BURST)
        self._allowance_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, bits: int) -> None:
        """The pictures that are sent have so many bit/s."""
        self._rate = max(LEAST_RATE, round(bits * FASTER))

    def put(self, packet: bytes) -> None:
        """Send it, soon; packets keep their order."""
        self._waiting.append(packet)
        if self._timer is None:
            self._let_out()

    def close(self) -> None:
        """What waits is dropped."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _let_out(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._allowance = min(BURST, self._allowance + (now - self._allowance_at) * self._rate / 8)
        self._allowance_at = now
        while self._waiting and self._allowance > 0:
            packet = self._waiting.popleft()
            self._allowance -= len(packet)
            self._send(packet)
        if self._waiting:
            self._timer = loop.call_later(BEAT, self._let_out)
