"""A recording of Janus's own (`.mjr`), read as the packets it holds.

    "MJR00002" | uint16 length | JSON {"t": "v" or "a", "u": Unix microseconds of the first packet, ...}
    then for each packet: "MEET" | uint32 milliseconds since the recorder was made | uint16 length | the packet (RTP)

The layout is that of Janus 1.x (`record.c`); all numbers are big-endian. A file that was cut off is read up to there.
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from desktop_app.domain.faults import HostFault

MAGIC, FRAME = b"MJR00002", b"MEET"
_LENGTH = struct.Struct("!H")
_HEAD = struct.Struct("!4sIH")
MICROSECONDS = 1000


def read_mjr(path: Path) -> tuple[dict[str, Any], Iterator[tuple[int, bytes]]]:
    """As `media.recording.track.read_track`: what it is of (`kind`, `began`), and milliseconds with packets.

    HostFault (recording-damaged) where not even its beginning can be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC) + _LENGTH.size)
            if not start.startswith(MAGIC):
                raise HostFault("recording-damaged", file=path.name)
            info = json.loads(file.read(_LENGTH.unpack_from(start, len(MAGIC))[0]))
            made, first = int(info["s"]), int(info.get("u", info["s"]))
            about = {"kind": {"v": "video", "a": "audio"}[info["t"]], "began": made // MICROSECONDS}
            body = file.tell()
    except (OSError, ValueError, KeyError, TypeError, struct.error) as err:
        raise HostFault("recording-damaged", file=path.name) from err
    return {**about, "first": first // MICROSECONDS}, _packets(path, body)


def _packets(path: Path, body: int) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        file.seek(body)
        while (found := _next(file)) is not None:
            yield found


def _next(file: IO[bytes]) -> tuple[int, bytes] | None:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    mark, at, length = _HEAD.unpack(head)
    packet = file.read(length)
    return (at, packet) if mark == FRAME and len(packet) == length else None
