"""How it looks: tokens, scale, fonts, icons and the one stylesheet.

`theme()` is asked when a widget is built: `theme().px(12)`, `theme().color("accent")`, `font("title")`,
`icon("home-outline", "accent")`. `start_theme(app)` comes before the first widget.
"""

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from ui.theme.fonts import font
from ui.theme.theme import Scheme, TextSize, Theme, screen_factor, theme
from ui.theme.tokens import DARK, LIGHT, Tokens

__all__ = [
    "DARK",
    "LIGHT",
    "Scheme",
    "TextSize",
    "Theme",
    "Tokens",
    "font",
    "screen_factor",
    "start_theme",
    "theme",
]


def start_theme(
    app: QApplication,
    scheme: Scheme = Scheme.SYSTEM,
    text_size: TextSize = TextSize.STANDARD,
) -> Theme:
    """Style, locale (Simplified glyphs even from a Japanese face), font, palette and stylesheet."""
    QLocale.setDefault(QLocale(QLocale.Language.Chinese, QLocale.Country.China))
    app.setStyle("Fusion")
    screen = app.primaryScreen()
    height = screen.availableGeometry().height() if screen is not None else 1080
    current = theme()
    current.choose(scheme, text_size, screen_factor(height))
    app.setFont(font())
    return current
