"""What stays of a meeting: its log in the center's records, and what the projector makes of it."""

from datetime import timedelta

import pytest

from desktop_app.center.meeting_log import RecordsDirectory
from desktop_app.center.projector import Projector
from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import MeetingId, PersonId
from desktop_app.domain.principal import Actor
from media.meeting import commands as cmd
from media.meeting.apply import replay
from media.meeting.decide import CENTER
from media.meeting.events import StoredEvent
from media.meeting.model import MeetingPhase, MeetingState
from media.meeting.roll_call import DeviceHealth, RollManner
from sync.center.store import CenterStore, Write
from tests.meeting.recorded import ITEMS, Clerk, write_meeting
from tests.meeting.rooms import (
    BOLUO,
    CITY,
    HUIDONG,
    MEETING,
    PROVINCE,
    START,
    at,
    device_of,
    gone,
)


def test_the_plan_is_what_the_records_say_cleaned_for_the_wire(store: CenterStore):
    plan = RecordsDirectory(store).find(MEETING)
    assert plan is not None
    assert (plan.host, plan.invited, plan.title) == (HUIDONG, (CITY, PROVINCE, BOLUO), "县域医疗 对口协商")
    assert [(item.number, item.item_id, item.title) for item in plan.agenda] == [
        (1, ITEMS[0], "第1项"),
        (2, ITEMS[1], "第2项"),
    ]
    assert plan.names == {HUIDONG: "惠东县政协"}


@pytest.mark.parametrize(
    "wrong", [{"kind": "party"}, {"convener_unit": "here"}, {"invited": ["everywhere"]}, {"state": "cancelled"}]
)
def test_what_is_no_schedule_is_no_meeting(store: CenterStore, wrong):
    store.append(Write("meeting", MEETING, wrong, MEETING), actor=Actor(PersonId(""), store.device))
    assert RecordsDirectory(store).find(MEETING) is None


def test_the_log_is_kept_in_order_and_never_written_over(store: CenterStore):
    clerk = Clerk(store)
    clerk.opens()
    lines = clerk.log.load(MEETING)
    assert [line.seq for line in lines] == list(range(1, clerk.state.seq + 1))
    assert replay(MeetingState(MEETING), [line.event for line in lines]) == clerk.state
    assert clerk.log.load(MEETING, since=3) == lines[3:]
    for first in (2, clerk.state.seq + 2):
        with pytest.raises(HostFault, match="log-not-stored"):
            clerk.log.append(MEETING, first, [StoredEvent(first, lines[0].event)], Actor(PersonId(""), device_of(CITY)))
    assert clerk.log.load(MEETING) == lines


def test_a_speech_is_recorded_with_its_times_and_what_it_ran_over(store: CenterStore):
    clerk = Clerk(store)
    clerk.opens()
    clerk.does(at(HUIDONG), cmd.PointAgenda(2))
    clerk.speaks(BOLUO, "r1", seconds=200, limit=180)
    clerk.speaks(CITY, "r2", seconds=60, limit=0)
    Projector(store).project(MEETING)
    first, second = sorted(store.list("speech", meeting=MEETING), key=lambda row: row["speech_no"])
    assert first["agenda_item"] == ITEMS[1]
    assert (first["member"], first["member_name"], first["site"]) == ("member-r1", "委员r1", BOLUO)
    assert (first["seconds"], first["over_sec"], first["limit_sec"]) == (200, 20, 180)
    assert (first["requested_at"], first["started_at"]) == (stamp(START), stamp(START + timedelta(seconds=5)))
    assert first["ended_at"] == stamp(START + timedelta(seconds=205))
    assert (second["seconds"], second["over_sec"]) == (60, 0)


def test_start_end_state_and_official_number_come_from_the_log(store: CenterStore):
    clerk = Clerk(store)
    projector = Projector(store)
    clerk.opens()
    projector.project(MEETING)
    meeting = store.get("meeting", MEETING)
    assert (meeting["state"], meeting["actual_start"], meeting["code"]) == ("open", stamp(START), "SL-2026-0001")
    assert RecordsDirectory(store).open_meetings() == [MEETING]
    clerk.wait(3600)
    clerk.does(at(HUIDONG), cmd.End())
    projector.project(MEETING)
    meeting = store.get("meeting", MEETING)
    assert (meeting["state"], meeting["actual_end"]) == ("ended", stamp(START + timedelta(hours=1)))
    assert meeting["code"] == "SL-2026-0001"
    assert RecordsDirectory(store).find(MEETING) is None


def test_the_agenda_shows_what_is_treated_and_what_is_done(store: CenterStore):
    clerk, projector = Clerk(store), Projector(store)
    clerk.opens()
    clerk.does(at(HUIDONG), cmd.PointAgenda(1))
    clerk.wait(60)
    clerk.does(at(HUIDONG), cmd.PointAgenda(2))
    projector.project(MEETING)
    rows = [store.get("agenda_item", item) for item in ITEMS]
    assert [row["state"] for row in rows] == ["done", "current"]
    assert rows[0]["ended_at"] == rows[1]["started_at"] == stamp(START + timedelta(seconds=60))
    clerk.does(at(HUIDONG), cmd.PointAgenda(1))
    clerk.does(at(HUIDONG), cmd.End())
    projector.project(MEETING)
    assert [store.get("agenda_item", item)["state"] for item in ITEMS] == ["done", "done"]


