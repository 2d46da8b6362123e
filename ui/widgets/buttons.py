"""Buttons by what they mean: one filled button per region, the others outlined, red outline for what destroys.

A button's label stands a thin space off its icon; that space is not part of its accessible name.
"""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QFontMetrics, QIcon
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from ui.theme import font, theme
from ui.theme.icons import icon

THIN = "\u2009"


class Button(QPushButton):
    """An outlined button. `size`: small, normal or large."""

    tone = "ink2"
    kind = ""

    def __init__(
        self,
        text: str,
        icon_name: str = "",
        *,
        size: str = "normal",
        clicked: Callable[[], object] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon_name = ""
        if self.kind:
            self.setProperty("role", self.kind)
        self.setProperty("extent", size)
        role = {"large": "title", "small": "small"}.get(size, "body")
        self.setFont(font(role, bold=self.kind == "primary"))
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setAutoDefault(False)
        self.set_icon(icon_name, size=20 if size == "large" else 18)
        self.set_text(text)
        if clicked is not None:
            self.clicked.connect(lambda _checked=False: clicked())

    def set_text(self, text: str) -> None:
        """The label, and the name that a screen reader says."""
        self.setText(f"{THIN}{text}" if self._icon_name else text)
        self.setAccessibleName(text)

    def set_icon(self, name: str, size: int = 18) -> None:
        self._icon_name = name
        if name:
            self.setIcon(icon(name, self.tone, size))
            self.setIconSize(QSize(theme().px(size), theme().px(size)))

    def drop_icon(self) -> None:
        """The words alone, where room is scarce."""
        words = self.accessibleName()
        self._icon_name = ""
        self.setIcon(QIcon())
        self.set_text(words)


class MenuButton(Button):
    """A button that opens a menu above or below it; a chevron says so."""

    def __init__(self, text: str, icon_name: str = "", menu: QMenu | None = None, *, size: str = "normal") -> None:
        super().__init__(text, icon_name, size=size, clicked=self.open_menu)
        self._menu = menu

    def set_text(self, text: str) -> None:
        super().set_text(text)
        self.setText(f"{self.text()} ▾")

    def set_menu(self, menu: QMenu) -> None:
        self._menu = menu

    def open_menu(self) -> None:
        """Show it where there is room, with its first entry chosen, so that the arrows work at once."""
        if self._menu is None or not self.isEnabled():
            return
        self._menu.ensurePolished()
        place = self.mapToGlobal(QPoint(0, -self._menu.sizeHint().height()))
        if place.y() < 0:
            place = self.mapToGlobal(QPoint(0, self.height()))
        first = next((one for one in self._menu.actions() if one.isEnabled() and not one.isSeparator()), None)
        if first is not None:
            self._menu.setActiveAction(first)
        self._menu.popup(place)


class PrimaryButton(Button):
    """The one main action of a region."""

    tone = "on_accent"
    kind = "primary"


class DangerButton(Button):
    """What cannot be taken back: red outline, never a red fill."""

    tone = "zhusha"
    kind = "danger"


class LinkButton(Button):
    """A quiet action in the accent colour."""

    tone = "accent"
    kind = "link"


class IconButton(QPushButton):
    """Only an icon; `name` is its accessible name and tooltip."""

    def __init__(
        self,
        icon_name: str,
        name: str,
        *,
        tone: str = "ink2",
        size: int = 20,
        clicked: Callable[[], object] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "icon")
        self.setIcon(icon(icon_name, tone, size))
        self.setIconSize(QSize(theme().px(size), theme().px(size)))
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if clicked is not None:
            self.clicked.connect(lambda _checked=False: clicked())


class Segmented(QWidget):
    """A few choices side by side, one in force. `chosen` is called with the key."""

    def __init__(
        self,
        choices: list[tuple[str, str]],
        current: str,
        chosen: Callable[[str], object],
        *,
        icons: dict[str, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._icons = icons or {}
        self._chosen = chosen
        self._buttons: dict[str, QPushButton] = {}
        for index, (key, label) in enumerate(choices):
            button = QPushButton(label)
            button.setFont(font("body"))
            button.setProperty("role", "segment")
            place = "first" if index == 0 else "last" if index == len(choices) - 1 else "middle"
            button.setProperty("place", place)
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setAutoDefault(False)
            button.setAccessibleName(label)
            button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
            # The chosen label is bold: room for it is kept from the start, so that nothing shifts.
            width = QFontMetrics(font("body", bold=True)).horizontalAdvance(label) + theme().px(2 * 14)
            button.setMinimumWidth(width)
            if key in self._icons:
                button.setText(f"{THIN}{label}")
                button.setIconSize(QSize(theme().px(16), theme().px(16)))
                button.setMinimumWidth(width + theme().px(26))
            button.clicked.connect(lambda _checked=False, key=key: self._choose(key))
            self._buttons[key] = button
            row.addWidget(button)
        self.set_current(current)

    def set_current(self, key: str) -> None:
        for name, button in self._buttons.items():
            button.setChecked(name == key)
            button.setFont(font("body", bold=name == key))
            if name in self._icons:
                button.setIcon(icon(self._icons[name], "on_accent" if name == key else "ink2"))

    def set_label(self, key: str, label: str) -> None:
        self._buttons[key].setText(label)
        self._buttons[key].setAccessibleName(label)

    def _choose(self, key: str) -> None:
        self.set_current(key)
        self._chosen(key)
