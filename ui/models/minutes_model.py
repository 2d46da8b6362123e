"""纪要: the view model of one unit's minutes of one meeting, written with or without a network.

The document lives here, on the Qt thread; only bytes leave it, through `MinutesKeeper`. What others wrote is applied
between two events of the queue, never while an input method composes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from desktop_app.domain.clock import stamp, unix_ms
from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath, derived_id
from sync.documents.minutes import Block, DocumentChange, MinutesDocument, utf16_length
from sync.reference.units import unit_at
from ui.i18n import language
from ui.models.attachments_model import AttachmentsModel
from ui.models.meeting_choice import MeetingChoice, meeting_choices
from ui.models.minutes_keeper import MinutesKeeper
from ui.models.minutes_opinions import MinutesOpinions
from ui.models.minutes_outline import LOOSE, OutlineItem, outline
from ui.models.minutes_reading import MinutesRead, read_minutes
from ui.models.minutes_talk import MinutesTalk
from ui.models.places import place_name
from ui.models.speakers import SpeakerChoice, read_speakers

if TYPE_CHECKING:
    from sync.documents.live import Colleague
    from ui.models.meeting_model import MeetingModel
    from ui.services import Services

HOLD_MS = 5_000
"""What others wrote waits at most this long for an input method."""
STATUS_MS = 3_000
WATCHED = frozenset({"agenda_item", "opinion", "meeting", "text_conflict"})


class MinutesModel(QObject):
    """The minutes as the editor shows them."""

    changed = Signal()
    """Agenda, opinions, save state, or which meeting it is."""
    structure_changed = Signal()
    """Blocks came or went: read `page` again."""
    edited = Signal(object)
    """A `TextEdit` that was not typed in the editor: make it there too."""
    failed = Signal(object)
    exported = Signal(str)
    people_loaded = Signal()
    people_here_changed = Signal()
    """Somebody else came to these minutes, went, or moved the cursor."""
    _records_changed = Signal(bool)
    _people_told = Signal(str, object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._clock = services.clock
        self._own: UnitPath = services.unit_path
        self._talk = MinutesTalk(lambda: self.meeting, lambda: self.agenda, self)
        self._talk.item_reached.connect(self._follow_item)
        self._opinions = MinutesOpinions(services, self)
        self._opinions.wrote.connect(self._wrote)
        self._opinions.failed.connect(self.failed)
        self.files = AttachmentsModel(services, self)
        """Of these minutes."""
        self.meeting = MeetingId("")
        self.minutes = ""
        self.title = ""
        self.choices: list[MeetingChoice] = []
        self.document: MinutesDocument | None = None
        self.agenda: list[dict[str, Any]] = []
        self.opinions: list[dict[str, Any]] = []
        self.people: list[SpeakerChoice] = []
        self.current_item = LOOSE
        self.current_block = ""
        self.approved = False
        self.pending = 0
        self._names: dict[str, str] = {}
        self._held: list[bytes] = []
        self._composing = False
        self._stop_hearing: Any = None
        self._keeper = MinutesKeeper(services, self)
        self._keeper.changed.connect(self.changed)
        self._keeper.failed.connect(self.failed)
        self._keeper.saved.connect(self._saved)
        self._hold_cap = QTimer(self, singleShot=True, interval=HOLD_MS)
        self._hold_cap.timeout.connect(self._apply_held)
        self._status = QTimer(self, interval=STATUS_MS)
        self._status.timeout.connect(self._read_status)
        self._records_changed.connect(self._hear_records, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)
        self.disputed: frozenset[str] = frozenset()
        """Blocks of which there are two versions, until a person decides on the sync page."""
        self.here: tuple[Colleague, ...] = ()
        """Who else has these minutes open; `lost` where the line to them broke."""
        self._people_told.connect(self._take_people_here, Qt.ConnectionType.QueuedConnection)
        if services.live is not None:
            services.live.listen(self._people_told.emit)

    def follow(self, meeting: MeetingModel) -> None:
        """Take the speaker and the agenda item of new blocks from the running meeting."""
        self._talk.follow(meeting)

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

    def show_item(self, item: str) -> None:
        """Turn the page to an agenda item."""
        self.current_item = item
        self.structure_changed.emit()
        self.changed.emit()

    def sit_down(self, present: bool) -> None:
        """Somebody has unlocked the seat, or left it: only then others see them here."""
        self._go_live(self.minutes if present and self.document is not None else "")

    def move_to(self, block: str, at: int) -> None:
        """The cursor is there (UTF-16): others see it."""
        if self._services.live is not None:
            self._services.live.here(block, at)

    def add_block(
        self,
        member: str = "",
        member_name: str = "",
        site: str = "",
        *,
        agenda_item: str | None = None,
        text: str = "",
    ) -> str:
        """新发言: a block for this speaker, or for whoever speaks in the meeting now; its id."""
        document = self._open_document()
        turn = self._talk.turn
        if not member and not member_name and turn is not None:
            member, member_name, site = turn
        item = self.current_item if agenda_item is None else agenda_item
        if agenda_item is None and turn is not None and (running := self._talk.item):
            item = running
        blocks = document.blocks()
        after = next((block.id for block in reversed(blocks) if block.agenda_item == item), None)
        block = document.add_block(
            after,
            agenda_item=item,
            member=member,
            member_name=member_name,
            site=site or (self._own if member_name else ""),
            at=stamp(self._clock.now()),
            text=text,
        )
        self.current_item, self.current_block = item, block
        self._typed()
        self.structure_changed.emit()
        self.changed.emit()
        return block

    def bind(self, block: str, **bound: str) -> None:
        """Name another speaker, site or agenda item of a block."""
        self._open_document().bind(block, **bound)
        self._typed()
        self.structure_changed.emit()

    def name_speaker(self, block: str, one: SpeakerChoice) -> None:
        """Name who said this: a member, or a guest by name alone."""
        self.bind(block, member=one.member_id, member_name=one.name, site=one.site or self._own)

    def load_people(self) -> None:
        """Read who may be named; `people_loaded` follows."""

        def read(meeting: MeetingId) -> list[SpeakerChoice]:
            return read_speakers(self._services.records, meeting, self._own, every_site=True)

        self._services.runner.start(read, self.meeting, done=self._take_people, failed=self.failed.emit)

    def remove_block(self, block: str) -> None:
        """Take a block out; undo brings it back."""
        self._open_document().remove_block(block)
        self._typed()
        self.structure_changed.emit()

    def edit(self, block: str, start: int, removed: int, text: str) -> None:
        """What the editor did, in UTF-16 positions."""
        self._open_document().replace(block, start, removed, text)
        self._typed()

    def type(self, block: str, text: str) -> None:
        """Type at the end of a block, as a person would in the editor."""
        from sync.documents.minutes import TextEdit

        end = utf16_length(self._open_document().block(block).text)
        self.edit(block, end, 0, text)
        self.edited.emit(TextEdit(block, end, 0, text))

    def undo(self) -> None:
        if self.document is not None and self.document.undo():
            self._typed()

    def redo(self) -> None:
        if self.document is not None and self.document.redo():
            self._typed()

    def save_now(self) -> None:
        """Write what was typed as one change (Ctrl+S; also every second, and on closing)."""
        self._keeper.save_now()

    def mark_opinion(self, block: str, quote: str = "", text: str = "") -> None:
        """标为意见: words of a block (or all of it) as an opinion, with their speaker."""
        source = self._open_document().block(block)
        self.save_now()
        self._opinions.mark(source, self.meeting, self._own, quote, text)

    def confirm_opinion(self, opinion: str) -> None:
        self._opinions.confirm(opinion, self.meeting)

    def dismiss_opinion(self, opinion: str) -> None:
        """不是意见: it stays in the records, and leaves the list."""
        self._opinions.dismiss(opinion, self.meeting)

    def amend_opinion(self, opinion: str, text: str) -> None:
        """Another wording; the quote stays as it was said."""
        self._opinions.amend(opinion, self.meeting, text)

    def export(self, path: Path | str) -> None:
        """Write the minutes as .docx; what was typed is saved first."""
        if not self.minutes:
            self.failed.emit(OperatorError("no-meeting"))
            return
        self.save_now()
        self._services.runner.start(
            self._services.exports.minutes,
            self.minutes,
            Path(path),
            done=lambda written: self.exported.emit(str(written)),
            failed=self.failed.emit,
        )

    def hold(self, composing: bool) -> None:
        """An input method composes: what others wrote waits, though not for ever."""
        self._composing = composing
        if composing:
            self._hold_cap.start()
        else:
            self._hold_cap.stop()
            self._apply_held()

    # What the screen shows

    @property
    def loaded(self) -> bool:
        return self.document is not None

    @property
    def now(self) -> datetime:
        """The wall clock of this machine."""
        return self._clock.now()

    @property
    def outline(self) -> list[OutlineItem]:
        blocks = self.document.blocks() if self.document is not None else []
        return outline(self.agenda, blocks, self.site_name)

    @property
    def page(self) -> list[Block]:
        """The blocks of the current agenda item, in order."""
        if self.document is None:
            return []
        known = {str(item["pk"]) for item in self.agenda}
        here = self.current_item
        return [
            block
            for block in self.document.blocks()
            if (block.agenda_item if block.agenda_item in known else LOOSE) == here
        ]

    @property
    def blocks(self) -> Sequence[Block]:
        return self.document.blocks() if self.document is not None else ()

    @property
    def noted(self) -> list[dict[str, Any]]:
        """This room's opinions that were not dismissed, in the order they were marked."""
        here = {block.id for block in self.blocks}
        ours = [one for one in self.opinions if one.get("state") != "dismissed" and one.get("block") in here]
        return sorted(ours, key=lambda one: str(one["pk"]))

    @property
    def saving(self) -> bool:
        return self._keeper.saving

    @property
    def saved_at(self) -> datetime | None:
        """When the disk last took a batch."""
        return self._keeper.saved_at

    @property
    def save_fault(self) -> Fault | None:
        """Why the last batch is not on the disk yet; None once it is."""
        return self._keeper.fault

    @property
    def dirty(self) -> bool:
        """There is something typed that is not on its way to the disk."""
        return self._keeper.dirty

    @property
    def sha256(self) -> str:
        """Of the canonical JSON of the blocks."""
        return self.document.sha256() if self.document is not None else ""

    def site_name(self, unit_path: str) -> str:
        """A site's name in the language of the screen."""
        if language() != "zh_CN" and unit_at(unit_path) is not None:
            return place_name(unit_path)
        return self._names.get(unit_path, "")

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

    # Saving

    def _saved(self) -> None:
        self._services.sync.poke()
        self._read_status()

    def _typed(self) -> None:
        self._keeper.typed()

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

    # The running meeting

    def _open_document(self) -> MinutesDocument:
        if self.document is None:
            raise OperatorError("minutes-not-open")
        if self.approved:
            raise OperatorError("minutes-approved")
        return self.document

    def _follow_item(self, item: str) -> None:
        if not self.dirty:
            self.show_item(item)
