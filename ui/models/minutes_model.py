"""纪要: the view model of one unit's minutes of one meeting, written with or without a network.

The document lives here, on the Qt thread; only bytes leave it, through `MinutesKeeper`. What others wrote is applied
between two events of the queue, never while an input method composes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.domain.clock import unix_ms
from desktop_app.domain.ids import MeetingId, derived_id
from sync.documents.minutes import DocumentChange, MinutesDocument
from ui.models.meeting_choice import MeetingChoice, meeting_choices
from ui.models.minutes_controls import MinutesControls
from ui.models.minutes_outline import LOOSE
from ui.models.minutes_reading import MinutesRead, read_minutes
from ui.models.speakers import SpeakerChoice, read_speakers

if TYPE_CHECKING:
    from sync.documents.live import Colleague
    from ui.services import Services

HOLD_MS = 5_000
"""What others wrote waits at most this long for an input method."""
STATUS_MS = 3_000
WATCHED = frozenset({"agenda_item", "opinion", "meeting", "text_conflict"})


class MinutesModel(MinutesControls):
    """The minutes as they are opened, read again and shared with whoever else has them open."""

    _records_changed = Signal(bool)
    _people_told = Signal(str, object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(services, parent)
        self._opinions.wrote.connect(self._wrote)
        self._keeper.saved.connect(self._saved)
        self._held: list[bytes] = []
        self._composing = False
        self._stop_hearing: Any = None
        self._hold_cap = QTimer(self, singleShot=True, interval=HOLD_MS)
        self._hold_cap.timeout.connect(self._apply_held)
        self._status = QTimer(self, interval=STATUS_MS)
        self._status.timeout.connect(self._read_status)
        self._records_changed.connect(self._hear_records, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)
        self._people_told.connect(self._take_people_here, Qt.ConnectionType.QueuedConnection)
        if services.live is not None:
            services.live.listen(self._people_told.emit)

    def close(self) -> None:
        """Keep what was typed, and hear no more of the records."""
        self.save_now()
        self.files.close()
        self._status.stop()
        self._unsubscribe()
        self._go_live("")

    # What a person does

    def open(self, meeting: MeetingId | str = "") -> None:
        """Turn to a meeting's minutes; without one, to the running or nearest meeting."""
        if meeting:
            self._turn_to(MeetingId(meeting))
            return
        runner, records, clock = self._services.runner, self._services.records, self._services.clock
        runner.start(meeting_choices, records, clock.now(), done=self._take_choices, failed=self.failed.emit)

    def sit_down(self, present: bool) -> None:
        """Somebody has unlocked the seat, or left it: only then others see them here."""
        self._go_live(self.minutes if present and self.document is not None else "")

    def load_people(self) -> None:
        """Read who may be named; `people_loaded` follows."""

        def read(meeting: MeetingId) -> list[SpeakerChoice]:
            return read_speakers(self._services.records, meeting, self._own, every_site=True)

        self._services.runner.start(read, self.meeting, done=self._take_people, failed=self.failed.emit)

    def hold(self, composing: bool) -> None:
        """An input method composes: what others wrote waits, though not for ever."""
        self._composing = composing
        if composing:
            self._hold_cap.start()
        else:
            self._hold_cap.stop()
            self._apply_held()

    # What comes back

    def load(self) -> None:
        """Read agenda and opinions again; the text comes by its own way."""
        if self.meeting:
            runner, records = self._services.runner, self._services.records
            opened = self.minutes if self.document is not None else ""
            asked = (records, self.meeting, self._own, opened)
            runner.start(read_minutes, *asked, done=self._take, failed=self.failed.emit)

    def _turn_to(self, meeting: MeetingId) -> None:
        if meeting == self.meeting:
            self.load()
            return
        if self._stop_hearing is not None:
            self._stop_hearing()
            self._stop_hearing = None
        self.meeting = meeting
        self.minutes = derived_id("minutes", meeting, self._own)
        self._keeper.turn_to(self.minutes, meeting)
        self.document, self.current_block, self.current_item = None, "", LOOSE
        self._held, self.approved, self.disputed = [], False, frozenset()
        self._go_live("")
        self.agenda, self.opinions, self.title = [], [], ""
        self._status.start()
        self.load()
        self.structure_changed.emit()
        self.changed.emit()

    def _take_choices(self, choices: list[MeetingChoice]) -> None:
        self.choices = choices
        if not self.meeting and choices:
            self._turn_to(choices[0].meeting)
        else:
            self.changed.emit()

    def _take(self, read: MinutesRead) -> None:
        if read.meeting != self.meeting:
            return
        self.title, self.agenda, self.opinions = read.title, read.agenda, read.opinions
        self._names, self.approved, self.pending = read.names, read.approved, read.pending
        self.disputed = read.disputed
        if self.document is None and read.minutes != self.minutes:
            self.minutes = read.minutes
            self._keeper.turn_to(read.minutes, read.meeting)
        self.files.show("minutes", self.minutes, self.meeting, writable=not read.approved)
        if self.document is None:
            self._make_document(read)
        elif read.state is not None:
            self._take_in(read.state)
        self.changed.emit()

    def _make_document(self, read: MinutesRead) -> None:
        clock = self._clock
        document = MinutesDocument(now_ms=lambda: unix_ms(clock.now()))
        if read.state is not None:
            document.apply(read.state)
        self.document = document
        self._stop_hearing = document.observe(self._hear_document)
        self._keeper.attach(document, read.title, exists=read.exists)
        self._go_live(self.minutes)
        current = next((item for item in self.outline if item.state == "current"), None)
        first = current or next(iter(self.outline), None)
        self.current_item = first.item if first is not None else LOOSE
        page = self.page
        self.current_block = page[-1].id if page else ""
        self.structure_changed.emit()

    def _take_in(self, state: bytes) -> None:
        if self._composing:
            self._held.append(state)
        elif self.document is not None:
            self.document.apply(state)

    def _apply_held(self) -> None:
        held, self._held = self._held, []
        if self.document is not None:
            for state in held:
                self.document.apply(state)

    def _hear_document(self, change: DocumentChange) -> None:
        if change.structure:
            self.structure_changed.emit()
        for edit in change.edits:
            self.edited.emit(edit)
        self.changed.emit()

    def _go_live(self, minutes: str) -> None:
        if self._services.live is not None:
            self._services.live.open(minutes)
        if self.here:
            self.here = ()
            self.people_here_changed.emit()

    def _take_people_here(self, document: str, people: tuple[Colleague, ...]) -> None:
        if document == self.minutes and people != self.here:
            self.here = people
            self.people_here_changed.emit()

    def _take_people(self, people: list[SpeakerChoice]) -> None:
        self.people = people
        self.people_loaded.emit()

    def _saved(self) -> None:
        self._services.sync.poke()
        self._read_status()

    def _read_status(self) -> None:
        self._services.runner.start(lambda: self._services.records.status().pending, done=self._take_status)

    def _take_status(self, pending: int) -> None:
        if pending != self.pending:
            self.pending = pending
            self.changed.emit()

    def _wrote(self) -> None:
        self._services.sync.poke()
        self.load()

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if self._keeper.is_writing_here():
            return
        if ("minutes", self.minutes) in changed or any(entity in WATCHED for entity, _ in changed):
            self._records_changed.emit(True)

    def _hear_records(self, _again: bool) -> None:
        self.load()
