"""The look of a page's table: whole rows, no grid, nothing edited in place, left by Tab."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView

from ui.theme import font, theme

ROW = 38
"""Design pixels."""


def plain_table(table: QTableView, name: str) -> None:
    """Give a table that look; `name` is what a screen reader says. Its model must be set."""
    table.setProperty("role", "plain")
    table.setFont(font("body"))
    table.setAccessibleName(name)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(theme().px(ROW))
    head = table.horizontalHeader()
    head.setFont(font("small", bold=True))
    head.setHighlightSections(False)
