"""From the sealed tracks of one site to one WebM file: VP8 and Opus as they came, nothing decoded or encoded again.

Packets are put in order, pictures are put together at their marker and begin with a whole one; what is lost stays lost
until the next whole picture. Times follow the stream's own clock, and the clock of arrival where a stream began anew.
"""

import heapq
import io
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, Literal

import av

from desktop_app.domain.faults import HostFault
from media.recording.mjr import read_mjr
from media.recording.track import disk_faults, read_track
from media.rtp import vp8
from media.rtp.packet import RtpPacket, Unwrapper, read_rtp

ORDER_OVER = 128
"""Packets within which a late one still finds its place."""
DRIFT_MS = 700
"""A stream's own clock and its arrival may differ by this before it counts as begun anew."""
OPUS_MS = 20
SILENT_MS = 1_000
"""A track of pictures that shows none for so long has stopped."""
CLOCK = {"audio": 48, "video": 90}
"""RTP ticks of a millisecond."""
_MS = Fraction(1, 1000)
_SIZE = struct.Struct("<HH")


@dataclass(frozen=True, slots=True)
class Chapter:
    """One agenda item in the recording, in milliseconds from its beginning."""

    title: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Muxed:
    """What became of a site's tracks."""

    seconds: float
    pictures: int
    sounds: int


@dataclass(frozen=True, slots=True, order=True)
class _Unit:
    """One picture or 20 ms of sound, at its milliseconds."""

    at: int
    kind: Literal["audio", "video"]
    track: int
    """Its place among the tracks: where two show pictures at a time, the first of them is taken."""
    key: bool
    data: bytes


def write_webm(
    tracks: Sequence[Path],
    key: bytes,
    out: Path | IO[bytes] | io.RawIOBase,
    *,
    began: int,
    chapters: Sequence[Chapter] = (),
    on_progress: Callable[[int], None] = lambda milliseconds: None,
) -> Muxed | None:
    """Write `out` from the tracks of one site; None where they hold neither a whole picture nor a sound.

    Where more than one track of pictures runs at a time, the one that comes first in `tracks` is shown while it runs.
    `began` is the zero of the recording in Unix milliseconds. Raises HostFault (recording-damaged, disk-full,
    disk-failing); `out` may then be there in part.
    """
    opened = _readable(tracks, key)
    units = _one_picture(heapq.merge(*(track.units(began) for track in opened)))
    first = next(units, None)
    if first is None:
        return None
    shown = (unit for track in opened if track.kind == "video" for unit in track.units(began))
    first_picture = next(shown, None)
    has_sound = any(track.kind == "audio" for track in opened)
    place = str(out) if isinstance(out, Path) else out
    with disk_faults(tracks[0]), av.open(place, "w", format="webm") as file:
        return _mux(file, first, units, first_picture, has_sound, chapters, on_progress)


def _readable(tracks: Sequence[Path], key: bytes) -> list["_Track"]:
    """The tracks that have a beginning. One without (nothing ever came, or it was killed in its first second) does not
    stand in the way of the others; HostFault (recording-damaged) where none has."""
    opened, faults = [], []
    for number, path in enumerate(tracks):
        try:
            opened.append(_Track(path, number, key))
        except HostFault as fault:
            faults.append(fault)
    if faults and not opened:
        raise faults[0]
    return opened


def _mux(
    file: Any,
    first: _Unit,
    units: Iterator[_Unit],
    picture: _Unit | None,
    has_sound: bool,
    chapters: Sequence[Chapter],
    on_progress: Callable[[int], None],
) -> Muxed:
    streams: dict[str, Any] = {}
    if picture is not None:
        width, height = _SIZE.unpack_from(picture.data, 6)
        streams["video"] = file.add_mux_stream("vp8", rate=25, width=width & 0x3FFF, height=height & 0x3FFF)
    if has_sound:
        streams["audio"] = file.add_stream("libopus", rate=48_000, layout="mono")
    file.start_encoding()
    if chapters:
        file.set_chapters(
            [
                {
                    "id": number,
                    "start": each.start,
                    "end": each.end,
                    "time_base": _MS,
                    "metadata": {"title": each.title},
                }
                for number, each in enumerate(chapters, 1)
            ]
        )
    counted, latest, told = {"video": 0, "audio": 0}, {"video": -1, "audio": -1}, 0
    for unit in _chain(first, units):
        packet = av.Packet(unit.data)
        packet.stream = streams[unit.kind]
        packet.time_base = _MS
        packet.pts = packet.dts = latest[unit.kind] = max(unit.at, latest[unit.kind] + 1)
        packet.is_keyframe = unit.key
        if unit.kind == "audio":
            packet.duration = OPUS_MS
        file.mux(packet)
        counted[unit.kind] += 1
        if unit.at - told >= 1_000:
            told = unit.at
            on_progress(told)
    return Muxed(max(latest.values()) / 1_000, counted["video"], counted["audio"])


