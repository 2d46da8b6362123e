"""签到表 as .xlsx: everybody by strokes, the four numbers, and nothing that a spreadsheet program would run."""

import zipfile
from pathlib import Path

import openpyxl
import pytest

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import derived_id
from sync.export.exports import RecordExports
from sync.meetings.desk import SignInDesk
from sync.meetings.roster_import import member_id
from sync.reference.units import unit_of
from sync.terminal.records import Records, Write

HUIDONG = unit_of("441323").unit_path


@pytest.fixture
def exports(records: Records, clock: Clock) -> RecordExports:
    return RecordExports(records, HUIDONG, clock)


def rows_of(path: Path, sheet: str = "签到表") -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))


def test_the_list_tells_who_came_in_the_order_of_surname_strokes(
    exports: RecordExports, meeting: str, tmp_path: Path
) -> None:
    rows = rows_of(exports.sign_in_list(meeting, tmp_path / "签到表.xlsx"))

    assert rows[0][0] == "关于基层儿科夜间服务能力的远程协商会签到表"
    assert rows[2][0] == "应到 40 人，实到 12 人，请假 1 人，缺席 27 人，列席 1 人"
    people = [row for row in rows if isinstance(row[0], int)]
    assert [row[1] for row in people[:4]] == ["丁委员11", "王委员02", "王委员27", "邓委员18"]
    assert len(people) == 41
    states = [row[8] for row in people[:40]]
    assert {state: states.count(state) for state in set(states)} == {"实到": 12, "请假": 1, "缺席": 27}
    excused = next(row for row in people if row[8] == "请假")
    assert (excused[1], excused[-1]) == ("赖委员13", "公务")


def test_signing_times_are_those_of_beijing(exports: RecordExports, meeting: str, tmp_path: Path) -> None:
    rows = rows_of(exports.sign_in_list(meeting, tmp_path / "s.xlsx"))

    signed = next(row for row in rows if row[1] == "周委员01")
    assert str(signed[9]).startswith("2026-11-20 14:40:00")
    assert signed[10] == "登记"


def test_the_summary_adds_up(exports: RecordExports, meeting: str, tmp_path: Path) -> None:
    rows = rows_of(exports.sign_in_list(meeting, tmp_path / "s.xlsx"), "汇总")

    assert rows[0] == ("会场", "应到", "实到", "请假", "缺席", "列席")
    assert rows[1] == ("惠东县政协", 40, 12, 1, 27, 1)
    assert rows[2] == ("合计", 40, 12, 1, 27, 1)


def test_no_cell_from_outside_becomes_a_formula(
    records: Records, exports: RecordExports, meeting: str, clock: Clock, tmp_path: Path
) -> None:
    attacks = ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "=cmd|' /C calc'!A0"]
    desk = SignInDesk(records, meeting, HUIDONG, clock)
    for attack in attacks:
        desk.sign_in_guest(attack)
    records.write(Write("member", member_id("441323-15-0001"), {"work_title": "=1+1", "sector": "@x"}))

    path = exports.sign_in_list(meeting, tmp_path / "s.xlsx")

    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                if isinstance(cell.value, str) and cell.value[:1] in "=+-@":
                    assert cell.quotePrefix, cell.value
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            assert b"<f>" not in archive.read(name)
    names = {row[1] for row in rows_of(path)}
    assert {"=HYPERLINK(1)", "+1+1", "@SUM(A1)"} <= names


def test_a_meeting_that_is_not_there_is_told(exports: RecordExports, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="meeting-missing"):
        exports.sign_in_list(derived_id("no meeting"), tmp_path / "s.xlsx")


def test_each_other_room_is_counted_and_listed_apart(
    records: Records, exports: RecordExports, meeting: str, tmp_path: Path
) -> None:
    boluo = unit_of("441322").unit_path
    entry = {"meeting": meeting, "member": "b1", "member_name": "李委员03", "site": boluo, "capacity": "attend"}
    records.write(Write("roster_entry", derived_id("roster_entry", meeting, "b1"), entry, meeting))

    path = exports.sign_in_list(meeting, tmp_path / "s.xlsx")

    assert rows_of(path)[2][0] == "应到 40 人，实到 12 人，请假 1 人，缺席 27 人，列席 1 人"
    others = [row for row in rows_of(path, "其他会场") if isinstance(row[0], int)]
    assert [(row[1], row[6], row[8]) for row in others] == [("李委员03", "博罗县政协", "缺席")]
    totals = next(row for row in rows_of(path, "汇总") if row[0] == "合计")
    assert totals == ("合计", 41, 12, 1, 28, 1)
