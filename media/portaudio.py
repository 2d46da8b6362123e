"""The sound devices of this machine through PortAudio, where no sound server runs, and on Windows. Whatever goes wrong
on opening one is a HostFault."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from desktop_app.domain.faults import HostFault
from media.capture.sources import FRAME_SAMPLES, SAMPLE_RATE

_lock = threading.RLock()
_open_devices: set["SoundDevice"] = set()


class SoundDevice:
    """An open input or output of 20 ms frames, 48 kHz mono. `lost` is called when it ends without `close`."""

    def __init__(self, open_stream: Callable[..., Any], name: str, callback: Any, lost: Callable[[], None]) -> None:
        self._closing = False
        self._lost = lost
        self._stream = open_stream(
            samplerate=SAMPLE_RATE,
            blocksize=FRAME_SAMPLES,
            device=name or None,
            channels=1,
            dtype="int16",
            callback=callback,
            finished_callback=self._finished,
        )
        self._stream.start()
        with _lock:
            _open_devices.add(self)

    def close(self) -> None:
        """Idempotent."""
        with _lock:
            if self._closing:
                return
            self._closing = True
            _open_devices.discard(self)
        self._stream.close()

    def begin_anew(self) -> None:
        """PortAudio is about to forget this device; whoever holds it opens it again."""
        self.close()
        self._lost()

    def _finished(self) -> None:
        if not self._closing:
            self._lost()


def open_input(name: str, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> SoundDevice:
    """A microphone; an empty name is the system's own choice. Raises HostFault (microphone-missing)."""

    def arrived(samples: Any, frames: int, _time: Any, _status: Any) -> None:
        if frames == FRAME_SAMPLES:
            deliver(bytes(samples))

    return _open("RawInputStream", name, arrived, lost, "microphone-missing")


def open_output(name: str, pull: Callable[[], bytes], lost: Callable[[], None]) -> SoundDevice:
    """A loudspeaker; an empty name is the system's own choice. Raises HostFault (speaker-missing)."""

    def wanted(samples: Any, frames: int, _time: Any, _status: Any) -> None:
        samples[:] = pull() if frames == FRAME_SAMPLES else bytes(len(samples))

    return _open("RawOutputStream", name, wanted, lost, "speaker-missing")


def names() -> tuple[list[str], list[str]]:
    """The microphones and the loudspeakers that PortAudio knows, its own choice first; none without the library."""
    try:
        import sounddevice
    except OSError:
        return [], []
    with _lock:
        devices, chosen = list(sounddevice.query_devices()), sounddevice.default.device
    found = []
    for side, count in enumerate(("max_input_channels", "max_output_channels")):
        fit = [each for each in devices if each[count] > 0]
        fit.sort(key=lambda each: each["index"] != chosen[side])
        found.append(list(dict.fromkeys(str(each["name"]) for each in fit)))
    return found[0], found[1]


def cards() -> object:
    """What the system itself knows of sound cards; equal while none came or went."""
    if sys.platform == "win32":
        import ctypes

        winmm = ctypes.windll.winmm
        return winmm.waveInGetNumDevs(), winmm.waveOutGetNumDevs()
    try:
        return Path("/proc/asound/cards").read_bytes()
    except OSError:
        return b""


def begin_anew() -> None:
    """Let PortAudio look at the cards again: it does so only when it begins. What is open is told that it is lost."""
    try:
        import sounddevice
    except OSError:
        return
    with _lock:
        for device in tuple(_open_devices):
            device.begin_anew()
        # The only way there is (PortAudio has no hot-plug); tests/media/test_private_names.py holds both names.
        sounddevice._terminate()
        sounddevice._initialize()


def _open(kind: str, name: str, callback: Any, lost: Callable[[], None], fault: str) -> SoundDevice:
    try:
        import sounddevice  # raises OSError without libportaudio2
    except OSError as err:
        raise HostFault("sound-library-missing") from err
    try:
        with _lock:
            return SoundDevice(getattr(sounddevice, kind), name, callback, lost)
    except (sounddevice.PortAudioError, ValueError, OSError) as err:
        raise HostFault(fault, device=name) from err
