"""What a meeting leaves in the members' files, at the center."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.center.duty import DutyBook, DutyLane
from desktop_app.domain.ids import PersonId, derived_id
from desktop_app.domain.principal import Actor
from sync.center.store import CenterStore, Write
from tests.meeting.recorded import open_store
from tests.meeting.rooms import HUIDONG, MEETING
from tests.meeting.waiting import wait_for

ALI, BEI = derived_id("member", "441323-15-0001"), derived_id("member", "441323-15-0002")
HOURS = {"planned_start": "2026-11-20T07:00:00.000Z", "actual_start": "2026-11-20T07:02:00.000Z"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CenterStore]:
    opened = open_store(tmp_path)
    for number, pk in enumerate((ALI, BEI), start=1):
        put(
            opened, "member", pk, member_no=f"441323-15-{number:04}", name=f"委员{number:02}", unit_path=HUIDONG,
            status="active",
        )  # fmt: skip
    yield opened
    opened.close()


def put(store: CenterStore, entity: str, pk: str, **fields: object) -> None:
    meeting = str(fields.get("meeting", MEETING if entity == "meeting" else ""))
    store.append(Write(entity, pk, fields, meeting), actor=Actor(PersonId("clerk"), store.device))


def hold(store: CenterStore, kind: str = "counterpart_consult", *, over: bool = True) -> None:
    ends = {"actual_end": "2026-11-20T08:02:00.000Z", "state": "ended"} if over else {"state": "open"}
    put(store, "meeting", MEETING, title="对口协商会", kind=kind, convener_unit=HUIDONG, invited=[], **HOURS, **ends)


def sign(store: CenterStore, pk: str, member: str, at: str = "2026-11-20T07:17:30.000Z", **more: str) -> None:
    fields = {"meeting": MEETING, "member": member, "member_name": "", "site": HUIDONG, "status": "present"}
    put(store, "sign_in", pk, **{**fields, "method": "manual", "signed_at": at, **more})


def events(store: CenterStore) -> dict[str, dict[str, object]]:
    return {row["member"]: row for row in store.list("duty_event")}


def test_each_member_who_came_has_one_duty_event_however_often_it_is_derived(store: CenterStore) -> None:
    sign(store, "s1", ALI)
    sign(store, "s2", ALI, at="2026-11-20T07:20:00.000Z")
    sign(store, "s3", BEI, status="excused")
    seat = {"meeting": MEETING, "member": ALI, "site": HUIDONG, "capacity": "attend"}
    put(store, "roster_entry", "r1", **seat)
    hold(store)
    book = DutyBook(store)
    assert (book.catch_up(), book.catch_up(), DutyBook(store).catch_up()) == (1, 0, 0)
    event = events(store)[ALI]
    assert event["pk"] == derived_id("duty", MEETING, ALI)
    assert (event["role"], event["occurred_on"], event["attended_min"]) == ("attend", "2026-11-20", 44)
    assert event["attended_permille"] == 742
    assert list(events(store)) == [ALI]


def test_who_spoke_is_noted_as_a_speaker_with_the_time(store: CenterStore) -> None:
    sign(store, "s1", ALI)
    for number, seconds in ((1, 60), (2, 45)):
        put(
            store, "speech", f"t{number}", meeting=MEETING, member=ALI, site=HUIDONG, seconds=seconds,
            started_at="2026-11-20T07:30:00.000Z",
        )  # fmt: skip
    hold(store)
    DutyBook(store).catch_up()
    event = events(store)[ALI]
    assert (event["role"], event["speeches"], event["speech_sec"]) == ("speech", 2, 105)


def test_a_room_that_was_offline_adds_its_members_later_and_a_signature_taken_back_takes_its_event(
    store: CenterStore,
) -> None:
    hold(store)
    book = DutyBook(store)
    assert book.catch_up() == 0
    sign(store, "s1", ALI)
    sign(store, "s2", BEI)
    assert book.catch_up() == 2
    store.retract("sign_in", "s1", meeting=MEETING, actor=Actor(PersonId("clerk"), store.device))
    assert book.catch_up() == 1
    assert list(events(store)) == [BEI]


@pytest.mark.parametrize(("kind", "over"), [("rehearsal", True), ("counterpart_consult", False)])
def test_a_rehearsal_and_a_meeting_that_still_runs_leave_none(store: CenterStore, kind: str, over: bool) -> None:
    sign(store, "s1", ALI)
    hold(store, kind, over=over)
    assert DutyBook(store).catch_up() == 0


def test_a_departure_shortens_what_was_attended(store: CenterStore) -> None:
    sign(store, "s1", ALI, at="2026-11-20T06:55:00.000Z")
    left = {"meeting": MEETING, "member": ALI, "site": HUIDONG, "sign_in": "s1"}
    put(store, "departure", "d1", **left, left_at="2026-11-20T07:32:00.000Z")
    hold(store)
    DutyBook(store).catch_up()
    event = events(store)[ALI]
    assert (event["attended_min"], event["attended_permille"]) == (30, 500)


def test_the_lane_derives_by_itself_after_the_end(store: CenterStore) -> None:
    with DutyLane(DutyBook(store), store).running():
        sign(store, "s1", ALI)
        hold(store)
        wait_for(lambda: bool(events(store)))
