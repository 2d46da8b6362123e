"""A whole number with its unit, typed or stepped."""

from __future__ import annotations

from PySide6.QtWidgets import QSpinBox

from ui.theme import font, theme


class NumberField(QSpinBox):
    """From `least` to `most`, both allowed; `name` is what a screen reader says."""

    def __init__(self, name: str, value: int, least: int, most: int, unit: str) -> None:
        super().__init__()
        self.setFont(font("body"))
        self.lineEdit().setTextMargins(theme().px(8), 0, 0, 0)
        self.setMinimumHeight(theme().px(34))
        self.setRange(least, most)
        self.setSuffix(unit)
        self.setValue(value)
        self.setAccessibleName(name)
