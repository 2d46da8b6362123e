"""Surfaces: the card with its title line, a divider, a tinted notice with its actions, and an empty state."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import theme
from ui.widgets.chip import Icon
from ui.widgets.labels import Text


def clear(layout: QLayout) -> None:
    """Take everything out of a layout, for rows that are built anew from a model."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def flush(layout: QBoxLayout, spacing: int = 0) -> None:
    """No margins; `spacing` in design pixels."""
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(theme().px(spacing))


class Divider(QFrame):
    """A 1 px line."""

    def __init__(self, vertical: bool = False) -> None:
        super().__init__()
        self.setProperty("role", "divider")
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)


class Card(QFrame):
    """A bordered surface. `body` is its layout; `head` the title's row, to which a note or chip may be added."""

    def __init__(self, title: str = "", note: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        k = theme()
        self.setProperty("role", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(k.px(18), k.px(16), k.px(18), k.px(16))
        self.body.setSpacing(k.px(8))
        self.head = QHBoxLayout()
        flush(self.head, 8)
        self.title = Text(title, "title", parent=self)
        self.title.setVisible(bool(title))
        self.note = Text(note, "small", "ink3", parent=self)
        if title:
            self.head.addWidget(self.title)
            self.head.addStretch(1)
            self.head.addWidget(self.note)
            self.body.addLayout(self.head)
        self.note.setVisible(bool(note))

    def set_note(self, note: str) -> None:
        self.note.setText(note)
        self.note.setVisible(bool(note))


class Notice(QFrame):
    """A tinted block: icon, a bold sentence, a second one, and actions at its right."""

    def __init__(
        self,
        title: str,
        text: str = "",
        *,
        icon_name: str = "alert",
        tone: str = "zheshi",
        actions: Sequence[QPushButton] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        k = theme()
        self.setProperty("role", "notice")
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(14), k.px(9), k.px(14), k.px(9))
        row.setSpacing(k.px(14))
        row.addWidget(Icon(icon_name, tone, 22), 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        flush(words, 2)
        self._title = Text(title, "body", tone, bold=True, wrap=True)
        self._text = Text(text, "small", "ink2", wrap=True)
        words.addWidget(self._title)
        words.addWidget(self._text)
        row.addLayout(words, 1)
        if not text:
            self._text.hide()
        for action in actions:
            row.addWidget(action, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setAccessibleName(f"{title} {text}".strip())

    def set_text(self, title: str, text: str = "") -> None:
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.setAccessibleName(f"{title} {text}".strip())


class EmptyState(QWidget):
    """What a list shows when there is nothing in it: what that means, and what can be done."""

    def __init__(
        self,
        icon_name: str,
        title: str,
        text: str = "",
        action: QPushButton | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        k = theme()
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(20), k.px(24), k.px(20), k.px(24))
        column.setSpacing(k.px(8))
        column.addStretch(1)
        column.addWidget(Icon(icon_name, "ink3", 36), 0, Qt.AlignmentFlag.AlignHCenter)
        heading = Text(title, "title", "ink2", wrap=True)
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(heading)
        if text:
            words = Text(text, "small", "ink3", wrap=True)
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(words)
        if action is not None:
            column.addSpacing(k.px(6))
            column.addWidget(action, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