def test_each_answer_to_a_roll_call_is_a_record_also_of_who_was_silent(store: CenterStore):
    clerk, projector = Clerk(store), Projector(store)
    clerk.opens()
    clerk.does(at(HUIDONG), cmd.OpenRollCall(RollManner.ELECTRONIC, 60))
    clerk.wait(4)
    clerk.does(at(CITY), cmd.AnswerRollCall(DeviceHealth.OK, DeviceHealth.FAULT, delay_ms=30, expected=24, present=22))
    projector.project(MEETING)
    (answer,) = store.list("roll_call_answer")
    assert (answer["site"], answer["status"], answer["microphone"]) == (CITY, "answered", "fault")
    assert (answer["called_at"], answer["answered_at"]) == (stamp(START), stamp(START + timedelta(seconds=4)))
    assert (answer["delay_ms"], answer["present"], answer["round_no"]) == (30, 22, 1)
    clerk.wait(60)
    clerk.does(CENTER, cmd.Tick())
    projector.project(MEETING)
    found = {row["site"]: (row["status"], row["online"]) for row in store.list("roll_call_answer", meeting=MEETING)}
    assert found == {CITY: ("answered", True), BOLUO: ("no_answer", True), PROVINCE: ("offline", False)}


def test_an_outage_lasts_from_the_loss_to_the_return_or_to_the_end(store: CenterStore):
    clerk, projector = Clerk(store), Projector(store)
    clerk.opens()
    clerk.does(gone(BOLUO), cmd.Leave(lost=True))
    projector.project(MEETING)
    (running,) = store.list("outage")
    assert (running["site"], running.get("ended_at")) == (BOLUO, None)
    clerk.wait(75)
    clerk.does(at(BOLUO), cmd.Join(BOLUO))
    clerk.does(gone(CITY), cmd.Leave(lost=True))
    clerk.does(at(BOLUO), cmd.Leave())
    clerk.wait(30)
    clerk.does(at(HUIDONG), cmd.End())
    projector.project(MEETING)
    assert {row["site"]: row["seconds"] for row in store.list("outage")} == {BOLUO: 75, CITY: 30}


def test_the_time_of_an_interposed_question_is_not_the_interrupted_speakers(store: CenterStore):
    clerk, projector = Clerk(store), Projector(store)
    clerk.opens()
    for unit, request in ((BOLUO, "r1"), (CITY, "q")):
        clerk.does(at(unit), cmd.RequestFloor(request, request, request))
    clerk.does(at(HUIDONG), cmd.GrantFloor("r1", 60))
    clerk.wait(40)
    clerk.does(at(HUIDONG), cmd.GrantFloor("q", 60, interpose=True))
    clerk.wait(50)
    clerk.does(at(CITY), cmd.ReleaseFloor("q"))
    clerk.wait(30)
    clerk.does(at(BOLUO), cmd.ReleaseFloor("r1"))
    projector.project(MEETING)
    found = {row["member"]: (row["seconds"], row["over_sec"], row["interposed"]) for row in store.list("speech")}
    assert found == {"r1": (70, 10, False), "q": (50, 0, True)}


def test_an_extended_meeting_is_planned_longer_in_its_record_too(store: CenterStore):
    clerk = Clerk(store)
    clerk.opens()
    clerk.does(at(HUIDONG), cmd.ExtendMeeting(1800))
    Projector(store).project(MEETING)
    assert store.get("meeting", MEETING)["planned_end"] == stamp(START + timedelta(minutes=30))


def test_a_rehearsal_leaves_its_times_but_no_speech_and_no_number(store: CenterStore):
    rehearsal = MeetingId("019a0000-0000-7000-8000-000000000002")
    write_meeting(store, rehearsal, "rehearsal")
    clerk = Clerk(store, rehearsal)
    clerk.opens()
    clerk.speaks(BOLUO, "r1", seconds=10)
    Projector(store).project(rehearsal)
    assert store.list("speech") == []
    row = store.get("meeting", rehearsal)
    assert (row["state"], row.get("code")) == ("open", None)


def test_the_log_of_a_meeting_is_the_evidence_of_who_did_what(store: CenterStore):
    clerk = Clerk(store)
    clerk.opens()
    assert clerk.state.phase is MeetingPhase.OPEN
    rows = sorted(store.list("meeting_event", meeting=MEETING), key=lambda row: row["seq"])
    assert [row["kind"] for row in rows[:4]] == ["scheduled", "site_joined", "opened", "chair_passed"]
    assert all(f'"by":"{HUIDONG}"' in row["body"] for row in rows[1:4])
