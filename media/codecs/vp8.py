"""VP8: one picture in, one frame out, without delay. An instance is for one thread at a time.

Encoded by libvpx, decoded by FFmpeg's own decoder: the same pictures for a sixth less time and half the memory.
"""

import struct
from fractions import Fraction

import av
from av.video.frame import PictureType

from desktop_app.domain.faults import PeerFault

CLOCK = 90_000
MAX_PIXELS = 1920 * 1088
"""A larger picture is not decoded."""


class Vp8Encoder:
    """Constant bitrate, realtime, one thread. Keyframes only on demand and at the start."""

    def __init__(self, width: int, height: int, *, fps: int, bitrate: int) -> None:
        self._size = (width, height)
        codec = av.CodecContext.create("libvpx", "w")
        codec.width, codec.height = width, height
        codec.pix_fmt = "yuv420p"
        codec.time_base = Fraction(1, CLOCK)
        codec.framerate = Fraction(fps)
        codec.bit_rate = bitrate
        codec.gop_size = 3000
        codec.qmin, codec.qmax = 2, 56
        codec.thread_count = 1
        codec.options = {
            "deadline": "realtime",
            # Measured at 640x360@25 in cores: -6 .038, -10 .030, -16 .022 but 2 dB worse.
            "cpu-used": "-10",
            "lag-in-frames": "0",
            "error-resilient": "0",
            "static-thresh": "100",
            "minrate": str(bitrate),
            "maxrate": str(bitrate),
            "bufsize": str(bitrate),
            "undershoot-pct": "100",
            "overshoot-pct": "15",
            "drop-threshold": "30",  # where even the coarsest picture is too much, rather fewer than more bits
            "max-intra-rate": "600",  # a whole picture of at most six pictures' bits: it must get through a narrow line
        }
        self._codec = codec

    def encode(self, picture: av.VideoFrame, timestamp: int, *, keyframe: bool) -> bytes:
        """The encoded frame; empty where the encoder dropped it. `picture` is yuv420p of the encoder's size."""
        if (picture.width, picture.height) != self._size:
            raise ValueError("the picture has another size than the encoder")
        picture.pts = timestamp
        picture.time_base = Fraction(1, CLOCK)
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        return b"".join(bytes(packet) for packet in self._codec.encode(picture))


class Vp8Decoder:
    """One stream's decoder. After a fault it wants a keyframe."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("vp8", "r")
        self._codec.thread_count = 1

    def decode(self, frame: bytes) -> av.VideoFrame | None:
        """The picture, or None where the frame shows none. Raises PeerFault (picture-broken)."""
        if len(frame) >= 10 and not frame[0] & 1 and _pixels(frame) > MAX_PIXELS:
            raise PeerFault("picture-broken")
        try:
            pictures = self._codec.decode(av.Packet(frame))
        except av.FFmpegError as err:
            raise PeerFault("picture-broken") from err
        if not pictures:
            return None
        return pictures[-1]


def _pixels(keyframe: bytes) -> int:
    """The size a keyframe announces (RFC 6386, section 9.1), before memory is spent on it."""
    width, height = struct.unpack_from("<HH", keyframe, 6)
    return int(width & 0x3FFF) * int(height & 0x3FFF)
