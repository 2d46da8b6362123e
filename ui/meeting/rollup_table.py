"""各会场汇总: expected, present, excused, absent of every room, with the sums of the cities and the province, live."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop_app.domain.units import Level
from sync.meetings.rollup import SiteSum
from ui.i18n import t
from ui.models.places import place_name
from ui.theme import font, theme

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("site", "rooms", "expected", "present", "on-leave", "absent", "late", "left", "guest")


class RollupRows(QAbstractTableModel):
    """One line for each room and each sum."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[SiteSum, ...] = ()
        self._begun = False

    def show_rows(self, rows: tuple[SiteSum, ...], *, begun: bool) -> None:
        """Where only numbers changed, the place in the list stays."""
        same = [one.unit_path for one in rows] == [one.unit_path for one in self._rows]
        if same:
            self._rows, self._begun = rows, begun
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self._rows, self._begun = rows, begun
        self.endResetModel()

    def rowCount(self, _parent: Index | None = None) -> int:
        return len(self._rows)

    def columnCount(self, _parent: Index | None = None) -> int:
        return len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], COLUMNS[index.column()]
        is_sum = row.level in (Level.PROVINCE, Level.CITY)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.FontRole:
            return font("body", bold=is_sum)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if column == "site" else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.BackgroundRole and row.level == Level.PROVINCE:
            return theme().color("sunken")
        if role == Qt.ItemDataRole.ForegroundRole:
            missing = column == "absent" and self._begun and row.total.absent
            return theme().color("zheshi" if missing else "ink")
        if role == Qt.ItemDataRole.AccessibleTextRole and column == "site":
            total = row.total
            counts = t("sign.counts", total.expected, total.present, total.excused, total.absent)
            return f"{self._text(row, 'site')}, {counts}"
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            if column == "absent":
                return t("sign.absent") if self._begun else t("sign.waiting")
            return t(f"rollup.{column}") if column in ("site", "rooms", "late", "left") else t(f"sign.{column}")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if column == "site" else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    @staticmethod
    def _text(row: SiteSum, column: str) -> str:
        total = row.total
        if column == "site":
            indent = "　" * max(0, row.level - Level.PROVINCE)
            return f"{indent}{place_name(row.unit_path)}"
        value = {
            "rooms": row.sites,
            "expected": total.expected,
            "present": total.present,
            "on-leave": total.excused,
            "absent": total.absent,
            "late": total.late,
            "left": total.left,
            "guest": total.guests,
        }[column]
        return str(value) if value or column in ("expected", "present", "absent") else "–"


class RollupTable(QTableView):
    """The lines; arrows walk through them."""

    def __init__(self) -> None:
        super().__init__()
        k = theme()
        self._rows = RollupRows()
        self.setModel(self._rows)
        self.setAccessibleName(t("rollup.title"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(k.px(36))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setFont(font("small"))
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(k.px(64))

    def show_rows(self, rows: tuple[SiteSum, ...], *, begun: bool) -> None:
        """Take up the sums of now."""
        self._rows.show_rows(rows, begun=begun)
