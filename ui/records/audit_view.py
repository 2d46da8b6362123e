"""审计: the trail as one table, with a filter, one person's lines, and an export. Nothing in it can be edited."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ui.i18n import fault_text, t
from ui.models.audit_model import COLUMNS, AuditFilter, AuditModel, AuditRow, AuditSpan
from ui.theme import font, theme
from ui.widgets import Button, EmptyState, Segmented, Text
from ui.widgets.card import flush
from ui.widgets.table import Index, TableCard, TitledRows, plain_table

WIDTHS = {"at": 166, "who": 116, "where": 104, "act": 216, "what": 130, "state": 132, "machine": 88}
"""The meeting's title takes what is left."""


class AuditTable(TitledRows):
    """The lines that are shown."""

    def __init__(self) -> None:
        super().__init__("audit", COLUMNS)
        self._rows: tuple[AuditRow, ...] = ()

    def show_rows(self, rows: tuple[AuditRow, ...]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, _parent: Index | None = None) -> int:
        return len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        text = row.cells[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"⚠ {text}" if row.marked and COLUMNS[index.column()] == "act" else text
        if role == Qt.ItemDataRole.ToolTipRole:
            return text
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme().color("zhusha" if row.marked else "ink")
        return None


class AuditView(QWidget):
    """Filters above, the table below; older lines come when one scrolls to the end."""

    def __init__(self, model: AuditModel) -> None:
        super().__init__()
        k = theme()
        self.model = model
        self._export = Button(t("audit.export"), "file-export-outline", size="small", clicked=self.choose_export)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(k.px(20), k.px(16), k.px(20), k.px(16))
        outer.setSpacing(k.px(12))
        outer.addLayout(self._filters())
        self._table = AuditTable()
        self._list = self._make_list()
        self._card = TableCard(self._list)
        outer.addWidget(self._card, 1)
        outer.addWidget(Text(t("audit.note"), "small", "ink2", wrap=True))
        self._shown: object = None
        model.changed.connect(self.refresh)
        self.refresh()

    def header_actions(self) -> list[QWidget]:
        return [self._export]

    def refresh(self) -> None:
        model = self.model
        self._count.setText(t("audit.count", len(model.rows)))
        self._export.setEnabled(bool(model.rows))
        self._show_people()
        self._span.setCurrentIndex(max(0, self._span.findData(str(model.span))))
        if model.rows is not self._shown:
            self._shown = model.rows
            at = self._list.verticalScrollBar().value()
            self._table.show_rows(model.rows)
            self._list.verticalScrollBar().setValue(at)
        if model.rows:
            self._card.show_table()
        else:
            self._show_empty()

    def choose_export(self) -> None:
        """导出: choose where."""
        path, _ = QFileDialog.getSaveFileName(
            self, t("audit.export"), f"{t('audit.file')}.csv", t("audit.export_kinds")
        )
        if path:
            self.model.export(Path(path))

    def _filters(self) -> QHBoxLayout:
        row = QHBoxLayout()
        flush(row, 12)
        choices = [(str(one), t(f"audit.{one}")) for one in AuditFilter]
        row.addWidget(Segmented(choices, self.model.filter, self.model.choose_filter))
        self._people = QComboBox()
        self._people.setFont(font("body"))
        self._people.setAccessibleName(t("audit.who"))
        self._people.setMinimumWidth(theme().px(180))
        self._people.activated.connect(lambda index: self.model.choose_person(str(self._people.itemData(index) or "")))
        row.addWidget(self._people)
        self._span = QComboBox()
        self._span.setFont(font("body"))
        self._span.setAccessibleName(t("audit.at"))
        for span in AuditSpan:
            self._span.addItem(t(f"audit.span_{span}"), str(span))
        self._span.activated.connect(lambda index: self.model.choose_span(str(self._span.itemData(index))))
        row.addWidget(self._span)
        row.addStretch(1)
        self._count = Text("", "small", "ink2")
        row.addWidget(self._count)
        return row

    def _make_list(self) -> QTableView:
        k = theme()
        table = QTableView()
        table.setModel(self._table)
        plain_table(table, t("page.audit"))
        table.setFont(font("small"))  # many lines of it
        table.verticalHeader().setDefaultSectionSize(k.px(34))
        head = table.horizontalHeader()
        for section, column in enumerate(COLUMNS):
            if column in WIDTHS:
                table.setColumnWidth(section, k.px(WIDTHS[column]))
            else:
                head.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)
        bar = table.verticalScrollBar()
        bar.valueChanged.connect(lambda value: self.model.more() if value and value == bar.maximum() else None)
        return table

    def _show_people(self) -> None:
        wanted = [("", t("audit.everybody")), *((one.person, one.name) for one in self.model.people)]
        if wanted != [(self._people.itemData(at), self._people.itemText(at)) for at in range(self._people.count())]:
            self._people.clear()
            for person, name in wanted:
                self._people.addItem(name, person)
        self._people.setCurrentIndex(max(0, self._people.findData(self.model.person)))

    def _show_empty(self) -> None:
        model = self.model
        if model.fault is not None:
            state = EmptyState("shield-lock-outline", fault_text(model.fault), "")
        elif model.ready:
            state = EmptyState("shield-search", t("audit.empty"), t("audit.empty_text"))
        else:
            state = EmptyState("shield-search", t("audit.loading"), "")
        self._card.show_empty(state)
