"""How one end of a line tells the other what it bears: at once when it is too much, and then every second (REMB) until
nothing is limited any more; and that no picture should come while a queue drains (`rtcp.hold`)."""

from collections.abc import Callable

from media.rtp import rtcp
from media.rtp.arrivals import Arrivals, Reading
from media.rtp.budget import ENOUGH, Budget

REPEAT = 1.0
"""Seconds between two words of what the line bears."""


class LineTeller:
    """One direction of one line, at its far end. What comes over it goes into `arrivals`; `sender` is the SSRC of what
    is told, `ssrcs` are the streams that it is told of."""

    def __init__(
        self, sender: int, send_rtcp: Callable[[bytes], None], ssrcs: Callable[[], list[int]], enough: int = ENOUGH
    ) -> None:
        self.arrivals = Arrivals()
        self.budget = Budget(enough)
        self._sender, self._send_rtcp, self._ssrcs = sender, send_rtcp, ssrcs
        self._told_at = float("-inf")

    @property
    def is_narrow(self) -> bool:
        """Whether it does not bear everything."""
        return self.budget.bits is not None

    def tick(self, now: float) -> Reading | None:
        """Every tenth of a second or more often: tell what there is to tell; the reading, where there is a new one."""
        reading = self.arrivals.look(now)
        if reading is None:
            return None
        before = self.budget.bits
        self.budget.look(reading, now)
        bits = self.budget.bits
        if bits is None and before is not None:
            bits = rtcp.UNLIMITED
        if self.budget.drain:
            self._send_rtcp(rtcp.hold(self._sender, self.budget.drain))
            self.budget.drain = 0.0
        if bits is not None and (bits != before or now - self._told_at >= REPEAT):
            self._told_at = now
            self._send_rtcp(rtcp.bitrate_limit(self._sender, bits, self._ssrcs()))
        return reading
