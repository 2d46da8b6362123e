"""A state as icon, word and colour, in that order of importance."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from ui.theme import font, theme
from ui.theme.icons import pixmap
from ui.widgets.labels import Text

_INK = {"accent": "accent", "neutral": "ink2", "outline": "ink2", "onair": "on_onair"}


class Icon(QLabel):
    """A picture of `size` design pixels; says nothing to a screen reader unless `name` is given."""

    def __init__(self, icon_name: str, tone: str = "ink2", size: int = 18, name: str = "") -> None:
        super().__init__()
        self._size = size
        self.setFixedSize(theme().px(size), theme().px(size))
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.set_icon(icon_name, tone)
        if name:
            self.setAccessibleName(name)
            self.setToolTip(name)

    def set_icon(self, icon_name: str, tone: str = "ink2") -> None:
        self.setPixmap(pixmap(icon_name, tone, self._size))


class Chip(QFrame):
    """A small tinted block. `tone` is a pigment (`shilv`, `zheshi`...), `accent`, `neutral`, `outline` or `onair`.

    `quiet` takes the tint away: grey text beside a small coloured icon, for what is as it should be.
    """

    def __init__(
        self,
        text: str,
        icon_name: str = "",
        tone: str = "neutral",
        *,
        quiet: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        k = theme()
        self.setProperty("role", "chip")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(k.px(9), k.px(3), k.px(10), k.px(3))
        self._row.setSpacing(k.px(6))
        self._icon = Icon(icon_name or "circle-outline", "ink2", 16)
        self._label = Text("", "chip", "ink2", bold=True)
        self._row.addWidget(self._icon)
        self._row.addWidget(self._label)
        self._tone = ""
        self.set_state(text, icon_name, tone, quiet=quiet)

    @property
    def text(self) -> str:
        return self._label.text()

    def set_state(self, text: str, icon_name: str = "", tone: str = "neutral", *, quiet: bool = False) -> None:
        """Another state in place."""
        ink = _INK.get(tone, tone)
        self._icon.setVisible(bool(icon_name))
        if icon_name:
            self._icon.set_icon(icon_name, ink)
        self._label.setFont(font("chip", bold=True))
        self._label.setText(text)
        self._label.set_tone("ink2" if quiet else ink)
        self.setAccessibleName(text)
        painted = "quiet" if quiet else tone
        if painted != self._tone:
            self._tone = painted
            self.setProperty("tone", painted)
            self.style().unpolish(self)
            self.style().polish(self)
        self.setMinimumHeight(theme().px(28))
