"""What a meeting came to, on paper; and the meeting in somebody's own calendar."""

from datetime import timedelta
from pathlib import Path

import docx
import openpyxl
import pytest

from desktop_app.domain.clock import moment
from desktop_app.domain.ids import UnitPath, derived_id
from sync.export.calendar_ics import LINE, CalendarEntry, calendar_text
from sync.export.exports import RecordExports, calendar_entry
from sync.export.readiness_xlsx import write_readiness
from sync.export.report_docx import write_report_page
from sync.export.report_xlsx import write_report
from sync.meetings.readiness import site_board
from sync.meetings.report import MeetingReport, meeting_report
from tests.meetings.test_readiness import NOW, Told, a_test

HD, BL = "100000/440000/441300/441323/", "100000/440000/441300/441322/"
GD = UnitPath("100000/440000/")
ALI = derived_id("member", "441323-15-0001")


class Kept(Told):
    """A store in memory, with signatures."""

    def attendance(self, meeting: str) -> list[dict[str, object]]:
        return [row for row in self.list("sign_in") if row["meeting"] == meeting]

    def change(self, entity: str, pk: str, **fields: object) -> None:
        row = self.get(entity, pk)
        assert row is not None
        row.update(fields)


@pytest.fixture
def told() -> Kept:
    told = Kept()
    hours = {"planned_start": "2026-11-20T07:00:00.000Z", "actual_start": "2026-11-20T07:00:00.000Z"}
    told.put(
        "meeting",
        "m",
        title="第 26 期国是学堂",
        kind="guoshi_lecture",
        convener_unit=GD,
        invited=[HD, BL],
        code="SL-2026-0042",
        state="ended",
        actual_end="2026-11-20T08:30:00.000Z",
        planned_end="2026-11-20T08:30:00.000Z",
        **hours,
    )
    told.put("agenda_item", "a", meeting="m", item_no=1, title="主讲, 提问;答疑")
    told.put("member", ALI, name="李海生", member_no="441323-15-0001", unit_path=HD, status="active")
    told.put("roster_entry", "r", meeting="m", member=ALI, member_name="李海生", site=HD, capacity="attend")
    told.put(
        "sign_in",
        "s",
        meeting="m",
        member=ALI,
        member_name="李海生",
        site=HD,
        status="present",
        method="qr",
        signed_at="2026-11-20T07:05:00.000Z",
    )
    for site, path in (("惠东", HD), ("广东", GD)):
        told.put("site_stay", site, meeting="m", site=path, joined_at="2026-11-20T06:40:00.000Z", drops=1)
    told.put(
        "outage",
        "o",
        meeting="m",
        site=HD,
        started_at="2026-11-20T07:20:00.000Z",
        ended_at="2026-11-20T07:22:30.000Z",
        seconds=150,
    )
    told.put(
        "speech",
        "t",
        meeting="m",
        speech_no=1,
        member=ALI,
        member_name="李海生",
        site=HD,
        agenda_item="a",
        sector="教育界",
        started_at="2026-11-20T07:30:00.000Z",
        ended_at="2026-11-20T07:33:53.000Z",
        seconds=233,
        over_sec=53,
    )
    for number, (site, status) in enumerate(((HD, "answered"), (BL, "no_answer"), (GD, "offline"))):
        told.put("roll_call_answer", f"c{number}", meeting="m", round_no=1, manner="voice", site=site, status=status)
    told.put(
        "duty_event",
        "d",
        meeting="m",
        member=ALI,
        member_name="李海生",
        member_no="441323-15-0001",
        unit_path=HD,
        role="speech",
        attended_min=85,
        attended_permille=944,
        speeches=1,
        speech_sec=233,
    )
    return told


@pytest.fixture
def report(told: Kept) -> MeetingReport:
    return meeting_report(told, "m", NOW)


def test_the_report_counts_rooms_people_and_outage_minutes(report: MeetingReport) -> None:
    assert (len(report.sites), report.joined) == (3, 2)
    assert [one.name for one in report.sites if one.joined_at is None] == ["博罗县政协"]
    assert (report.people.expected, report.people.present, report.people.late) == (1, 1, 1)
    assert report.outage_sec == 150
    assert [(one.present, one.no_answer, one.offline) for one in report.rolls] == [(1, 1, 1)]
    assert report.speeches[0].item == "主讲, 提问;答疑"


def cells(path: Path) -> set[str]:
    book = openpyxl.load_workbook(path)
    return {str(cell.value) for page in book for row in page.iter_rows() for cell in row if cell.value is not None}


def test_the_report_is_a_workbook_with_a_page_for_each_part(report: MeetingReport, tmp_path: Path) -> None:
    path = write_report(report, tmp_path / "report.xlsx")
    assert openpyxl.load_workbook(path).sheetnames == ["概况", "会场", "发言", "点名", "断线", "线路", "履职记录"]
    assert {
        "SL-2026-0042",
        "博罗县政协",
        "未接入",
        "1 次，共 3 分钟",
        "李海生",
        "94.4%",
        "3分53秒",
        "语音点名",
    } <= cells(path)


