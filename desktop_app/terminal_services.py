"""What the screens are given (see `ui.services`), made of the parts below them. No Qt here; all of it may block.

Imported after the first paint: it pulls in the records and the identity.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from desktop_app.domain.clock import Clock
from desktop_app.domain.ids import MeetingId, PersonId, UnitPath
from desktop_app.domain.meetings import MeetingKind
from sync.identity.device import DeviceIdentity
from sync.identity.operators import PinBook, operators_of
from sync.meetings.schedule import AgendaDraft as ItemDraft
from sync.meetings.schedule import MeetingDraft, schedule_meeting
from sync.reference.units import units
from sync.terminal.records import Records
from ui.services import AgendaDraft, DeviceKind, DeviceReport, Doctor, Operator, UnitChoice


class TerminalOperators:
    """The people of this terminal: an `OperatorDesk`."""

    def __init__(self, identity: DeviceIdentity, records: Records, pins: PinBook) -> None:
        self._identity = identity
        self._records = records
        self._pins = pins

    def operators(self) -> Sequence[Operator]:
        """Active operators of this unit, those of the enrolment until the first pull."""
        return [
            Operator(one.person, one.name, frozenset(role.value for role in one.roles), self._pins.has(one.person))
            for one in operators_of(self._identity, self._records.list("operator"))
        ]

    def set_pin(self, person: PersonId, pin: str) -> None:
        self._pins.set(person, pin)

    def unlock(self, person: PersonId, pin: str) -> None:
        self._pins.verify(person, pin)


class TerminalMeetings:
    """Scheduling into the records: a `MeetingDesk`."""

    def __init__(self, records: Records, unit_path: UnitPath, clock: Clock) -> None:
        self._records = records
        self._unit_path = unit_path
        self._clock = clock

    def schedule(
        self,
        *,
        title: str,
        kind: str,
        start: datetime,
        end: datetime,
        invited: Sequence[UnitPath],
        agenda: Sequence[AgendaDraft],
    ) -> MeetingId:
        items = [
            ItemDraft(item.item_type, item.title, planned_min=item.minutes, limit_sec=item.limit_seconds)
            for item in agenda
        ]
        draft = MeetingDraft(
            title=title,
            kind=MeetingKind(kind),
            convener=self._unit_path,
            start=start,
            end=end,
            invited=invited,
            agenda=items,
        )
        return schedule_meeting(self._records, draft, self._clock)

    def units(self) -> Sequence[UnitChoice]:
        return [UnitChoice(one.unit_path, one.name, int(one.level), one.initials) for one in units().values()]


class SyncHandle:
    """What the screens may ask of the sync loop, also before there is one: a `SyncControl`."""

    def __init__(self) -> None:
        self._poke: Callable[[], None] | None = None

    def attach(self, poke: Callable[[], None] | None) -> None:
        """From now on `poke` reaches this loop; None while it is away."""
        self._poke = poke

    def poke(self) -> None:
        if self._poke is not None:
            self._poke()


_CHECKS = {
    "center": DeviceKind.NETWORK,
    "microphone": DeviceKind.MICROPHONE,
    "speaker": DeviceKind.SPEAKER,
    "camera": DeviceKind.CAMERA,
    "disk": DeviceKind.STORAGE,
    "clock": DeviceKind.CLOCK,
}


class MachineDevices:
    """The devices that a meeting needs, as the doctor finds them: a `DeviceProbe`."""

    def __init__(self, doctor: Doctor) -> None:
        self._doctor = doctor

    def probe(self) -> Sequence[DeviceReport]:
        """In the order of `DeviceKind`."""
        lines = {_CHECKS[line.id]: line for line in self._doctor.check() if line.id in _CHECKS}
        return [
            DeviceReport(kind, line.state, line.detail, line.fault, line.values)
            for kind in DeviceKind
            if (line := lines.get(kind)) is not None
        ]
