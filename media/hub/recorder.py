"""Records a room: for each site one track of sound and one of pictures, unbroken, whoever publishes anew meanwhile.

A recorded site is shown in slots of the recorder's own, like those of a receiver, so that layers, keyframes and
reconnects need nothing more. A site on the air is recorded in the main picture, any other in the thumb.
"""

import logging
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import UnitPath
from media.engine.layers import THUMB_HEIGHT
from media.engine.room import RECORDED_HEIGHT, RecordingOrder, recording_name
from media.hub.slot import Slot
from media.recording.track import TrackWriter
from media.sdp import OPUS, VP8, Kind

log = logging.getLogger(__name__)

PAYLOAD_TYPE: dict[Kind, int] = {"audio": OPUS, "video": VP8}


class SiteTape:
    """One site's slots and the files behind them. A file begins with the first packet."""

    def __init__(self, site: UnitPath, order: RecordingOrder, unix_ms: Callable[[], int]) -> None:
        self.site = site
        self.fault: HostFault | None = None
        """Why it is no longer recorded."""
        self.slots = [Slot(kind, kind, PAYLOAD_TYPE[kind], self._writer(kind)) for kind in PAYLOAD_TYPE]
        self._order, self._unix_ms = order, unix_ms
        self._tracks: dict[str, tuple[TrackWriter, int]] = {}
        for slot in self.slots:
            slot.wanted, slot.height = site, THUMB_HEIGHT

    @property
    def size(self) -> int:
        return sum(track.bytes for track, _ in self._tracks.values())

    def flush(self) -> None:
        for track, _ in self._tracks.values():
            self._guarded(track.flush)

    def close(self) -> None:
        for track, _ in self._tracks.values():
            self._guarded(track.close)

    def _writer(self, kind: Kind) -> Callable[[bytes], None]:
        return lambda packet: self._guarded(lambda: self._write(kind, packet))

    def _write(self, kind: Kind, packet: bytes) -> None:
        now = self._unix_ms()
        if kind not in self._tracks:
            path = Path(self._order.folder) / f"{recording_name(self.site)}-{kind}-{secrets.token_hex(4)}.track"
            about = {"site": self.site, "kind": kind, "began": now}
            self._tracks[kind] = (TrackWriter(path, self._order.key, about), now)
        track, began = self._tracks[kind]
        track.add(max(0, now - began), packet)

    def _guarded(self, work: Callable[[], None]) -> None:
        """A disk that cannot ends this recording, and nothing else."""
        if self.fault is not None:
            return
        try:
            work()
        except HostFault as fault:
            self.fault = fault
            log.error("%s is no longer recorded: %s", self.site, fault)


class Recorder:
    """What is recorded of one room now."""

    def __init__(self, order: RecordingOrder, unix_ms: Callable[[], int]) -> None:
        """HostFault (disk-full, disk-failing) where the folder cannot be made."""
        self.order = order
        self._unix_ms = unix_ms
        self._tapes: dict[UnitPath, SiteTape] = {}
        try:
            Path(order.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as err:
            raise HostFault("disk-failing", folder=order.folder) from err

    def slots(self) -> Iterator[Slot]:
        for tape in self._tapes.values():
            yield from tape.slots

    def want(self, sites: frozenset[UnitPath]) -> tuple[list[Slot], list[Slot]]:
        """Record these sites from now on: the slots that are new, and those that are over."""
        over = [tape for site, tape in self._tapes.items() if site not in sites]
        for tape in over:
            del self._tapes[tape.site]
            tape.close()
        new = [SiteTape(site, self.order, self._unix_ms) for site in sorted(sites) if site not in self._tapes]
        self._tapes.update({tape.site: tape for tape in new})
        return [slot for tape in new for slot in tape.slots], [slot for tape in over for slot in tape.slots]

    def set_on_air(self, sites: frozenset[UnitPath]) -> list[Slot]:
        """The picture slots whose size changed by that."""
        changed = []
        for tape in self._tapes.values():
            picture = tape.slots[1]
            height = RECORDED_HEIGHT if tape.site in sites else THUMB_HEIGHT
            if picture.height != height:
                picture.height = height
                changed.append(picture)
        return changed

    def flush(self) -> None:
        """Once a second: what a kill may cost."""
        for tape in self._tapes.values():
            tape.flush()

    def stats(self) -> dict[str, dict[str, object]]:
        """By site: bytes written, and the fault that ended it."""
        return {
            site: {"bytes": tape.size, "fault": tape.fault.id if tape.fault is not None else ""}
            for site, tape in self._tapes.items()
        }
