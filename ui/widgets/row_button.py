"""A row of a list that can be chosen: a real button, so that the keyboard and a screen reader reach it."""

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLayout, QPushButton, QSizePolicy, QWidget

from ui.theme import theme


class RowButton(QPushButton):
    """`line` is its layout. The chosen one is tinted, with a mark at its left."""

    def __init__(
        self, name: str, clicked: Callable[[], object], *, selected: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "line")
        self.setProperty("selected", "true" if selected else "false")
        self.setAccessibleName(name)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.line = QHBoxLayout(self)
        self.line.setSpacing(theme().px(10))
        # A button's least height in the stylesheet would else let a full list squeeze its rows.
        self.line.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
        self.clicked.connect(lambda _checked=False: clicked())

    def sizeHint(self) -> QSize:
        return self.line.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self.line.minimumSize()
