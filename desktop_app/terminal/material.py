"""Material of meetings at a terminal: placed by one site, brought to all before it is needed, read when it is shown.

One thread of its own fetches what is missing, the nearest meeting first. While this room sits in a meeting only that
meeting's files are fetched, so that nothing else takes the line from its sound.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from pathlib import Path

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.ids import MeetingId
from sync.blobs.desk import Attachments
from sync.meetings.material import OWNER, Material, material_of, wanted
from sync.terminal.records import Records

log = logging.getLogger("silian.material")
SLIDES_BYTES = 200 * 1024 * 1024
"""The largest file whose pages are shown."""
SOON_S, LONGEST_S = 1.0, 60.0
"""Seconds until a fetch that failed is tried again: each time twice as long, but soon while its page is shown."""
WATCHED = frozenset({"attachment", "meeting"})


class TerminalMaterial:
    """A `ui.services.MaterialDesk`. Thread-safe."""

    def __init__(self, records: Records, attachments: Attachments, fetch: Callable[[str], None], clock: Clock) -> None:
        """`fetch` brings an attachment's content here; it blocks and raises Fault."""
        self._records, self._attachments, self._fetch, self._clock = records, attachments, fetch, clock
        self._wake = threading.Condition()
        self._stirred = True
        self._closed = False
        self._sits_in = MeetingId("")
        self._shown = ""
        self._listeners: list[Callable[[], None]] = []
        self._unsubscribe = records.subscribe(self._on_records)
        self._thread = threading.Thread(target=self._run, name="silian-material", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Fetch no more; what was under way goes on at the next start."""
        self._unsubscribe()
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(1.0)

    # For the screens

    def listed(self, meeting: MeetingId) -> Sequence[Material]:
        """The files of a meeting in the order in which they were placed."""
        return material_of(self._records, meeting, self._attachments.store.has)

    def place(self, meeting: MeetingId, path: Path) -> str:
        """Take a file in for a meeting; faults as of `Attachments.attach`."""
        return self._attachments.attach(path, owner_kind=OWNER, owner_id=meeting, meeting=meeting)

    def take_back(self, meeting: MeetingId, attachment: str) -> None:
        """The file is not material of the meeting any more."""
        self._records.retract("attachment", attachment, meeting=meeting)

    def content(self, sha256: str) -> bytes:
        """A file's content. HostFault `blob-missing` until it was fetched; OperatorError `slides-too-large`."""
        with self._attachments.store.open(sha256) as content:
            if content.length > SLIDES_BYTES:
                raise OperatorError("slides-too-large", limit_mb=SLIDES_BYTES // (1024 * 1024))
            return b"".join(content.pieces())

    def follow(self, meeting: MeetingId, shown: str = "") -> None:
        """This room sits in a meeting (empty: in none) whose screens show a page of this file: that one comes first."""
        with self._wake:
            if (meeting, shown) != (self._sits_in, self._shown):
                self._sits_in, self._shown, self._stirred = meeting, shown, True
                self._wake.notify()

    def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Hear, on another thread, that a file came; returns what ends it."""
        self._listeners.append(heard)
        return lambda: self._listeners.remove(heard)

    # The thread

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in WATCHED for entity, _ in changed):
            with self._wake:
                self._stirred = True
                self._wake.notify()

    def _run(self) -> None:
        failures = 0
        patience: float | None = None
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._stirred or self._closed, patience)
                if self._closed:
                    return
                self._stirred = False
                meeting, shown = self._sits_in, self._shown
            try:
                here = self._bring(meeting, shown)
            except Fault as fault:
                log.warning("material could not be looked through: %s", fault)
                here = False
            failures = 0 if here else failures + 1
            urgent = bool(shown) and not self._attachments.store.has(shown)
            patience = None if here and not urgent else SOON_S
            if patience and not urgent:
                patience = min(LONGEST_S, SOON_S * 2 ** min(failures - 1, 10))

    def _bring(self, meeting: MeetingId, shown: str) -> bool:
        """Fetch what is missing until something else comes first; False where something could not be fetched."""
        has = self._attachments.store.has
        if meeting:
            missing = [one for one in self.listed(meeting) if not one.here]
            missing.sort(key=lambda one: one.sha256 != shown)
        else:
            missing = wanted(self._records, has, self._clock.now())
        whole = True
        for one in missing:
            try:
                self._fetch(one.attachment)
            except (Fault, CancelledError) as fault:
                log.info("the file %s is not here yet: %s", one.sha256[:8], fault)
                whole = False
            else:
                for heard in tuple(self._listeners):
                    heard()
            with self._wake:
                if self._stirred or self._closed:
                    break
        return whole
