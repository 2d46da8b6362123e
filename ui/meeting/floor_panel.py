"""The right column of a meeting: who speaks, what is asked, who waits, where the agenda stands, what is written."""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from ui.meeting.agenda_panel import AgendaPanel
from ui.meeting.inquiry_card import InquiryCard
from ui.meeting.messages_panel import MessagesPanel
from ui.meeting.queue_panel import QueuePanel
from ui.meeting.speaker_card import SpeakerCard
from ui.models.hosting_model import HostingModel
from ui.models.meeting_model import MeetingModel
from ui.theme import font, theme
from ui.widgets import Divider, ScrollColumn


class FloorPanel(QFrame):
    """The column itself: the card stays, the lists scroll."""

    def __init__(
        self,
        model: MeetingModel,
        hosting: HostingModel,
        *,
        ask: Callable[[], object],
        grant: Callable[[str], object],
        write: Callable[[], object],
    ) -> None:
        super().__init__()
        k = theme()
        self.setProperty("role", "panel")
        self.setProperty("edge", "left")
        self.setFixedWidth(k.px(308))
        self.setFont(font())
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(14), k.px(14), k.px(8), k.px(8))
        column.setSpacing(k.px(12))
        self.speaker = SpeakerCard(model)
        card_row = QHBoxLayout()
        card_row.setContentsMargins(0, 0, k.px(6), 0)
        card_row.addWidget(self.speaker)
        column.addLayout(card_row)
        scroll = ScrollColumn(12)
        scroll.column.setContentsMargins(0, 0, k.px(6), 0)
        self.inquiry = InquiryCard(hosting.inquiry)
        scroll.column.addWidget(self.inquiry)
        self.queue = QueuePanel(model, hosting.queue, ask, grant)
        self.agenda = AgendaPanel(model)
        scroll.column.addWidget(self.queue)
        scroll.column.addWidget(Divider())
        scroll.column.addWidget(self.agenda)
        self.messages = MessagesPanel(hosting, write)
        scroll.column.addWidget(Divider())
        scroll.column.addWidget(self.messages)
        scroll.column.addStretch(1)
        column.addWidget(scroll, 1)

    def refresh(self) -> None:
        self.speaker.refresh()
        self.inquiry.refresh()
        self.queue.refresh()
        self.agenda.refresh()
        self.messages.refresh()

    def tick(self) -> None:
        self.speaker.tick()
        self.queue.refresh()
