"""Who may use the program, for the security officer of a unit: a `PeopleDesk`. No Qt; all of it may block.

Accounts are records and travel; a PIN never does, so it is reset where it was set. Every act is on the audit trail.
"""

from collections.abc import Sequence

from desktop_app.domain.clock import Clock, unix_ms
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import PersonId, UnitPath, uuid7
from desktop_app.domain.principal import Role, roles_fit
from desktop_app.domain.units import Level, governs, level_of
from sync.identity.operators import Operator, PinBook
from sync.log.audit import AuditKind
from sync.log.write import Write
from sync.terminal.audit import AuditBook
from sync.terminal.records import Records
from ui.services import Account

NAME = 32
"""The longest name of a person, in characters."""


class TerminalPeople:
    """Accounts of the own unit and of those below it."""

    def __init__(self, records: Records, pins: PinBook, book: AuditBook, clock: Clock) -> None:
        self._records, self._pins, self._book, self._clock = records, pins, book, clock

    def accounts(self) -> Sequence[Account]:
        """Everybody in the own subtree, the disabled ones last. OperatorError `role-not-allowed`."""
        self._check()
        found = [self._account(person) for person in self._everybody()]
        return sorted(found, key=lambda one: (not one.active, one.unit_path, one.name, one.person))

    def add(self, unit_path: UnitPath, name: str, roles: frozenset[Role]) -> PersonId:
        """A new person. `account-name-missing`, `account-exists`, and those of `set_roles`."""
        self._check()
        name = name.strip()
        if not name or len(name) > NAME or not name.isprintable():
            raise OperatorError("account-name-missing", limit=NAME)
        self._check_roles(unit_path, roles)
        if any(one.unit_path == unit_path and one.name == name and one.active for one in self._everybody()):
            raise OperatorError("account-exists", name=name)
        person = PersonId(uuid7(unix_ms(self._clock.now())))
        fields = {"unit_path": unit_path, "name": name, "roles": sorted(roles), "is_active": True}
        self._records.write(Write("operator", person, fields))
        self._note(AuditKind.ACCOUNT_ADDED, person, name)
        return person

    def set_roles(self, person: PersonId, roles: frozenset[Role]) -> None:
        """Other roles. `roles-missing`, `roles-not-separate`, `role-not-allowed`, `account-own`, `-last-guard`."""
        self._check()
        one = self._find(person)
        self._check_roles(one.unit_path, roles)
        if Role.SECURITY in one.roles and Role.SECURITY not in roles:
            self._check_left(one)
        self._records.write(Write("operator", person, {"roles": sorted(roles)}))
        self._note(AuditKind.ACCOUNT_CHANGED, person, one.name)

    def set_active(self, person: PersonId, active: bool) -> None:
        """停用 or 启用: whoever is disabled unlocks no terminal of the unit once that has heard of it."""
        self._check()
        one = self._find(person)
        if not active:
            self._check_left(one)
        self._records.write(Write("operator", person, {"is_active": active}))
        self._note(AuditKind.ACCOUNT_CHANGED if active else AuditKind.ACCOUNT_DISABLED, person, one.name)

    def reset_pin(self, person: PersonId) -> None:
        """At this terminal alone: the person sets a new PIN on coming in next."""
        self._check()
        one = self._find(person)
        self._pins.forget(person)
        self._note(AuditKind.PIN_RESET, person, one.name)

    def _everybody(self) -> list[Operator]:
        rows = self._records.list("operator")
        return [one for one in map(Operator.of_row, rows) if governs(self._records.unit_path, one.unit_path)]

    def _account(self, one: Operator) -> Account:
        visit = self._book.last_visit(one.person)
        roles = frozenset(role.value for role in one.roles)
        here = one.unit_path == self._records.unit_path
        has_pin = here and self._pins.has(one.person)
        return Account(one.person, one.name, one.unit_path, roles, one.active, has_pin, visit.at, visit.failed)

    def _find(self, person: PersonId) -> Operator:
        found = next((one for one in self._everybody() if one.person == person), None)
        if found is None:
            raise OperatorError("record-missing", entity="operator", pk=person)
        return found

    def _check(self) -> None:
        """Whoever unlocked is an active security officer."""
        row = self._records.get("operator", self._records.person) or {}
        if Role.SECURITY not in (row.get("roles") or ()) or not row.get("is_active"):
            raise OperatorError("role-not-allowed")

    def _check_roles(self, unit_path: UnitPath, roles: frozenset[Role]) -> None:
        if not roles:
            raise OperatorError("roles-missing")
        if not roles_fit(roles):
            raise OperatorError("roles-not-separate")
        provincial = Role.PROVINCIAL_OPERATOR in roles and level_of(unit_path) > Level.PROVINCE
        if provincial or not governs(self._records.unit_path, unit_path):
            raise OperatorError("role-not-allowed")

    def _check_left(self, one: Operator) -> None:
        """Nobody locks oneself out, and a unit that has a security officer keeps one."""
        if one.person == self._records.person:
            raise OperatorError("account-own")
        guards = [each for each in self._everybody() if each.active and Role.SECURITY in each.roles]
        of_unit = [each for each in guards if each.unit_path == one.unit_path]
        if Role.SECURITY in one.roles and of_unit == [one]:
            raise OperatorError("account-last-guard")

    def _note(self, kind: AuditKind, person: PersonId, name: str) -> None:
        self._book.note(kind, subject=person, subject_name=name)
