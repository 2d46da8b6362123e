"""How loud 20 ms of sound are, for a level meter; cheap rather than exact."""

import math

_EVERY = 8


def loudness(samples: bytes) -> float:
    """0 for silence to 1 for full scale, over 60 dB; `samples` are 16 bits, mono."""
    values = memoryview(samples).cast("h")[::_EVERY].tolist()
    if not values:
        return 0.0
    power = math.fsum(value * value for value in values) / len(values)
    if power < 1:
        return 0.0
    return min(1.0, max(0.0, 1 + 10 * math.log10(power / 32768**2) / 60))


ONSET, HANG = 3, 20
"""Frames of 20 ms that must be loud before somebody speaks, and that must be quiet before nobody does."""
AT_LEAST = 0.25
"""Loudness (-45 dB) below which nobody speaks, however quiet the room is."""
ABOVE_ROOM = 0.15
"""By how much a voice is above the room's own noise: 9 dB."""
ROOM_RISES = 0.0005
"""By how much the room's noise may rise in a frame: 1.5 dB a second."""


class VoiceActivity:
    """Whether somebody speaks, from the loudness of each 20 ms; a steady noise is nobody."""

    def __init__(self) -> None:
        self.speaking = False
        self._room = 1.0
        self._run = 0

    def note(self, level: float) -> None:
        """The next 20 ms."""
        self._room = min(level, self._room + ROOM_RISES)
        loud = level > max(AT_LEAST, self._room + ABOVE_ROOM)
        self._run = 0 if loud == self.speaking else self._run + 1
        if self._run >= (HANG if self.speaking else ONSET):
            self.speaking, self._run = loud, 0
