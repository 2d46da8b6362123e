"""A pure tone, and how much of it is in what a microphone brought (Goertzel's algorithm, one bin per 20 ms)."""

import math
from array import array

from media.capture.sources import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE

HERTZ = 1_000
"""A whole number of periods fits into a frame, so that the bin is exact."""
LOUD = 0.25
"""Of full scale: heard across a room, and not frightening."""
FADE_FRAMES = 5
_STEP = 2 * math.pi * HERTZ / SAMPLE_RATE
_COEFFICIENT = 2 * math.cos(_STEP)


def tone_frames(count: int) -> list[bytes]:
    """`count` frames of the tone, faded in and out so that the loudspeaker does not click."""
    frames = []
    for number in range(count):
        from_end = count - 1 - number
        gain = LOUD * 32_767
        samples = array("h")
        for at in range(FRAME_SAMPLES):
            begun, left = number + at / FRAME_SAMPLES, from_end + 1 - at / FRAME_SAMPLES
            fade = min(1.0, begun / FADE_FRAMES, left / FADE_FRAMES)
            samples.append(round(gain * fade * math.sin(_STEP * at)))
        frames.append(samples.tobytes())
    return frames


def tone_and_whole(frame: bytes) -> tuple[float, float]:
    """Mean power of the tone in 20 ms, and of all that is in them; full scale is 1."""
    samples = array("h", frame[:FRAME_BYTES])
    count = len(samples)
    if not count:
        return 0.0, 0.0
    before = last = 0.0
    whole = 0.0
    for value in samples:
        before, last = last, value + _COEFFICIENT * last - before
        whole += value * value
    magnitude = before * before + last * last - _COEFFICIENT * before * last
    scale = 32_768.0**2
    return 2 * magnitude / (count * count) / scale, whole / count / scale


def decibels(power: float) -> float:
    """Of full scale; -120 for silence."""
    return max(-120.0, 10 * math.log10(power)) if power > 0 else -120.0
