"""The left column of the minutes: the agenda tree, and below it how the text is saved."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.i18n import fault_text, t
from ui.i18n.dates import clock_text, seconds_text
from ui.models.minutes_model import MinutesModel
from ui.models.minutes_outline import OutlineBlock, OutlineItem
from ui.models.places import place_of
from ui.records.paper import item_heading
from ui.theme import theme
from ui.widgets import Divider, ElidedText, Icon, LinkButton, ScrollColumn, Text, clear, flush

ICONS = {"current": ("play-circle-outline", "accent"), "done": ("check-circle-outline", "shilv")}


class Line(QWidget):
    """A row that can be pressed: with the mouse, or with Enter or Space."""

    def __init__(self, press: Callable[[], object], *, chosen: bool, bar: bool, name: str) -> None:
        super().__init__()
        self._press, self._chosen, self._bar = press, chosen, bar
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._press()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._press()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        k = theme()
        painter = QPainter(self)
        if self._chosen:
            painter.fillRect(self.rect(), k.color("tint"))
            if self._bar:
                painter.fillRect(0, 0, k.px(4), self.height(), k.color("accent"))
        if self.hasFocus():
            painter.setPen(k.color("focus"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


class OutlinePanel(QFrame):
    """Items, speakers, save state."""

    block_chosen = Signal(str)

    def __init__(self, model: MinutesModel) -> None:
        super().__init__()
        self._model = model
        self._key: object = None
        k = theme()
        self.setProperty("role", "panel")
        self.setProperty("edge", "right")
        self.setFixedWidth(k.px(228))
        column = QVBoxLayout(self)
        flush(column)
        head = QHBoxLayout()
        head.setContentsMargins(k.px(14), k.px(12), k.px(8), k.px(8))
        head.addWidget(Text(t("min.agenda"), "title"))
        head.addStretch(1)
        self._add = LinkButton(t("min.add"), "plus", size="small", clicked=self._add_block)
        head.addWidget(self._add)
        column.addLayout(head)
        scroll = ScrollColumn(0)
        self._rows = scroll.column
        column.addWidget(scroll, 1)
        column.addWidget(Divider())
        foot = QVBoxLayout()
        foot.setContentsMargins(k.px(14), k.px(12), k.px(12), k.px(14))
        foot.setSpacing(k.px(6))
        foot.addWidget(Text(t("min.save-state"), "body", bold=True))
        self._saved_icon = Icon("content-save-check-outline", "shilv")
        self._saved = ElidedText("", "small", "ink2", lines=4)
        self._sent_icon, self._sent = Icon("cloud-check-outline", "shilv"), ElidedText("", "small", "ink2")
        for mark, text in ((self._saved_icon, self._saved), (self._sent_icon, self._sent)):
            line = QHBoxLayout()
            flush(line, 8)
            line.addWidget(mark)
            line.addWidget(text, 1)
            foot.addLayout(line)
        column.addLayout(foot)
        self.refresh()

    def refresh(self) -> None:
        model = self._model
        self._show_saved()
        self._add.setEnabled(model.loaded and not model.approved)
        key = (model.outline, model.current_item, model.current_block)
        if key == self._key:
            return
        self._key = key
        clear(self._rows)
        if not model.loaded:
            return
        for item in model.outline:
            self._rows.addWidget(self._item(item))
            if item.item == model.current_item:
                for block in item.blocks:
                    self._rows.addWidget(self._block(block))
        self._rows.addStretch(1)

    def _item(self, item: OutlineItem) -> Line:
        k = theme()
        chosen = item.item == self._model.current_item
        heading, note = item_heading(item), self._note(item)
        line = Line(lambda: self._choose(item.item), chosen=chosen, bar=True, name=f"{heading}, {note}")
        row = QHBoxLayout(line)
        row.setContentsMargins(k.px(12), k.px(8), k.px(10), k.px(8))
        row.setSpacing(k.px(9))
        name, tone = ICONS.get(item.state, ("circle-outline", "ink3"))
        row.addWidget(Icon(name, tone))
        words = QVBoxLayout()
        flush(words)
        words.addWidget(ElidedText(heading, "body", bold=chosen))
        words.addWidget(Text(note, "meta", "ink2"))
        row.addLayout(words, 1)
        return line

    def _block(self, block: OutlineBlock) -> Line:
        k = theme()
        chosen = block.block == self._model.current_block
        who = block.member_name or t("min.nobody")
        site = place_of(block.site_name)
        when = clock_text(block.at) if block.at is not None else ""
        line = Line(lambda: self.block_chosen.emit(block.block), chosen=chosen, bar=False, name=f"{who} {site} {when}")
        row = QHBoxLayout(line)
        row.setContentsMargins(k.px(40), k.px(3), k.px(10), k.px(3))
        row.setSpacing(k.px(6))
        row.addWidget(ElidedText(f"{who} {site}".strip(), "body", bold=chosen), 1)
        row.addWidget(Text(when, "meta", "ink2"))
        return line

    def _note(self, item: OutlineItem) -> str:
        if item.state == "current":
            return t("min.item-current", item.speakers)
        if item.state == "done" or item.blocks:
            return t("min.item-done", item.speakers)
        return t("min.item-planned")

    def _choose(self, item: str) -> None:
        self._model.show_item(item)

    def _add_block(self) -> None:
        self._model.add_block(agenda_item=self._model.current_item)

    def _show_saved(self) -> None:
        model = self._model
        if model.save_fault is not None:
            self._saved_icon.set_icon("content-save-alert-outline", "zhusha")
            self._saved.set_text(fault_text(model.save_fault))
        elif model.dirty or model.saving:
            self._saved_icon.set_icon("content-save-outline", "shiqing")
            self._saved.set_text(t("min.saving"))
        elif model.saved_at is not None:
            self._saved_icon.set_icon("content-save-check-outline", "shilv")
            self._saved.set_text(t("min.saved", seconds_text(model.saved_at)))
        else:
            self._saved_icon.set_icon("content-save-check-outline", "shilv")
            self._saved.set_text(t("min.nothing-new"))
        if model.pending:
            self._sent_icon.set_icon("cloud-upload-outline", "zheshi")
            self._sent.set_text(t("min.pending", model.pending))
        else:
            self._sent_icon.set_icon("cloud-check-outline", "shilv")
            self._sent.set_text(t("min.sent"))
