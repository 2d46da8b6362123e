"""人员与终端: three tables with what can be done to the chosen line. What cannot be taken back asks first."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.i18n.dates import moment_text
from ui.models.app_model import AppModel
from ui.models.people_model import PeopleModel, PeopleTab
from ui.models.places import place_name
from ui.records.people_dialogs import CodeDialog, PersonDialog
from ui.theme import theme
from ui.widgets import (
    Button,
    DangerButton,
    EmptyState,
    IconButton,
    Notice,
    PrimaryButton,
    Segmented,
    Text,
    clear,
    flush,
)
from ui.widgets.dialog import ask_before
from ui.widgets.table import Index, TableCard, TitledRows, plain_table

COLUMNS = {
    PeopleTab.PEOPLE: ("name", "unit", "roles", "pin", "last", "state"),
    PeopleTab.DEVICES: ("machine", "unit", "device", "enrolled", "heard", "state"),
    PeopleTab.CODES: ("locator", "unit", "roles", "until", "state"),
}
STRETCHED = "unit"
WIDTH = 172


class _Table(TitledRows):
    """Cells in words; `marked` lines are told in red."""

    def __init__(self) -> None:
        super().__init__("staff")
        self._lines: list[tuple[str, tuple[str, ...], bool]] = []

    def show_lines(self, head: tuple[str, ...], lines: Sequence[tuple[str, tuple[str, ...], bool]]) -> None:
        self.beginResetModel()
        self.columns, self._lines = head, list(lines)
        self.endResetModel()

    @property
    def lines(self) -> list[tuple[str, tuple[str, ...], bool]]:
        return self._lines

    def rowCount(self, _parent: Index | None = None) -> int:
        return len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        _key, cells, marked = self._lines[index.row()]
        last = index.column() == len(cells) - 1
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return f"⚠ {cells[-1]}" if marked and last else cells[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(cells)
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme().color("zhusha" if marked and last else "ink" if index.column() == 0 else "ink2")
        return None


class PeopleView(QWidget):
    """The page."""

    def __init__(self, app: AppModel, model: PeopleModel) -> None:
        super().__init__()
        k = theme()
        self.setProperty("role", "page")
        self._app, self.model = app, model
        self._shown: object = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(k.px(20), k.px(16), k.px(20), k.px(16))
        outer.setSpacing(k.px(12))
        self._told = QVBoxLayout()
        flush(self._told)
        outer.addLayout(self._told)
        self._given = QVBoxLayout()
        flush(self._given)
        outer.addLayout(self._given)
        head = QHBoxLayout()
        flush(head, 12)
        choices = [(str(one), t(f"staff.tab_{one}")) for one in PeopleTab]
        self._tabs = Segmented(choices, model.tab, model.choose_tab)
        head.addWidget(self._tabs)
        self._note = Text("", "small", "ink2")
        head.addWidget(self._note)
        head.addStretch(1)
        self._acts = QHBoxLayout()
        flush(self._acts, 8)
        head.addLayout(self._acts)
        outer.addLayout(head)
        self._table = _Table()
        self.list = self._make_list()
        self._card = TableCard(self.list)
        outer.addWidget(self._card, 1)
        outer.addWidget(Text(t("staff.note"), "small", "ink2", wrap=True))
        model.changed.connect(self.refresh)
        model.failed.connect(self._fail)
        app.link_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self.model
        self._tabs.set_current(model.tab)
        lines = self._lines()
        picture = (model.tab, lines)
        if picture != self._shown:
            self._shown = picture
            self._fill(lines)
        self._show_chosen()
        if lines:
            self._card.show_table()
        else:
            self._show_empty()
        self._show_note()
        self._show_acts()
        self._show_given()

    def _lines(self) -> list[tuple[str, tuple[str, ...], bool]]:
        model = self.model
        if model.tab is PeopleTab.PEOPLE:
            return [(one.person, model.account_cells(one), bool(one.failed)) for one in model.accounts]
        if model.tab is PeopleTab.DEVICES:
            silent = [(one, one.revoked_at is None and model.is_silent(one)) for one in model.devices]
            return [(one.device, model.device_cells(one), marked) for one, marked in silent]
        return [(one.locator, model.code_cells(one), False) for one in model.codes]

    def _fill(self, lines: Sequence[tuple[str, tuple[str, ...], bool]]) -> None:
        k, head = theme(), COLUMNS[self.model.tab]
        self._table.show_lines(head, lines)
        header = self.list.horizontalHeader()
        for section, column in enumerate(head):
            mode = QHeaderView.ResizeMode
            header.setSectionResizeMode(section, mode.Stretch if column == STRETCHED else mode.Interactive)
            if column != STRETCHED:
                self.list.setColumnWidth(section, k.px(WIDTH))

    def _show_chosen(self) -> None:
        keys = [key for key, _cells, _marked in self._table.lines]
        selection = self.list.selectionModel()
        if self.model.selected in keys:
            place = keys.index(self.model.selected)
            if self.list.currentIndex().row() != place:
                flags = QItemSelectionModel.SelectionFlag
                selection.setCurrentIndex(self._table.index(place, 0), flags.ClearAndSelect | flags.Rows)

    def _show_note(self) -> None:
        model = self.model
        words = ""
        if model.tab is not PeopleTab.PEOPLE and not model.online:
            words = t("staff.as_of", moment_text(model.asked_at, model.now)) if model.asked_at else t("staff.offline")
        elif model.tab is not PeopleTab.PEOPLE and model.center_fault is not None:
            words = fault_text(model.center_fault)
        self._note.setText(words)

    def _show_acts(self) -> None:
        clear(self._acts)
        model = self.model
        acts: list[QWidget] = []
        if model.tab is PeopleTab.PEOPLE:
            acts = self._acts_on_people()
        elif model.tab is PeopleTab.DEVICES:
            device = model.device
            stop = DangerButton(t("staff.revoke"), "laptop-off", size="small", clicked=self._ask_revoke)
            stop.setEnabled(model.online and device is not None and device.revoked_at is None)
            acts = [Button(t("staff.again"), "refresh", size="small", clicked=model.ask_center), stop]
        else:
            code = model.code
            back = DangerButton(t("staff.withdraw"), size="small", clicked=self._ask_withdraw)
            back.setEnabled(model.online and code is not None and not code.used_by)
            give = PrimaryButton(t("staff.issue"), "key-variant", size="small", clicked=self.issue)
            give.setEnabled(model.online)
            acts = [back, give]
        for act in acts:
            self._acts.addWidget(act)

    def _acts_on_people(self) -> list[QWidget]:
        model, account = self.model, self.model.account
        buttons: list[Button] = [
            Button(t("staff.change"), "account-key-outline", size="small", clicked=self.change),
            Button(t("staff.reset_pin"), "lock-reset", size="small", clicked=self._ask_reset),
        ]
        if account is not None and not account.active:
            buttons.append(
                Button(
                    t("staff.enable"),
                    "account-plus-outline",
                    size="small",
                    clicked=lambda: model.set_active(model.selected, True),
                )
            )
        else:
            buttons.append(DangerButton(t("staff.disable"), "account-off-outline", size="small", clicked=self._ask_off))
        for button in buttons:
            button.setEnabled(account is not None and not model.busy)
        buttons[1].setEnabled(account is not None and account.has_pin)
        return [*buttons, PrimaryButton(t("staff.add"), "account-plus-outline", size="small", clicked=self.add)]

    def _show_given(self) -> None:
        clear(self._given)
        given = self.model.given
        if given is not None:
            unit, code, until = given
            title = t("staff.given", place_name(unit), code)
            away = Button(t("staff.given_noted"), size="small", clicked=self.model.put_given_away)
            text = t("staff.given_text", moment_text(until, self.model.now))
            self._given.addWidget(Notice(title, text, icon_name="key-variant", tone="shilv", actions=[away]))

    def _show_empty(self) -> None:
        model = self.model
        if model.tab is PeopleTab.PEOPLE:
            words = t("staff.empty_people") if model.ready else t("staff.loading")
            state = EmptyState("shield-account-outline", words)
        elif not model.online:
            state = EmptyState("cloud-off-outline", t("staff.offline"), t("staff.offline_text"))
        elif model.center_fault is not None:
            again = Button(t("staff.again"), "refresh", clicked=model.ask_center)
            state = EmptyState("server-off", t("staff.no_answer"), fault_text(model.center_fault), again)
        elif model.asked_at is None:
            state = EmptyState("server", t("staff.loading"))
        else:
            state = EmptyState("key-variant", t(f"staff.empty_{model.tab}"))
        self._card.show_empty(state)

    # Acts

    def add(self) -> None:
        PersonDialog(self.model, self).open()

    def change(self) -> None:
        if self.model.account is not None:
            PersonDialog(self.model, self, self.model.account).open()

    def issue(self) -> None:
        CodeDialog(self.model, self).open()

    def _ask_off(self) -> None:
        account = self.model.account
        if account is not None:
            self._ask("disable", account.name, lambda: self.model.set_active(account.person, False))

    def _ask_reset(self) -> None:
        account = self.model.account
        if account is not None:
            self._ask("reset_pin", account.name, lambda: self.model.reset_pin(account.person))

    def _ask_revoke(self) -> None:
        device = self.model.device
        if device is not None:
            self._ask("revoke", device.label, lambda: self.model.revoke(device.device))

    def _ask_withdraw(self) -> None:
        code = self.model.code
        if code is not None:
            self._ask("withdraw", f"{code.locator}-…", lambda: self.model.withdraw(code.locator))

    def _ask(self, name: str, about: str, act: Callable[[], object]) -> None:
        title, text = t(f"staff.{name}_title", about), t(f"staff.{name}_text")
        ask_before(self, title, text, t(f"staff.{name}"), t("dialog.cancel"), act)

    def _fail(self, fault: Fault) -> None:
        clear(self._told)
        away = IconButton("close", t("note.away"), clicked=lambda: clear(self._told))
        self._told.addWidget(Notice(fault_text(fault), icon_name="alert-circle-outline", tone="zhusha", actions=[away]))

    def _make_list(self) -> QTableView:
        table = QTableView()
        table.setModel(self._table)
        plain_table(table, t("page.people"))
        table.selectionModel().currentRowChanged.connect(self._choose)
        return table

    def _choose(self, index: QModelIndex, _before: QModelIndex) -> None:
        if index.isValid() and index.row() < len(self._table.lines):
            key = self._table.lines[index.row()][0]
            if key != self.model.selected:
                self.model.select(key)