def test_the_report_is_a_page_in_the_official_layout_too(report: MeetingReport, tmp_path: Path) -> None:
    path = write_report_page(report, tmp_path / "report.docx")
    text = "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)
    for words in (
        "第 26 期国是学堂会后报告",
        "博罗县政协",
        "15:20断线，15:22恢复，3分钟",
        "用时3分53秒，超时0分53秒",
        "发言（1人）：李海生",
    ):
        assert words in text, words


def test_the_page_says_where_each_agenda_item_begins_in_a_recording(told: Kept, tmp_path: Path) -> None:
    agenda = ['["a", "主讲", 0]', "not for us", '["b", "提问", 750400]', '{"c": 1}', '["d", "多", "x"]']
    film = {"meeting": "m", "site": HD, "started_at": "2026-11-20T07:00:00.000Z", "agenda": agenda}
    told.put("recording", "f", **film, state="kept", seconds=4732)
    told.put("recording", "g", meeting="m", site=BL, state="making", progress=40)
    path = write_report_page(meeting_report(told, "m", NOW), tmp_path / "report.docx")
    text = [paragraph.text for paragraph in docx.Document(str(path)).paragraphs]
    said = "议程索引（从录像开头算起）：00:00:00“主讲”；00:12:30“提问”。"
    assert f"惠东县政协：15:00开始录制，时长78分52秒，已存档。{said}" in text
    assert "博罗县政协：正在生成（40％）。" in text


def test_a_report_of_a_meeting_that_still_runs_counts_the_outage_until_now(told: Kept) -> None:
    told.change("meeting", "m", state="open", actual_end=None)
    told.put("outage", "o2", meeting="m", site=BL, started_at="2026-11-20T07:50:00.000Z")
    report = meeting_report(told, "m", moment("2026-11-20T08:00:00.000Z"))
    assert not report.over
    assert next(one for one in report.sites if one.site == BL).outage_sec == 600


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def test_the_calendar_file_holds_what_rfc_5545_asks(told: Kept) -> None:
    text = calendar_text([calendar_entry(told, "m", NOW)])
    assert all(len(line.encode()) <= LINE for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    lines = unfolded(text)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert {"UID:m@silian", "DTSTART:20261120T070000Z", "DTEND:20261120T083000Z", "TRIGGER:-PT15M"} <= set(lines)
    assert "SUMMARY:第 26 期国是学堂" in lines
    description = next(line for line in lines if line.startswith("DESCRIPTION:国是"))
    assert "主讲\\, 提问\\;答疑" in description
    assert "\\n" in description


def test_a_long_title_is_folded_between_characters_and_unfolds_to_itself() -> None:
    title = "提升县域医疗服务能力 and consultation 🏥" * 6
    start = moment("2026-11-20T07:00:00.000Z")
    text = calendar_text([CalendarEntry("u", title, start, start + timedelta(hours=1), start)])
    assert f"SUMMARY:{title}" in unfolded(text)


def test_a_cancelled_meeting_goes_from_the_calendar(told: Kept) -> None:
    told.change("meeting", "m", state="cancelled")
    lines = unfolded(calendar_text([calendar_entry(told, "m", NOW)]))
    assert "STATUS:CANCELLED" in lines
    assert "BEGIN:VALARM" not in lines


def test_the_board_is_a_sheet_with_the_worst_first_and_its_telephone(tmp_path: Path) -> None:
    told = Told()
    told.put("self_test", "1", **a_test(HD, "failed", "microphone"))
    told.put("site_contact", "441323", unit_path=HD, name="陈静", phone="0752-8812345")
    told.put("self_test", "2", **a_test(BL, "ok"))
    path = write_readiness("广东省政协", "国是学堂", site_board(told, "", GD, NOW), NOW, tmp_path / "board.xlsx")
    page = openpyxl.load_workbook(path).active
    rows = [[str(cell.value or "") for cell in row] for row in page.iter_rows()]
    first = next(row for row in rows if row[0] == "1")
    assert first[1:4] == ["惠东县政协", "不能开会", "麦克风"]
    assert first[-2:] == ["陈静", "0752-8812345"]


def test_each_export_goes_through_the_one_door(told: Kept, tmp_path: Path) -> None:
    class Clock:
        def now(self):
            return NOW

        def monotonic(self) -> float:
            return 0.0

    exports = RecordExports(told, HD, Clock())
    for name in ("report.xlsx", "report.docx"):
        assert exports.report("m", tmp_path / name).stat().st_size > 2_000
    assert exports.calendar("m", tmp_path / "m.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
