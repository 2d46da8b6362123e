"""Who asks: a person at a device of a unit."""

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
