"""How large and how fine a site's pictures are sent: the sizes there are, and what each costs.

Bit rates are what VP8 needs there for a room with people in it. A smaller picture of fewer bits looks better than a
large one that is starved, so a narrow line gets a smaller one.
"""

from dataclasses import dataclass, replace

from media.engine.layers import FULL_HEIGHT, THUMB_HEIGHT

SIZES = {270: (480, 270), 360: (640, 360), 540: (960, 540), FULL_HEIGHT: (1280, 720)}
"""The main picture's, by its lines."""
SMALLER = {THUMB_HEIGHT: (320, THUMB_HEIGHT), **SIZES}
"""And what it shrinks to where its bits do not suffice for it."""
BITRATES = {THUMB_HEIGHT: 120_000, 270: 300_000, 360: 600_000, 540: 1_000_000, FULL_HEIGHT: 1_500_000}
"""Bit/s of each, by its lines."""
VOICE = 64_000
"""Bit/s that are kept on a line for the voices and for what keeps a connection alive."""
FLOOR = 0.6
"""The share of its bit rate down to which a size is worth sending."""
LEAST_MAIN, FLUENT = 100_000, 150_000
"""Bit/s with which the main picture is still sent, as small as the thumb but with twice as many pictures; and with
which that is worth asking for."""
STEADY = 0.85
"""The share of what a picture may have that its encoder is told."""
OVER = 1.25
"""A place may be so many times higher than the picture in it before the next size is asked for."""
THUMB_EVERY = 2
"""Every second picture of the camera goes into the thumb."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One picture as it is sent; of the camera's pictures every `every`-th."""

    width: int
    height: int
    bitrate: int
    every: int = 1


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """What is sent now; None is not sent."""

    main: Encoding | None
    thumb: Encoding | None


THUMB = Encoding(320, THUMB_HEIGHT, BITRATES[THUMB_HEIGHT], THUMB_EVERY)


def lines_for(place: int) -> int:
    """The size to ask for where a place has so many lines."""
    return next((lines for lines in (THUMB_HEIGHT, *SIZES) if place <= lines * OVER and lines != 270), FULL_HEIGHT)


def main_encoding(lines: int, bits: int | None = None) -> Encoding | None:
    """The main picture of at most so many lines within `bits` bit/s (as many as it likes where none is said); None
    where not even the smallest fits."""
    for height in sorted(SIZES, reverse=True):
        if height > lines and height != min(SIZES):
            continue
        likes = BITRATES[height]
        if bits is None or bits >= likes * FLOOR:
            return Encoding(*SIZES[height], likes if bits is None else min(likes, _rounded(bits)))
    return Encoding(*SMALLER[THUMB_HEIGHT], _rounded(bits)) if bits is not None and bits >= LEAST_MAIN else None


def steady(encoding: Encoding) -> Encoding:
    """The same on a line that bears no more: an encoder hits its rate only in the long run, and what is over it would
    wait, so that the next pictures are left out."""
    if encoding.height in SIZES and encoding.bitrate >= BITRATES[encoding.height]:
        return encoding
    return replace(encoding, bitrate=round(encoding.bitrate * STEADY))


def within(encoding: Encoding, lines: int) -> Encoding:
    """The same bits in at most so many lines."""
    size = SMALLER.get(lines)
    return encoding if size is None or encoding.height <= lines else replace(encoding, width=size[0], height=size[1])


def thumb_encoding(bits: int | None = None) -> Encoding | None:
    """The thumb within so many bit/s."""
    if bits is None or bits >= THUMB.bitrate:
        return THUMB
    return Encoding(320, THUMB_HEIGHT, _rounded(bits), THUMB_EVERY) if bits >= THUMB.bitrate * FLOOR else None


def _rounded(bits: int) -> int:
    """In steps of an eighth: the encoder begins anew for each other figure."""
    step = 1 << max(0, bits.bit_length() - 4)
    return bits // step * step
