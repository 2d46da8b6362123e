"""The recordings of a center: what the engine writes while a meeting runs, and what is kept of it for good.

While it runs, the packets of the sites that agreed lie sealed in `<folder>/recordings/<meeting>/<Unix ms>`. When it is
over each site becomes one WebM with the agenda as its chapters, made by a process of its own, and kept as a blob; the
records `recording` say how far that is. Nothing is taken away before what came of it is kept, so a center that dies in
between does it again.
"""

import contextlib
import hashlib
import json
import logging
import queue
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from desktop_app.center.meeting_log import OVER
from desktop_app.domain.clock import Clock, moment, stamp, unix_ms
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import MeetingId, PersonId, UnitPath, derived_id
from desktop_app.domain.principal import Actor
from desktop_app.platform import program
from media.engine.room import RecordingOrder, recording_name
from media.recording.scratch import Scratch
from sync.blobs.store import BlobStore
from sync.blobs.uploads import Uploads
from sync.center.store import CenterStore, Write
from sync.identity.device import DeviceKey

log = logging.getLogger(__name__)

FOLDER = "recordings"
ENTITY, OWNER = "recording", "recording"
MIME = "video/webm"
TOLD_EVERY_MS = 60_000
"""Of the recording, between two notes of how far its making is."""
TRY_AGAIN = 30.0
PIECE = 1024 * 1024


