"""A voice's sound where packets are missing, held a little longer than libopus holds it.

What libopus makes up has lost 8 dB by the third frame and 25 by the fifth: a word goes out like a lamp. Here it fades
evenly, as ITU-T G.711's Appendix I does, only over 0.15 s: what libopus makes up, which has the voice's pitch and
spectrum, is raised to that. No longer: a held vowel soon sounds like a horn.
"""

from array import array
from math import sqrt
from operator import mul

from media.capture.sources import FRAME_SAMPLES
from media.codecs.opus import OpusDecoder

FADE_BY = 3.0
"""Decibels from one frame that is made up to the next, against the last whole one."""
HELD = 8
"""Frames in a row that are raised to that; later ones are libopus' own."""
MOST = 10.0
"""Times by which a frame is raised at most: what is left of it then is noise."""
BACK = 240
"""Samples over which the next whole frame is let down again."""
STEP = 8
"""Of so many samples one is looked at."""
_LEVELS = [10 ** (-FADE_BY * at / 20) for at in range(HELD)]


class ConcealingDecoder:
    """An `OpusDecoder` whose `conceal` fades slowly. The same promises."""

    def __init__(self) -> None:
        self._decoder = OpusDecoder()
        self._loudness = 0.0
        """Of the last whole frame."""
        self._made_up = 0
        """Frames in a row."""
        self._gain = 1.0
        """By how much the last of them was raised at its end."""

    def decode(self, packet: bytes) -> bytes:
        return self._whole(self._decoder.decode(packet))

    def recover(self, following: bytes) -> bytes | None:
        sound = self._decoder.recover(following)
        return None if sound is None else self._whole(sound)

    def conceal(self) -> bytes:
        sound = self._decoder.conceal()
        at, self._made_up = self._made_up, self._made_up + 1
        wanted = self._loudness * _LEVELS[at] if at < len(_LEVELS) else 0.0
        before = self._gain
        self._gain = min(MOST, max(1.0, wanted / (_loudness(sound) + 1.0)))
        return _raised(sound, before, self._gain, FRAME_SAMPLES)

    def _whole(self, sound: bytes) -> bytes:
        self._loudness = _loudness(sound)
        self._made_up = 0
        before, self._gain = self._gain, 1.0
        return _raised(sound, before, 1.0, BACK)


def _loudness(sound: bytes) -> float:
    looked_at = memoryview(sound).cast("h")[::STEP].tolist()
    return sqrt(sum(map(mul, looked_at, looked_at)) / len(looked_at))


def _raised(sound: bytes, first: float, last: float, over: int) -> bytes:
    """The sound, raised `first` times where it begins, going over into `last` times; the rest is left alone."""
    if first == last == 1.0:
        return sound
    samples = array("h", sound)
    step = (last - first) / over
    for at in range(over):
        samples[at] = max(-32768, min(32767, int(samples[at] * (first + step * at))))
    return samples.tobytes()
