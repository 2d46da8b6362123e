"""Where the mix goes: a loudspeaker, or nowhere at the same pace."""

import time
from collections.abc import Callable
from typing import Protocol

from media.capture.sources import FRAME_SECONDS
from media.devices.sound import OpenSound, open_output
from media.metronome import Metronome


class SoundOutput(Protocol):
    """Asks for 20 ms of sound (1,920 bytes) whenever it needs them, on a thread of its own."""

    def open(self, pull: Callable[[], bytes], lost: Callable[[], None]) -> None:
        """Raises HostFault (speaker-missing); `lost` is called when the device goes away later."""
        ...

    def close(self) -> None: ...


class SpeakerOutput:
    """An output of the machine's sound. `name` is empty for the system's default."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._device: OpenSound | None = None

    def open(self, pull: Callable[[], bytes], lost: Callable[[], None]) -> None:
        self._device = open_output(self._name, pull, lost)

    def close(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None


class ChosenOutput:
    """Whatever `make` names each time it is opened: the choice may change while a meeting runs."""

    def __init__(self, make: Callable[[], SoundOutput]) -> None:
        self._make = make
        self._output: SoundOutput | None = None

    def open(self, pull: Callable[[], bytes], lost: Callable[[], None]) -> None:
        output = self._make()
        output.open(pull, lost)
        self._output = output

    def close(self) -> None:
        output, self._output = self._output, None
        if output is not None:
            output.close()


class SilentOutput:
    """No loudspeaker: the sound is decoded and counted at the machine's clock, and heard by nobody."""

    def __init__(self) -> None:
        self._metronome: Metronome | None = None

    def open(self, pull: Callable[[], bytes], lost: Callable[[], None]) -> None:
        self._metronome = Metronome(FRAME_SECONDS, pull, monotonic=time.monotonic, name="silent-output")
        self._metronome.start()

    def close(self) -> None:
        if self._metronome is not None:
            self._metronome.stop()
            self._metronome = None
