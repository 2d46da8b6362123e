"""留言: the lines between this room and the chair, the newest first, and a way to write one."""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import t
from ui.i18n.dates import clock_text
from ui.meeting.acts import apply_right
from ui.meeting.panel_head import PanelHead
from ui.models.hosting_model import HostingModel, MessageRow
from ui.models.meeting_rights import Act
from ui.theme import theme
from ui.widgets import ElidedText, LinkButton, Text, clear, flush

SHOWN = 6


class MessagesPanel(QWidget):
    """The last few."""

    def __init__(self, hosting: HostingModel, write: Callable[[], object]) -> None:
        super().__init__()
        self._hosting = hosting
        self._key: object = None
        column = QVBoxLayout(self)
        flush(column, 4)
        self._write = LinkButton(t("host.write"), "message-outline", size="small", clicked=write)
        column.addWidget(PanelHead(t("host.messages"), self._write))
        self._list = QVBoxLayout()
        flush(self._list)
        column.addLayout(self._list)
        self.refresh()

    def refresh(self) -> None:
        hosting = self._hosting
        apply_right(self._write, hosting.right(Act.MESSAGE))
        rows = hosting.messages[::-1][:SHOWN]
        self._write.setVisible(not hosting.meeting.is_chair)
        if rows == self._key:
            return
        self._key = rows
        clear(self._list)
        if not rows:
            self._list.addWidget(Text(t("host.messages-none"), "small", "ink3"))
        for place, row in enumerate(rows):
            self._list.addWidget(self._row(row, last=place == len(rows) - 1))

    @staticmethod
    def _row(row: MessageRow, *, last: bool) -> QFrame:
        k = theme()
        frame = QFrame()
        frame.setProperty("role", "row")
        frame.setProperty("last", "true" if last else "false")
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, k.px(6), 0, k.px(6))
        column.setSpacing(k.px(1))
        head = QHBoxLayout()
        flush(head, 6)
        who = f"{row.sender} · {t('host.to', row.to)}" if row.to else row.sender
        head.addWidget(ElidedText(who, "small", "ink2", bold=True), 1)
        head.addWidget(Text(clock_text(row.at), "small", "ink3"))
        column.addLayout(head)
        column.addWidget(ElidedText(row.text, "body", lines=3))
        return frame
