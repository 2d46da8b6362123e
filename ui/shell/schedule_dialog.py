"""安排会议: title, kind, time, sites and agenda; the same dialog changes a meeting and makes a copy of one.

The kind brings its usual agenda, which may be changed. Rooms that are taken at that time are named before it is saved.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from PySide6.QtCore import QDate, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.meetings import MeetingKind
from sync.meetings.schedule import usual_agenda
from ui.i18n import fault_text, language, t
from ui.i18n.catalogue import fill_named
from ui.i18n.dates import at_local, local, span_text
from ui.models.places import place_name
from ui.models.schedule_model import Purpose, ScheduleModel
from ui.services import AgendaDraft, Plan
from ui.shell.agenda_list import AgendaList
from ui.shell.invite_menus import InviteMenus
from ui.theme import font, theme
from ui.widgets import Button, Notice, PrimaryButton, Text
from ui.widgets.card import flush
from ui.widgets.dialog import Dialog

USUAL_HOURS = 2
CLASHES_TOLD, UNITS_TOLD, ROWS_TOLD = 3, 3, 6


class ScheduleDialog(Dialog):
    """Closes by itself once the meeting is in the records."""

    def __init__(
        self,
        model: ScheduleModel,
        parent: QWidget | None = None,
        purpose: Purpose = Purpose.NEW,
        meeting: str = "",
    ) -> None:
        super().__init__(t(f"schedule.title_{purpose}"), parent, 900)
        k = theme()
        self._model = model
        self._purpose = purpose
        self._shown_plan = False
        self.invited: set[str] = set()
        self.clash = Notice("", icon_name="calendar-alert", tone="zheshi")
        self.clash.hide()
        self.notice = Notice("", icon_name="alert-circle-outline", tone="zhusha")
        self.notice.hide()
        self.body.addWidget(self.notice)
        self.body.addWidget(self.clash)
        columns = QHBoxLayout()
        flush(columns, 24)
        columns.addLayout(self._facts(), 1)
        columns.addLayout(self._sites(), 1)
        self.body.addLayout(columns, 1)
        self.add_button(Button(t("dialog.cancel"), clicked=self.reject))
        words = t("schedule.save") if purpose is Purpose.CHANGE else t("schedule.go")
        self.go = self.add_button(PrimaryButton(words, "calendar-check", clicked=self.submit), default=True)
        model.units_loaded.connect(self.show_units)
        model.invited_loaded.connect(self.invite)
        model.clashes_changed.connect(self._show_clashes)
        model.opened.connect(self._show_plan)
        model.saved.connect(self.accept)
        model.refused.connect(self._refused)
        self.finished.connect(self.deleteLater)
        self._kind_chosen()
        model.begin(purpose, meeting)
        self.title.setFocus()
        self.resize(k.px(960), k.px(640))

    def _facts(self) -> QVBoxLayout:
        k = theme()
        column = QVBoxLayout()
        flush(column, 10)
        self.title = QLineEdit()
        self.title.setPlaceholderText(t("schedule.name_example"))
        self.kind = QComboBox()
        for kind in MeetingKind:
            self.kind.addItem(t(f"kind.{kind}"), kind.value)
        self.kind.currentIndexChanged.connect(lambda _index: self._kind_chosen())
        start = _next_quarter(self._model)
        self.day = QDateEdit(QDate(start.year, start.month, start.day))
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("yyyy-MM-dd")
        self.begin = _quarters(start.hour, start.minute)
        self.end = _quarters(min(start.hour + USUAL_HOURS, 23), start.minute)
        times = QHBoxLayout()
        flush(times, 8)
        times.addWidget(self.begin, 1)
        times.addWidget(Text("–", "body", "ink3"))
        times.addWidget(self.end, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(k.px(14))
        grid.setVerticalSpacing(k.px(10))
        rows: list[tuple[str, QWidget | QHBoxLayout]] = [
            ("schedule.name", self.title),
            ("schedule.kind", self.kind),
            ("schedule.day", self.day),
            ("schedule.time", times),
        ]
        for index, (key, field) in enumerate(rows):
            grid.addWidget(Text(t(key), "body", "ink2"), index, 0)
            if isinstance(field, QHBoxLayout):
                grid.addLayout(field, index, 1)
            else:
                field.setAccessibleName(t(key))
                grid.addWidget(field, index, 1)
        for one in (self.title, self.kind, self.day, self.begin, self.end):
            one.setFont(font("body"))
        self.day.dateChanged.connect(lambda _day: self._look())
        for box in (self.begin, self.end):
            box.currentIndexChanged.connect(lambda _index: self._look())
        self.begin.setAccessibleName(t("schedule.begin"))
        self.end.setAccessibleName(t("schedule.end"))
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addSpacing(k.px(4))
        self.agenda = AgendaList()
        column.addWidget(self.agenda, 1)
        return column

    def _sites(self) -> QVBoxLayout:
        column = QVBoxLayout()
        flush(column, 10)
        self._chosen = Text(t("schedule.sites"), "title")
        column.addWidget(self._chosen)
        column.addWidget(InviteMenus(self._model, self.invite, self.invite_nobody))
        self.search = QLineEdit()
        self.search.setFont(font("body"))
        self.search.setPlaceholderText(t("schedule.search"))
        self.search.setAccessibleName(t("schedule.search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self.show_units())
        column.addWidget(self.search)
        self.list = QListWidget()
        self.list.setFont(font("body"))
        self.list.setAccessibleName(t("schedule.sites"))
        self.list.itemChanged.connect(self._checked)
        column.addWidget(self.list, 1)
        return column

    def show_units(self) -> None:
        """The units that match the search, the invited ones ticked; all invited first while nothing is searched."""
        text = self.search.text()
        found = self._model.find_units(text)
        if not text.strip():
            found = tuple(sorted(found, key=lambda unit: unit.unit_path not in self.invited))
        self.list.blockSignals(True)
        self.list.clear()
        for unit in found:
            parent = place_name(unit.unit_path.rpartition("/")[0].rpartition("/")[0] + "/")
            name = place_name(unit.unit_path)
            item = QListWidgetItem(t("schedule.unit", name, parent) if unit.level > 3 else name)
            item.setData(Qt.ItemDataRole.UserRole, unit.unit_path)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            checked = unit.unit_path in self.invited
            item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._count()

    def submit(self) -> None:
        """Hand it to the records; a refusal is told above the form and nothing typed is lost."""
        start, end = self._span()
        self.notice.hide()
        self.go.setEnabled(False)
        invited = [UnitPath(path) for path in sorted(self.invited)]
        self._model.save(Plan(self.title.text(), self.kind.currentData(), start, end, invited, self.agenda.items()))

    def invite(self, paths: Sequence[UnitPath]) -> None:
        """These too."""
        self.notice.hide()
        known = {unit.unit_path for unit in self._model.units}
        self.invited |= {path for path in paths if path in known}
        self.show_units()
        self._look()

    def invite_nobody(self) -> None:
        self.invited.clear()
        self.show_units()
        self._look()

    def _span(self) -> tuple[datetime, datetime]:
        day = self.day.date()
        on = date(day.year(), day.month(), day.day())
        (from_hour, from_minute), (to_hour, to_minute) = self.begin.currentData(), self.end.currentData()
        return at_local(on, from_hour, from_minute), at_local(on, to_hour, to_minute)

    def _look(self) -> None:
        """Which rooms are taken then."""
        start, end = self._span()
        self._model.look_for_clashes([UnitPath(path) for path in sorted(self.invited)], start, end)

    def _show_clashes(self) -> None:
        found = self._model.clashes
        self.clash.setVisible(bool(found))
        if not found:
            return
        lines = []
        for one in found[:CLASHES_TOLD]:
            names = t("call.comma").join(place_name(path) for path in one.units[:UNITS_TOLD])
            more = t("schedule.and_more", len(one.units)) if len(one.units) > UNITS_TOLD else ""
            lines.append(t("schedule.clash_line", span_text(one.start, one.end), one.title, names + more))
        if len(found) > CLASHES_TOLD:
            lines.append("…")
        self.clash.set_text(t("schedule.clash", len(found)), "\n".join(lines))

    def _show_plan(self, plan: Plan) -> None:
        """The meeting that is changed or copied."""
        self._shown_plan = True
        start, end = local(plan.start), local(plan.end)
        copied = self._purpose is Purpose.COPY
        self.kind.blockSignals(True)
        self.kind.setCurrentIndex(self.kind.findData(plan.kind))
        self.kind.blockSignals(False)
        self.title.setText(plan.title)
        self.title.selectAll()
        if not copied:
            self.day.setDate(QDate(start.year, start.month, start.day))
        for box, at in ((self.begin, start), (self.end, end)):
            box.setCurrentIndex(at.hour * 4 + at.minute // 15)
        self.invited = set(plan.invited)
        self.agenda.show_items([replace(item, item="") if copied else item for item in plan.agenda])
        self.show_units()
        self._look()

    def _kind_chosen(self) -> None:
        if self._shown_plan:
            return  # the agenda of a meeting that is there is a person's work
        kind = MeetingKind(self.kind.currentData())
        self.agenda.show_items(
            [
                AgendaDraft(item.title, item.item_type, item.planned_min, item.limit_sec)
                for item in usual_agenda(kind, language())
            ]
        )

    def _checked(self, item: QListWidgetItem) -> None:
        path = str(item.data(Qt.ItemDataRole.UserRole))
        if item.checkState() is Qt.CheckState.Checked:
            self.invited.add(path)
        else:
            self.invited.discard(path)
        self._count()
        self._look()

    def _count(self) -> None:
        count = len(self.invited)
        self._chosen.setText(t("schedule.sites_chosen", count) if count else t("schedule.sites"))

    def _refused(self, fault: Fault) -> None:
        self.go.setEnabled(True)
        rows = []
        for row in self._model.row_faults[:ROWS_TOLD]:
            rows.append(t("sign.row", row.row, fill_named(t(row.id.replace("row-", "row.", 1)), row.values)))
        if self._model.rows_wrong > ROWS_TOLD:
            rows.append("…")
        self.notice.set_text(fault_text(fault), "\n".join(rows))
        self.notice.show()


def _quarters(hour: int, minute: int) -> QComboBox:
    """Every quarter of an hour of a day, one of them chosen."""
    box = QComboBox()
    box.setMaxVisibleItems(12)
    for quarter in range(24 * 4):
        box.addItem(f"{quarter // 4:02}:{quarter % 4 * 15:02}", (quarter // 4, quarter % 4 * 15))
    box.setCurrentIndex(hour * 4 + minute // 15)
    return box


def _next_quarter(model: ScheduleModel) -> datetime:
    now = local(model.now) + timedelta(minutes=30)
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
