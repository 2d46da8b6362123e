"""Late, early, away: how long somebody was at a meeting, and the sums over the four levels."""

from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from desktop_app.domain.clock import moment, stamp
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath, derived_id
from sync.export.exports import RecordExports
from sync.log.write import Write
from sync.meetings.attendance import Attendee, Tally, attendance_sheet
from sync.meetings.desk import SignInDesk
from sync.meetings.hours import MeetingHours, Stay
from sync.meetings.rollup import site_sums
from sync.meetings.roster_import import import_roster
from sync.terminal.records import Records
from tests.meetings.conftest import HUIDONG, HandClock

ALI = derived_id("member", "441323-15-0001")
EIGHT = moment("2026-11-20T00:00:00.000Z")


@pytest.fixture
def desk(records: Records, meeting: str, clock: HandClock, workbook) -> SignInDesk:
    sheet = workbook(("委员证号", "姓名"), ("441323-15-0001", "李海生"), ("441323-15-0002", "陈静"))
    import_roster(records, sheet, unit_path=HUIDONG, meeting=meeting)
    return SignInDesk(records, meeting, HUIDONG, clock)


def ali(records: Records, meeting: str) -> Attendee:
    one = attendance_sheet(records, meeting).find(ALI)
    assert one is not None
    return one


def test_one_tap_notes_that_a_member_left_and_how_long_they_were_there(
    desk: SignInDesk, records: Records, meeting: str, clock: HandClock
) -> None:
    clock.time += timedelta(minutes=35)  # the meeting is planned to begin after 30
    desk.sign_in(ALI)
    began = stamp(clock.time)
    records.write(Write("meeting", meeting, {"actual_start": began, "state": "open"}, meeting))
    clock.time += timedelta(minutes=40)
    desk.leave(ALI)
    one = ali(records, meeting)
    assert one.stay is not None
    assert one.stay.lasted() // timedelta(minutes=1) == 40
    assert attendance_sheet(records, meeting).tally.left == 1
    clock.time += timedelta(minutes=20)
    records.write(Write("meeting", meeting, {"actual_end": stamp(clock.time), "state": "ended"}, meeting))
    one = ali(records, meeting)
    assert one.stay is not None
    assert (one.stay.early_min, one.stay.permille) == (20, 667)


def test_leaving_twice_changes_nothing_and_coming_back_takes_it_away(
    desk: SignInDesk, records: Records, meeting: str
) -> None:
    desk.sign_in(ALI)
    desk.leave(ALI)
    assert desk.leave(ALI).already is not None
    assert len(records.list("departure", meeting=meeting)) == 1
    assert desk.come_back(ALI)
    assert ali(records, meeting).left_at is None


def test_who_has_not_signed_in_cannot_leave(desk: SignInDesk) -> None:
    with pytest.raises(OperatorError, match="not-signed-in"):
        desk.leave(ALI)
    desk.excuse(ALI)
    with pytest.raises(OperatorError, match="not-signed-in"):
        desk.leave(ALI)


def test_a_signature_taken_back_takes_its_departure_along(desk: SignInDesk, records: Records, meeting: str) -> None:
    desk.sign_in(ALI)
    desk.leave(ALI)
    desk.take_back(ALI)
    desk.sign_in(ALI)
    assert ali(records, meeting).left_at is None


@pytest.mark.parametrize(
    ("signed", "planned", "actual", "late"),
    [(0, 0, 0, 0), (5, 0, None, 5), (5, 0, 10, 0), (12, 0, 10, 2), (0.5, 0, 0, 0), (5, 10, 0, 0)],
)
def test_late_counts_from_the_plan_or_the_real_beginning_whichever_came_later(
    signed: float, planned: float, actual: float | None, late: int
) -> None:
    hours = MeetingHours(
        planned_start=EIGHT + timedelta(minutes=planned),
        actual_start=None if actual is None else EIGHT + timedelta(minutes=actual),
    )
    assert Stay(EIGHT + timedelta(minutes=signed), None, hours).late_min == late


def test_the_province_sees_the_sums_of_its_cities_and_their_counties() -> None:
    province, city = "100000/440000/", "100000/440000/441300/"
    county, other = f"{city}441323/", "100000/440000/441400/441481/"
    tallies = {
        county: Tally(24, 20, 1, 3),
        city: Tally(10, 9, 0, 1),
        other: Tally(30, 30, 0, 0, 2),
        "100000/": Tally(5, 5),
    }
    sums = {UnitPath(one.unit_path): one for one in site_sums(tallies)}
    assert [one.unit_path for one in site_sums(tallies)] == [
        "100000/", province, city, county, "100000/440000/441400/", other,
    ]  # fmt: skip
    assert (sums[UnitPath(city)].total.expected, sums[UnitPath(city)].total.present) == (34, 29)
    assert sums[UnitPath(city)].sites == 2
    assert sums[UnitPath(province)].own is None
    assert (sums[UnitPath(province)].total, sums[UnitPath(province)].sites) == (Tally(64, 59, 1, 4, 2), 3)
    assert sums[UnitPath("100000/")].total == Tally(5, 5)


def test_the_sign_in_list_tells_who_was_late_and_who_left_before_the_end(
    desk: SignInDesk, records: Records, meeting: str, clock: HandClock, tmp_path: Path
) -> None:
    began = clock.time + timedelta(minutes=30)
    clock.time = began + timedelta(minutes=7)
    desk.sign_in(ALI)
    clock.time = began + timedelta(minutes=50)
    desk.leave(ALI)
    ended = {"actual_start": stamp(began), "actual_end": stamp(began + timedelta(minutes=60)), "state": "ended"}
    records.write(Write("meeting", meeting, ended, meeting))
    path = RecordExports(records, HUIDONG, clock).sign_in_list(meeting, tmp_path / "list.xlsx")
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(path).worksheets[0].iter_rows()]
    row = next(row for row in rows if "李海生" in row)
    assert row[-2:] == [43, "迟到 7 分钟，早退 9 分钟"]
