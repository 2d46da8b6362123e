"""Choosing one member: found by typing, who signed in stands first, and a name of one's own where that makes sense."""

from typing import Any, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ui.i18n import t
from ui.models.speakers import SpeakerChoice
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import Button, PrimaryButton, Text


class PeopleModel(Protocol):
    """A view model that knows who may be chosen; `people_loaded` is a signal."""

    people: list[SpeakerChoice]
    people_loaded: Any

    def load_people(self) -> None: ...


class MemberDialog(QDialog):
    """`chosen` is the answer: a member, or, where `free` allows it, just a name."""

    def __init__(
        self, model: PeopleModel, title: str, why: str, verb: str, *, free: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model, self._free = model, free
        self.chosen: SpeakerChoice | None = None
        k = theme()
        self.setWindowTitle(title)
        self.setModal(True)
        self.resize(k.px(460), k.px(480))
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(22), k.px(20), k.px(22), k.px(18))
        column.setSpacing(k.px(10))
        column.addWidget(Text(title, "page"))
        column.addWidget(Text(why, "small", "ink2", wrap=True))
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
        self._ok = PrimaryButton(verb, clicked=self._take)
        row.addWidget(self._ok)
        column.addLayout(row)
        model.people_loaded.connect(self._fill)
        self._fill()
        model.load_people()
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
        text = self._find.text().strip()
        people = [one for one in self._model.people if _fits(one, text.lower())]
        if self._free and text and all(one.name != text for one in people):
            people.append(SpeakerChoice("", text, t("floor.free"), False))
        self._list.clear()
        for one in people:
            item = QListWidgetItem(_line(one))
            here = one.signed_in
            item.setIcon(icon("check-circle" if here else "circle-outline", "shilv" if here else "ink3"))
            item.setData(Qt.ItemDataRole.UserRole, one)
            self._list.addItem(item)
        if people:
            self._list.setCurrentRow(0)
        self._empty.setVisible(not people)
        self._empty.setText(t("floor.none") if self._model.people else t("floor.no-roster"))
        self._choose()

    def _choose(self) -> None:
        item = self._list.currentItem()
        self.chosen = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        self._ok.setEnabled(self.chosen is not None)

    def _take(self) -> None:
        if self.chosen is not None:
            self.accept()


def _fits(one: SpeakerChoice, wanted: str) -> bool:
    return not wanted or wanted in one.name.lower() or one.initials.startswith(wanted) or wanted in one.note


def _line(one: SpeakerChoice) -> str:
    state = t("floor.signed-in") if one.signed_in else t("floor.not-signed-in")
    return " · ".join(part for part in (one.name, one.note, state if one.member_id else "") if part)
