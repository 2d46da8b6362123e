"""The look of a page's table: whole rows, no grid, nothing edited in place, left by Tab."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStackedLayout, QTableView, QVBoxLayout, QWidget

from ui.i18n import t
from ui.theme import font, theme
from ui.widgets.card import EmptyState, clear, flush

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


class TableCard(QFrame):
    """A card with a table, or with what it means that there is nothing in it."""

    def __init__(self, table: QTableView) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._table = table
        self._empty = QWidget()
        self._place = QVBoxLayout(self._empty)
        flush(self._place)
        self._stack = QStackedLayout(self)
        self.setContentsMargins(1, 1, 1, 1)
        self._stack.addWidget(table)
        self._stack.addWidget(self._empty)

    def show_table(self) -> None:
        self._stack.setCurrentWidget(self._table)

    def show_empty(self, state: EmptyState) -> None:
        clear(self._place)
        self._place.addWidget(state)
        self._stack.setCurrentWidget(self._empty)
