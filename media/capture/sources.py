"""What every source of pictures or sound is, and how one is chosen.

A source blocks only its own capture thread. Pictures leave as `av.VideoFrame`s of any size and format; sound leaves as
20 ms of 48 kHz mono 16-bit samples (1,920 bytes).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import av

from desktop_app.domain.faults import Fault
from media.engine.layers import Layer

PICTURE_SIZE = (640, 360)
PICTURE_FPS = 25
SAMPLE_RATE = 48_000
FRAME_SAMPLES = 960
FRAME_BYTES = FRAME_SAMPLES * 2
FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE
SILENCE = bytes(FRAME_BYTES)
TRY_AGAIN = 5.0
"""Seconds between two tries of a device that is away."""


class CardPainter(Protocol):
    """Draws the site card that stands in for a camera; called on the capture thread."""

    def paint(self, width: int, height: int, now: datetime) -> bytes:
        """BGRA, `width * 4` bytes a line, no padding."""
        ...


class PictureSource(Protocol):
    """A camera, a file or a card. Used by one thread at a time."""

    def open(self) -> None:
        """Raises HostFault (camera-missing, camera-busy, picture-unreadable)."""
        ...

    def read(self) -> av.VideoFrame:
        """The next picture, waiting for it where the device sets the pace. Raises HostFault (camera-lost)."""
        ...

    def close(self) -> None: ...

    @property
    def paced(self) -> bool:
        """Whether `read` itself waits for the next picture; otherwise the caller keeps the time."""
        ...


class SoundSource(Protocol):
    """A microphone or a file. It delivers from a thread of its own until it is closed."""

    def open(self, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        """Start; `deliver` gets each 20 ms, `lost` is called once when the device goes away.
        Raises HostFault (microphone-missing, sound-unreadable)."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CaptureChoice:
    """What to capture, as settings and options name it.

    `picture`: `camera`, `camera:<device>`, `file:<path>` or `card`; `sound`: `microphone`, `microphone:<name>`,
    `file:<path>` or `silence`.
    """

    picture: str = "camera"
    sound: str = "microphone"


class CaptureSink(Protocol):
    """Who gets the encoded packets; called on the capture threads."""

    def on_picture(self, layer: Layer, frame: bytes, timestamp: int) -> None:
        """An encoded VP8 frame of one of the site's pictures; `timestamp` counts 1/90,000 s."""
        ...

    def on_sound(self, packet: bytes, timestamp: int, first: bool) -> None:
        """An Opus packet; `timestamp` counts 1/48,000 s; `first` after a pause."""
        ...

    def on_fault(self, fault: Fault) -> None: ...
