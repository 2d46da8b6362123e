"""The people who use this terminal: the seat, the accounts, and the trail of what they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop_app.domain.ids import PersonId, UnitPath

if TYPE_CHECKING:
    from datetime import datetime

    from desktop_app.domain.principal import Role
    from sync.terminal.audit import AuditLine, LastVisit


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who may use this terminal."""

    person: PersonId
    name: str
    roles: frozenset[str]
    has_pin: bool


class OperatorDesk(Protocol):
    """The people of this terminal and their PINs; works without a network. Slow (Argon2id): through the runner."""

    def operators(self) -> Sequence[Operator]: ...

    def set_pin(self, person: PersonId, pin: str) -> None:
        """Raises OperatorError (`pin-too-short`, `pin-too-simple`)."""
        ...

    def unlock(self, person: PersonId, pin: str) -> LastVisit | None:
        """When this person was here last. Raises OperatorError: `pin-wrong` (left), `pin-locked` (seconds)."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the own unit, or of one below it."""

    person: PersonId
    name: str
    unit_path: UnitPath
    roles: frozenset[str]
    active: bool
    has_pin: bool
    """At this terminal."""
    last_at: datetime | None = None
    failed: int = 0
    """Wrong PINs since then."""


class PeopleDesk(Protocol):
    """Accounts, for the role `security` alone (OperatorError `role-not-allowed`); works offline. Through the runner."""

    def accounts(self) -> Sequence[Account]: ...

    def add(self, unit_path: UnitPath, name: str, roles: frozenset[Role]) -> PersonId: ...

    def set_roles(self, person: PersonId, roles: frozenset[Role]) -> None: ...

    def set_active(self, person: PersonId, active: bool) -> None: ...

    def reset_pin(self, person: PersonId) -> None: ...


class AuditDesk(Protocol):
    """Who did what. Reading needs the role `audit` (OperatorError `role-missing`); through the runner."""

    def lines(
        self,
        *,
        before: int | None = None,
        person: str = "",
        security: bool | None = None,
        since: datetime | None = None,
    ) -> Sequence[AuditLine]:
        """The trail, newest first, from below a position on; security events alone, or all but these; since a time."""
        ...

    def export(self, path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
        """Write lines as a table; that this was done is a line too."""
        ...

    def left(self) -> None:
        """Whoever sat here has locked the seat."""
        ...
