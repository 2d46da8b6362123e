"""Microphone and loudspeaker together: it is quiet for a moment, then a tone is played, and the microphone listens.

A microphone with an echo canceller of its own may take the tone away, so that an unheard tone is advice, never the end
of a meeting; a microphone that brings nothing but zeros is switched off.
"""

import threading
from dataclasses import dataclass

from desktop_app.domain.faults import HostFault
from media.capture.sources import FRAME_SECONDS, SILENCE, SoundSource
from media.playout.outputs import SoundOutput
from media.selftest.tone import decibels, tone_and_whole, tone_frames

QUIET_SECONDS, TONE_SECONDS, AFTER_SECONDS = 0.5, 0.9, 0.4
WAIT_SECONDS = 3.0
"""For the first frame of a microphone; a device that brings none by then is broken."""
HEARD_FRAMES = 8
"""Frames in which the tone stands out: less than a third of what is played, more than a cough."""
STANDS_OUT = 4.0
"""Times the power of the same pitch while it was quiet."""
SHARE = 0.2
"""Of all that was heard in a frame."""
AUDIBLE = 1e-8
"""-80 dB: below, a tone is noise of the converter."""


@dataclass(frozen=True, slots=True)
class SoundReport:
    """What was found. A fault is why a device was not tried at all."""

    microphone_fault: HostFault | None = None
    speaker_fault: HostFault | None = None
    noise_db: float = -120.0
    """How loud the room is by itself, of full scale."""
    heard_db: float = -120.0
    """How loud the own tone came back."""
    heard: bool = False
    dead: bool = False
    """The microphone brought nothing but zeros."""


def hear_own_tone(microphone: SoundSource | None, speaker: SoundOutput | None) -> SoundReport:
    """Play and listen, 2 s; None for a device that this room does without. Both are let go of again."""
    ear = _Ear()
    microphone_fault = speaker_fault = None
    if microphone is not None:
        microphone_fault = ear.open(microphone)
    quiet = ear.listen(QUIET_SECONDS)
    mouth = _Mouth()
    if speaker is not None:
        speaker_fault = mouth.open(speaker)
    try:
        loud = ear.listen(TONE_SECONDS + AFTER_SECONDS) if speaker_fault is None else []
        if not ear.is_open:  # nobody listens, and the loudspeaker is still to be heard by the clerk
            mouth.finished.wait(TONE_SECONDS + AFTER_SECONDS)
    finally:
        if speaker is not None and speaker_fault is None:
            speaker.close()
        if microphone is not None and microphone_fault is None:
            microphone.close()
    return _judged(quiet, loud, microphone_fault, speaker_fault, listened=ear.is_open)


def _judged(
    quiet: list[bytes],
    loud: list[bytes],
    microphone_fault: HostFault | None,
    speaker_fault: HostFault | None,
    *,
    listened: bool,
) -> SoundReport:
    if not listened:
        return SoundReport(microphone_fault, speaker_fault)
    before = [tone_and_whole(frame) for frame in quiet]
    after = [tone_and_whole(frame) for frame in loud]
    floor = max((tone for tone, _ in before), default=0.0)
    heard = [
        tone
        for tone, whole in after
        if tone > AUDIBLE and tone > STANDS_OUT * floor and whole and tone >= SHARE * whole
    ]
    noise = sum(whole for _, whole in before) / max(1, len(before))
    dead = not any(whole for _, whole in (*before, *after))
    loudest = max(heard, default=0.0)
    return SoundReport(
        None, speaker_fault, decibels(noise), decibels(loudest), heard=len(heard) >= HEARD_FRAMES, dead=dead
    )


class _Ear:
    """Collects what the microphone brings."""

    def __init__(self) -> None:
        self._frames: list[bytes] = []
        self._changed = threading.Condition()
        self._lost = False
        self.is_open = False

    def open(self, microphone: SoundSource) -> HostFault | None:
        try:
            microphone.open(self._take, self._lose)
        except HostFault as fault:
            return fault
        with self._changed:
            if not self._changed.wait_for(lambda: self._frames or self._lost, WAIT_SECONDS):
                self._lost = True
        if self._lost:
            microphone.close()
            return HostFault("microphone-lost")
        self.is_open = True
        return None

    def listen(self, seconds: float) -> list[bytes]:
        """The next frames: as many as these seconds have."""
        if not self.is_open:
            return []
        wanted = round(seconds / FRAME_SECONDS)
        with self._changed:
            self._frames.clear()
            self._changed.wait_for(lambda: len(self._frames) >= wanted or self._lost, 2 * seconds + WAIT_SECONDS)
            return list(self._frames[:wanted])

    def _take(self, frame: bytes) -> None:
        with self._changed:
            self._frames.append(frame)
            self._changed.notify()

    def _lose(self) -> None:
        with self._changed:
            self._lost = True
            self._changed.notify()


class _Mouth:
    """Gives the tone to the loudspeaker, once, and silence afterwards."""

    def __init__(self) -> None:
        self._frames = iter(tone_frames(round(TONE_SECONDS / FRAME_SECONDS)))
        self.finished = threading.Event()

    def open(self, speaker: SoundOutput) -> HostFault | None:
        try:
            speaker.open(self._next, self.finished.set)
        except HostFault as fault:
            return fault
        return None

    def _next(self) -> bytes:
        frame = next(self._frames, None)
        if frame is None:
            self.finished.set()
            return SILENCE
        return frame
