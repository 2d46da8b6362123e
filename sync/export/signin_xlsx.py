"""签到表 as .xlsx: who was expected, who came, who was excused, who was not there, by strokes of the surname.

Every cell is a value, none a formula: what came from outside stays text, even where it begins with = + - or @.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from desktop_app.domain.clock import BEIJING
from sync.export.files import write_whole
from sync.export.sheet_page import BORDER, CENTER, HEAD, LEFT, on_paper, put
from sync.export.wording import day, printable, span
from sync.meetings.attendance import GUEST, AttendanceSheet, AttendanceState, Attendee, Tally
from sync.reference.codes import sectors
from sync.reference.units import unit_name

METHODS = {"manual": "登记", "qr": "扫码", "card": "刷卡"}
LEAVE = {"sick": "因病", "official": "公务", "abroad": "因公因私出国（境）", "personal": "其他"}
COLUMNS = (
    ("序号", 6),
    ("姓名", 13),
    ("委员证号", 19),
    ("界别", 21),
    ("政协职务", 12),
    ("单位及职务", 24),
    ("会场", 16),
    ("座位", 8),
    ("到会情况", 10),
    ("签到时间", 18),
    ("方式", 8),
    ("离会时间", 18),
    ("在场分钟", 10),
    ("备注", 16),
)
_CENTERED = {1, 8, 9, 10, 11, 12, 13}
_LONG = 10
_SHORT_SECTORS = {one.zh: one.short for one in sectors().values() if len(one.zh) > _LONG}
"""A sector's full name is up to 19 characters; on the sheet its short one stands."""


@dataclass(frozen=True, slots=True)
class SignInList:
    """Everything the sheet holds."""

    unit: str
    """Whose list it is: 惠东县政协."""
    unit_path: str
    """Its room comes first, on a sheet of its own."""
    meeting_title: str
    start: datetime | None
    end: datetime | None
    attendance: AttendanceSheet
    made_at: datetime


def write_sign_in_list(sheet: SignInList, path: Path) -> Path:
    """Render the list and put it at `path`, whole or not at all; raises HostFault as `write_whole` does."""
    book = Workbook()
    book.properties.creator = printable(sheet.unit)
    book.properties.title = printable(f"{sheet.meeting_title} 签到表")
    made = sheet.made_at.astimezone(UTC).replace(tzinfo=None)
    book.properties.created = book.properties.modified = made
    own, others = sheet.attendance.of_site(sheet.unit_path), sheet.attendance.elsewhere(sheet.unit_path)
    first = book.active
    first.title = "签到表"
    if own.attendees or not others.attendees:
        _fill_people(first, sheet, f"单位：{sheet.unit}", own)
    if others.attendees:
        page = book.create_sheet("其他会场") if own.attendees else first
        _fill_people(page, sheet, "单位：其他会场" if own.attendees else "单位：各会场", others)
    _fill_summary(book.create_sheet("汇总"), sheet)
    return write_whole(path, book.save)


def _fill_people(page: Worksheet, sheet: SignInList, whose: str, people: AttendanceSheet) -> None:
    members = [one for one in people.attendees if one.capacity != GUEST]
    guests = [one for one in people.attendees if one.capacity == GUEST]
    _banner(page, f"{sheet.meeting_title}签到表", 18, 34, bold=True)
    when = span(sheet.start, sheet.end)
    _banner(page, whose + (f"　　时间：{when}" if when else ""), 11, 20)
    _banner(page, tally_line(people.tally, people.begun), 11, 20)
    header = page.max_row + 1
    _row(page, header, [label for label, _ in COLUMNS], head=True)
    number = 0
    for number, one in enumerate(members, start=1):
        _row(page, page.max_row + 1, [number, *_cells(one)])
    last = page.max_row
    if guests:
        _banner(page, "列席人员", 11, 22, bold=True)
        for place, one in enumerate(guests, start=1):
            _row(page, page.max_row + 1, [place, *_cells(one)])
    _banner(page, "按姓氏笔画排序。", 10, 20)
    for place, (_, width) in enumerate(COLUMNS, start=1):
        page.column_dimensions[get_column_letter(place)].width = width
    page.freeze_panes = page.cell(header + 1, 3)
    page.auto_filter.ref = f"A{header}:{get_column_letter(len(COLUMNS))}{max(last, header)}"
    on_paper(page, header)


