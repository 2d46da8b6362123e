"""What the way from a publishing site to the hub bears, told to the site (REMB) as soon as it is too much, and then
every second until nothing is limited any more."""

from collections.abc import Callable

from media.rtp import rtcp
from media.rtp.arrivals import Arrivals
from media.rtp.budget import Budget

REPEAT = 1.0
ENOUGH = 2_500_000
"""Bit/s from which on nothing is limited: more than a site ever sends."""
UNLIMITED = 100_000_000
"""What is told then."""


class PublisherLine:
    """`ssrcs` are the streams that come over it now."""

    def __init__(self, sender: int, send_rtcp: Callable[[bytes], None], ssrcs: Callable[[], list[int]]) -> None:
        self.arrivals = Arrivals()
        self.budget = Budget(ENOUGH)
        self._sender, self._send_rtcp, self._ssrcs = sender, send_rtcp, ssrcs
        self._told_at = float("-inf")

    def tick(self, now: float) -> None:
        """Every tenth of a second or more often."""
        reading = self.arrivals.look(now)
        if reading is None:
            return
        before = self.budget.bits
        self.budget.look(reading, now)
        bits = self.budget.bits
        if bits is None and before is not None:
            bits = UNLIMITED
        if self.budget.drain:
            self._send_rtcp(rtcp.hold(self._sender, self.budget.drain))
            self.budget.drain = 0.0
        if bits is not None and (now - self._told_at >= REPEAT or before is None or bits != before):
            self._told_at = now
            self._send_rtcp(rtcp.bitrate_limit(self._sender, bits, self._ssrcs()))
