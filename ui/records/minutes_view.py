"""纪要: agenda tree, page, opinions. It writes with or without a network, and says all the time how it is saved."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.i18n.dates import clock_text
from ui.meeting.bars import Strip
from ui.models.minutes_model import MinutesModel
from ui.records.attachment_panel import AttachmentPanel
from ui.records.opinions_panel import OpinionsPanel
from ui.records.outline_panel import OutlinePanel
from ui.records.paper import Paper, colleague_name
from ui.theme import TextSize, theme
from ui.widgets import Button, Divider, ElidedText, IconButton, PrimaryButton, Text, clear, flush

SOON_MS = 60
"""Keys come faster than the rest of the page needs to follow: what stands around the words waits this long."""


class MinutesView(QWidget):
    """The page of one meeting's minutes."""

    def __init__(self, model: MinutesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.setProperty("role", "page")
        k = theme()
        row = QHBoxLayout(self)
        flush(row)
        self._outline = OutlinePanel(model)
        row.addWidget(self._outline)
        middle = QVBoxLayout()
        side = k.px(20 if k.text_size is TextSize.STANDARD else 10)
        middle.setContentsMargins(side, k.px(14), side, k.px(10))
        middle.setSpacing(k.px(12))
        self._note = QVBoxLayout()
        flush(self._note)
        middle.addLayout(self._note)
        middle.addLayout(self._tools())
        self._paper = Paper(model)
        middle.addWidget(self._paper, 1)
        foot = QHBoxLayout()
        flush(foot, 8)
        self._hint = ElidedText("", "small", "ink2")
        foot.addWidget(self._hint, 1)
        self._count = Text("", "small", "ink2")
        foot.addWidget(self._count)
        middle.addLayout(foot)
        row.addLayout(middle, 1)
        self._opinions = OpinionsPanel(model)
        row.addWidget(self._opinions)
        self._files = AttachmentPanel(model.files, narrow=True)
        self._opinions.add_below(self._files)
        self._outline.block_chosen.connect(self._go)
        self._paper.block_entered.connect(lambda _block: self._outline.refresh())
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self.refresh)
        model.changed.connect(self._refresh_soon)
        model.people_here_changed.connect(self._show_others)
        model.failed.connect(self._fail)
        model.exported.connect(self._show_exported)
        self._keys()
        self.refresh()

    @property
    def subtitle(self) -> str:
        """For the top bar: the meeting's title."""
        return self.model.title

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self.model
        self._outline.refresh()
        self._paper.refresh()
        self._opinions.refresh()
        writable = model.loaded and not model.approved
        for button in (self._new, self._time, self._mark):
            button.setEnabled(writable)
        document = model.document
        self._undo.setEnabled(writable and document is not None and document.can_undo)
        self._redo.setEnabled(writable and document is not None and document.can_redo)
        self._export.setEnabled(model.loaded)
        self._hint.set_text(t("min.final") if model.approved else t("min.keys"))
        self._count.setText(t("min.count", sum(len(block.text) for block in model.page)))

    def _refresh_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _show_others(self) -> None:
        """Who else is at these minutes."""
        here = self.model.here
        named = [t("min.was_here" if one.lost else "min.name_here", colleague_name(one)) for one in here]
        words = t("min.and").join(named)
        self._others.set_text(words)
        self._others.setVisible(bool(words))

    def choose_export(self) -> None:
        """导出: choose where."""
        name = f"{t('min.title')}-{self.model.title}.docx"
        path, _ = QFileDialog.getSaveFileName(self, t("min.export"), name, t("min.export-kinds"))
        if path:
            self.model.export(Path(path))

    def _tools(self) -> QHBoxLayout:
        model, k = self.model, theme()
        tools = QHBoxLayout()
        flush(tools, 8)
        self._new = Button(t("min.new"), "account-voice", size="small", clicked=self._add)
        self._time = Button(t("min.time"), "clock-outline", size="small", clicked=self._insert_time)
        self._mark = PrimaryButton(t("min.mark"), "comment-quote-outline", size="small", clicked=self._mark_opinion)
        for button, keys in ((self._new, "Ctrl+Enter"), (self._time, "F7"), (self._mark, "Ctrl+E")):
            button.setToolTip(keys)
            tools.addWidget(button)
        line = Divider(vertical=True)
        line.setFixedHeight(k.px(28))
        tools.addWidget(line)
        self._undo = IconButton("undo", t("min.undo"), clicked=model.undo)
        self._redo = IconButton("redo", t("min.redo"), clicked=model.redo)
        tools.addWidget(self._undo)
        tools.addWidget(self._redo)
        tools.addStretch(1)
        self._others = ElidedText("", "small", "ink2")
        tools.addWidget(self._others)
        if k.text_size is TextSize.STANDARD:
            self._export: QPushButton = Button(
                t("min.export"), "file-export-outline", size="small", clicked=self.choose_export
            )
        else:  # the side columns grow too: words without pictures, and a picture without words
            for labelled in (self._new, self._time, self._mark):
                labelled.drop_icon()
            self._export = IconButton("file-export-outline", t("min.export"), clicked=self.choose_export)
        tools.addWidget(self._export)
        return tools

    def _add(self) -> None:
        self._tried(self.model.add_block)

    def _insert_time(self) -> None:
        editor = self._paper.editor
        if editor is not None and not editor.isReadOnly():
            editor.insert(t("min.stamp", clock_text(self.model.now)))
            editor.setFocus()

    def _mark_opinion(self) -> None:
        editor = self._paper.editor
        if editor is not None:
            quote = editor.selected_text()
            self._tried(lambda: self.model.mark_opinion(self.model.current_block, quote))

    def _tried(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Fault as fault:
            self._fail(fault)

    def _go(self, block: str) -> None:
        self.model.current_block = block
        self._paper.focus_block(block)
        self._outline.refresh()

    def _fail(self, fault: Fault) -> None:
        self._tell(fault_text(fault), "zhusha", "alert-circle-outline")

    def _show_exported(self, path: Path) -> None:
        self._tell(t("min.exported", path.name), "shilv", "check-circle-outline")

    def _tell(self, text: str, tone: str, mark: str) -> None:
        clear(self._note)
        away = IconButton("close", t("call.put-away"), clicked=lambda: clear(self._note))
        strip = Strip(mark, tone, (away,), lines=1)
        strip.set_text(text)
        self._note.addWidget(strip)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.model.open(self.model.meeting)
        self._paper.focus_block(self.model.current_block)

    def _keys(self) -> None:
        for keys, act in (
            ("Ctrl+Return", self._add),
            ("Ctrl+Enter", self._add),
            ("Ctrl+E", self._mark_opinion),
            ("Ctrl+S", self.model.save_now),
            ("F7", self._insert_time),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
