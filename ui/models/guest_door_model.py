"""接入: a token with which other people's software comes into this meeting, as a studio or to look on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import UnitPath
from ui.models.meeting_model import MeetingModel
from ui.services import Services

MINUTES = (30, 60, 120, 240)
STUDIO, OBSERVER = "studio", "observer"


@dataclass(frozen=True, slots=True)
class GuestKey:
    """What the other program is given. It is shown once and kept nowhere."""

    url: str
    token: str
    until: datetime


class GuestDoorModel(QObject):
    """The doors of the meeting that this terminal sits in; the center gives the key."""

    opened = Signal(object)
    failed = Signal(object)

    def __init__(self, services: Services, meeting: MeetingModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services, self._meeting = services, meeting

    @property
    def units(self) -> Sequence[tuple[UnitPath, str]]:
        """The units as which a studio may come in: those of the meeting without a terminal in it."""
        state = self._meeting.state
        here = {path for path, site in state.sites.items() if site.online}
        return [(path, self._meeting.name_of(path)) for path in (state.host, *state.invited) if path not in here]

    def open(self, role: str, unit_path: str, minutes: int) -> None:
        """Ask the center for a key; `opened` or `failed` tells."""
        services, meeting = self._services, self._meeting
        counter = services.counter
        if counter is None:
            return

        def ask() -> GuestKey:
            path, token, until = counter.open_door(meeting.meeting_id, role, unit_path, minutes)
            return GuestKey(f"{services.center_url.rstrip('/')}{path}", token, until)

        services.aside.start(ask, done=self.opened.emit, failed=self._refused)

    def _refused(self, fault: Fault) -> None:
        self.failed.emit(fault)
