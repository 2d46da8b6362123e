"""Sources of sound: a microphone, a looped file, silence. Each delivers 20 ms frames from a thread of its own."""

import time
from collections.abc import Callable
from pathlib import Path

import av

from desktop_app.domain.faults import HostFault
from media.capture.sources import FRAME_BYTES, FRAME_SECONDS, SAMPLE_RATE, SILENCE, SoundSource
from media.devices.sound import OpenSound, open_input
from media.metronome import Metronome

FILE_SECONDS = 30 * 60
"""A longer sound file is cut there, so that memory stays bounded (173 MB)."""


class MicrophoneSource:
    """An input of the machine's sound. `name` is empty for the system's default."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._device: OpenSound | None = None

    def open(self, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self._device = open_input(self._name, deliver, lost)

    def close(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None


class ChosenSound:
    """Whatever `make` names each time it is opened: the choice may change while a meeting runs."""

    def __init__(self, make: Callable[[], SoundSource]) -> None:
        self._make = make
        self._source: SoundSource | None = None

    def open(self, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        source = self._make()
        source.open(deliver, lost)
        self._source = source

    def close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()


class SoundFileSource:
    """A sound file, decoded once and looped at its own speed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._samples = b""
        self._at = 0
        self._deliver: Callable[[bytes], None] | None = None
        self._metronome: Metronome | None = None

    def open(self, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        if not self._samples:
            self._samples = read_sound(self._path)
        self._deliver = deliver
        self._metronome = Metronome(FRAME_SECONDS, self._beat, monotonic=time.monotonic, name="sound-file")
        self._metronome.start()

    def close(self) -> None:
        if self._metronome is not None:
            self._metronome.stop()
            self._metronome = None

    def _beat(self) -> None:
        frame = self._samples[self._at : self._at + FRAME_BYTES]
        self._at = (self._at + FRAME_BYTES) % len(self._samples)
        if self._deliver is not None:
            self._deliver(frame)


class SilenceSource:
    """A room without a microphone: it sends silence, so that the others can tell it from a broken line."""

    def __init__(self) -> None:
        self._metronome: Metronome | None = None

    def open(self, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self._metronome = Metronome(FRAME_SECONDS, lambda: deliver(SILENCE), monotonic=time.monotonic, name="silence")
        self._metronome.start()

    def close(self) -> None:
        if self._metronome is not None:
            self._metronome.stop()
            self._metronome = None


def read_sound(path: Path) -> bytes:
    """A whole file as 48 kHz mono 16-bit samples, padded to whole frames. Raises HostFault (sound-unreadable)."""
    parts: list[bytes] = []
    size = 0
    try:
        with av.open(str(path)) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    data = bytes(part.planes[0])[: part.samples * 2]
                    parts.append(data)
                    size += len(data)
                if size >= FILE_SECONDS * SAMPLE_RATE * 2:
                    break
    except (OSError, av.FFmpegError, IndexError) as err:
        raise HostFault("sound-unreadable", path=str(path)) from err
    samples = b"".join(parts)
    if not samples:
        raise HostFault("sound-unreadable", path=str(path))
    return samples + bytes(-len(samples) % FRAME_BYTES)
