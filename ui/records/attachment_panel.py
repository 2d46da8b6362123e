"""附件: the files of a record, each with how far it has come and what can be done; files may be dropped here."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.models.attachments_model import AttachmentsModel
from ui.shell.open_file import open_file
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import Button, ElidedText, Icon, IconButton, ProgressLine, ScrollColumn, Text, clear, flush

if TYPE_CHECKING:
    from sync.blobs.listing import AttachedFile

ICONS = (
    ("image/", "file-image-outline"),
    ("audio/", "file-music-outline"),
    ("video/", "file-video-outline"),
    ("application/pdf", "file-document-outline"),
)
LOOKS = {
    "sent": ("cloud-check-outline", "shilv"),
    "waiting": ("cloud-upload-outline", "zheshi"),
    "refused": ("shield-alert-outline", "zhusha"),
    "away": ("cloud-outline", "ink3"),
    "coming": ("sync", "shiqing"),
}
MEGABYTE = 1_000_000
ROW, SHOWN = 58, 3
"""Of a narrow panel: a file's height in design pixels, and how many are shown before it scrolls."""
Act = tuple[str, str, Callable[[], object], bool]
"""Icon, words, what it does, and whether it can be done now."""


def size_text(length: int) -> str:
    """`1.8 MB`, `412 kB`."""
    if length >= MEGABYTE:
        return t("files.mb", f"{length / MEGABYTE:.1f}")
    return t("files.kb", max(1, round(length / 1000)))