def _fill_summary(page: Worksheet, sheet: SignInList) -> None:
    begun = sheet.attendance.begun
    labels = ["会场", "应到", "实到", "请假", "缺席" if begun else "未到", "列席"]
    _row(page, 1, labels, head=True)
    for site, tally in sheet.attendance.by_site().items():
        _row(page, page.max_row + 1, [unit_name(site), *_numbers(tally)])
    _row(page, page.max_row + 1, ["合计", *_numbers(sheet.attendance.tally)], head=True)
    put(page.cell(page.max_row + 2, 1), f"导出日期：{day(sheet.made_at)}")
    page.column_dimensions["A"].width = 24
    on_paper(page, 1)


def tally_line(tally: Tally, begun: bool) -> str:
    """应到 40 人，实到 26 人 …: before the meeting begins nobody is absent yet."""
    missing = "缺席" if begun else "未到"
    text = f"应到 {tally.expected} 人，实到 {tally.present} 人，请假 {tally.excused} 人，{missing} {tally.absent} 人"
    return f"{text}，列席 {tally.guests} 人"


def _numbers(tally: Tally) -> list[int]:
    return [tally.expected, tally.present, tally.excused, tally.absent, tally.guests]


def _cells(one: Attendee) -> list[Any]:
    states = {
        AttendanceState.PRESENT: "实到",
        AttendanceState.EXCUSED: "请假",
        AttendanceState.WAITING: "未到",
        AttendanceState.ABSENT: "缺席",
    }
    present = one.state is AttendanceState.PRESENT
    signed = one.signed_at.astimezone(BEIJING).replace(tzinfo=None) if one.signed_at and present else None
    return [
        one.name,
        one.member_no,
        _SHORT_SECTORS.get(one.sector, one.sector),
        one.post,
        one.work_title,
        unit_name(one.site),
        one.seat_no,
        states[one.state],
        signed,
        METHODS.get(one.method, one.method) if present else "",
        one.left_at.astimezone(BEIJING).replace(tzinfo=None) if one.left_at is not None else None,
        _minutes(one),
        _remark(one),
    ]


def _minutes(one: Attendee) -> int | None:
    """How long they were there, once that is known."""
    ended = one.stay is not None and (one.left_at is not None or one.stay.hours.actual_end is not None)
    return one.stay.lasted() // timedelta(minutes=1) if one.stay is not None and ended else None


def _remark(one: Attendee) -> str:
    """迟到 8 分钟，早退 20 分钟, or why they were excused."""
    stay = one.stay
    parts = [LEAVE.get(one.leave_reason, one.leave_reason)] if one.leave_reason else []
    if stay is not None and stay.late_min:
        parts.append(f"迟到 {stay.late_min} 分钟")
    if stay is not None and stay.early_min:
        parts.append(f"早退 {stay.early_min} 分钟")
    return "，".join(parts)


def _row(page: Worksheet, row: int, values: Sequence[Any], *, head: bool = False) -> None:
    for column, value in enumerate(values, start=1):
        cell = page.cell(row, column)
        put(cell, value)
        cell.border = BORDER
        cell.font = Font(name="黑体" if head else "宋体", size=11)
        cell.alignment = CENTER if head or isinstance(value, int) or column in _CENTERED else LEFT
        if head:
            cell.fill = HEAD


def _banner(page: Worksheet, text: str, size: int, height: int, *, bold: bool = False) -> None:
    row = page.max_row + 1 if page.max_row > 1 or page.cell(1, 1).value is not None else 1
    page.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(COLUMNS))
    cell = page.cell(row, 1)
    put(cell, text)
    cell.font = Font(name="黑体" if bold else "宋体", size=size)
    cell.alignment = CENTER if size > 11 else LEFT
    page.row_dimensions[row].height = height
