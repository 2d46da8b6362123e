"""A meeting before it begins: changed, copied, called off, and who is invited."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from desktop_app.domain.clock import moment, stamp
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingKind
from desktop_app.domain.units import Level
from sync.log.write import Write
from sync.meetings.invitations import InvitationFault, by_city, by_level, read_invitations
from sync.meetings.planning import cancel_meeting, change_meeting, clashes, draft_of
from sync.meetings.schedule import AgendaDraft, MeetingDraft, schedule_meeting
from sync.terminal.records import Records
from tests.meetings.conftest import HUIDONG, HandClock

HZ, BL, GD = UnitPath("100000/440000/441300/"), UnitPath("100000/440000/441300/441322/"), UnitPath("100000/440000/")


@pytest.fixture
def planned(records: Records, clock: HandClock) -> MeetingId:
    start = clock.time + timedelta(hours=3)
    agenda = [AgendaDraft("OPEN", "开场"), AgendaDraft("SPEECH", "发言", limit_sec=300)]
    draft = MeetingDraft(
        "对口协商会", MeetingKind.COUNTERPART_CONSULT, HUIDONG, start, start + timedelta(hours=2), [HZ, BL], agenda
    )
    return schedule_meeting(records, draft, clock)


@pytest.mark.parametrize("kind", MeetingKind)
def test_a_meeting_of_every_kind_can_be_planned_changed_and_called_off(
    records: Records, clock: HandClock, kind: MeetingKind
) -> None:
    start = clock.time + timedelta(days=1)
    draft = MeetingDraft("一场", kind, HUIDONG, start, start + timedelta(hours=1), [HZ])
    meeting = schedule_meeting(records, draft, clock)
    assert change_meeting(records, meeting, replace(draft, title="改过"), clock)
    cancel_meeting(records, meeting, HUIDONG, "另行通知")
    row = records.get("meeting", meeting)
    assert row is not None
    assert (row["title"], row["kind"], row["state"], row["cancel_reason"]) == ("改过", kind, "cancelled", "另行通知")


def test_a_change_writes_only_what_is_another_now(records: Records, clock: HandClock, planned: MeetingId) -> None:
    before = len(records.pending())
    draft = draft_of(records, planned)
    assert not change_meeting(records, planned, draft, clock)
    assert len(records.pending()) == before
    agenda = [draft.agenda[1], AgendaDraft("SUMMARY", "小结"), replace(draft.agenda[0], title="主持人开场")]
    assert change_meeting(records, planned, replace(draft, agenda=agenda, invited=[HZ, GD]), clock)
    again = draft_of(records, planned)
    assert [(item.title, item.limit_sec) for item in again.agenda] == [("发言", 300), ("小结", 0), ("主持人开场", 0)]
    assert again.agenda[0].item == draft.agenda[1].item
    assert list(again.invited) == [HZ, GD]


def test_an_item_that_was_taken_out_is_gone(records: Records, clock: HandClock, planned: MeetingId) -> None:
    draft = draft_of(records, planned)
    change_meeting(records, planned, replace(draft, agenda=draft.agenda[:1]), clock)
    assert [item.title for item in draft_of(records, planned).agenda] == ["开场"]


def test_a_copy_is_a_meeting_of_its_own(records: Records, clock: HandClock, planned: MeetingId) -> None:
    draft = draft_of(records, planned)
    copy = replace(draft, title="第二场", agenda=[replace(item, item="") for item in draft.agenda])
    other = schedule_meeting(records, copy, clock)
    assert other != planned
    assert len(records.list("agenda_item", meeting=other)) == len(records.list("agenda_item", meeting=planned)) == 2


def test_nobody_changes_anothers_meeting_or_one_that_has_begun(
    records: Records, clock: HandClock, planned: MeetingId
) -> None:
    draft = draft_of(records, planned)
    with pytest.raises(OperatorError, match="meeting-not-own"):
        change_meeting(records, planned, replace(draft, convener=HZ), clock)
    with pytest.raises(OperatorError, match="meeting-not-own"):
        cancel_meeting(records, planned, HZ)
    records.write(Write("meeting", planned, {"actual_start": stamp(clock.time), "state": "open"}, planned))
    for act in (
        lambda: change_meeting(records, planned, draft, clock),
        lambda: cancel_meeting(records, planned, HUIDONG),
    ):
        with pytest.raises(OperatorError, match="meeting-begun"):
            act()


@pytest.mark.parametrize(
    ("from_hour", "hours", "units", "found"),
    [
        (3, 2, [BL], [BL]),
        (4, 2, [GD, HZ, BL], [HZ, BL]),
        (5, 1, [BL], []),
        (1, 2, [BL], []),
        (1, 9, [HUIDONG], [HUIDONG]),
        (3, 2, [GD], []),
    ],
)
def test_rooms_that_are_taken_at_that_time_are_named(
    records: Records,
    clock: HandClock,
    planned: MeetingId,
    from_hour: int,
    hours: int,
    units: list[str],
    found: list[str],
) -> None:
    begin = moment(str((records.get("meeting", planned) or {})["planned_start"])) + timedelta(hours=from_hour - 3)
    rooms = [UnitPath(path) for path in units]
    told = clashes(records, rooms, begin, begin + timedelta(hours=hours))
    assert [path for clash in told for path in clash.units] == found
    assert clashes(records, rooms, begin, begin + timedelta(hours=hours), but=planned) == ()


def test_a_meeting_that_was_called_off_takes_no_room(records: Records, clock: HandClock, planned: MeetingId) -> None:
    cancel_meeting(records, planned, HUIDONG)
    assert clashes(records, [BL], clock.time, clock.time + timedelta(days=1)) == ()


def test_a_level_and_a_city_are_invited_at_once() -> None:
    assert len(by_level(Level.CITY, GD)) == 21
    assert set(by_city(HZ)) >= {HZ, BL, HUIDONG}
    assert by_level(Level.COUNTY, HZ) == [path for path in by_city(HZ) if path != HZ]


def test_a_sheet_of_units_is_read_by_code_or_by_name(workbook: Callable[..., Path], tmp_path: Path) -> None:
    book = workbook(
        ("第 26 期国是学堂参加单位", ""),
        ("序号", "单位名称", "行政区划代码"),
        (1, "惠州市政协", ""),
        (2, "", 441322),
        (3, "中国人民政治协商会议惠东县委员会", ""),
        (4, "惠州市政协", "441300"),
    )
    assert read_invitations(book) == [HZ, BL, HUIDONG]
    listed = tmp_path / "list.csv"
    listed.write_bytes("单位\n博罗县政协\n".encode("gb18030"))
    assert read_invitations(listed) == [BL]


def test_wrong_rows_of_a_sheet_are_told_one_by_one_and_nobody_is_invited(workbook: Callable[..., Path]) -> None:
    book = workbook(("单位", "代码"), ("惠州市政协", ""), ("", "999999"), ("没有的政协", ""), ("鼓楼", ""))
    with pytest.raises(InvitationFault) as caught:
        read_invitations(book)
    assert [(fault.row, fault.id) for fault in caught.value.rows] == [
        (3, "row-unit-unknown"),
        (4, "row-unit-name-unknown"),
        (5, "row-unit-name-unknown"),
    ]


def test_a_sheet_without_units_says_which_column_it_lacks(workbook: Callable[..., Path]) -> None:
    with pytest.raises(OperatorError, match="invitation-columns-missing"):
        read_invitations(workbook(("姓名", "电话"), ("陈静", "1")))
