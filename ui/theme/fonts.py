"""The type scale. Sizes are in design pixels and follow the text-size setting; weights are 400 and 700 only."""

from PySide6.QtGui import QFont

from ui.theme.theme import theme

SANS = ["Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei UI", "Microsoft YaHei"]
SERIF = ["Noto Serif CJK SC", "Source Han Serif SC", "SimSun"]

SIZES: dict[str, int] = {
    "meta": 13,
    "chip": 13,
    "small": 14,
    "body": 15,
    "reading": 16,
    "title": 17,
    "page": 20,
    "session": 28,
    "document": 24,
    "number": 28,
    "number_large": 34,
    "number_huge": 40,
}
BOLD = {"title", "page", "session", "document", "number", "number_large", "number_huge"}
SERIF_ROLES = {"session", "document"}


def font(role: str = "body", *, bold: bool | None = None) -> QFont:
    """The font of a role of the type scale; `bold` overrides the role's own weight."""
    made = QFont()
    made.setFamilies(SERIF if role in SERIF_ROLES else SANS)
    made.setPixelSize(theme().px(SIZES[role]))
    made.setBold(role in BOLD if bold is None else bold)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made
