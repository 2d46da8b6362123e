"""人员与终端: accounts and roles, terminals with their last word, activation codes. For the role `security` alone.

Accounts work offline. Terminals and codes are the center's: without it the last answer stays, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.ids import PersonId, UnitPath
from desktop_app.domain.principal import Role
from desktop_app.domain.units import Level, governs, level_of
from ui.i18n import t
from ui.i18n.dates import day_text, length_text, local, moment_text
from ui.models.app_model import AppModel, Stage
from ui.models.pages import Page
from ui.models.places import place_name
from ui.services import Account, Services, UnitChoice

if TYPE_CHECKING:
    from sync.terminal.counter import EnrolledDevice, GivenCode

SILENT_AFTER = 24 * 3600
"""Seconds without a word after which a terminal is marked."""


class PeopleTab(StrEnum):
    """人员 / 终端 / 激活码."""

    PEOPLE = "people"
    DEVICES = "devices"
    CODES = "codes"


class PeopleModel(QObject):
    """The page of the security officer."""

    changed = Signal()
    failed = Signal(object)
    done = Signal()
    """What was asked for is done: a dialog may close."""
    _records_changed = Signal()

    def __init__(self, services: Services, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._app = app
        self.tab = PeopleTab.PEOPLE
        self.ready = False
        self.accounts: tuple[Account, ...] = ()
        self.devices: tuple[EnrolledDevice, ...] = ()
        self.codes: tuple[GivenCode, ...] = ()
        self.asked_at: datetime | None = None
        """When the center last answered."""
        self.center_fault: Fault | None = None
        """Why it did not, last time."""
        self.given: tuple[str, str, datetime] | None = None
        """The code that was just given (unit, code, until when): told this once."""
        self.units: tuple[UnitChoice, ...] = ()
        self.selected = ""
        self.busy = False
        self._records_changed.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = services.records.subscribe(self._on_records)
        app.page_changed.connect(self._page_changed)
        app.stage_changed.connect(self._page_changed)
        app.operator_changed.connect(self._forget)
        app.link_changed.connect(self._page_changed)

    @property
    def now(self) -> datetime:
        return self._services.clock.now()

    @property
    def own_device(self) -> str:
        return self._services.device

    @property
    def online(self) -> bool:
        return self._app.online

    @property
    def account(self) -> Account | None:
        """The selected person."""
        return next((one for one in self.accounts if one.person == self.selected), None)

    @property
    def device(self) -> EnrolledDevice | None:
        """The selected terminal."""
        return next((one for one in self.devices if one.device == self.selected), None)

    @property
    def code(self) -> GivenCode | None:
        """The selected code."""
        return next((one for one in self.codes if one.locator == self.selected), None)

    def close(self) -> None:
        self._unsubscribe()

    def load(self) -> None:
        """Read the accounts, and ask the center where it can be reached."""
        desk = self._services.people
        if desk is None:
            self._not_read(OperatorError("role-not-allowed"))
            return
        self._services.runner.start(desk.accounts, done=self._take_accounts, failed=self._not_read)
        self._services.runner.start(self._services.meetings.units, done=self._take_units)
        self.ask_center()

    def ask_center(self) -> None:
        """Terminals and codes as they are now."""
        counter = self._services.counter
        if counter is None or not self._app.online:
            self.changed.emit()
            return
        self._services.aside.start(
            lambda: (counter.devices(), counter.codes()), done=self._take_center, failed=self._no_center
        )

    def choose_tab(self, key: str) -> None:
        self.tab, self.selected = PeopleTab(key), ""
        self.changed.emit()

    def select(self, key: str) -> None:
        self.selected = key
        self.changed.emit()

    # Acts

    def add(self, unit_path: str, name: str, roles: Sequence[str]) -> None:
        self._do(lambda desk: desk.add(UnitPath(unit_path), name, _roles(roles)))

    def set_roles(self, person: str, roles: Sequence[str]) -> None:
        self._do(lambda desk: desk.set_roles(PersonId(person), _roles(roles)))

    def set_active(self, person: str, active: bool) -> None:
        self._do(lambda desk: desk.set_active(PersonId(person), active))

    def reset_pin(self, person: str) -> None:
        self._do(lambda desk: desk.reset_pin(PersonId(person)))

    def revoke(self, device: str) -> None:
        """停用终端: refused from its next request on, for good."""
        if device == self.own_device:
            self.failed.emit(OperatorError("device-own"))
            return
        self._ask(lambda counter: counter.revoke(device))

    def issue(self, unit_path: str, roles: Sequence[str]) -> None:
        """发放激活码; `given` has it."""

        def gave(told: tuple[str, datetime]) -> None:
            self.given = (unit_path, *told)

        self._ask(lambda counter: counter.issue(unit_path, sorted(roles)), gave)

    def withdraw(self, locator: str) -> None:
        self._ask(lambda counter: counter.withdraw(locator))

    def put_given_away(self) -> None:
        """The code was written down."""
        self.given = None
        self.changed.emit()

    # In words

    def roles_text(self, roles: Sequence[str] | frozenset[str]) -> str:
        return t("sync.joined").join(t(f"role.{role}") for role in sorted(roles))

    def account_cells(self, one: Account) -> tuple[str, ...]:
        """Name, unit, roles, PIN, last time here, state."""
        own = one.unit_path == self._services.unit_path
        pin = (t("staff.pin_set") if one.has_pin else t("staff.pin_none")) if own else t("staff.pin_elsewhere")
        last = moment_text(one.last_at, self.now) if one.last_at else t("staff.never")
        if one.failed:
            last = t("staff.failed", last, one.failed)
        state = t("staff.active") if one.active else t("staff.disabled")
        return (one.name, place_name(one.unit_path), self.roles_text(one.roles), pin, last, state)

    def device_cells(self, one: EnrolledDevice) -> tuple[str, ...]:
        """Machine, unit, number, enrolled, last word, state."""
        name = t("staff.this_pc", one.label) if one.device == self.own_device else one.label
        heard = t("staff.never")
        if one.heard_at is not None:
            heard = t("staff.ago", length_text(max(1, (self.now - one.heard_at).total_seconds())))
        state = t("staff.revoked") if one.revoked_at is not None else t("staff.in_use")
        if one.revoked_at is None and self.is_silent(one):
            state = t("staff.silent")
        enrolled = day_text(local(one.enrolled_at).date())
        return (name, place_name(one.unit_path), one.device[:8], enrolled, heard, state)

    def code_cells(self, one: GivenCode) -> tuple[str, ...]:
        """First symbols, unit, roles, until, state."""
        until = moment_text(one.expires_at, self.now)
        state = t("staff.used") if one.used_by else t("staff.unused")
        if not one.used_by and one.expires_at <= self.now:
            state = t("staff.expired")
        return (f"{one.locator}-…", place_name(one.unit_path), self.roles_text(one.roles), until, state)

    def is_silent(self, one: EnrolledDevice) -> bool:
        """Whether a terminal that should report has not for a day."""
        return one.heard_at is None or (self.now - one.heard_at).total_seconds() > SILENT_AFTER

    def roles_of(self, unit_path: str) -> tuple[Role, ...]:
        """The roles that somebody of this unit may hold."""
        below = level_of(UnitPath(unit_path)) > Level.PROVINCE if unit_path else True
        return tuple(role for role in Role if not (below and role is Role.PROVINCIAL_OPERATOR))

    # What comes back

    def _do(self, act: Callable[[Any], Any]) -> None:
        desk = self._services.people
        if desk is None or self.busy:
            return
        self.busy = True
        self._services.runner.start(lambda: act(desk), done=self._did, failed=self._not_done)

    def _ask(self, act: Callable[[Any], Any], then: Callable[[Any], object] = lambda _: None) -> None:
        counter = self._services.counter
        if counter is None or self.busy:
            return
        self.busy = True

        def told(answer: Any) -> None:
            then(answer)
            self._did(answer)

        self._services.aside.start(lambda: act(counter), done=told, failed=self._not_done)
        self.changed.emit()

    def _did(self, _told: Any) -> None:
        self.busy = False
        self._services.sync.poke()
        self.done.emit()
        self.load()

    def _not_done(self, fault: Fault) -> None:
        self.busy = False
        self.failed.emit(fault)
        self.changed.emit()

    def _take_accounts(self, accounts: Sequence[Account]) -> None:
        self.accounts, self.ready = tuple(accounts), True
        self.changed.emit()

    def _take_units(self, units: Sequence[UnitChoice]) -> None:
        own = self._services.unit_path
        self.units = tuple(one for one in units if governs(own, one.unit_path))

    def _take_center(self, told: tuple[Sequence[EnrolledDevice], Sequence[GivenCode]]) -> None:
        self.devices, self.codes = tuple(told[0]), tuple(told[1])
        self.asked_at, self.center_fault = self.now, None
        self.changed.emit()

    def _no_center(self, fault: Fault) -> None:
        self.center_fault = fault
        self.changed.emit()

    def _not_read(self, fault: Fault) -> None:
        self.ready = True
        self.failed.emit(fault)
        self.changed.emit()

    def _forget(self) -> None:
        """Another person sits here: what the last one saw is gone from the screen."""
        self.accounts, self.devices, self.codes, self.given = (), (), (), None
        self.ready, self.selected, self.asked_at, self.center_fault = False, "", None, None
        self.changed.emit()

    def _on_records(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity == "operator" for entity, _ in changed):
            self._records_changed.emit()

    def _hear(self) -> None:
        self._page_changed()

    def _page_changed(self) -> None:
        if self._app.page is Page.PEOPLE and self._app.stage is Stage.OPEN:
            self.load()


def _roles(names: Sequence[str]) -> frozenset[Role]:
    return frozenset(Role(name) for name in names)