def _chain(first: _Unit, others: Iterator[_Unit]) -> Iterator[_Unit]:
    yield first
    yield from others


def _one_picture(units: Iterator[_Unit]) -> Iterator[_Unit]:
    """The sound, and one picture: another track takes over with a whole one, if it is the better or the only one."""
    showing, shown_at = -1, -SILENT_MS
    for unit in units:
        if unit.kind == "video":
            if unit.track != showing:
                is_due = showing < 0 or unit.track < showing or unit.at - shown_at > SILENT_MS
                if not (unit.key and is_due):
                    continue
                showing = unit.track
            shown_at = unit.at
        yield unit


class _Track:
    """One track, to be read more than once."""

    def __init__(self, path: Path, number: int, key: bytes) -> None:
        self._path, self._number, self._key = path, number, key
        about, _ = self._open()
        self.kind: Literal["audio", "video"] = "video" if about.get("kind") == "video" else "audio"

    def units(self, zero: int) -> Iterator[_Unit]:
        about, records = self._open()
        ahead = max(0, int(about.get("began", zero)) - zero)
        timed, ordered = _Timing(CLOCK[self.kind]), _in_order(records)
        if self.kind == "audio":
            for at, _, packet in ordered:
                if packet.payload:
                    yield _Unit(ahead + timed(packet.timestamp, at), "audio", self._number, True, packet.payload)
            return
        for at, timestamp, whole, frame in _pictures(ordered):
            yield _Unit(ahead + timed(timestamp, at), "video", self._number, whole, frame)

    def _open(self) -> tuple[dict[str, Any], Iterator[tuple[int, bytes]]]:
        return read_mjr(self._path) if self._path.suffix == ".mjr" else read_track(self._path, self._key)


class _Timing:
    """Milliseconds of a stream, by its own clock as long as that fits when its packets came."""

    def __init__(self, ticks: int) -> None:
        self._ticks = ticks
        self._unwrap = Unwrapper(32)
        self._zero: float | None = None

    def __call__(self, timestamp: int, at: int) -> int:
        here = self._unwrap(timestamp) / self._ticks
        if self._zero is None or abs(here - self._zero - at) > DRIFT_MS:
            self._zero = here - at
        return max(0, round(here - self._zero))


def _in_order(records: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, int, RtpPacket]]:
    """Milliseconds of arrival, unwrapped sequence number, packet: each once, in the order they were sent."""
    unwrap, waiting, passed = Unwrapper(16), list[tuple[int, int, RtpPacket]](), -1
    for at, data in records:
        packet = read_rtp(data)
        if packet is None:
            continue
        heapq.heappush(waiting, (unwrap(packet.sequence), at, packet))
        while waiting and (len(waiting) > ORDER_OVER or waiting[0][0] <= passed + 1):
            number, came, due = heapq.heappop(waiting)
            if number > passed:
                passed = number
                yield came, number, due
    while waiting:
        number, came, due = heapq.heappop(waiting)
        if number > passed:
            passed = number
            yield came, number, due


def _pictures(packets: Iterator[tuple[int, int, RtpPacket]]) -> Iterator[tuple[int, int, bool, bytes]]:
    """Arrival, timestamp, whether it is a whole picture, its bytes; nothing between a loss and the next whole one."""
    parts: list[bytes] = []
    whole = broken = True
    before, began_at = -2, 0
    for at, number, packet in packets:
        payload = vp8.read_payload(packet.payload)
        if number != before + 1:
            parts, broken = [], True
        before = number
        if payload is None:
            parts, broken = [], True
            continue
        if payload.starts_frame:
            parts, whole, began_at = [payload.data], payload.keyframe, at
            broken = broken and not whole
        elif parts:
            parts.append(payload.data)
        if packet.marker and parts:
            if not broken and len(frame := b"".join(parts)) > 10:
                yield began_at, packet.timestamp, whole, frame
            parts = []
