"""诊断: the doctor's checks and the chain from this machine to the center, in words that can be read out by phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.faults import Fault
from ui.models.app_model import AppModel
from ui.models.cautions import Caution
from ui.models.link import LinkLight
from ui.services import CheckLine, DeviceState, Services


class Layer(StrEnum):
    """电脑 → 网络 → 省中心."""

    MACHINE = "machine"
    NETWORK = "network"
    CENTER = "center"


class DiagnosticsModel(QObject):
    """The diagnostics page."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, services: Services, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._app = app
        self.lines: tuple[CheckLine, ...] = ()
        self.running = False
        self.checked_at: datetime | None = None
        app.link_changed.connect(self.changed)
        app.banner_changed.connect(self.changed)

    def check(self) -> None:
        """Look at everything again."""
        if self.running:
            return
        self.running = True
        self._services.runner.start(self._services.doctor.check, done=self._show, failed=self._failed)
        self.changed.emit()

    @property
    def layers(self) -> list[tuple[Layer, DeviceState | None]]:
        """Each layer's state; None where nothing is known yet."""
        local = [line.state for line in self.lines if line.id != "center"]
        machine = _worst(local) if self.lines else None
        link = self._app.link
        if link.light is LinkLight.UNKNOWN:
            return [(Layer.MACHINE, machine), (Layer.NETWORK, None), (Layer.CENTER, None)]
        if link.light is LinkLight.ONLINE:
            return [(Layer.MACHINE, machine), (Layer.NETWORK, DeviceState.OK), (Layer.CENTER, DeviceState.OK)]
        if link.light is LinkLight.REFUSED:
            return [(Layer.MACHINE, machine), (Layer.NETWORK, DeviceState.OK), (Layer.CENTER, DeviceState.FAILED)]
        return [(Layer.MACHINE, machine), (Layer.NETWORK, DeviceState.FAILED), (Layer.CENTER, None)]

    @property
    def worst(self) -> DeviceState | None:
        """The verdict; None before the first check."""
        if not self.lines:
            return None
        states = [line.state for line in self.lines if line.id != "center"]
        if self._app.link.light in (LinkLight.OFFLINE, LinkLight.REFUSED):
            states.append(DeviceState.FAILED)
        if self._app.cautions:
            states.append(DeviceState.ADVICE)
        return _worst(states)

    @property
    def link_fault(self) -> Fault | None:
        """As the app model has it."""
        return self._app.link_fault

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """As the app model has them."""
        return self._app.cautions

    @property
    def cautions_below(self) -> tuple[Caution, ...]:
        """As the app model has them."""
        return self._app.cautions_below

    def _show(self, lines: Sequence[CheckLine]) -> None:
        self.running = False
        self.lines = tuple(lines)
        self.checked_at = self._services.clock.now()
        self.changed.emit()

    def _failed(self, fault: Fault) -> None:
        self.running = False
        self.changed.emit()
        self.failed.emit(fault)


def _worst(states: Sequence[DeviceState]) -> DeviceState:
    for state in (DeviceState.FAILED, DeviceState.ADVICE):
        if state in states:
            return state
    return DeviceState.OK
