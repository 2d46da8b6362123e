"""The look of a page's table: whole rows, no grid, nothing edited in place, left by Tab."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QTableView

from ui.i18n import t
from ui.theme import font, theme

Index = QModelIndex | QPersistentModelIndex
ROW = 38
"""Design pixels."""


class TitledRows(QAbstractTableModel):
    """The columns of a table, each under its word of the catalogue: `<page>.<column>`."""

    def __init__(self, page: str, columns: Sequence[str] = ()) -> None:
        super().__init__()
        self._page = page
        self.columns = tuple(columns)

    def columnCount(self, _parent: Index | None = None) -> int:
        return len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return t(f"{self._page}.{self.columns[section]}")
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None


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
