"""The head of a list in the side column: what it is, how many, and the one thing to press."""

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from ui.widgets import Text, flush


class PanelHead(QWidget):
    """Title at the left, a count behind it, the action at the right."""

    def __init__(self, title: str, action: QPushButton | None = None) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        flush(row, 8)
        row.addWidget(Text(title, "title"))
        self._count = Text("", "small", "ink3")
        row.addWidget(self._count)
        row.addStretch(1)
        if action is not None:
            row.addWidget(action)

    def set_count(self, text: str) -> None:
        self._count.setText(text)
