"""Tells a receiving site which of the voices it hears come over a narrow way up: it cannot see that line, and the
queue that comes back there each time more is tried makes those voices late, not lost."""

from collections.abc import Callable

from media.rtp import rtcp

REPEAT = 1.0
"""Seconds after which it is told again, as long as it is so; what is not repeated ends by itself."""


class LateVoices:
    """What one receiving site is told; `sender` is the hub's own SSRC."""

    def __init__(self, sender: int, send_rtcp: Callable[[bytes], None]) -> None:
        self._sender, self._send_rtcp = sender, send_rtcp
        self._told: list[int] = []
        self._told_at = float("-inf")

    def tell(self, ssrcs: list[int], now: float) -> None:
        """The receiver's streams of such voices now, none or several."""
        if ssrcs and (ssrcs != self._told or now - self._told_at >= REPEAT):
            self._told_at = now
            self._send_rtcp(rtcp.late(self._sender, ssrcs))
        self._told = ssrcs
