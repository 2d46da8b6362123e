"""What the view models are given: one object, filled by the composition root, and the Protocols it satisfies.

Nothing here imports the records or the media at run time: the window paints before they are loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_app.domain.ids import MeetingId, UnitPath
from ui.services.center import CenterCounter, Enrol, EnrolRequest, SyncControl
from ui.services.machine import (
    CheckLine,
    DeviceChoice,
    DeviceDesk,
    DeviceKind,
    DeviceProbe,
    DeviceReport,
    DeviceState,
    Doctor,
    SettingsStore,
    Told,
    Trial,
)
from ui.services.meetings import (
    AgendaDraft,
    CardReader,
    DoorView,
    LiveMinutes,
    MeetingDesk,
    Plan,
    SignInDoor,
    UnitChoice,
)
from ui.services.papers import AttachmentDesk, Exports, HeldFile, MaterialDesk, Packed, UsbDesk
from ui.services.people import Account, AuditDesk, Operator, OperatorDesk, PeopleDesk

if TYPE_CHECKING:
    from desktop_app.domain.clock import Clock
    from media.live import LiveListener, LiveMeeting
    from sync.terminal.records import Records
    from ui.runner import Runner

__all__ = [
    "Account",
    "AgendaDraft",
    "AttachmentDesk",
    "AuditDesk",
    "CardReader",
    "CenterCounter",
    "CheckLine",
    "DeviceChoice",
    "DeviceDesk",
    "DeviceKind",
    "DeviceProbe",
    "DeviceReport",
    "DeviceState",
    "Doctor",
    "DoorView",
    "Enrol",
    "EnrolRequest",
    "Exports",
    "HeldFile",
    "LiveMinutes",
    "MaterialDesk",
    "MeetingDesk",
    "Operator",
    "OperatorDesk",
    "Packed",
    "PeopleDesk",
    "Plan",
    "Services",
    "SettingsStore",
    "SignInDoor",
    "SyncControl",
    "Told",
    "Trial",
    "UnitChoice",
    "UsbDesk",
]


@dataclass
class Services:
    """Everything below the screens, once the terminal is enrolled and unlocked or about to be."""

    clock: Clock
    runner: Runner
    records: Records
    unit_path: UnitPath
    unit_name: str
    sync: SyncControl
    operators: OperatorDesk
    meetings: MeetingDesk
    devices: DeviceProbe
    doctor: Doctor
    settings: SettingsStore
    exports: Exports
    open_live: Callable[[MeetingId, LiveListener], LiveMeeting]
    folder: Path
    center_url: str = ""
    device: str = ""
    version: str = ""
    audit: AuditDesk | None = None
    live: LiveMinutes | None = None
    usb: UsbDesk | None = None
    door: SignInDoor | None = None
    cards: CardReader | None = None
    attachments: AttachmentDesk | None = None
    counter: CenterCounter | None = None
    people: PeopleDesk | None = None
    errands: Runner | None = None
    """A second worker, for files and for requests to the center: nothing that is typed waits behind them."""
    material: MaterialDesk | None = None
    room_devices: DeviceDesk | None = None

    @property
    def aside(self) -> Runner:
        """Where what may take long is run."""
        return self.errands if self.errands is not None else self.runner
