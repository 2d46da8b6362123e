"""Time scaling of speech: one pitch period less or more where the voice repeats itself (WSOLA, Verhelst 1993).

Sound is 48 kHz mono 16-bit samples. The pitch is looked for in every eighth sample, so that it costs a fraction of a
millisecond without any library.
"""

from array import array
from operator import mul

from media.capture.sources import FRAME_SAMPLES

STEP = 8
"""Of so many samples one is looked at."""
SHORTEST, LONGEST = 120, 720
"""Samples of a pitch period: 400 to 67 Hz."""
FADE = 240
"""Samples over which one period goes over into the next."""
ALIKE = 0.75
"""How well two periods must match, 0 to 1."""
QUIET = 200
"""Amplitude below which nobody hears a cut."""


def shorten(sound: bytes, most: int = LONGEST, *, alike: float = ALIKE) -> bytes:
    """At least a frame of sound with one period left out, at most `most` samples; the same where it would be heard."""
    period = _period(sound, most, alike)
    if period is None:
        return sound
    samples = array("h", sound)
    return _faded(samples[:FADE], samples[period : period + FADE]).tobytes() + sound[2 * (period + FADE) :]


def lengthen(sound: bytes, *, alike: float = ALIKE) -> bytes:
    """At least a frame of sound with one period played twice; the same where that would be heard."""
    period = _period(sound, LONGEST, alike)
    if period is None:
        return sound
    samples = array("h", sound)
    joint = _faded(samples[period : period + FADE], samples[:FADE])
    return sound[: 2 * period] + joint.tobytes() + sound[2 * FADE :]


def cross_fade(first: bytes, second: bytes) -> bytes:
    """Sound that begins as the first and ends as the second; both of one length."""
    return _faded(array("h", first), array("h", second)).tobytes()


def _faded(a: "array[int]", b: "array[int]") -> "array[int]":
    size = len(a)
    return array("h", [(x * (size - at) + y * at) // size for at, (x, y) in enumerate(zip(a, b, strict=True))])


def _period(sound: bytes, most: int, alike: float) -> int | None:
    """Samples after which the sound's beginning comes again; None where it does not, or is too short for it."""
    longest = min(LONGEST, most, len(sound) // 2 - FADE)
    if longest < SHORTEST:
        return None
    looked_at = memoryview(sound).cast("h")[:FRAME_SAMPLES].tolist()[::STEP]
    if max(map(abs, looked_at)) < QUIET:
        return longest
    width = FADE // STEP
    start = looked_at[:width]
    energy = sum(map(mul, start, start))
    best, best_at = 0.0, 0
    for lag in range(SHORTEST // STEP, longest // STEP + 1):
        piece = looked_at[lag : lag + width]
        match = sum(map(mul, start, piece))
        if match > 0:
            alike_here = match * match / ((energy + 1) * (sum(map(mul, piece, piece)) + 1))
            if alike_here > best:
                best, best_at = alike_here, lag
    return best_at * STEP if best >= alike * alike else None
