"""解锁: who sits here, shown by a PIN, with or without a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.faults import Fault
from ui.models.app_model import AppModel
from ui.models.enrol_model import check_pin
from ui.services import Operator, Services

if TYPE_CHECKING:
    from sync.terminal.audit import LastVisit


class UnlockModel(QObject):
    """The unlock screen. A person without a PIN sets one first."""

    changed = Signal()

    def __init__(self, services: Services, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._app = app
        self.operators: tuple[Operator, ...] = ()
        self.chosen: Operator | None = None
        self.busy = False
        self.fault: Fault | None = None

    def load(self) -> None:
        """Who may use this terminal."""
        self._services.runner.start(self._services.operators.operators, done=self._show, failed=self._failed)

    def choose(self, person: str) -> None:
        """Another person; a message about the last one goes."""
        self.chosen = next((operator for operator in self.operators if operator.person == person), None)
        self.fault = None
        self.changed.emit()

    def unlock(self, pin: str) -> None:
        """Show the PIN; the window opens, or `fault` says how many tries are left."""
        operator = self.chosen
        if operator is None or self.busy:
            return
        self.busy = True
        self.fault = None
        self._services.runner.start(
            self._services.operators.unlock,
            operator.person,
            pin,
            done=lambda visit: self._opened(operator, visit),
            failed=self._failed,
        )
        self.changed.emit()

    def set_pin(self, pin: str, again: str) -> None:
        """The first PIN of a person on this terminal."""
        operator = self.chosen
        if operator is None or self.busy or operator.has_pin:
            return
        self.fault = check_pin(pin, again)
        if self.fault is None:
            self.busy = True
            self._services.runner.start(
                self._services.operators.set_pin,
                operator.person,
                pin,
                done=lambda _: self._opened(operator),
                failed=self._failed,
            )
        self.changed.emit()

    def _show(self, operators: Sequence[Operator]) -> None:
        self.operators = tuple(operators)
        known = {operator.person for operator in self.operators}
        if self.chosen is None or self.chosen.person not in known:
            self.chosen = self.operators[0] if self.operators else None
        else:
            self.chosen = next(one for one in self.operators if one.person == self.chosen.person)
        self.changed.emit()

    def _opened(self, operator: Operator, visit: LastVisit | None = None) -> None:
        self.busy = False
        self.fault = None
        self.changed.emit()
        self._app.unlocked(operator, visit)

    def _failed(self, fault: Fault) -> None:
        self.busy = False
        self.fault = fault
        self.changed.emit()
