"""Sign-in at the desk: who is here, who is not, and what an undo takes back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.domain.clock import Clock, stamp
from desktop_app.domain.faults import OperatorError
from sync.meetings.attendance import AttendanceState, attendance_sheet, search
from sync.meetings.desk import SignInDesk
from sync.meetings.roster_import import import_roster, member_id
from sync.reference.samples import sample_roster
from sync.reference.units import unit_of
from sync.terminal.records import Records, Write

HUIDONG = unit_of("441323").unit_path
BOLUO = unit_of("441322").unit_path


def number(place: int) -> str:
    return member_id(f"441323-15-{place:04}")


@pytest.fixture
def desk(records: Records, meeting: str, clock: Clock) -> SignInDesk:
    import_roster(records, sample_roster(), unit_path=HUIDONG, meeting=meeting)
    return SignInDesk(records, meeting, HUIDONG, clock)


def test_expected_is_always_present_and_excused_and_absent(records: Records, meeting: str, desk: SignInDesk) -> None:
    for place in range(1, 13):
        desk.sign_in(number(place))
    desk.excuse(number(13), "official")
    desk.sign_in_guest("王 医生")

    tally = attendance_sheet(records, meeting).tally

    assert (tally.expected, tally.present, tally.excused, tally.absent, tally.guests) == (40, 12, 1, 27, 1)


def test_nobody_is_absent_before_the_meeting_begins(
    records: Records, meeting: str, desk: SignInDesk, clock: Clock
) -> None:
    states = {one.state for one in attendance_sheet(records, meeting).attendees}
    assert states == {AttendanceState.WAITING}

    records.write(Write("meeting", meeting, {"actual_start": stamp(clock.now())}, meeting))

    states = {one.state for one in attendance_sheet(records, meeting).attendees}
    assert states == {AttendanceState.ABSENT}


def test_signing_twice_tells_when_it_was_and_counts_once(records: Records, meeting: str, desk: SignInDesk) -> None:
    first = desk.sign_in(number(1))
    pending = len(records.pending(1_000))

    second = desk.sign_in(number(1), method="qr")

    assert first.already is None
    assert second.already is not None
    assert second.already["method"] == "manual"
    assert len(records.pending(1_000)) == pending
    assert attendance_sheet(records, meeting).tally.present == 1


def test_whoever_was_excused_and_came_after_all_is_present(records: Records, meeting: str, desk: SignInDesk) -> None:
    desk.excuse(number(1), "sick")
    desk.sign_in(number(1))

    one = attendance_sheet(records, meeting).find(number(1))

    assert one is not None
    assert one.state is AttendanceState.PRESENT


def test_undo_takes_back_the_last_signature_and_then_the_one_before(
    records: Records, meeting: str, desk: SignInDesk
) -> None:
    desk.sign_in(number(1))
    desk.sign_in(number(2))

    assert desk.undo() == number(2)
    assert attendance_sheet(records, meeting).tally.present == 1
    assert desk.undo() == number(1)
    assert attendance_sheet(records, meeting).tally.present == 0
    assert desk.undo() is None


def test_a_signature_can_be_given_again_after_it_was_taken_back(
    records: Records, meeting: str, desk: SignInDesk
) -> None:
    desk.sign_in(number(1))
    assert desk.take_back(number(1))
    assert not desk.take_back(number(1))

    assert desk.sign_in(number(1)).already is None
    assert attendance_sheet(records, meeting).tally.present == 1


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("曾委员06", "曾委员06"),
        ("曾", "曾委员06"),
        ("zwy06", "曾委员06"),
        ("ZWY06", "曾委员06"),
        ("zeng", "曾委员06"),
        ("zengweiyuan", "曾委员06"),
        ("441323-15-0006", "曾委员06"),
        ("0006", "曾委员06"),
        (" 曾 委员06 ", "曾委员06"),
    ],
)
def test_a_member_is_found_by_name_pinyin_initials_or_number(
    records: Records, meeting: str, desk: SignInDesk, typed: str, found: str
) -> None:
    assert search(attendance_sheet(records, meeting).attendees, typed)[0].name == found


def test_what_nobody_is_called_finds_nobody(records: Records, meeting: str, desk: SignInDesk) -> None:
    attendees = attendance_sheet(records, meeting).attendees

    assert search(attendees, "zhx") == []
    assert search(attendees, "  ") == []


def test_the_list_is_in_the_order_of_surname_strokes(records: Records, meeting: str, desk: SignInDesk) -> None:
    surnames = "".join(one.name[0] for one in attendance_sheet(records, meeting).attendees)

    assert surnames.startswith("丁王王邓")
    assert surnames.endswith("蔡蔡黎")


def test_each_room_has_a_tally_of_its_own(
    records: Records, meeting: str, desk: SignInDesk, workbook: Callable[..., Path]
) -> None:
    import_roster(
        records, workbook(("编号", "姓名", "单位代码"), ("b1", "丁一", "441322")), unit_path=BOLUO, meeting=meeting
    )
    desk.sign_in(number(1))

    by_site = attendance_sheet(records, meeting).by_site()

    assert by_site[HUIDONG].present == 1
    assert (by_site[BOLUO].expected, by_site[BOLUO].absent) == (1, 1)
    assert attendance_sheet(records, meeting).of_site(BOLUO).tally.expected == 1


def test_somebody_whom_no_list_knows_is_refused(desk: SignInDesk) -> None:
    with pytest.raises(OperatorError, match="member-unknown"):
        desk.sign_in(member_id("nobody"))
    with pytest.raises(OperatorError, match="guest-name-missing"):
        desk.sign_in_guest("  ")
