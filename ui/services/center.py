"""What the screens ask of the center: to be let in, to be heard now, and its counter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from sync.terminal.counter import EnrolledDevice, GivenCode, HeldChange


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """What the enrolment screen collects."""

    url: str
    code: str
    person_name: str
    pin: str


Enrol = Callable[[EnrolRequest], object]
"""Enrols this terminal (slow, through the runner); raises OperatorError or PeerFault with a stable id."""


class SyncControl(Protocol):
    """What the screens may ask of the sync loop. Thread-safe, never blocks."""

    def poke(self) -> None:
        """Try now: there is something to send, or a person wants it."""
        ...


class CenterCounter(Protocol):
    """What is asked of the center besides the lanes. Needs the network; through the runner. Raises Fault."""

    def devices(self) -> Sequence[EnrolledDevice]: ...

    def revoke(self, device: str) -> None: ...

    def codes(self) -> Sequence[GivenCode]: ...

    def issue(self, unit_path: str, roles: list[str]) -> tuple[str, datetime]: ...

    def open_door(self, meeting: str, role: str, unit_path: str, minutes: int) -> tuple[str, str, datetime]: ...

    def withdraw(self, locator: str) -> None: ...

    def quarantine(self) -> Sequence[HeldChange]: ...

    def judge_again(self, change_id: str) -> tuple[str, str]: ...
