"""What one site may send and ask for. What is over that is dropped or not answered here, so that nobody else notices
it, and it is counted by its reason (`media.engine.trouble`)."""

from media.engine.trouble import Trouble
from media.rtp import vp8

BITS = {"audio": 400_000, "video": 4_000_000}
"""Bit/s of all packets of a kind in the long run: a voice with RED takes 110,000, the largest picture 1,600,000."""
ENOUGH = 2_500_000
"""Bit/s from which on a site's way up limits nothing: more than it ever sends."""
BURST = {"audio": 100_000, "video": 6_000_000}
"""Bits that may come at once: a whole picture, and what a line held back."""
MAX_PIXELS = 1920 * 1088
"""A larger picture is not forwarded: no receiver would decode it."""
OFF = 5.0
"""Seconds by which a stream's timestamps may leave the clock before it is a jump."""
JUMPS, JUMP_EVERY = 6, 10.0
"""Jumps at once, and seconds to the next in the long run: a camera is changed, a line held everything back."""
KEYFRAMES, KEYFRAMES_AT_ONCE, KEYFRAMES_OWED = 6.0, 12.0, 30.0
"""Requests a second and slot: ours asks twice, Chromium five times. Who goes on all the same is not heard."""
REPEATS, REPEATS_AT_ONCE = 10.0, 3000.0
"""Packets that may be asked for again for each one that was forwarded, were all of them lost: ours asks six times,
Chromium ten."""
_WHOLE_HEAD = 10
_BEGINS = 0x10
"""Of a VP8 descriptor (RFC 7741, section 4.2): this packet begins a partition."""


class Allowance:
    """A bucket for all of a site's packets of one kind."""

    def __init__(self, kind: str) -> None:
        self.refused = 0
        """Packets that were too much."""
        self._rate, self._most = BITS[kind], BURST[kind]
        self._left, self._at = float(self._most), float("-inf")

    def admits(self, payload: bytes, now: float) -> bool:
        """Whether a packet with this payload is forwarded."""
        self._left = min(self._most, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._left < 8 * len(payload):
            self.refused += 1
            return False
        self._left -= 8 * len(payload)
        return True


class Bounds:
    """Of one stream: the size of its pictures, and whether its timestamps go with the clock."""

    def __init__(self, kind: str, clock_rate: int) -> None:
        self.refused = dict.fromkeys((Trouble.LARGE, Trouble.TIMES), 0)
        self._is_picture, self._clock_rate = kind == "video", clock_rate
        self._is_too_large = False
        self._ssrc: int | None = None
        self._newest = 0
        self._ahead = 0.0
        """Seconds by which the newest timestamp is ahead of the clock, and by which it was at the last jump."""
        self._base = 0.0
        self._jumps, self._jumped_at = float(JUMPS), float("-inf")

    def admits(self, payload: bytes, ssrc: int, timestamp: int, now: float) -> bool:
        """Whether a packet of the stream is forwarded."""
        if not self._goes_with_clock(ssrc, timestamp, now):
            self.refused[Trouble.TIMES] += 1
            return False
        if self._is_picture:
            if payload and payload[0] & _BEGINS:
                self._judge(payload)
            if self._is_too_large:
                self.refused[Trouble.LARGE] += 1
                return False
        return True

    def _goes_with_clock(self, ssrc: int, timestamp: int, now: float) -> bool:
        step = (timestamp - self._newest + 0x80000000) % 0x100000000 - 0x80000000
        ahead = self._ahead + step / self._clock_rate
        if ssrc != self._ssrc or abs(ahead - now - self._base) > OFF:
            self._jumps = min(JUMPS, self._jumps + (now - self._jumped_at) / JUMP_EVERY)
            self._jumped_at = now
            if self._jumps < 1:
                return False
            self._jumps -= 1
            self._ssrc, self._base = ssrc, ahead - now
        self._newest, self._ahead = timestamp, ahead
        return True

    def _judge(self, payload: bytes) -> None:
        """A whole picture says how large it is, and those after it are as large."""
        read = vp8.read_payload(payload)
        if read is not None and read.keyframe and len(read.data) >= _WHOLE_HEAD:
            width, height = (int.from_bytes(read.data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
            self._is_too_large = width * height > MAX_PIXELS


class Requests:
    """What one slot's receiver may ask for."""

    def __init__(self) -> None:
        self.refused = dict.fromkeys((Trouble.KEYFRAMES, Trouble.REPEATS), 0)
        self._keyframes, self._at = KEYFRAMES_AT_ONCE, float("-inf")
        self._repeats, self._packets = REPEATS_AT_ONCE, 0

    def admits_keyframe(self, now: float) -> bool:
        """Whether a request for a whole picture is heard."""
        self._keyframes = min(KEYFRAMES_AT_ONCE, self._keyframes + (now - self._at) * KEYFRAMES)
        self._at = now
        if self._keyframes >= 1:
            self._keyframes -= 1
            return True
        self._keyframes = max(-KEYFRAMES_OWED, self._keyframes - 1)
        self.refused[Trouble.KEYFRAMES] += 1
        return False

    def admits_repeats(self, count: int, packets: int) -> bool:
        """Whether so many packets may be asked for again; `packets` is how many went to the receiver so far."""
        self._repeats = min(REPEATS_AT_ONCE, self._repeats + (packets - self._packets) * REPEATS)
        self._packets = packets
        if self._repeats < count:
            self.refused[Trouble.REPEATS] += count
            return False
        self._repeats -= count
        return True
