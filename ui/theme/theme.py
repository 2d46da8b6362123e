"""The scheme and the scale in force: one object that every widget asks when it is built.

A change of scheme, text size or screen is rare, and views hold no state of their own; so nothing restyles itself in
place. `changed` tells the window, which builds its views anew.
"""

from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from ui.theme.stylesheet import stylesheet
from ui.theme.tokens import DARK, LIGHT, Tokens


class Scheme(StrEnum):
    """浅色, 深色, or as the desktop has it."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class TextSize(StrEnum):
    """标准 / 大字 / 特大."""

    STANDARD = "standard"
    LARGE = "large"
    HUGE = "larger"

    @property
    def factor(self) -> float:
        return {TextSize.STANDARD: 1.0, TextSize.LARGE: 1.15, TextSize.HUGE: 1.3}[self]


def screen_factor(height: int) -> float:
    """How much larger to draw on a screen of this height in logical pixels.

    A desktop with a scale set already reports a smaller height. A 4K screen at 100 % does not, and is drawn as if it
    were 1080 lines high; in between nothing is guessed.
    """
    return round(height / 1080 * 4) / 4 if height >= 1800 else 1.0


class Theme(QObject):
    """Tokens, scale and how to install them. One per process: `theme()`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tokens: Tokens = LIGHT
        self.scheme = Scheme.SYSTEM
        self.text_size = TextSize.STANDARD
        self.screen = 1.0

    @property
    def scale(self) -> float:
        """Length of a design pixel in Qt's logical pixels."""
        return self.text_size.factor * self.screen

    def px(self, length: float) -> int:
        """A design length (UI pixels at 100 %) in logical pixels."""
        return round(length * self.scale)

    def color(self, token: str) -> QColor:
        """The colour of a token, e.g. `accent` or `zheshi_t`."""
        return QColor(getattr(self.tokens, token))

    def choose(
        self,
        scheme: Scheme | None = None,
        text_size: TextSize | None = None,
        screen: float | None = None,
    ) -> None:
        """Take up a setting; what is not given stays. Emits `changed` where the picture is another one."""
        before = (self.tokens, self.scale)
        self.scheme = scheme if scheme is not None else self.scheme
        self.text_size = text_size if text_size is not None else self.text_size
        self.screen = screen if screen is not None else self.screen
        self.tokens = DARK if self._wants_dark() else LIGHT
        self.install()
        if before != (self.tokens, self.scale):
            self.changed.emit()

    def install(self) -> None:
        """Give the application its palette and its one stylesheet."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setPalette(self.palette())
            app.setStyleSheet(stylesheet(self.tokens, self.px))

    def palette(self) -> QPalette:
        """The tokens as Qt's roles."""
        roles = {
            QPalette.ColorRole.Window: "win",
            QPalette.ColorRole.WindowText: "ink",
            QPalette.ColorRole.Base: "surface",
            QPalette.ColorRole.AlternateBase: "win",
            QPalette.ColorRole.Text: "ink",
            QPalette.ColorRole.Button: "surface",
            QPalette.ColorRole.ButtonText: "ink",
            QPalette.ColorRole.BrightText: "on_onair",
            QPalette.ColorRole.Highlight: "accent",
            QPalette.ColorRole.HighlightedText: "on_accent",
            QPalette.ColorRole.Link: "accent",
            QPalette.ColorRole.PlaceholderText: "ink3",
            QPalette.ColorRole.ToolTipBase: "surface",
            QPalette.ColorRole.ToolTipText: "ink",
            QPalette.ColorRole.Mid: "line",
            QPalette.ColorRole.Dark: "ctl",
            QPalette.ColorRole.Light: "surface",
        }
        palette = QPalette()
        for role, token in roles.items():
            palette.setColor(role, self.color(token))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("ink3"))
        return palette

    def _wants_dark(self) -> bool:
        if self.scheme is not Scheme.SYSTEM:
            return self.scheme is Scheme.DARK
        hints = QGuiApplication.styleHints()
        return hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark


_theme: Theme | None = None


def theme() -> Theme:
    """The one theme of this process."""
    global _theme
    if _theme is None:
        _theme = Theme()
    return _theme
