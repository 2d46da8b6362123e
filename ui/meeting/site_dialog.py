"""Choosing one site: found by its name or its initials."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from desktop_app.domain.ids import UnitPath
from ui.i18n import t
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rows import RosterRow
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import Button, PrimaryButton, Text
from ui.widgets.dialog import Dialog

PathRole = int(Qt.ItemDataRole.UserRole)


class SiteDialog(Dialog):
    """`chosen` is the answer."""

    def __init__(
        self, model: MeetingModel, rows: Sequence[RosterRow], title: str, why: str, verb: str, parent: QWidget | None
    ) -> None:
        super().__init__(title, parent, 460)
        self._model, self._rows = model, rows
        k = theme()
        self.body.addWidget(Text(why, "small", "ink2", wrap=True))
        self._find = QLineEdit()
        self._find.setFont(font("body"))
        self._find.setPlaceholderText(t("call.find-site"))
        self._find.setAccessibleName(t("call.find-site"))
        self._find.addAction(icon("magnify", "ink3", 16), QLineEdit.ActionPosition.LeadingPosition)
        self._find.textChanged.connect(lambda _text: self._fill())
        self.body.addWidget(self._find)
        self._list = QListWidget()
        self._list.setFont(font("body"))
        self._list.setAccessibleName(t("call.sites-title"))
        self._list.setMinimumHeight(k.px(260))
        self._list.itemActivated.connect(lambda _item: self._take())
        self.body.addWidget(self._list)
        self.add_button(Button(t("call.cancel"), clicked=self.reject))
        self._ok = self.add_button(PrimaryButton(verb, clicked=self._take), default=True)
        self._fill()
        self._find.setFocus()

    @property
    def chosen(self) -> UnitPath | None:
        item = self._list.currentItem()
        return UnitPath(item.data(PathRole)) if item is not None else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self._list.setCurrentRow(min(max(0, self._list.currentRow() + step), self._list.count() - 1))
        else:
            super().keyPressEvent(event)

    def _fill(self) -> None:
        text = self._find.text()
        self._list.clear()
        for row in self._rows:
            if not text.strip() or self._model.fits(row, text):
                item = QListWidgetItem(row.name)
                item.setData(PathRole, row.unit_path)
                self._list.addItem(item)
        if self._list.count():
            self._list.setCurrentRow(0)
        self._ok.setEnabled(self._list.count() > 0)

    def _take(self) -> None:
        if self.chosen is not None:
            self.accept()
