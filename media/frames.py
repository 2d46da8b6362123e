"""The seam between whoever makes pictures and whoever paints them. No Qt here, and no signal per frame.

A frame is BGRA in one plane, already scaled to the size its tile asked for, so that painting is one blit. The media
thread stores into a slot; the grid's timer takes the latest. The seam is a Protocol so that media can one day
run in a child process.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

COMING = 8
"""Frames that may wait for their time."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture.

    `plane` is a buffer of `stride * height` bytes, BGRA, alpha ignored; it keeps its own memory alive.
    `at` is the monotonic time, in seconds, at which it was decoded; `number` counts the slot's frames from 1.
    """

    plane: memoryview
    width: int
    height: int
    stride: int
    at: float
    number: int


class FrameSource(Protocol):
    """What a tile reads: the size it wants, and the latest frame."""

    def want(self, width: int, height: int) -> None:
        """Device pixels of the tile; 0 by 0 while it is hidden, and then nothing is decoded for it."""
        ...

    def latest(self) -> Frame | None:
        """The newest frame, or None before the first one and after the source fell silent."""
        ...


class FrameSlot:
    """The latest-frame slot: one writer (media thread), one reader (paint timer). `on_want` is called, on the reader's
    thread, when it wants another size. A frame may be put before its time; until then the reader sees those before."""

    def __init__(
        self, on_want: Callable[[], None] = lambda: None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._on_want = on_want
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._coming: deque[tuple[float, Frame]] = deque()
        self._size = (0, 0)

    def want(self, width: int, height: int) -> None:
        if (width, height) != self._size:
            self._size = (width, height)
            self._on_want()

    @property
    def wanted(self) -> tuple[int, int]:
        return self._size

    def put(self, frame: Frame | None, due: float = float("-inf")) -> None:
        """From `due` on, in monotonic seconds, this is the latest frame; None: there is none, and none is to come."""
        with self._lock:
            if frame is None or due <= self._monotonic():
                self._coming.clear()
                self._frame = frame
                return
            self._coming.append((due, frame))
            if len(self._coming) > COMING:
                self._frame = self._coming.popleft()[1]

    def latest(self) -> Frame | None:
        with self._lock:
            if self._coming:
                now = self._monotonic()
                while self._coming and self._coming[0][0] <= now:
                    self._frame = self._coming.popleft()[1]
            return self._frame
