"""The register of opinions as a table: number, words, member, class of the reply, what comes next."""

from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTableView

from desktop_app.domain.handling import Handling
from ui.i18n import t
from ui.models.opinion_rows import OpinionRow
from ui.models.opinions_model import COLUMNS, OpinionsModel
from ui.theme import theme
from ui.theme.icons import icon
from ui.widgets.table import Index, TitledRows, plain_table

WIDTHS = {"number": 178, "member": 150, "class": 132, "next": 172, "meeting": 190}
"""The opinion's words take what is left."""
TONES = {"A": "shilv", "B": "zheshi", "C": "ink2"}
CLASS_ICONS = {"A": "check-circle-outline", "B": "progress-clock", "C": "information-outline"}


class _Rows(TitledRows):
    """The rows that are shown, in words."""

    def __init__(self, model: OpinionsModel) -> None:
        super().__init__("opinions", COLUMNS)
        self._model = model
        self._rows: tuple[OpinionRow, ...] = ()
        self._cells: list[tuple[str, ...]] = []

    def show_rows(self, rows: tuple[OpinionRow, ...]) -> None:
        self.beginResetModel()
        self._rows = rows
        self._cells = [self._model.cells(row) for row in rows]
        self.endResetModel()

    def row_at(self, index: Index) -> OpinionRow:
        return self._rows[index.row()]

    def place_of(self, opinion: str) -> int:
        """The row of an opinion, or -1."""
        return next((at for at, row in enumerate(self._rows) if row.pk == opinion), -1)

    def rowCount(self, _parent: Index | None = None) -> int:
        return len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], COLUMNS[index.column()]
        cells = self._cells[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return cells[index.column()].replace("\n", " ")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return t("opinions.say_row", cells[0], cells[1], cells[2], cells[4])
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme().color(self._tone(row, column))
        if role == Qt.ItemDataRole.DecorationRole and column == "class" and row.reply_class in CLASS_ICONS:
            return icon(CLASS_ICONS[row.reply_class], TONES[row.reply_class], 16)
        return None

    def _tone(self, row: OpinionRow, column: str) -> str:
        if column == "class":
            return TONES.get(row.reply_class, "ink2")
        if column == "next":
            left = row.days_left(self._model.now)
            if left is not None and left < 0:
                return "zhusha"
            return "zheshi" if row.state in (Handling.LOOK_BACK, Handling.NOTED) else "ink2"
        return "ink" if column == "text" else "ink2"


class OpinionTable(QTableView):
    """Arrows move, and the chosen one is followed below."""

    chosen = Signal(str)

    def __init__(self, model: OpinionsModel) -> None:
        super().__init__()
        k = theme()
        self._rows = _Rows(model)
        self._shown: tuple[OpinionRow, ...] | None = None
        self._silent = False
        """While rows are put in, nobody chooses."""
        self.setModel(self._rows)
        plain_table(self, t("page.opinions"))
        head = self.horizontalHeader()
        for section, column in enumerate(COLUMNS):
            if column in WIDTHS:
                self.setColumnWidth(section, k.px(WIDTHS[column]))
            else:
                head.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().currentRowChanged.connect(self._choose)

    def show_rows(self, rows: tuple[OpinionRow, ...], chosen: str) -> None:
        """Other rows, or the same; the chosen one stays chosen."""
        selection = self.selectionModel()
        self._silent = True
        if rows != self._shown:
            self._shown = rows
            at = self.verticalScrollBar().value()
            self._rows.show_rows(rows)
            self.verticalScrollBar().setValue(at)
        place = self._rows.place_of(chosen)
        if place >= 0 and self.currentIndex().row() != place:
            flags = QItemSelectionModel.SelectionFlag
            selection.setCurrentIndex(self._rows.index(place, 0), flags.ClearAndSelect | flags.Rows)
        self._silent = False
        self.viewport().update()

    def _choose(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid() and not self._silent:
            self.chosen.emit(self._rows.row_at(index).pk)
