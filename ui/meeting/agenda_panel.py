"""The items of the agenda; the chair goes from one to the next."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from media.meeting.model import MeetingPhase
from ui.i18n import t
from ui.meeting.acts import apply_right, tried
from ui.meeting.panel_head import PanelHead
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act
from ui.models.meeting_rows import AgendaRow
from ui.theme import theme
from ui.widgets import (
    ElidedText,
    Icon,
    IconButton,
    LinkButton,
    Text,
    clear,
    flush,
)


class AgendaPanel(QWidget):
    """The items; the chair goes to one by pressing it."""

    def __init__(self, model: MeetingModel) -> None:
        super().__init__()
        self._model = model
        self._key: object = None
        column = QVBoxLayout(self)
        flush(column, 4)
        self._next = LinkButton(t("call.agenda-next"), "skip-next-outline", size="small", clicked=self.go_on)
        column.addWidget(PanelHead(t("call.agenda"), self._next))
        self._list = QVBoxLayout()
        flush(self._list)
        column.addLayout(self._list)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        rows = model.agenda
        right = model.right(Act.POINT_AGENDA)
        following = self._following(rows)
        self._next.setVisible(model.conducts and following is not None)
        apply_right(self._next, right, t("call.agenda-next-tip"))
        key = (rows, right, model.state.phase)
        if key == self._key:
            return
        self._key = key
        clear(self._list)
        if not rows:
            known = model.state.phase is not MeetingPhase.NONE
            self._list.addWidget(Text(t("call.agenda-empty" if known else "call.reading"), "small", "ink3"))
        for row in rows:
            self._list.addWidget(self._row(row, may=right.allowed))

    def _row(self, row: AgendaRow, *, may: bool) -> QWidget:
        k = theme()
        line_box = QWidget()
        line = QHBoxLayout(line_box)
        line.setContentsMargins(0, k.px(4), 0, k.px(4))
        line.setSpacing(k.px(4))
        current, done = row.state == "current", row.state == "done"
        shown = "check-circle-outline" if done else "play-circle-outline" if current else "circle-outline"
        tone = "accent" if current else "ink3"
        number = row.number
        go = tried(self._model, lambda: self._model.point_agenda(number))
        if may and not current:
            button = IconButton(shown, t("call.go-to", row.title), tone=tone, size=18, clicked=go)
            button.setFixedSize(k.px(34), k.px(32))
            line.addWidget(button)
        else:
            mark = Icon(shown, tone)
            mark.setFixedWidth(k.px(34))
            line.addWidget(mark)
        title = ElidedText(f"{row.number}. {row.title}", "body", "ink3" if done else "ink", bold=current, lines=2)
        line.addWidget(title, 1)
        line.addWidget(Text(t(f"call.agenda-{row.state}"), "small", "accent" if current else "ink2"))
        line_box.setMinimumHeight(k.px(33))
        line_box.setAccessibleName(f"{row.number}. {row.title}, {t(f'call.agenda-{row.state}')}")
        return line_box

    def _following(self, rows: list[AgendaRow]) -> AgendaRow | None:
        at = next((row.number for row in rows if row.state == "current"), 0)
        return next((row for row in rows if row.number > at), None)

    def go_on(self) -> None:
        """下一项 (Ctrl+Shift+N)."""
        row = self._following(self._model.agenda)
        if row is not None:
            tried(self._model, lambda: self._model.point_agenda(row.number))()
