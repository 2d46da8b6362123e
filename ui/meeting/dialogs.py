"""The two questions a meeting asks: end it for all, and for which member to ask for the floor."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ui.i18n import t
from ui.models.meeting_model import MeetingModel, SpeakerChoice
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import Button, DangerButton, PrimaryButton, Text


class EndDialog(QDialog):
    """结束会议: the safe answer is the default, and Esc is it."""

    def __init__(self, sites: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        k = theme()
        self.setWindowTitle(t("call.end"))
        self.setModal(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(24), k.px(22), k.px(24), k.px(20))
        column.setSpacing(k.px(10))
        column.addWidget(Text(t("call.end-title"), "page"))
        words = Text(t("call.endask", sites), "body", "ink2", wrap=True)
        words.setMinimumWidth(k.px(420))
        column.addWidget(words)
        column.addSpacing(k.px(8))
        row = QHBoxLayout()
        row.setSpacing(k.px(10))
        row.addStretch(1)
        self.go_on = Button(t("call.go-on"), clicked=self.reject)
        self.end = DangerButton(t("call.end"), "phone-hangup", clicked=self.accept)
        self.go_on.setDefault(True)
        row.addWidget(self.go_on)
        row.addWidget(self.end)
        column.addLayout(row)
        self.go_on.setFocus()


class FloorDialog(QDialog):
    """登记发言: a member of this room, found by typing; who signed in stands first."""

    def __init__(self, model: MeetingModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.member = ""
        k = theme()
        self.setWindowTitle(t("floor.title"))
        self.setModal(True)
        self.resize(k.px(460), k.px(480))
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(22), k.px(20), k.px(22), k.px(18))
        column.setSpacing(k.px(10))
        column.addWidget(Text(t("floor.title"), "page"))
        column.addWidget(Text(t("floor.why"), "small", "ink2", wrap=True))
        self._find = QLineEdit()
        self._find.setFont(font("body"))
        self._find.setPlaceholderText(t("floor.find"))
        self._find.setAccessibleName(t("floor.find"))
        self._find.addAction(icon("magnify", "ink3", 16), QLineEdit.ActionPosition.LeadingPosition)
        self._find.textChanged.connect(lambda _text: self._fill())
        column.addWidget(self._find)
        self._list = QListWidget()
        self._list.setFont(font("body"))
        self._list.setAccessibleName(t("floor.members"))
        self._list.currentItemChanged.connect(lambda *_: self._choose())
        self._list.itemDoubleClicked.connect(lambda _item: self._take())
        column.addWidget(self._list, 1)
        self._empty = Text("", "small", "ink3", wrap=True)
        column.addWidget(self._empty)
        row = QHBoxLayout()
        row.setSpacing(k.px(10))
        row.addStretch(1)
        row.addWidget(Button(t("call.cancel"), clicked=self.reject))
        self._ok = PrimaryButton(t("floor.ask"), "hand-back-right-outline", clicked=self._take)
        row.addWidget(self._ok)
        column.addLayout(row)
        model.people_loaded.connect(self._fill)
        model.load_people()
        self._fill()
        self._find.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._list.setCurrentRow(min(max(0, self._list.currentRow() + step), self._list.count() - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        else:
            super().keyPressEvent(event)

    def _fill(self) -> None:
        wanted = self._find.text().strip().lower()
        people = [one for one in self._model.people if _fits(one, wanted)]
        self._list.clear()
        for one in people:
            item = QListWidgetItem(_line(one))
            item.setIcon(
                icon("check-circle" if one.signed_in else "circle-outline", "shilv" if one.signed_in else "ink3")
            )
            item.setData(Qt.ItemDataRole.UserRole, one.member_id)
            self._list.addItem(item)
        if people:
            self._list.setCurrentRow(0)
        self._empty.setVisible(not people)
        self._empty.setText(t("floor.none") if self._model.people else t("floor.no-roster"))
        self._choose()

    def _choose(self) -> None:
        item = self._list.currentItem()
        self.member = str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""
        self._ok.setEnabled(bool(self.member))

    def _take(self) -> None:
        if self.member:
            self.accept()


def _fits(one: SpeakerChoice, wanted: str) -> bool:
    return not wanted or wanted in one.name.lower() or one.initials.startswith(wanted) or wanted in one.note


def _line(one: SpeakerChoice) -> str:
    state = t("floor.signed-in") if one.signed_in else t("floor.not-signed-in")
    return " · ".join(part for part in (one.name, one.note, state) if part)