class Recordings:
    """The `Tapes` of the meetings, and the lane that makes files of them. `running()` while the center serves."""

    def __init__(
        self, store: CenterStore, uploads: Uploads, key: DeviceKey, clock: Clock, *, folder: str = "", retention: str
    ) -> None:
        """`folder`: where the engine may write; empty: in the center's own."""
        self._store, self._uploads, self._key, self._clock = store, uploads, key, clock
        self._folder = Path(folder) if folder else store.folder / FOLDER
        self._retention = retention
        self._running: dict[MeetingId, Path] = {}
        self._due: queue.Queue[Path | None] = queue.Queue()

    # what the meetings ask for

    def order(self, meeting: MeetingId, since: datetime, sites: frozenset[UnitPath]) -> RecordingOrder:
        folder = self._running[meeting] = self._place(meeting, since)
        for earlier in folder.parent.glob("*"):
            if earlier != folder:  # this center died when it ended
                self._due.put(earlier)
        return RecordingOrder(str(folder.resolve()), self._seal(meeting), sites)

    def over(self, meeting: MeetingId, since: datetime) -> None:
        if self._running.get(meeting) == self._place(meeting, since):
            del self._running[meeting]
        self._due.put(self._place(meeting, since))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Make files of what is over, also of what was over when the center died."""
        for folder in self._left():
            self._due.put(folder)
        thread = threading.Thread(target=self._work, name="recordings", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._due.put(None)
            thread.join(5)  # a file that is being made is made again at the next start

    def _place(self, meeting: MeetingId, since: datetime) -> Path:
        return self._folder / meeting / str(unix_ms(since))

    def _seal(self, meeting: MeetingId) -> bytes:
        return self._key.derive(f"recording/{meeting}")

    def _left(self) -> list[Path]:
        """What lies there of meetings that are over."""
        found = []
        for folder in sorted(self._folder.glob("*/*")):
            row = self._store.get("meeting", folder.parent.name)
            if row is None or row.get("state") in OVER:
                found.append(folder)
        return found

    # the lane

    def _work(self) -> None:
        while (folder := self._due.get()) is not None:
            try:
                self._keep(folder)
            except HostFault as fault:
                log.error("the recording in %s waits: %s", folder, fault)
                threading.Timer(TRY_AGAIN, self._due.put, [folder]).start()
            except Exception:  # a bug in one recording must not keep the others from being made
                log.exception("the recording in %s could not be made; it is left where it lies", folder)

    def _keep(self, folder: Path) -> None:
        """Make and keep the files of one recording; then its tracks go."""
        if not folder.is_dir():
            return
        meeting, since = MeetingId(folder.parent.name), datetime.fromtimestamp(int(folder.name) / 1000, UTC)
        units = {UnitPath(row["unit_path"]): row for row in self._store.list("unit")}
        names = {recording_name(path): path for path in units}
        tracks: dict[UnitPath, list[Path]] = {}
        for file in sorted(folder.iterdir()):
            site = names.get(file.name.partition("-")[0])
            if file.suffix in (".track", ".mjr") and site is not None:
                tracks.setdefault(site, []).append(file)
        for site, files in tracks.items():
            self._keep_site(meeting, since, units[site], files)
        shutil.rmtree(folder)
        with contextlib.suppress(OSError):
            folder.parent.rmdir()

    def _keep_site(self, meeting: MeetingId, since: datetime, unit: Mapping[str, Any], files: list[Path]) -> None:
        site = UnitPath(unit["unit_path"])
        pk = derived_id(meeting, unix_ms(since), "recording", site)
        known = self._store.get(ENTITY, pk)
        if known is not None and known.get("state") == "kept":
            return
        agenda = self._agenda(meeting, since)
        self._write(
            meeting,
            pk,
            {
                "meeting": meeting,
                "site": site,
                "site_name": unit["name"],
                "started_at": stamp(since),
                "state": "making",
                "progress": 0,
                "retention": self._retention,
                "agenda": [json.dumps([item, title, start], ensure_ascii=False) for item, title, start, _ in agenda],
            },
        )
        scratch, out_key = files[0].parent / f"{recording_name(site)}.part", secrets.token_bytes(32)
        order = {
            "tracks": [str(path) for path in files],
            "key": self._seal(meeting).hex(),
            "out": str(scratch),
            "out_key": out_key.hex(),
            "began": unix_ms(since),
            "chapters": [[title, start, end] for _, title, start, end in agenda],
        }
        try:
            made = self._make(meeting, pk, order, self._length(meeting, since))
            if made.get("empty"):
                self._write(meeting, pk, {"state": "empty", "progress": 100})
                return
            with Scratch(scratch, out_key, fresh=False) as content:
                fields = self._store_blob(content)
        finally:
            scratch.unlink(missing_ok=True)
        name = f"{stamp(since)[:10]} {unit['short_name'] or unit['name']}.webm"
        attachment = {
            "owner_kind": OWNER,
            "owner_id": pk,
            "file_name": name,
            "mime": MIME,
            "meeting": meeting,
            **fields,
        }
        actor = Actor(PersonId(""), self._store.device)
        done = {"state": "kept", "progress": 100, "seconds": round(made["seconds"]), **fields}
        self._uploads.put(self._store.identity.unit_path, str(fields["sha256"]))
        with self._store.transaction() as transaction:
            transaction.append(
                Write("attachment", derived_id(pk, "file"), attachment, meeting),
                Write(ENTITY, pk, done, meeting),
                actor=actor,
            )

    def _make(self, meeting: MeetingId, pk: str, order: Mapping[str, Any], length_ms: int) -> dict[str, Any]:
        """The process that makes one file; what it said last. HostFault where it could not."""
        told_at = 0
        last: dict[str, Any] = {}
        with subprocess.Popen([*program(), "archive"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            if process.stdin is None or process.stdout is None:
                raise HostFault("disk-failing", folder=str(self._folder))
            with process.stdin as stdin:
                stdin.write(json.dumps(order).encode() + b"\n")
            for line in process.stdout:
                last = json.loads(line)
                if last.get("at", 0) - told_at >= TOLD_EVERY_MS:
                    told_at = last["at"]
                    self._write(meeting, pk, {"progress": min(99, 100 * told_at // max(1, length_ms))})
        if "fault" in last or process.returncode:
            raise HostFault(str(last.get("fault", "recording-damaged")), folder=str(self._folder), file=pk)
        return last

    def _store_blob(self, content: Scratch) -> dict[str, Any]:
        digest, length = hashlib.sha256(), 0
        while piece := content.read(PIECE):
            digest.update(piece)
            length += len(piece)
        content.seek(0)
        sha256 = digest.hexdigest()
        blobs: BlobStore = self._uploads.store
        blobs.take_in(content, sha256, length)  # type: ignore[arg-type]  # a RawIOBase reads as the protocol wants
        return {"sha256": sha256, "bytes": length}

    def _agenda(self, meeting: MeetingId, since: datetime) -> list[tuple[str, str, int, int]]:
        """Items that ran while it was recorded: id, title, and milliseconds from the recording's beginning."""
        found = []
        for row in self._store.list("agenda_item", meeting=meeting):
            if row.get("started_at"):
                start = max(0, _ms(row["started_at"], since))
                end = _ms(row["ended_at"], since) if row.get("ended_at") else start + self._length(meeting, since)
                if end > start:
                    found.append((str(row["pk"]), str(row.get("title") or ""), start, end))
        return sorted(found, key=lambda item: item[2])

    def _length(self, meeting: MeetingId, since: datetime) -> int:
        """Milliseconds from the recording's beginning to the meeting's end, or to now."""
        row = self._store.get("meeting", meeting) or {}
        return max(1, _ms(row.get("actual_end") or stamp(self._clock.now()), since))

    def _write(self, meeting: MeetingId, pk: str, fields: dict[str, Any]) -> None:
        self._store.append(Write(ENTITY, pk, fields, meeting), actor=Actor(PersonId(""), self._store.device))


def _ms(at: str, since: datetime) -> int:
    return round((moment(at) - since).total_seconds() * 1000)
