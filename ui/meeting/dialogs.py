"""The question before a meeting ends for all."""

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import t
from ui.theme import theme
from ui.widgets import Button, DangerButton, Text


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
