"""Who asks: a person at a device of a unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from desktop_app.domain.ids import DeviceId, PersonId, UnitPath


class Role(StrEnum):
    """What a person may do in the name of a unit."""

    CLERK = "clerk"
    HOST = "host"
    PROVINCIAL_OPERATOR = "provincial_operator"
    SECURITY = "security"
    AUDIT = "audit"


WORKING = frozenset({Role.CLERK, Role.HOST, Role.PROVINCIAL_OPERATOR})
"""Who does the work of meetings. Whoever watches over it (security, audit) does none of it, and not each other's."""


def roles_fit(roles: Iterable[str]) -> bool:
    """Whether one person may hold these together: working roles alone, or security alone, or audit alone."""
    held = set(roles)
    kinds = (held & WORKING, held & {Role.SECURITY}, held & {Role.AUDIT})
    return sum(bool(kind) for kind in kinds) <= 1


def may_work(roles: Iterable[str]) -> bool:
    """Whether whoever holds these may host, sign in, write records: not if all that is held is a watching role."""
    held = set(roles)
    return not held & {Role.SECURITY, Role.AUDIT} or bool(held & WORKING)


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a change: the person and the device, never one without the other.

    `person` is empty only for what the center derives by itself.
    """

    person: PersonId
    device: DeviceId


@dataclass(frozen=True, slots=True)
class Principal:
    """What authentication yields: a known device of a unit, and the person who uses it now (empty before unlock)."""

    device: DeviceId
    unit_path: UnitPath
    person: PersonId = PersonId("")
    person_name: str = ""
    roles: frozenset[Role] = frozenset()

    @property
    def actor(self) -> Actor:
        return Actor(self.person, self.device)
