"""What stays of a meeting stays whatever happens meanwhile: replays, crashes, a full disk, a restart."""

from pathlib import Path

import pytest

from desktop_app.center.meeting_log import RecordsLog
from desktop_app.center.projector import Projector, ProjectorLane
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import PersonId
from desktop_app.domain.principal import Actor
from media.meeting import commands as cmd
from media.meeting.roll_call import RollManner
from sync.center.store import CenterStore, CenterTransaction, Write
from tests.meeting.center import until
from tests.meeting.recorded import ITEMS, CenterWithRecords, Clerk, open_store, write_meeting
from tests.meeting.rooms import (
    BOLUO,
    CITY,
    HUIDONG,
    MEETING,
    PROVINCE,
    STRANGER,
    at,
    device_of,
    gone,
)
from tests.meeting.waiting import wait_for


def records_of(store: CenterStore):
    kept = ("meeting", "agenda_item", "speech", "roll_call_answer", "outage")
    return {entity: store.list(entity) for entity in kept}


@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_replays_and_restarts_derive_the_same_records_once(store: CenterStore, tmp_path: Path, every: int):
    clerk = Clerk(store)
    clerk.opens()
    clerk.does(at(HUIDONG), cmd.PointAgenda(1))
    clerk.speaks(BOLUO, "r1", seconds=100)
    clerk.does(at(HUIDONG), cmd.PointAgenda(2))
    clerk.speaks(CITY, "r2", seconds=50)
    clerk.does(at(HUIDONG), cmd.OpenRollCall(RollManner.VOICE))
    clerk.does(at(HUIDONG), cmd.MarkRollCall(CITY, answered=False))
    clerk.does(at(HUIDONG), cmd.MarkRollCall(CITY, answered=True))
    clerk.does(gone(BOLUO), cmd.Leave(lost=True))
    clerk.does(at(HUIDONG), cmd.End())
    lines = clerk.log.load(MEETING)
    once = Projector(store)
    assert once.project(MEETING) == len(lines)
    expected = records_of(store)
    assert once.project(MEETING) == 0

    other = open_store(tmp_path / "other")
    write_meeting(other)
    log = RecordsLog(other)
    for start in range(0, len(lines), every):
        part = lines[start : start + every]
        log.append(MEETING, part[0].seq, part, Actor(PersonId(""), device_of(HUIDONG)))
        fresh = Projector(other)  # as after a restart of the center
        assert fresh.project(MEETING) == len(part)
        assert fresh.project(MEETING) == 0
    assert records_of(other) == expected
    other.close()


def test_a_crash_between_the_rows_and_the_cursor_is_as_if_nothing_had_been(store: CenterStore, monkeypatch):
    clerk = Clerk(store)
    clerk.opens()
    clerk.speaks(BOLUO, "r1", seconds=10)
    projector = Projector(store)

    def dies(self, name, value):
        raise HostFault("disk-full")

    with monkeypatch.context() as patch:
        patch.setattr(CenterTransaction, "set_cursor", dies)
        with pytest.raises(HostFault):
            projector.project(MEETING)
    assert store.list("speech") == []
    assert projector.project(MEETING) == clerk.state.seq
    assert len(store.list("speech")) == 1


def test_what_was_logged_while_nobody_projected_is_caught_up_at_the_start_and_followed_after(store: CenterStore):
    clerk = Clerk(store)
    clerk.opens()
    clerk.speaks(BOLUO, "r1", seconds=10)
    lane = ProjectorLane(Projector(store))
    with lane.running():
        assert len(store.list("speech")) == 1
        clerk.speaks(CITY, "r2", seconds=10)
        lane.poke(MEETING)
    assert len(store.list("speech")) == 2, "what is due is finished before the center is down"


def test_a_full_disk_delays_the_records_and_loses_none(store: CenterStore, monkeypatch):
    clerk = Clerk(store)
    projector = Projector(store)
    lane = ProjectorLane(projector, retry_seconds=0.01)
    refused = []

    def project(meeting, whole=projector.project):
        if len(refused) < 2:
            refused.append(meeting)
            raise HostFault("disk-full")
        return whole(meeting)

    with lane.running():
        monkeypatch.setattr(projector, "project", project)
        clerk.opens()
        lane.poke(MEETING)
        wait_for(lambda: (store.get("meeting", MEETING) or {}).get("state") == "open")
    assert len(refused) == 2


async def test_from_the_first_join_to_the_end_the_records_follow_also_over_a_restart(store: CenterStore):
    center = CenterWithRecords(store)
    await center.start()
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join(""))
        await until(lambda: store.get("meeting", MEETING)["state"] == "open")
        await host.command(cmd.PointAgenda(2))
        await host.command(cmd.RequestFloor("r1", "m1", "委员一"))
        await host.command(cmd.GrantFloor("r1", 60))
    await center.stop()
    assert store.list("speech")[0]["started_at"], "a turn that runs is a record already"
    await center.start()
    async with center.raw(HUIDONG) as host:
        welcome = await host.hello()
        assert welcome["head"] == len(store.list("meeting_event"))
        assert (await host.command(cmd.Join("")))["ok"]
        assert (await host.command(cmd.End()))["ok"]
        await until(lambda: store.get("meeting", MEETING)["state"] == "ended")
    (speech,) = store.list("speech")
    assert (speech["member_name"], speech["agenda_item"], bool(speech["ended_at"])) == ("委员一", ITEMS[1], True)
    assert store.get("agenda_item", ITEMS[1])["state"] == "done"
    async with center.raw(BOLUO) as boluo:
        assert (await boluo.hello())["head"] == len(store.list("meeting_event")), "an ended meeting can be looked at"
    await center.stop()


async def test_a_guest_written_into_the_records_of_a_running_meeting_is_let_in(store: CenterStore):
    center = CenterWithRecords(store)
    await center.start()
    async with center.raw(HUIDONG) as host:
        await host.hello()
        await host.command(cmd.Join(""))
        late = Write("meeting", MEETING, {"invited": [CITY, PROVINCE, BOLUO, STRANGER]}, MEETING)
        store.append(late, actor=Actor(PersonId(""), store.device))
        await until(lambda: any(row["kind"] == "schedule_changed" for row in store.list("meeting_event")))
        async with center.raw(STRANGER) as guest:
            await guest.hello()
            assert (await guest.command(cmd.Join("")))["ok"]
    await center.stop()
