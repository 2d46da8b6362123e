"""What is done to a room's sound before it is sent: its own loudspeaker taken out, noise lowered, the level evened.

WebRTC's audio processing, as the livekit wheel brings it (docs/adr/0015). Sound is 48 kHz mono 16-bit samples, 20 ms at
a time. The echo's delay is found by the canceller itself, up to half a second.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

from media.capture.sources import FRAME_BYTES, SAMPLE_RATE

log = logging.getLogger(__name__)

BLOCK_BYTES = FRAME_BYTES // 2
"""The library takes 10 ms at a time."""


class SoundProcessing(Protocol):
    """`far` is called on the loudspeaker's thread, `near` on the microphone's, `open` before both and off either."""

    def open(self) -> None:
        """Make ready; may take a while. Never raises: where the library is missing, sound passes as it is."""
        ...

    def far(self, sound: bytes) -> None:
        """What the loudspeaker is about to play."""
        ...

    def near(self, sound: bytes) -> bytes:
        """What the microphone heard; as long as before, without the echo."""
        ...


class Untouched:
    """No processing, for a room whose own devices do it, and for sound that is no microphone's."""

    def open(self) -> None:
        """Nothing to make ready."""

    def far(self, sound: bytes) -> None:
        """Of no interest."""

    def near(self, sound: bytes) -> bytes:
        return sound


class EchoCanceller:
    """Echo cancellation, noise suppression, a high-pass filter and gain control."""

    def __init__(self, is_needed: Callable[[], bool] = lambda: True) -> None:
        """`is_needed` is asked whenever a device was opened: a file needs none of it."""
        self._is_needed = is_needed
        self._is_on = False
        self._lock = threading.Lock()
        self._module: Any = None
        self._frame: Any = None

    def open(self) -> None:
        self._is_on = self._is_needed()
        if self._module is not None or not self._is_on:
            return
        try:
            # Imported here: it takes a tenth of a second and 40 MB, and only a room with a microphone needs it.
            from livekit.rtc import AudioFrame, AudioProcessingModule
        except (ImportError, OSError) as err:
            log.warning("sound is sent as the microphone hears it: %s", err)
            return
        module = AudioProcessingModule(
            echo_cancellation=True, noise_suppression=True, high_pass_filter=True, auto_gain_control=True
        )
        with self._lock:
            self._module, self._frame = module, AudioFrame

    def far(self, sound: bytes) -> None:
        with self._lock:
            if self._module is not None and self._is_on:
                for at in range(0, len(sound), BLOCK_BYTES):
                    self._module.process_reverse_stream(self._block(sound[at : at + BLOCK_BYTES]))

    def near(self, sound: bytes) -> bytes:
        with self._lock:
            if self._module is None or not self._is_on:
                return sound
            blocks = [self._block(sound[at : at + BLOCK_BYTES]) for at in range(0, len(sound), BLOCK_BYTES)]
            for block in blocks:
                self._module.process_stream(block)
            return b"".join(bytes(block.data.cast("B")) for block in blocks)

    def _block(self, sound: bytes) -> Any:
        return self._frame(bytearray(sound), SAMPLE_RATE, 1, len(sound) // 2)
