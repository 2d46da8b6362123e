"""Sound through PulseAudio (or PipeWire, which speaks its protocol): one device by its own, stable name.

libpulse comes with every desktop; it is used by its C interface (pulse/simple.h), on a thread per stream. Where the
library or the server is missing, `open_*` raises ServerAway, and PortAudio serves.
"""

import ctypes
import ctypes.util
import functools
import logging
import threading
from collections.abc import Callable

from media.capture.sources import FRAME_BYTES, SAMPLE_RATE

log = logging.getLogger(__name__)

PLAYBACK, RECORD = 1, 2
_S16LE = 3
_AS_THE_SERVER_LIKES = 0xFFFFFFFF
PLAYED_AHEAD = 2 * FRAME_BYTES
"""Bytes that lie in the server before they are heard: 40 ms."""
CLOSE_WITHIN = 1.0
_REFUSED, _NO_ENTITY, _CONNECTION_REFUSED, _TERMINATED = 1, 5, 6, 11


class ServerAway(Exception):
    """There is no sound server to talk to."""


class DeviceAway(Exception):
    """The server does not give this device."""


class _SampleSpec(ctypes.Structure):
    _fields_ = (("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8))


class _BufferAttr(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize"))


@functools.cache
def _library() -> ctypes.CDLL:
    try:
        simple = ctypes.CDLL("libpulse-simple.so.0")
    except OSError as err:
        raise ServerAway(str(err)) from err
    simple.pa_simple_new.restype = ctypes.c_void_p
    simple.pa_simple_new.argtypes = [
        ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p,
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
    ]  # fmt: skip
    for name in ("pa_simple_read", "pa_simple_write"):
        getattr(simple, name).argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]
    simple.pa_simple_free.argtypes = [ctypes.c_void_p]
    simple.pa_simple_free.restype = None
    return simple


class PulseStream:
    """One open device of 20 ms frames, 48 kHz mono. `lost` is called when it ends without `close`."""

    def __init__(self, direction: int, name: str, beat: Callable[["PulseStream"], bool], lost: Callable[[], None]):
        """`name` is empty for the server's default; raises ServerAway or DeviceAway."""
        self._library = _library()
        spec = _SampleSpec(_S16LE, SAMPLE_RATE, 1)
        rest = _AS_THE_SERVER_LIKES
        ahead = PLAYED_AHEAD if direction == PLAYBACK else rest
        buffer = _BufferAttr(rest, ahead, rest, FRAME_BYTES, FRAME_BYTES)
        error = ctypes.c_int()
        title = "microphone" if direction == RECORD else "loudspeaker"
        self._handle = self._library.pa_simple_new(
            None, b"Silian", direction, name.encode() or None, title.encode(), ctypes.byref(spec), None,
            ctypes.byref(buffer), ctypes.byref(error),
        )  # fmt: skip
        if not self._handle:
            log.info("the sound server does not give %s: error %d", name or title, error.value)
            away = error.value in (_REFUSED, _CONNECTION_REFUSED, _TERMINATED)
            raise (ServerAway if away else DeviceAway)(name)
        self._beat, self._lost = beat, lost
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"pulse-{title}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """A stream that the server does not answer is let go of as soon as it does."""
        self._closing.set()
        if self._thread is not threading.current_thread():
            self._thread.join(CLOSE_WITHIN)

    def read(self) -> bytes | None:
        """The next 20 ms; None where there will be no more."""
        taken = ctypes.create_string_buffer(FRAME_BYTES)
        if self._library.pa_simple_read(self._handle, taken, FRAME_BYTES, None) < 0:
            return None
        return taken.raw

    def write(self, sound: bytes) -> bool:
        return bool(self._library.pa_simple_write(self._handle, sound, len(sound), None) >= 0)

    def _run(self) -> None:
        while not self._closing.is_set() and self._beat(self):
            pass
        self._library.pa_simple_free(self._handle)
        if not self._closing.is_set():
            self._lost()


def open_input(name: str, deliver: Callable[[bytes], None], lost: Callable[[], None]) -> PulseStream:
    """A source of the server; `deliver` gets each 20 ms on the stream's thread."""

    def beat(stream: PulseStream) -> bool:
        sound = stream.read()
        if sound is not None:
            deliver(sound)
        return sound is not None

    return PulseStream(RECORD, name, beat, lost)


def open_output(name: str, pull: Callable[[], bytes], lost: Callable[[], None]) -> PulseStream:
    """A sink of the server, which asks for 20 ms whenever it needs them."""

    def beat(stream: PulseStream) -> bool:
        return stream.write(pull() or bytes(FRAME_BYTES))

    return PulseStream(PLAYBACK, name, beat, lost)