class AttachmentPanel(QFrame):
    """A heading with the way to add, what was wrong last, and the files."""

    def __init__(self, model: AttachmentsModel, parent: QWidget | None = None, *, narrow: bool = False) -> None:
        """`narrow`: for a side column; what can be done with a file is in a menu, and a long list scrolls."""
        super().__init__(parent)
        k = theme()
        self.model = model
        self._narrow = narrow
        self._shown: object = None
        self.setProperty("role", "inset")
        self.setAcceptDrops(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(14), k.px(10), k.px(12), k.px(12))
        column.setSpacing(k.px(6))
        head = QHBoxLayout()
        flush(head, 8)
        head.addWidget(Icon("paperclip", "ink2", 18))
        head.addWidget(Text(t("files.title"), "title"))
        self._count = Text("", "small", "ink3")
        head.addWidget(self._count)
        head.addStretch(1)
        self.add: QPushButton = (
            IconButton("plus", t("files.add"), clicked=self.choose)
            if narrow
            else Button(t("files.add"), "plus", size="small", clicked=self.choose)
        )
        head.addWidget(self.add)
        column.addLayout(head)
        self._wrong = QVBoxLayout()
        flush(self._wrong)
        column.addLayout(self._wrong)
        self._list = QVBoxLayout()
        flush(self._list, 4)
        if narrow:
            self._scroll = ScrollColumn(4)
            self._list = self._scroll.column
            column.addWidget(self._scroll)
        else:
            column.addLayout(self._list)
        model.changed.connect(self.refresh)
        model.failed.connect(self._fail)
        model.opened.connect(self._open)
        self.refresh()

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self.model
        self.add.setVisible(model.writable)
        self.add.setEnabled(model.can_attach)
        picture = (model.owner, model.files, model.ready, model.taking, model.coming, model.writable)
        if picture == self._shown:
            return
        self._shown = picture
        self._count.setText(t("files.count", len(model.files)) if model.files else "")
        clear(self._list)
        for one in model.files:
            self._list.addWidget(self._row(one))
        if model.taking:
            self._list.addWidget(Text(t("files.taking", model.taking), "small", "ink2"))
        elif not model.files:
            reads = not model.ready and bool(model.owner[1])
            words = t("files.loading" if reads else "files.empty" if model.can_attach else "files.none")
            self._list.addWidget(Text(words, "small", "ink3", wrap=True))
        if self._narrow:
            shown = min(SHOWN, max(1, len(model.files) + bool(model.taking)))
            self._scroll.setFixedHeight(theme().px(ROW) * shown)

    def choose(self) -> None:
        """添加附件: choose which."""
        chosen, _ = QFileDialog.getOpenFileNames(self, t("files.add"), "", t("files.kinds"))
        self.model.attach([Path(one) for one in chosen])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.model.can_attach and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.model.attach([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def _row(self, one: "AttachedFile") -> QWidget:
        row = QWidget()
        outer = QVBoxLayout(row)
        flush(outer, 2)
        line = QHBoxLayout()
        flush(line, 8)
        icon_name = next((name for start, name in ICONS if one.mime.startswith(start)), "file-outline")
        line.addWidget(Icon(icon_name, "ink2", 20), 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        flush(words, 0)
        words.addWidget(ElidedText(one.file_name, "body", mode=Qt.TextElideMode.ElideMiddle))
        state = self._state_text(one)
        below = QHBoxLayout()
        flush(below, 5)
        look = "coming" if one.attachment in self.model.coming else str(one.state)
        below.addWidget(Icon(LOOKS[look][0], LOOKS[look][1], 14))
        below.addWidget(ElidedText(state, "small", "ink2"), 1)
        words.addLayout(below)
        reason = fault_text(Fault(one.reason)) if one.state == "refused" else ""
        if reason:
            words.addWidget(Text(reason, "small", "ink2", wrap=True))
        line.addLayout(words, 1)
        acts = self._acts(one)
        if self._narrow:
            line.addWidget(self._menu(one, acts), 0, Qt.AlignmentFlag.AlignVCenter)
        for mark, name, act, allowed in () if self._narrow else acts:
            button = IconButton(mark, name, clicked=act)
            button.setEnabled(allowed)
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        outer.addLayout(line)
        if one.done and one.length:
            bar = ProgressLine()
            bar.set_share(one.done / one.length, state)
            outer.addWidget(bar)
        row.setAccessibleName(", ".join(part for part in (one.file_name, state, reason) if part))
        return row

    def _state_text(self, one: "AttachedFile") -> str:
        size = size_text(one.length)
        if one.attachment in self.model.coming or one.state == "coming":
            return t("files.coming", size_text(one.done), size) if one.done else t("files.coming_soon", size)
        if one.state == "waiting" and one.done:
            return t("files.sending", size_text(one.done), size)
        if one.state == "refused":
            return t("files.refused", size)
        return t(f"files.{one.state}", size)

    def _acts(self, one: "AttachedFile") -> list[Act]:
        model, key = self.model, one.attachment
        name = one.file_name
        acts: list[Act] = []
        if one.state in ("sent", "waiting", "refused"):
            acts.append(("open-in-new", t("files.open", name), lambda: model.open(key), True))
            acts.append(("content-save-outline", t("files.save", name), lambda: self._save(one), True))
        else:
            idle = key not in model.coming and one.state != "coming"
            acts.append(("download-outline", t("files.fetch", name), lambda: model.fetch(key), idle))
        if model.writable and one.owner_path == model.own_unit:
            acts.append(("trash-can-outline", t("files.remove", name), lambda: model.remove(key), True))
        return acts

    def _menu(self, one: "AttachedFile", acts: list[Act]) -> IconButton:
        """What can be done, behind one button."""
        button = IconButton("dots-horizontal", t("files.more", one.file_name))
        menu = QMenu(button)
        menu.setFont(font("body"))
        for icon_name, name, act, allowed in acts:
            entry = menu.addAction(icon(icon_name, "ink2", 18), name)
            entry.setEnabled(allowed)
            entry.triggered.connect(lambda _checked=False, act=act: act())
        button.clicked.connect(lambda: menu.popup(button.mapToGlobal(QPoint(0, button.height()))))
        return button

    def _save(self, one: "AttachedFile") -> None:
        path, _ = QFileDialog.getSaveFileName(self, t("files.save", one.file_name), str(Path.home() / one.file_name))
        if path:
            self.model.save_as(one.attachment, Path(path))

    def _open(self, path: Path) -> None:
        if self.isVisible() and not open_file(path):
            self._say(t("files.no_program", path.name))

    def _fail(self, fault: Fault) -> None:
        self._say(fault_text(fault))

    def _say(self, words: str) -> None:
        clear(self._wrong)
        line = QHBoxLayout()
        flush(line, 6)
        line.addWidget(Icon("alert-circle-outline", "zhusha", 16), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(Text(words, "small", "zhusha", wrap=True), 1)
        line.addWidget(IconButton("close", t("note.away"), size=16, clicked=lambda: clear(self._wrong)))
        self._wrong.addLayout(line)
