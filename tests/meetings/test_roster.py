"""A clerk's roster: any sane sheet is read, any other is told in one sentence or row by row, and nothing is halfway."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import derived_id
from sync.meetings.attendance import attendance_sheet
from sync.meetings.roster import RosterFault, read_roster
from sync.meetings.roster_import import expect_members, import_roster
from sync.reference.samples import sample_roster
from sync.reference.units import unit_of
from sync.terminal.records import Records

HUIDONG = unit_of("441323").unit_path
GUANGDONG = unit_of("440000").unit_path

Workbook = Callable[..., Path]


def fault_of(path: Path, unit_path: str = HUIDONG) -> OperatorError:
    with pytest.raises(OperatorError) as raised:
        read_roster(path, unit_path)
    return raised.value


def test_the_sample_roster_makes_forty_members_who_are_expected(records: Records, meeting: str) -> None:
    done = import_roster(records, sample_roster(), unit_path=HUIDONG, meeting=meeting)

    assert (done.members, done.added, done.changed, done.expected) == (40, 40, 0, 40)
    sixth = records.get("member", derived_id("member", "441323-15-0006"))
    assert sixth is not None
    assert (sixth["name"], sixth["initials"], sixth["surname_strokes"]) == ("曾委员06", "zwy06", 12)
    assert attendance_sheet(records, meeting).tally.expected == 40


def test_importing_a_roster_twice_writes_nothing_the_second_time(records: Records, meeting: str) -> None:
    import_roster(records, sample_roster(), unit_path=HUIDONG, meeting=meeting)
    before = len(records.pending(1_000))

    again = import_roster(records, sample_roster(), unit_path=HUIDONG, meeting=meeting)

    assert again.changes == 0
    assert len(records.pending(1_000)) == before


def test_only_what_a_new_sheet_changes_is_written(records: Records, workbook: Workbook) -> None:
    import_roster(records, workbook(("编号", "姓名", "界别"), ("001", "丁一", "农业界")), unit_path=HUIDONG)
    done = import_roster(records, workbook(("编号", "姓名", "界别"), ("001", "丁一", "教育界")), unit_path=HUIDONG)

    assert (done.added, done.changed) == (0, 1)
    assert [row["sector"] for row in records.list("member")] == ["教育界"]


@pytest.mark.parametrize(
    "header",
    [
        ("委员证号", "姓名", "界别"),
        ("member_no", "name", "sector_name"),
        ("Card Number", "Name", "Sector"),
        ("＊委员证号（必填）", " 姓 名 ", "所属界别"),
    ],
)
def test_headers_are_understood_in_chinese_and_english(workbook: Workbook, header: tuple[str, ...]) -> None:
    sheet = read_roster(workbook(header, ("001", "丁一", "农业界")), HUIDONG)

    assert sheet.rows[0].member["member_no"] == "001"
    assert sheet.rows[0].member["name"] == "丁一"
    assert sheet.rows[0].member["sector"] == "农业界"


def test_a_title_blank_rows_and_a_cover_sheet_do_not_disturb(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["填表说明"])
    people = book.create_sheet("名册")
    for row in (["惠东县政协委员名册"], [], ["姓名", "编号"], [], ["丁　一", 441323150001.0], [None, None]):
        people.append(row)
    book.save(tmp_path / "r.xlsx")

    sheet = read_roster(tmp_path / "r.xlsx", HUIDONG)

    assert [(one.row, one.member["name"], one.member["member_no"]) for one in sheet.rows] == [
        (5, "丁一", "441323150001")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_a_csv_is_read_whatever_program_wrote_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes("编号,姓名,界别\r\n001,欧阳修,教育界\r\n002,解缙,农业界\r\n".encode(encoding))

    sheet = read_roster(path, HUIDONG)

    assert [one.member["initials"] for one in sheet.rows] == ["oyx", "xj"]
    assert [one.member["surname_strokes"] for one in sheet.rows] == [8, 13]


def test_missing_columns_are_named(workbook: Workbook) -> None:
    fault = fault_of(workbook(("姓名", "性别"), ("丁一", "男")))

    assert fault.id == "roster-columns-missing"
    assert fault.values["columns"] == "委员证号"


def test_wrong_rows_are_all_told_with_their_numbers_and_nothing_is_written(
    records: Records, meeting: str, workbook: Workbook
) -> None:
    path = workbook(
        ("委员证号", "姓名", "姓氏笔画", "单位代码", "参会身份"),
        ("001", "丁一", 2, "441323", "出席"),
        ("001", "王二", 4, "441323", "出席"),
        ("", "李四", 7, "", ""),
        ("004", "", "七", "999999", "旁观"),
        ("005", "赵六", 9, "441322", ""),
        ("006", "长" * 41, "", "", ""),
    )
    before = len(records.pending())

    with pytest.raises(RosterFault) as raised:
        import_roster(records, path, unit_path=HUIDONG, meeting=meeting)

    assert raised.value.id == "roster-rows"
    assert [(row.row, row.id) for row in raised.value.rows] == [
        (3, "row-number-duplicate"),
        (4, "row-number-missing"),
        (5, "row-name-missing"),
        (5, "row-strokes-not-a-number"),
        (5, "row-unit-unknown"),
        (5, "row-capacity-unknown"),
        (6, "row-unit-foreign"),
        (7, "row-text-too-long"),
    ]
    assert raised.value.rows[0].values == {"number": "001", "first": 2}
    assert len(records.pending()) == before
    assert records.list("member") == []


def test_ten_thousand_rows_are_refused_with_both_numbers(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("编号,姓名\n" + "".join(f"{number},委员{number}\n" for number in range(10_000)), encoding="utf-8")

    fault = fault_of(path)

    assert fault.id == "roster-too-long"
    assert fault.values == {"rows": 10_000, "limit": 5_000}


def test_files_that_are_no_roster_are_refused_each_by_its_own_sentence(tmp_path: Path, workbook: Workbook) -> None:
    cases = {
        "照片.png": (b"\x89PNG\r\n", "roster-wrong-file"),
        "坏.xlsx": (b"PK\x03\x04 and then nothing of a zip", "roster-wrong-file"),
        "旧.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "roster-old-format"),
        "空.csv": (b"  \r\n", "roster-empty"),
        "码.csv": (b"\xff\xff\x81\x00\x00,\xff\n", "roster-encoding"),
        "大.csv": (b"a" * (20 * 1024 * 1024 + 1), "roster-too-big"),
        "头.csv": ("编号,姓名\n".encode(), "roster-empty"),
        "它.csv": ("日期,金额\n1,2\n".encode(), "roster-columns-missing"),
    }
    for name, (content, expected) in cases.items():
        (tmp_path / name).write_bytes(content)
        assert fault_of(tmp_path / name).id == expected, name
    assert fault_of(tmp_path / "没有.xlsx").id == "roster-not-found"


def test_a_damaged_sheet_inside_a_sound_zip_is_refused(workbook: Workbook, tmp_path: Path) -> None:
    whole = workbook(("编号", "姓名"), *((str(number), f"丁{number}") for number in range(50)))
    broken = io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry.filename, data[: len(data) // 2] if "sheet1" in entry.filename else data)
    path = tmp_path / "断.xlsx"
    path.write_bytes(broken.getvalue())

    assert fault_of(path).id == "roster-wrong-file"


def test_a_province_imports_members_of_its_cities_into_the_rooms_they_sit_in(
    records: Records, meeting: str, workbook: Workbook
) -> None:
    path = workbook(
        ("编号", "姓名", "单位代码"), ("1", "丁一", "440000"), ("2", "王二", "441322"), ("3", "李四", "441481")
    )

    import_roster(records, path, unit_path=GUANGDONG, meeting=meeting)

    sites = {row["member_name"]: row["site"] for row in records.list("roster_entry", meeting=meeting)}
    assert sites == {"丁一": GUANGDONG, "王二": unit_of("441322").unit_path, "李四": GUANGDONG}


def test_the_members_already_known_can_be_expected_without_a_sheet(records: Records, meeting: str) -> None:
    import_roster(records, sample_roster(), unit_path=HUIDONG)

    assert expect_members(records, meeting, HUIDONG) == 40
    assert expect_members(records, meeting, HUIDONG) == 0


def test_who_left_office_is_a_member_but_not_expected(records: Records, meeting: str, workbook: Workbook) -> None:
    path = workbook(("编号", "姓名", "状态"), ("1", "丁一", "在任"), ("2", "王二", "离任"), ("3", "李四", None))

    done = import_roster(records, path, unit_path=HUIDONG, meeting=meeting)

    assert (done.members, done.added, done.expected) == (3, 3, 2)
    assert attendance_sheet(records, meeting).tally.expected == 2
