"""The sound devices of this machine through PortAudio. Whatever goes wrong on opening one is a HostFault."""

from collections.abc import Callable
from typing import Any

from desktop_app.domain.faults import HostFault
from media.capture.sources import FRAME_SAMPLES, SAMPLE_RATE


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

    def close(self) -> None:
        self._closing = True
        self._stream.close()

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


def _open(kind: str, name: str, callback: Any, lost: Callable[[], None], fault: str) -> SoundDevice:
    try:
        import sounddevice  # raises OSError without libportaudio2
    except OSError as err:
        raise HostFault("sound-library-missing") from err
    try:
        return SoundDevice(getattr(sounddevice, kind), name, callback, lost)
    except (sounddevice.PortAudioError, ValueError, OSError) as err:
        raise HostFault(fault, device=name) from err
