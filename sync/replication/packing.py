"""msgpack inside zstd, with an upper bound on what it may unfold to."""

from typing import Any

import msgpack
import zstandard

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.limits import BATCH_UNPACKED

MEDIA_TYPE = "application/vnd.silian+msgpack+zstd"


def pack(value: Any) -> bytes:
    """A compressor of its own per call: one shared between threads crashes."""
    compressor = zstandard.ZstdCompressor(level=3)
    return compressor.compress(msgpack.packb(value))


def unpack(raw: bytes, limit: int = BATCH_UNPACKED) -> Any:
    """The inverse; PeerFault `message-too-large` beyond `limit` bytes, `message-unreadable` for anything else."""
    try:
        unfolded = bytearray()
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(raw, read_across_frames=False)
        while chunk := reader.read(1 << 18):
            unfolded += chunk
            if len(unfolded) > limit:
                raise PeerFault("message-too-large", limit=limit)
        return msgpack.unpackb(unfolded, use_list=True, strict_map_key=True)
    except (zstandard.ZstdError, ValueError, TypeError, msgpack.UnpackException, RecursionError) as err:
        raise PeerFault("message-unreadable") from err
