"""What can go wrong, in three kinds. Everything else that is raised is a bug, and is logged as one.

A fault carries a stable id and the values its sentence needs. The sentence itself (what happened, what is safe,
what to do) is written once, per language, in `ui/i18n`; a program without windows prints `str(fault)`.
"""

from typing import Any


class Fault(Exception):
    """Something that is told to a person or to a peer by a stable id."""

    def __init__(self, fault_id: str, /, **values: Any) -> None:
        self.id = fault_id
        self.values = values
        detail = ", ".join(f"{name}={value}" for name, value in values.items())
        super().__init__(f"{fault_id} ({detail})" if detail else fault_id)


class OperatorError(Fault):
    """A person can mend it: a wrong code, a missing column, a step that is not allowed now."""


class PeerFault(Fault):
    """What came from outside is wrong; the offender is told the id and nobody else notices."""


class HostFault(Fault):
    """This machine cannot do it: disk, keyring, device, address in use."""
