"""Trying the devices outside of a meeting: what the camera shows, how loud the microphone is, a tone to hear."""

import threading
from collections.abc import Callable, Iterator

from desktop_app.domain.faults import Fault, HostFault
from media.capture.sources import FRAME_SECONDS, SILENCE
from media.devices.room import DevicesInUse
from media.engine.layers import Layer
from media.frames import FrameSource
from media.playout.outputs import SoundOutput
from media.selftest.tone import tone_frames

TONE_SECONDS = 1.2


class DeviceTrial:
    """Camera and microphone open, nothing sent. From one thread."""

    def __init__(self, devices: DevicesInUse, on_fault: Callable[[Fault], object]) -> None:
        """`on_fault` is called on a thread of the devices'."""
        self._devices = devices
        self._sink = _Nowhere(on_fault)
        devices.tell = on_fault
        devices.capture.open(self._sink)

    @property
    def preview(self) -> FrameSource:
        """The camera's picture, or the card."""
        return self._devices.capture.preview

    def close(self) -> None:
        """Let go of both; waits for their threads."""
        self._devices.close()
        self._devices.capture.close()


def play_tone(speaker: SoundOutput) -> None:
    """The self-test's tone, once; returns when it was played. Raises HostFault (speaker-missing, speaker-lost)."""
    mouth = _Mouth(tone_frames(round(TONE_SECONDS / FRAME_SECONDS)))
    speaker.open(mouth.next, mouth.lose)
    try:
        if not mouth.ended.wait(TONE_SECONDS + 5) or mouth.is_lost:
            raise HostFault("speaker-lost")
    finally:
        speaker.close()


class _Mouth:
    def __init__(self, frames: list[bytes]) -> None:
        self._frames: Iterator[bytes] = iter([*frames, *[SILENCE] * 5])
        self.ended = threading.Event()
        self.is_lost = False

    def next(self) -> bytes:
        frame = next(self._frames, None)
        if frame is None:
            self.ended.set()
        return frame or SILENCE

    def lose(self) -> None:
        self.is_lost = True
        self.ended.set()


class _Nowhere:
    """A sink that keeps nothing."""

    def __init__(self, on_fault: Callable[[Fault], object]) -> None:
        self._on_fault = on_fault

    def on_picture(self, layer: Layer, frame: bytes, timestamp: int) -> None:
        """Nothing is sent."""

    def on_sound(self, packet: bytes, timestamp: int, first: bool) -> None:
        """Nothing is sent."""

    def on_fault(self, fault: Fault) -> None:
        self._on_fault(fault)
