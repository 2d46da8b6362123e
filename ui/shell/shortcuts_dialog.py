"""F1: the keys, in one table."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import t
from ui.meeting.keys import LECTURE_KEYS, MEETING_KEYS, ROLL_KEYS
from ui.theme import theme
from ui.widgets import Button, Chip, ScrollColumn, Text
from ui.widgets.dialog import Dialog

KEYS = (
    ("F5", "keys.join"),
    ("Ctrl+1…9", "keys.pages"),
    ("Ctrl+Shift+S", "keys.sync"),
    ("Ctrl+R", "keys.retest"),
    ("Ctrl+Shift+L", "keys.lock"),
    ("F11", "keys.full"),
    ("Esc", "keys.esc"),
)
GROUPS = (
    ("keys.in-meeting", MEETING_KEYS),
    ("keys.in-office", KEYS),
    ("keys.in-roll-call", ROLL_KEYS),
    ("keys.in-lecture", LECTURE_KEYS),
)


class ShortcutsDialog(Dialog):
    """Only keys that do something, by where they do it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(t("keys.title"), parent, 860)
        k = theme()
        scroll = ScrollColumn(0)
        scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        screen = QGuiApplication.primaryScreen()
        seen = screen.availableGeometry().height() if screen is not None else k.px(768)
        scroll.setFixedHeight(max(k.px(240), min(k.px(560), seen - k.px(240))))
        columns = QHBoxLayout()
        columns.setContentsMargins(0, 0, k.px(12), 0)
        columns.setSpacing(k.px(28))
        scroll.column.addLayout(columns)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(k.px(14))
            columns.addLayout(column, 1)
        for place, (title, keys) in enumerate(GROUPS):
            (left if place == 0 else right).addLayout(_group(t(title), keys))
        left.addStretch(1)
        right.addStretch(1)
        self.body.addWidget(scroll)
        self.add_button(Button(t("dialog.close"), clicked=self.accept), default=True)
        self.finished.connect(self.deleteLater)


def _group(title: str, keys: Sequence[tuple[str, str]]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(theme().px(8))
    column.addWidget(Text(title, "title"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme().px(14))
    grid.setVerticalSpacing(theme().px(6))
    for row, (sequence, what) in enumerate(keys):
        grid.addWidget(Chip(sequence.replace("Return", "Enter"), "", "outline"), row, 0)
        grid.addWidget(Text(t(what), "body", wrap=True), row, 1)
    grid.setColumnStretch(1, 1)
    column.addLayout(grid)
    return column
