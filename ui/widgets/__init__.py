"""The parts every screen is built from. Each takes its colours and sizes from `ui.theme` when it is made."""

from ui.widgets.buttons import Button, DangerButton, IconButton, LinkButton, MenuButton, PrimaryButton, Segmented
from ui.widgets.card import Card, Divider, EmptyState, Notice, clear, flush
from ui.widgets.chip import Chip, Icon
from ui.widgets.labels import ElidedText, Text
from ui.widgets.level_mark import LevelMark, SiteName, bars_filled, paint_level_mark
from ui.widgets.progress import ProgressLine
from ui.widgets.scroll import ScrollColumn

__all__ = [
    "Button",
    "Card",
    "Chip",
    "DangerButton",
    "Divider",
    "ElidedText",
    "EmptyState",
    "Icon",
    "IconButton",
    "LevelMark",
    "LinkButton",
    "MenuButton",
    "Notice",
    "PrimaryButton",
    "ProgressLine",
    "ScrollColumn",
    "Segmented",
    "SiteName",
    "Text",
    "bars_filled",
    "clear",
    "flush",
    "paint_level_mark",
]
