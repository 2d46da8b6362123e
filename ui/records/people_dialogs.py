"""A person's roles, and a new activation code: two dialogs with the same choice of unit and roles."""

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QVBoxLayout, QWidget

from desktop_app.domain.faults import Fault
from desktop_app.domain.principal import Role, roles_fit
from ui.i18n import fault_text, t
from ui.models.people_model import PeopleModel
from ui.models.places import place_name
from ui.services import Account
from ui.theme import font
from ui.widgets import Button, Notice, PrimaryButton, Text, flush
from ui.widgets.dialog import Dialog


class RoleBoxes(QWidget):
    """Roles to tick; watching roles stand alone, and those that do not fit cannot be ticked."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        flush(column, 0)
        self.boxes: dict[Role, QCheckBox] = {}
        for role in Role:
            box = QCheckBox(t(f"role.{role}"))
            box.setFont(font("body"))
            box.setToolTip(t(f"staff.may_{role}"))
            box.toggled.connect(self._settle)
            self.boxes[role] = box
            column.addWidget(box)
            column.addWidget(Text(t(f"staff.may_{role}"), "small", "ink3", wrap=True))
        self._offered: frozenset[Role] = frozenset(Role)

    @property
    def roles(self) -> list[str]:
        return [role.value for role, box in self.boxes.items() if box.isChecked()]

    def offer(self, roles: tuple[Role, ...]) -> None:
        """Only these may be held at the unit."""
        self._offered = frozenset(roles)
        for role, box in self.boxes.items():
            if role not in self._offered:
                box.setChecked(False)
        self._settle()

    def tick(self, roles: frozenset[str]) -> None:
        for role, box in self.boxes.items():
            box.setChecked(role.value in roles)

    def _settle(self) -> None:
        held = {role for role, box in self.boxes.items() if box.isChecked()}
        for role, box in self.boxes.items():
            box.setEnabled(role in self._offered and (role in held or roles_fit(held | {role})))


class _UnitDialog(Dialog):
    """A unit, roles, and a place for what was wrong."""

    def __init__(self, model: PeopleModel, title: str, parent: QWidget | None) -> None:
        super().__init__(title, parent, 560)
        self._model = model
        self.unit = QComboBox()
        self.unit.setFont(font("body"))
        self.unit.setAccessibleName(t("staff.unit"))
        for one in model.units:
            self.unit.addItem(place_name(one.unit_path), str(one.unit_path))
        self.unit.currentIndexChanged.connect(lambda _at: self._offer())
        self.roles = RoleBoxes()
        self._fault = Notice("", icon_name="alert-circle-outline", tone="zhusha")
        self._fault.hide()
        model.done.connect(self.accept)
        model.failed.connect(self._show_fault)

    def put(self, label: str, field: QWidget) -> None:
        self.body.addWidget(Text(label, "small", "ink2", bold=True))
        self.body.addWidget(field)

    @property
    def unit_path(self) -> str:
        return str(self.unit.currentData() or "")

    def _offer(self) -> None:
        self.roles.offer(self._model.roles_of(self.unit_path))

    def finish(self, words: str, icon_name: str) -> None:
        """The foot: what was wrong, cancel, and the act."""
        self.body.addWidget(self._fault)
        self._offer()
        self.add_button(Button(t("dialog.cancel"), clicked=self.reject))
        self.add_button(PrimaryButton(words, icon_name, clicked=self.submit), default=True)

    def submit(self) -> None:
        """Ask the model; it says `done`, or what was wrong."""

    def _show_fault(self, fault: Fault) -> None:
        self._fault.set_text(fault_text(fault))
        self._fault.show()


class PersonDialog(_UnitDialog):
    """新增人员, or other roles of one."""

    def __init__(self, model: PeopleModel, parent: QWidget | None = None, account: Account | None = None) -> None:
        super().__init__(model, t("staff.change_title", account.name) if account else t("staff.add"), parent)
        self._account = account
        self.name = QLineEdit(account.name if account else "")
        self.name.setFont(font("body"))
        self.name.setAccessibleName(t("staff.name"))
        self.name.setReadOnly(account is not None)
        self.put(t("staff.name"), self.name)
        self.put(t("staff.unit"), self.unit)
        self.put(t("staff.roles"), self.roles)
        if account is not None:
            self.unit.setCurrentIndex(max(0, self.unit.findData(str(account.unit_path))))
            self.unit.setEnabled(False)
        self.finish(t("staff.save"), "check")
        if account is not None:
            self.roles.tick(account.roles)
        self.name.setFocus()

    def submit(self) -> None:
        if self._account is None:
            self._model.add(self.unit_path, self.name.text(), self.roles.roles)
        else:
            self._model.set_roles(self._account.person, self.roles.roles)


class CodeDialog(_UnitDialog):
    """发放激活码: for which unit, and what whoever enrols with it may do."""

    def __init__(self, model: PeopleModel, parent: QWidget | None = None) -> None:
        super().__init__(model, t("staff.issue"), parent)
        self.body.addWidget(Text(t("staff.issue_text"), "body", "ink2", wrap=True))
        self.put(t("staff.unit"), self.unit)
        self.put(t("staff.roles"), self.roles)
        self.finish(t("staff.issue_go"), "key-variant")
        self.unit.setFocus()

    def submit(self) -> None:
        self._model.issue(self.unit_path, self.roles.roles)
