"""Signing in at one terminal, on real records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from drawn import HD
from office_stage import Terminal

from desktop_app.domain.meetings import MeetingKind
from sync.export.exports import RecordExports
from sync.meetings.attendance import AttendanceState
from ui.models.signin_model import Filter, SignInModel


class Door:
    """A sign-in desk with a roster of twelve."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.terminal = Terminal(folder / "store")
        services = self.terminal.services
        services.exports = RecordExports(self.terminal.store, HD, self.terminal.clock)
        self.meeting = self.terminal.meeting("远程协商会", MeetingKind.REMOTE_CONSULT, timedelta(minutes=20))
        self.model = SignInModel(services)
        self.faults: list[Any] = []
        self.model.failed.connect(self.faults.append)
        self.model.open(self.meeting)

    def roster(self, lines: list[str]) -> Path:
        path = self.folder / "roster.csv"
        path.write_text("\n".join(["委员证号,姓名,界别", *lines]), encoding="utf-8")
        return path

    def import_twelve(self) -> None:
        self.model.import_roster(self.roster([f"441323-15-{n:04},委员{n:02},教育界" for n in range(1, 13)]))
        self.again()

    def again(self) -> None:
        """What the queued news of the records would do."""
        self.model.load()

    def member(self, name: str) -> str:
        return next(one.member for one in self.model.attendees if one.name == name)


@pytest.fixture
def door(qtbot: Any, tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.model.close()
    made.terminal.close()


def test_a_roster_makes_everybody_expected_and_nobody_absent_before_the_meeting(door: Door) -> None:
    door.import_twelve()
    assert door.model.tally.expected == 12
    assert not door.model.begun
    assert {one.state for one in door.model.attendees} == {AttendanceState.WAITING}
    assert door.model.last_import is not None


def test_a_member_is_found_by_name_initials_and_number(door: Door) -> None:
    door.import_twelve()
    for text in ("委员07", "wy07", "0007", "441323-15-0007"):
        door.model.search(text)
        assert [one.name for one in door.model.results][:1] == ["委员07"], text
    door.model.search("zhx")
    assert door.model.results == []


def test_signing_in_twice_counts_once_and_says_when_the_first_was(door: Door) -> None:
    door.import_twelve()
    member = door.member("委员07")
    door.model.sign_in(member)
    assert door.model.already is None
    door.terminal.clock.move(60)
    door.model.sign_in(member)
    assert door.model.already is not None
    assert (door.model.already.name, door.model.already.method) == ("委员07", "manual")
    assert door.model.already.signed_at.startswith("2026-11-20T01:18:06")
    assert door.model.tally.present == 1
    assert len(door.terminal.store.list("sign_in", meeting=door.meeting)) == 1


def test_undo_takes_back_the_last_signature_only(door: Door) -> None:
    door.import_twelve()
    for name in ("委员01", "委员02"):
        door.model.sign_in(door.member(name))
        door.terminal.clock.move(1)
    door.model.undo()
    assert [one.name for one in door.model.recent] == ["委员01"]


def test_who_is_excused_and_comes_after_all_is_present(door: Door) -> None:
    door.import_twelve()
    member = door.member("委员03")
    door.model.excuse(member, "official")
    assert door.model.tally.excused == 1
    door.model.show(Filter.EXCUSED)
    assert [one.name for one in door.model.results] == ["委员03"]
    door.terminal.clock.move(1)
    door.model.sign_in(member)
    assert (door.model.tally.excused, door.model.tally.present) == (0, 1)


def test_a_guest_is_counted_apart(door: Door) -> None:
    door.import_twelve()
    door.model.sign_in_guest("列席人员甲")
    assert (door.model.tally.expected, door.model.tally.guests) == (12, 1)


def test_a_bad_roster_changes_nothing_and_tells_the_rows(door: Door) -> None:
    door.import_twelve()
    before = len(door.terminal.store.list("member"))
    door.model.import_roster(
        door.roster(["441323-15-0101,新委员,农业界", "441323-15-0101,另一位,农业界", ",没有证号,农业界"])
    )
    assert [(fault.row, fault.id) for fault in door.model.row_faults] == [
        (3, "row-number-duplicate"),
        (4, "row-number-missing"),
    ]
    assert door.model.rows_wrong == 2
    assert len(door.terminal.store.list("member")) == before
    door.model.dismiss()
    assert door.model.row_faults == ()


def test_a_file_that_is_no_roster_is_one_sentence(door: Door) -> None:
    path = door.folder / "roster.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")
    door.model.import_roster(path)
    assert [fault.id for fault in door.faults] == ["roster-wrong-file"]


def test_a_meeting_without_a_roster_takes_the_units_members(door: Door) -> None:
    door.import_twelve()
    other = door.terminal.meeting("另一场", MeetingKind.REMOTE_CONSULT, timedelta(hours=3))
    door.model.open(other)
    assert (door.model.tally.expected, door.model.members) == (0, 12)
    door.model.expect_members()
    assert door.model.tally.expected == 12


def test_what_another_desk_signed_appears_by_itself(door: Door, qtbot: Any) -> None:
    door.import_twelve()
    other = SignInModel(door.terminal.services)
    other.open(door.meeting)
    other.sign_in(door.member("委员09"))
    qtbot.waitUntil(lambda: door.model.tally.present == 1, timeout=2_000)
    other.close()


def test_the_list_goes_into_a_workbook(door: Door) -> None:
    door.import_twelve()
    door.model.sign_in(door.member("委员05"))
    written: list[Path] = []
    door.model.exported.connect(written.append)
    door.model.export(door.folder / "签到表.xlsx")
    sheet = openpyxl.load_workbook(written[0]).worksheets[0]
    cells = {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert {"委员05", "委员12"} <= cells
    assert door.faults == []


def test_without_a_named_meeting_the_nearest_one_is_opened(door: Door) -> None:
    door.terminal.meeting("下周的会", MeetingKind.REMOTE_CONSULT, timedelta(days=6))
    model = SignInModel(door.terminal.services)
    model.open()
    assert model.title == "远程协商会"
    model.close()


def test_one_tap_notes_a_departure_and_another_takes_it_back(door: Door) -> None:
    door.import_twelve()
    member = door.member("委员04")
    door.model.sign_in(member)
    door.terminal.clock.move(1)
    door.model.leave(member)
    assert door.model.tally.left == 1
    door.model.come_back(member)
    assert (door.model.tally.left, door.model.tally.present) == (0, 1)
    door.model.leave(door.member("委员05"))
    assert [fault.id for fault in door.faults] == ["not-signed-in"]


@pytest.mark.parametrize(
    "text", ["441323-15-0006", " 441323－15－0006\n", "https://members.example/card/441323-15-0006/"]
)
def test_a_card_signs_its_member_in_and_an_unknown_one_is_told(door: Door, text: str) -> None:
    door.import_twelve()
    door.model.take_card(text)
    assert [(one.name, one.method) for one in door.model.recent] == [("委员06", "card")]
    door.model.take_card("441323-15-9999")
    assert [fault.id for fault in door.faults] == ["card-unknown"]


def test_the_door_shows_its_code_and_closes_with_the_meeting(door: Door) -> None:
    from scenes_readiness import ShownDoor

    door.terminal.services.door = ShownDoor()
    model = SignInModel(door.terminal.services)
    model.open(door.meeting)
    model.open_door()
    assert model.door.view is not None
    assert model.door.meeting == door.meeting
    model.open(door.terminal.meeting("另一场", MeetingKind.REMOTE_CONSULT, timedelta(hours=3)))
    assert model.door.view is None
    model.close()
