"""纪要: what a person does to the open minutes. OperatorError where they are not open, or approved already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import OperatorError
from sync.documents.minutes import MinutesDocument, TextEdit, utf16_length
from ui.models.minutes_opinions import MinutesOpinions
from ui.models.minutes_scene import MinutesScene
from ui.models.minutes_talk import MinutesTalk
from ui.models.speakers import SpeakerChoice

if TYPE_CHECKING:
    from ui.models.meeting_model import MeetingModel
    from ui.services import Services


class MinutesControls(MinutesScene):
    """Writing: blocks, their words and speakers, and the opinions that are marked in them."""

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(services, parent)
        self._talk = MinutesTalk(lambda: self.meeting, lambda: self.agenda, self)
        self._talk.item_reached.connect(self._follow_item)
        self._opinions = MinutesOpinions(services, self)
        self._opinions.failed.connect(self.failed)

    def follow(self, meeting: MeetingModel) -> None:
        """Take the speaker and the agenda item of new blocks from the running meeting."""
        self._talk.follow(meeting)

    def show_item(self, item: str) -> None:
        """Turn the page to an agenda item."""
        self.current_item = item
        self.structure_changed.emit()
        self.changed.emit()

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
            done=self.exported.emit,
            failed=self.failed.emit,
        )

    def _typed(self) -> None:
        self._keeper.typed()

    def _open_document(self) -> MinutesDocument:
        if self.document is None:
            raise OperatorError("minutes-not-open")
        if self.approved:
            raise OperatorError("minutes-approved")
        return self.document

    def _follow_item(self, item: str) -> None:
        if not self.dirty:
            self.show_item(item)
