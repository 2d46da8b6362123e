"""A dialog: a heading, a body, and buttons that are verbs. Esc cancels; Enter is the safe answer where one destroys."""

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui.theme import theme
from ui.widgets.buttons import Button, DangerButton
from ui.widgets.focus_ring import FocusRing
from ui.widgets.labels import Text


class Dialog(QDialog):
    """`body` is the layout to fill; `add_button` puts buttons at the right of the foot in the order given."""

    def __init__(self, title: str, parent: QWidget | None = None, width: int = 520) -> None:
        super().__init__(parent)
        k = theme()
        self.setWindowTitle(title)
        self.setMinimumWidth(k.px(width))
        column = QVBoxLayout(self)
        column.setContentsMargins(k.px(24), k.px(20), k.px(24), k.px(20))
        column.setSpacing(k.px(14))
        column.addWidget(Text(title, "page"))
        self.body = QVBoxLayout()
        self.body.setSpacing(k.px(10))
        column.addLayout(self.body, 1)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(k.px(10))
        self.foot.addStretch(1)
        column.addLayout(self.foot)
        self.ring = FocusRing(self)

    def focusNextPrevChild(self, forward: bool) -> bool:
        self.ring.by_keyboard()
        return super().focusNextPrevChild(forward)

    def add_button(self, button: QPushButton, *, default: bool = False) -> QPushButton:
        self.foot.addWidget(button)
        button.setDefault(default)
        return button


def ask_before(
    parent: QWidget | None,
    title: str,
    text: str,
    act: str,
    cancel: str,
    confirmed: Callable[[], object],
) -> Dialog:
    """Ask before what cannot be taken back; `confirmed` is called only for the red button. Does not block."""
    dialog = Dialog(title, parent, 460)
    dialog.body.addWidget(Text(text, "body", "ink2", wrap=True))
    keep = dialog.add_button(Button(cancel, clicked=dialog.reject), default=True)
    dialog.add_button(DangerButton(act, clicked=dialog.accept))
    dialog.accepted.connect(confirmed)
    dialog.open()
    keep.setFocus()
    return dialog
