"""开放接入: for whom, as which unit, for how long; then the address and the token, with buttons that copy them."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.i18n.dates import clock_text
from ui.models.guest_door_model import MINUTES, OBSERVER, STUDIO, GuestDoorModel, GuestKey
from ui.theme import font, theme
from ui.widgets import Button, PrimaryButton, Segmented, Text
from ui.widgets.dialog import Dialog


class GuestDoorDialog(Dialog):
    """The token is gone from the screen with the dialog."""

    def __init__(self, model: GuestDoorModel, parent: QWidget | None = None) -> None:
        super().__init__(t("guest.title"), parent, 620)
        k = theme()
        self._model, self._role = model, STUDIO
        self.body.addWidget(Text(t("guest.why"), "small", "ink2", wrap=True))
        roles = [(STUDIO, t("guest.studio")), (OBSERVER, t("guest.observer"))]
        self.roles = Segmented(roles, STUDIO, self._choose)
        self.units = QComboBox()
        for path, name in model.units:
            self.units.addItem(name, path)
        self.minutes = QComboBox()
        for minutes in MINUTES:
            self.minutes.addItem(t("guest.minutes", minutes), minutes)
        self.minutes.setCurrentIndex(1)
        self.url, self.token = QLineEdit(), QLineEdit()
        grid = QGridLayout()
        grid.setHorizontalSpacing(k.px(12))
        grid.setVerticalSpacing(k.px(10))
        rows: tuple[tuple[str, QWidget], ...] = (
            ("guest.role", self.roles),
            ("guest.unit", self.units),
            ("guest.long", self.minutes),
            ("guest.url", self.url),
            ("guest.token", self.token),
        )
        self._hidden: list[QWidget] = []
        for place, (key, field) in enumerate(rows):
            label = Text(t(key), "body", "ink2")
            grid.addWidget(label, place, 0)
            grid.addWidget(field, place, 1)
            field.setAccessibleName(t(key))
            field.setFont(font("body"))
            if isinstance(field, QLineEdit):
                field.setReadOnly(True)
                copy = Button(t("guest.copy"), "content-copy", size="small")
                copy.clicked.connect(lambda _on=False, box=field: QGuiApplication.clipboard().setText(box.text()))
                copy.setAccessibleName(f"{t('guest.copy')} {t(key)}")
                grid.addWidget(copy, place, 2)
                self._hidden += [label, field, copy]
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self._said = Text("", "small", "ink3", wrap=True)
        self.body.addWidget(self._said)
        self.add_button(Button(t("guest.close"), clicked=self.reject))
        self.go = PrimaryButton(t("guest.go"), "key-outline", clicked=self._open)
        self.add_button(self.go, default=True)
        for part in self._hidden:
            part.hide()
        model.opened.connect(self.show_key)
        model.failed.connect(self._refused)
        self.finished.connect(self.deleteLater)
        self._weigh()

    def show_key(self, key: GuestKey) -> None:
        """What the other program needs."""
        self.url.setText(key.url)
        self.token.setText(key.token)
        for part in self._hidden:
            part.show()
        self._said.setText(t("guest.until", clock_text(key.until)))
        self._weigh()

    def _choose(self, role: str) -> None:
        self._role = role
        self._weigh()

    def _weigh(self) -> None:
        studio = self._role == STUDIO
        self.units.setEnabled(studio)
        nobody = studio and self.units.count() == 0
        self.go.setEnabled(not nobody)
        if nobody:
            self._said.setText(t("guest.nobody"))

    def _open(self) -> None:
        self.go.setEnabled(False)
        unit = str(self.units.currentData() or "") if self._role == STUDIO else ""
        self._model.open(self._role, unit, int(self.minutes.currentData()))

    def _refused(self, fault: Fault) -> None:
        self._said.setText(fault_text(fault))
        self._weigh()
