"""解锁: choose who sits here, type the PIN. Works without a network."""

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton

from ui.i18n import fault_text, t
from ui.models.app_model import AppModel
from ui.models.unlock_model import UnlockModel
from ui.shell.enrol_view import pin_field
from ui.shell.front_views import FrontPage
from ui.theme import font, theme
from ui.widgets import Notice, PrimaryButton, ScrollColumn, SiteName, Text, clear

SHOWN = 4


class UnlockView(FrontPage):
    """One row per person, one field, one button."""

    def __init__(self, app: AppModel, model: UnlockModel) -> None:
        super().__init__(440)
        self._model = model
        head = QHBoxLayout()
        head.addWidget(Text(t("unlock.title"), "page"))
        head.addStretch(1)
        head.addWidget(SiteName(app.level, app.unit_name, "body", bold=True))
        self.column.addLayout(head)
        self.people = ScrollColumn(6)
        self.column.addWidget(self.people)
        self.pin = pin_field(t("unlock.pin"))
        self.pin.setPlaceholderText(t("unlock.pin"))
        self.again = pin_field(t("enrol.again"))
        self.again.setPlaceholderText(t("enrol.again"))
        self.first = Text(t("unlock.first"), "small", "ink2", wrap=True)
        self.column.addWidget(self.first)
        self.column.addWidget(self.pin)
        self.column.addWidget(self.again)
        self.notice = Notice("", icon_name="alert-circle-outline", tone="zhusha")
        self.notice.hide()
        self.column.addWidget(self.notice)
        self.button = PrimaryButton(t("unlock.go"), "lock-open-variant-outline", size="large", clicked=self.submit)
        self.column.addWidget(self.button)
        if app.meeting_id:
            self.column.addWidget(Text(t("unlock.meeting_runs", app.meeting_title), "small", "ink2", wrap=True))
        self.pin.returnPressed.connect(self.submit)
        self.again.returnPressed.connect(self.submit)
        self._group = QButtonGroup(self)
        self._shown: tuple[object, ...] = ()
        self._rows: dict[str, QPushButton] = {}
        model.changed.connect(self.refresh)
        self.refresh()

    def submit(self) -> None:
        chosen = self._model.chosen
        if chosen is not None and not chosen.has_pin:
            self._model.set_pin(self.pin.text(), self.again.text())
        else:
            self._model.unlock(self.pin.text())

    def refresh(self) -> None:
        model = self._model
        if model.operators != self._shown:
            self._shown = model.operators
            self._show_people()
        chosen = model.chosen
        for person, row in self._rows.items():
            row.setChecked(chosen is not None and chosen.person == person)
        new = chosen is not None and not chosen.has_pin
        self.first.setVisible(new)
        self.again.setVisible(new)
        self.pin.setEnabled(chosen is not None)
        self.button.setEnabled(chosen is not None and not model.busy)
        self.button.set_text(t("unlock.set") if new else t("unlock.go"))
        self.notice.setVisible(model.fault is not None)
        if model.fault is not None:
            self.notice.set_text(fault_text(model.fault))
            self.pin.clear()
            self.again.clear()
        if not model.busy:
            first = next(iter(self._rows.values()), self.pin)
            (self.pin if chosen is not None else first).setFocus()

    def _show_people(self) -> None:
        clear(self.people.column)
        self._rows = {}
        for operator in self._model.operators:
            row = QPushButton(operator.name)
            row.setProperty("role", "person")
            row.setCheckable(True)
            row.setFont(font("body", bold=True))
            roles = "、".join(t(f"role.{role}") for role in sorted(operator.roles))
            row.setAccessibleName(f"{operator.name} {roles}".strip())
            row.setToolTip(roles)
            row.clicked.connect(lambda _checked=False, person=operator.person: self._model.choose(person))
            self._group.addButton(row)
            self._rows[operator.person] = row
            self.people.column.addWidget(row)
        self.people.column.addStretch(1)
        shown = max(1, min(SHOWN, len(self._model.operators)))
        self.people.setFixedHeight(theme().px(48) * shown)
        if not self._model.operators:
            self.people.column.insertWidget(0, Text(t("unlock.nobody"), "body", "ink2", wrap=True))
