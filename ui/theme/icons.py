"""Material Design Icons, drawn through QtAwesome and kept by (name, colour, size, pixel ratio).

Only the one icon font is loaded: QtAwesome's own start loads nine, and the first paint waits for none of them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPixmap

from ui.theme.theme import theme

if TYPE_CHECKING:
    from qtawesome.iconic_font import IconicFont


@lru_cache(maxsize=1)
def _font() -> IconicFont:
    import qtawesome  # a tenth of a second, which the first paint does not wait for
    from qtawesome.iconic_font import IconicFont

    ttf, charmap = next((row[1], row[2]) for row in qtawesome._BUNDLED_FONTS if row[0] == "mdi6")
    return IconicFont(("mdi6", ttf, charmap))


@lru_cache(maxsize=2_000)
def _pixmap(name: str, color: str, size: int, ratio: float) -> QPixmap:
    pixels = round(size * ratio)
    drawn: QPixmap = _font().icon(f"mdi6.{name}", color=QColor(color)).pixmap(QSize(pixels, pixels))
    drawn.setDevicePixelRatio(drawn.width() / size if size else 1.0)
    return drawn


def _ratio() -> float:
    screen = QGuiApplication.primaryScreen()
    return screen.devicePixelRatio() if screen is not None else 1.0


def pixmap(name: str, token: str = "ink2", size: int = 18) -> QPixmap:
    """An icon of `size` design pixels in a token's colour (or a literal `#RRGGBB`)."""
    color = token if token.startswith("#") else getattr(theme().tokens, token)
    return _pixmap(name, color, theme().px(size), _ratio())


def icon(name: str, token: str = "ink2", size: int = 18, disabled: str = "ink3") -> QIcon:
    """The same as a QIcon with its disabled state."""
    made = QIcon(pixmap(name, token, size))
    made.addPixmap(pixmap(name, disabled, size), QIcon.Mode.Disabled)
    return made
