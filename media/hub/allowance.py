"""What one publishing site may send. What is over that is dropped here, so that nobody else notices it."""

from media.rtp import vp8

BITS = {"audio": 400_000, "video": 4_000_000}
"""Bit/s of all packets of a kind in the long run: a voice with RED takes 110,000, the largest picture 1,600,000."""
ENOUGH = 2_500_000
"""Bit/s from which on a site's way up limits nothing: more than it ever sends."""
BURST = {"audio": 100_000, "video": 6_000_000}
"""Bits that may come at once: a whole picture, and what a line held back."""
MAX_PIXELS = 1920 * 1088
"""A larger picture is not forwarded: no receiver would decode it."""
_WHOLE_HEAD = 10


class Allowance:
    """A bucket for one site's packets of one kind, and the size of its pictures."""

    def __init__(self, kind: str) -> None:
        self.refused = 0
        """Packets that were too much."""
        self._rate, self._most = BITS[kind], BURST[kind]
        self._left, self._at = float(self._most), float("-inf")
        self._is_picture, self._is_too_large = kind == "video", False

    def admits(self, payload: bytes, now: float) -> bool:
        """Whether a packet with this payload is forwarded."""
        self._left = min(self._most, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._is_picture:
            self._judge(payload)
        if self._left < 8 * len(payload) or self._is_too_large:
            self.refused += 1
            return False
        self._left -= 8 * len(payload)
        return True

    def _judge(self, payload: bytes) -> None:
        """A whole picture says how large it is, and those after it are as large."""
        read = vp8.read_payload(payload)
        if read is not None and read.keyframe and len(read.data) >= _WHOLE_HEAD:
            width, height = (int.from_bytes(read.data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
            self._is_too_large = width * height > MAX_PIXELS
