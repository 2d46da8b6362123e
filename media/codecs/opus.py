"""Opus through the libopus that comes with PyAV, by ctypes: in-band FEC and concealment, which PyAV does not reach.

48 kHz, mono, 20 ms (960 samples of 16 bits), RFC 6716. An instance is for one thread at a time.
"""

import ctypes
import ctypes.util
from functools import cache
from pathlib import Path

import av

from desktop_app.domain.faults import HostFault
from media.rtp.opus import carries_copy

RATE = 48_000
SAMPLES = 960
FRAME_BYTES = SAMPLES * 2
PACKET_MAX = 1275
COPIES_FROM = 10
"""Percent of loss that are named at least where any is: between 3 and 7 libopus takes a mode that knows no copies."""

_APPLICATION_VOIP = 2048
_SET_BITRATE = 4002
_SET_MAX_BANDWIDTH = 4004
_SET_COMPLEXITY = 4010
_SET_INBAND_FEC = 4012
_SET_PACKET_LOSS = 4014
_SET_SIGNAL = 4024
_SIGNAL_VOICE = 3001
_RESET_STATE = 4028
_WIDE, _FULL = 1103, 1105


@cache
def _library() -> ctypes.CDLL:
    """libopus as bundled with PyAV, or the system's; HostFault (opus-missing) where there is neither."""
    bundled = Path(av.__file__).parent.parent / "av.libs"
    candidates = [str(path) for path in sorted(bundled.glob("*opus*"))] if bundled.is_dir() else []
    system = ctypes.util.find_library("opus")
    if system is not None:
        candidates.append(system)
    for path in candidates:
        try:
            library = ctypes.CDLL(path)
            _declare(library)
        except (OSError, AttributeError):
            continue
        return library
    raise HostFault("opus-missing")


def _declare(library: ctypes.CDLL) -> None:
    pointer, integer, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    library.opus_encoder_create.argtypes = [ctypes.c_int32, integer, integer, ctypes.POINTER(integer)]
    library.opus_encoder_create.restype = pointer
    library.opus_encoder_destroy.argtypes = [pointer]
    library.opus_encoder_destroy.restype = None
    library.opus_encode.argtypes = [pointer, text, integer, text, ctypes.c_int32]
    library.opus_encode.restype = ctypes.c_int32
    library.opus_decoder_create.argtypes = [ctypes.c_int32, integer, ctypes.POINTER(integer)]
    library.opus_decoder_create.restype = pointer
    library.opus_decoder_destroy.argtypes = [pointer]
    library.opus_decoder_destroy.restype = None
    library.opus_decode.argtypes = [pointer, text, ctypes.c_int32, text, integer, integer]
    library.opus_decode.restype = integer


class OpusEncoder:
    """Voice at `bitrate` bits per second; where loss is expected, packets carry a coarse copy of the frame before."""

    def __init__(self, bitrate: int = 32_000, expected_loss: int = 10) -> None:
        self._handle: int | None = None
        self._library = _library()
        error = ctypes.c_int()
        self._handle = self._library.opus_encoder_create(RATE, 1, _APPLICATION_VOIP, ctypes.byref(error))
        if not self._handle:
            raise HostFault("opus-missing", code=error.value)
        self._out = ctypes.create_string_buffer(PACKET_MAX)
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_COMPLEXITY, 8),
            (_SET_SIGNAL, _SIGNAL_VOICE),
            (_SET_INBAND_FEC, 1),
        ):
            self._set(request, value)
        self.expect_loss(expected_loss)

    def expect_loss(self, percent: int) -> None:
        """How much is spent on copies of the frame before, 0 to 100. They reach up to 8 kHz, and so does all of the
        voice while there are any: what is above would only come and go, and costs what makes the rest whole."""
        self._set(_SET_PACKET_LOSS, max(percent, COPIES_FROM) if percent else 0)
        self._set(_SET_MAX_BANDWIDTH, _WIDE if percent else _FULL)

    def _set(self, request: int, value: int) -> None:
        self._library.opus_encoder_ctl(ctypes.c_void_p(self._handle), ctypes.c_int(request), ctypes.c_int32(value))

    def encode(self, samples: bytes) -> bytes:
        """One packet of 1,920 bytes of samples; raises ValueError for any other length."""
        if len(samples) != FRAME_BYTES:
            raise ValueError("a frame is 20 ms")
        size = self._library.opus_encode(self._handle, samples, SAMPLES, self._out, PACKET_MAX)
        if size < 0:
            raise ValueError(f"libopus refused a frame ({size})")
        return self._out.raw[:size]

    def __del__(self) -> None:
        if self._handle:
            self._library.opus_encoder_destroy(self._handle)


class OpusDecoder:
    """One stream's decoder; each call yields the next 20 ms (1,920 bytes)."""

    def __init__(self) -> None:
        self._handle: int | None = None
        self._library = _library()
        error = ctypes.c_int()
        self._handle = self._library.opus_decoder_create(RATE, 1, ctypes.byref(error))
        if not self._handle:
            raise HostFault("opus-missing", code=error.value)
        self._out = ctypes.create_string_buffer(FRAME_BYTES * 6)

    def decode(self, packet: bytes) -> bytes:
        """Raises ValueError for what is not Opus, or not of 20 ms."""
        return self._decode(packet, fec=False)

    def recover(self, following: bytes) -> bytes | None:
        """The lost frame before `following`, from the copy inside it; None where it carries none."""
        if not carries_copy(following):
            return None
        try:
            return self._decode(following, fec=True)
        except ValueError:
            return None

    def conceal(self) -> bytes:
        """A guess at a frame that never came; it fades when repeated."""
        return self._decode(None, fec=False)

    def reset(self) -> None:
        """Forget what was heard, before another source's voice begins."""
        self._library.opus_decoder_ctl(ctypes.c_void_p(self._handle), ctypes.c_int(_RESET_STATE))

    def _decode(self, packet: bytes | None, *, fec: bool) -> bytes:
        if packet is not None and not 0 < len(packet) <= PACKET_MAX:
            raise ValueError("not an Opus packet")
        size = len(packet) if packet is not None else 0
        samples = self._library.opus_decode(self._handle, packet, size, self._out, SAMPLES, int(fec))
        if samples != SAMPLES:
            raise ValueError(f"libopus refused a packet ({samples})")
        return self._out.raw[:FRAME_BYTES]

    def __del__(self) -> None:
        if self._handle:
            self._library.opus_decoder_destroy(self._handle)
