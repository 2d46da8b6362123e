"""F1: the keys, in one table."""

from PySide6.QtWidgets import QGridLayout, QWidget

from ui.i18n import t
from ui.theme import theme
from ui.widgets import Button, Chip, Text
from ui.widgets.dialog import Dialog

KEYS = (
    ("F5", "keys.join"),
    ("Ctrl+1…7", "keys.pages"),
    ("Ctrl+Shift+S", "keys.sync"),
    ("Ctrl+R", "keys.retest"),
    ("Ctrl+G", "keys.grant"),
    ("Ctrl+M", "keys.mute_all"),
    ("Ctrl+D", "keys.mic"),
    ("Alt+1 / Alt+2", "keys.layouts"),
    ("Ctrl+Shift+L", "keys.lock"),
    ("F11", "keys.full"),
    ("Esc", "keys.esc"),
)


class ShortcutsDialog(Dialog):
    """Only keys that do something."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(t("keys.title"), parent, 480)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme().px(18))
        grid.setVerticalSpacing(theme().px(8))
        for row, (keys, what) in enumerate(KEYS):
            grid.addWidget(Chip(keys, "", "outline"), row, 0)
            grid.addWidget(Text(t(what), "body"), row, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.add_button(Button(t("dialog.close"), clicked=self.accept), default=True)
        self.finished.connect(self.deleteLater)
