"""纪要, as the editor shows them: the open document, its agenda and opinions, and how far they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import MeetingId, UnitPath
from sync.documents.minutes import Block, MinutesDocument
from ui.models.attachments_model import AttachmentsModel
from ui.models.meeting_choice import MeetingChoice
from ui.models.minutes_keeper import MinutesKeeper
from ui.models.minutes_outline import LOOSE, OutlineItem, outline
from ui.models.places import told_name
from ui.models.speakers import SpeakerChoice

if TYPE_CHECKING:
    from sync.documents.live import Colleague
    from ui.services import Services


class MinutesScene(QObject):
    """What there is to see of the minutes; `MinutesModel` fills it."""

    changed = Signal()
    """Agenda, opinions, save state, or which meeting it is."""
    structure_changed = Signal()
    """Blocks came or went: read `page` again."""
    edited = Signal(object)
    """A `TextEdit` that was not typed in the editor: make it there too."""
    failed = Signal(object)
    exported = Signal(object)
    people_loaded = Signal()
    people_here_changed = Signal()
    """Somebody else came to these minutes, went, or moved the cursor."""

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._clock = services.clock
        self._own: UnitPath = services.unit_path
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
        self.disputed: frozenset[str] = frozenset()
        """Blocks of which there are two versions, until a person decides on the sync page."""
        self.here: tuple[Colleague, ...] = ()
        """Who else has these minutes open; `lost` where the line to them broke."""
        self._names: dict[str, str] = {}
        self._keeper = MinutesKeeper(services, self)
        self._keeper.changed.connect(self.changed)
        self._keeper.failed.connect(self.failed)

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
        return told_name(unit_path, self._names.get(unit_path, ""))
