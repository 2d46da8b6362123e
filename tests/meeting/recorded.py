"""A center that keeps what stays of a meeting, and a clerk who conducts one into its log."""

from datetime import timedelta
from pathlib import Path

from desktop_app.center.meeting_log import RecordsDirectory, RecordsLog
from desktop_app.center.meetings import CenterMeetings
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import MeetingId, PersonId
from desktop_app.domain.principal import Actor
from media.meeting import commands as cmd
from media.meeting.apply import replay
from media.meeting.decide import CENTER, decide
from media.meeting.events import StoredEvent
from media.meeting.model import MeetingState
from sync.center.store import CenterStore, Write
from sync.identity.device import DeviceIdentity, DeviceKey
from tests.meeting.center import Center
from tests.meeting.rooms import (
    BOLUO,
    CENTER_SIGNER,
    CITY,
    HUIDONG,
    MEETING,
    PROVINCE,
    START,
    at,
)

KEY = DeviceKey.generate()
ITEMS = ("019a0000-0000-7000-8000-0000000000a1", "019a0000-0000-7000-8000-0000000000a2")


def open_store(folder: Path) -> CenterStore:
    identity = DeviceIdentity.of_center(KEY, unit_path=PROVINCE, ca_pem="", url="")
    return CenterStore.open(folder, identity=identity, clock=SystemClock())


def write_meeting(store: CenterStore, meeting: str = MEETING, kind: str = "counterpart_consult") -> None:
    fields = {
        "title": "县域医疗\n对口协商",
        "kind": kind,
        "convener_unit": HUIDONG,
        "invited": [CITY, PROVINCE, BOLUO],
        "state": "planned",
    }
    agenda = [
        Write(
            "agenda_item",
            item if meeting == MEETING else f"{item[:-2]}{number}{meeting[-1]}",
            {
                "meeting": meeting,
                "item_no": number,
                "item_type": "SPEECH",
                "title": f"第{number}项",
                "state": "planned",
            },
            meeting,
        )
        for number, item in enumerate(ITEMS, start=1)
    ]
    unit = Write("unit", "441323", {"unit_path": HUIDONG, "name": "惠东县政协"})
    store.append(
        Write("meeting", meeting, fields, meeting), *reversed(agenda), unit, actor=Actor(PersonId(""), store.device)
    )


class Clerk:
    """Plays a meeting into the records, as the room does."""

    def __init__(self, store: CenterStore, meeting: MeetingId = MEETING) -> None:
        self.log, self.meeting, self.now = RecordsLog(store), meeting, START
        self.state = replay(MeetingState(meeting), [line.event for line in self.log.load(meeting)])
        plan = RecordsDirectory(store).find(meeting)
        if plan is not None:
            self.does(CENTER, plan.schedule)

    def does(self, actor, command: cmd.Command) -> None:
        events = decide(self.state, command, actor, self.now)
        assert isinstance(events, list), events
        if events:
            first = self.state.seq + 1
            stored = [StoredEvent(seq, event, "c", actor.unit_path) for seq, event in enumerate(events, first)]
            self.log.append(self.meeting, first, stored, Actor(PersonId("clerk"), actor.device))
            self.state = replay(self.state, events)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def opens(self) -> None:
        for unit in (HUIDONG, CITY, BOLUO):
            self.does(at(unit), cmd.Join(unit))

    def speaks(self, unit, request: str, seconds: int, limit: int = 180) -> None:
        self.does(at(unit), cmd.RequestFloor(request, f"member-{request}", f"委员{request}"))
        self.wait(5)
        self.does(at(HUIDONG), cmd.GrantFloor(request, limit))
        self.wait(seconds)
        self.does(at(unit), cmd.ReleaseFloor(request))


class CenterWithRecords(Center):
    """The center's meetings over real records, as `desktop_app.center.app` mounts them."""

    def __init__(self, store: CenterStore) -> None:
        super().__init__()
        self.store = store

    def make(self) -> CenterMeetings:
        return CenterMeetings(self.store, self.engine, CENTER_SIGNER, SystemClock())
