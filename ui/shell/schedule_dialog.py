"""安排会议: title, kind, time, sites and agenda. The kind brings its usual agenda, which may be changed."""

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
from desktop_app.domain.meetings import MeetingKind
from sync.meetings.schedule import usual_agenda
from ui.i18n import fault_text, language, t
from ui.i18n.dates import at_local, local
from ui.models.home_model import HomeModel
from ui.models.places import place_name
from ui.services import AgendaDraft
from ui.shell.agenda_list import AgendaList
from ui.theme import font, theme
from ui.widgets import Button, Notice, PrimaryButton, Text
from ui.widgets.card import flush
from ui.widgets.dialog import Dialog

USUAL_HOURS = 2


class ScheduleDialog(Dialog):
    """Closes by itself once the meeting is in the records."""

    def __init__(self, model: HomeModel, parent: QWidget | None = None) -> None:
        super().__init__(t("schedule.title"), parent, 900)
        k = theme()
        self._model = model
        self.invited: set[str] = set()
        self.notice = Notice("", icon_name="alert-circle-outline", tone="zhusha")
        self.notice.hide()
        self.body.addWidget(self.notice)
        columns = QHBoxLayout()
        flush(columns, 24)
        columns.addLayout(self._facts(), 1)
        columns.addLayout(self._sites(), 1)
        self.body.addLayout(columns, 1)
        self.add_button(Button(t("dialog.cancel"), clicked=self.reject))
        self.go = self.add_button(PrimaryButton(t("schedule.go"), "calendar-check", clicked=self.submit), default=True)
        model.units_loaded.connect(self.show_units)
        model.scheduled.connect(self.accept)
        model.schedule_failed.connect(self._refused)
        self.finished.connect(self.deleteLater)
        model.load_units()
        self._kind_chosen()
        self.title.setFocus()
        self.resize(k.px(940), k.px(620))

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
        day = self.day.date()
        on = date(day.year(), day.month(), day.day())
        (from_hour, from_minute), (to_hour, to_minute) = self.begin.currentData(), self.end.currentData()
        self.notice.hide()
        self.go.setEnabled(False)
        self._model.schedule(
            self.title.text(),
            self.kind.currentData(),
            at_local(on, from_hour, from_minute),
            at_local(on, to_hour, to_minute),
            sorted(self.invited),
            self.agenda.items(),
        )

    def _kind_chosen(self) -> None:
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

    def _count(self) -> None:
        count = len(self.invited)
        self._chosen.setText(t("schedule.sites_chosen", count) if count else t("schedule.sites"))

    def _refused(self, fault: Fault) -> None:
        self.go.setEnabled(True)
        self.notice.set_text(fault_text(fault))
        self.notice.show()


def _quarters(hour: int, minute: int) -> QComboBox:
    """Every quarter of an hour of a day, one of them chosen."""
    box = QComboBox()
    box.setMaxVisibleItems(12)
    for quarter in range(24 * 4):
        box.addItem(f"{quarter // 4:02}:{quarter % 4 * 15:02}", (quarter // 4, quarter % 4 * 15))
    box.setCurrentIndex(hour * 4 + minute // 15)
    return box


def _next_quarter(model: HomeModel) -> datetime:
    now = local(model.now) + timedelta(minutes=30)
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
