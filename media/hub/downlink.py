"""The way from the hub to one receiving site: pictures are let out no faster than the receiver says its line bears, so
that they wait here and not in the line, where the voice would wait behind them.

The voice goes at once. While nothing limits the line, everything does. Where pictures would wait too long they are
dropped as a whole, and their slots begin again with the next whole one. After each raise of the limit what the
pictures leave of it is filled for a moment, so that the receiver sees whether the line bears it.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from media.hub.slot import Slot
from media.rtp import rtcp
from media.rtp.wire import AROUND, FILL_FOR, FILL_SIZE

FOR = 4.0
"""Seconds for which a limit holds; the receiver repeats it every second."""
LONGEST_WAIT = 0.6
"""Seconds of pictures that may wait."""
LEAST_WAITING = 9_000
"""Bytes that may wait at any rate: a small whole picture."""
BURST = 1_300
"""Bytes that may go at once: a packet."""
BEAT = 0.008


class Downlink:
    """Use on one loop. `send` puts a plain RTP packet on the path, `fill` so many bytes of nothing."""

    def __init__(
        self, send: Callable[[bytes], None], fill: Callable[[int], None], monotonic: Callable[[], float]
    ) -> None:
        self.bits: int | None = None
        """What the receiver says; None where nothing is limited."""
        self.dropped = 0
        self._send, self._fill, self._monotonic = send, fill, monotonic
        self._waiting: deque[tuple[Slot, int | None, bytes]] = deque()
        """With the unwrapped number of each packet that is sent for the first time."""
        self._octets = 0
        self._allowance = 0.0
        self._allowance_at = 0.0
        self._told_at = self._held_until = self._fill_until = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def voice(self, packet: bytes) -> None:
        """Send it now."""
        self._allowance = max(-BURST, self._allowance - len(packet) - AROUND)
        self._send(packet)

    def picture(self, slot: Slot, number: int | None, packet: bytes) -> None:
        """Send it soon; packets keep their order. `number` is None for one that is sent again."""
        if self.bits is None and not self._waiting:
            self._send(packet)
            return
        self._waiting.append((slot, number, packet))
        self._octets += len(packet)
        if self.bits is not None and self._octets > max(LEAST_WAITING, LONGEST_WAIT * self.bits / 8):
            self._drop()
        elif self._timer is None:
            self._let_out()

    def limit(self, bits: int) -> None:
        """The receiver says what its line bears."""
        now = self._told_at = self._monotonic()
        before, self.bits = self.bits, bits if bits < rtcp.UNLIMITED else None
        if before is not None and bits > before:
            self._fill_until = now + FILL_FOR
        if self.bits is not None and before is None:
            self._allowance, self._allowance_at = 0.0, now
        self._let_out()

    def hold(self, seconds: float) -> None:
        """No pictures for so long, and nothing that fills: more was tried than the line bears."""
        self._fill_until = float("-inf")
        self._held_until = self._monotonic() + min(seconds, FOR)

    def tick(self) -> None:
        """A limit that is not repeated any more ends."""
        if self.bits is not None and self._monotonic() - self._told_at > FOR:
            self.bits = None
            self._let_out()

    def close(self) -> None:
        """What waits is dropped."""
        self._waiting.clear()
        self._octets = 0
        self.bits = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _let_out(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._monotonic()
        held = now < self._held_until
        if self.bits is not None:
            earned = (now - self._allowance_at) * self.bits / 8
            self._allowance = min(max(BURST, 2 * BEAT * self.bits / 8), self._allowance + earned)
            self._allowance_at = now
        while self._waiting and not held and (self.bits is None or self._allowance > 0):
            _, _, packet = self._waiting.popleft()
            self._octets -= len(packet)
            self._allowance -= len(packet) + AROUND
            self._send(packet)
        filling = self.bits is not None and now < self._fill_until
        if filling and not held and not self._waiting and self._allowance > FILL_SIZE:
            self._allowance -= FILL_SIZE + AROUND
            self._fill(FILL_SIZE)
        if self._waiting or filling:
            self._timer = asyncio.get_running_loop().call_later(BEAT, self._let_out)

    def _drop(self) -> None:
        firsts: dict[Slot, int | None] = {}
        for slot, number, _ in self._waiting:
            if firsts.get(slot) is None:
                firsts[slot] = number
        self.dropped += len(self._waiting)
        self._waiting.clear()
        self._octets = 0
        for slot, first in firsts.items():
            slot.dropped_from(first, self._monotonic())
