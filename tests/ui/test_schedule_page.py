"""Planning on the screen: change, copy, call off, invite many at once; the reminder, and the report afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from drawn import HD
from office_stage import BL, GD, HZ, Terminal
from scenes_readiness import a_lecture_that_is_over

from desktop_app.domain.ids import PersonId
from desktop_app.domain.meetings import MeetingKind
from desktop_app.domain.units import Level
from ui.i18n import set_language
from ui.models.home_model import HomeModel
from ui.models.reminder_model import ReminderModel
from ui.models.report_model import ReportModel
from ui.models.schedule_model import Purpose, ScheduleModel
from ui.services import AgendaDraft, Plan
from ui.shell.report_dialog import ReportDialog
from ui.shell.schedule_dialog import ScheduleDialog


@pytest.fixture
def terminal(qtbot: Any, tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def model(terminal: Terminal) -> ScheduleModel:
    return ScheduleModel(terminal.services)


@pytest.fixture
def own(terminal: Terminal) -> str:
    return terminal.meeting("对口协商会", MeetingKind.COUNTERPART_CONSULT, timedelta(hours=3))


def told(signal: Any) -> list[Any]:
    heard: list[Any] = []
    signal.connect(heard.append)
    return heard


def dialog(model: ScheduleModel, qtbot: Any, purpose: Purpose, meeting: str = "") -> ScheduleDialog:
    made = ScheduleDialog(model, None, purpose, meeting)
    made.show()
    return made


def test_the_dialog_shows_a_meeting_and_saves_what_was_changed(
    terminal: Terminal, model: ScheduleModel, own: str, qtbot: Any
) -> None:
    form = dialog(model, qtbot, Purpose.CHANGE, own)
    assert (form.title.text(), form.kind.currentData()) == ("对口协商会", "counterpart_consult")
    assert form.invited == {GD, HZ, BL}
    form.title.setText("对口协商会（改期）")
    form.day.setDate(form.day.date().addDays(3))
    form.submit()
    assert not form.isVisible()
    row = terminal.store.get("meeting", own)
    assert row is not None
    assert row["title"] == "对口协商会（改期）"
    assert row["planned_start"].startswith("2026-11-23")
    assert len(terminal.store.list("meeting")) == 1


def test_a_copy_is_another_meeting_and_leaves_the_first_alone(
    terminal: Terminal, model: ScheduleModel, own: str, qtbot: Any
) -> None:
    form = dialog(model, qtbot, Purpose.COPY, own)
    form.title.setText("第二场")
    form.submit()
    assert {row["title"] for row in terminal.store.list("meeting")} == {"对口协商会", "第二场"}


def test_taken_rooms_are_named_before_saving_and_hinder_nothing(
    terminal: Terminal, model: ScheduleModel, own: str, qtbot: Any
) -> None:
    form = dialog(model, qtbot, Purpose.NEW)
    begin = terminal.clock.now() + timedelta(hours=4)
    with qtbot.waitSignal(model.clashes_changed, timeout=15_000):
        model.look_for_clashes([BL], begin, begin + timedelta(hours=1))
    assert [(clash.title, set(clash.units)) for clash in model.clashes] == [("对口协商会", {HD, BL})]
    assert form.clash.isVisible()
    assert "博罗" in form.clash.accessibleName()
    plan = Plan("照样开", "remote_consult", begin, begin + timedelta(hours=1), [BL], [AgendaDraft("发言")])
    saved = told(model.saved)
    model.save(plan)
    assert len(saved) == 1
    form.reject()


def test_levels_cities_and_a_sheet_invite_many_at_once(
    terminal: Terminal, model: ScheduleModel, qtbot: Any, tmp_path: Path
) -> None:
    form = dialog(model, qtbot, Purpose.NEW)
    form.invite(model.of_level(Level.CITY))
    assert len(form.invited) == 21
    form.invite_nobody()
    form.invite(model.of_city(HZ))
    assert {HZ, BL} <= form.invited
    assert HD not in form.invited  # the convener is there anyway
    form.invite_nobody()
    sheet = tmp_path / "list.csv"
    sheet.write_text("单位\n博罗县政协\n惠州市政协\n", "utf-8")
    model.read_sheet(sheet)
    assert form.invited == {HZ, BL}
    sheet.write_text("单位\n博罗县政协\n没有的政协\n", "utf-8")
    model.read_sheet(sheet)
    assert form.notice.isVisible()
    assert "第 3 行" in form.notice.accessibleName()
    assert form.invited == {HZ, BL}
    form.reject()


def test_a_meeting_that_is_called_off_is_over_and_says_so(terminal: Terminal, model: ScheduleModel, own: str) -> None:
    home = HomeModel(terminal.services, terminal.app)
    cancelled = told(model.cancelled)
    model.cancel(own, "另行通知")
    home.load()
    assert cancelled == [own]
    assert (home.every[0].over, home.every[0].cancelled) == (True, True)
    faults = told(model.failed)
    model.cancel(own)
    assert [fault.id for fault in faults] == ["meeting-begun"]
    home.close()


def test_cards_of_meetings_that_need_one_room_at_one_time_say_so(terminal: Terminal, own: str) -> None:
    terminal.meeting("另一场", MeetingKind.REMOTE_CONSULT, timedelta(hours=4), host=GD)
    terminal.meeting("后来的", MeetingKind.REMOTE_CONSULT, timedelta(hours=9), host=GD)
    home = HomeModel(terminal.services, terminal.app)
    home.load()
    clashing = {card.title: card.clash for card in home.every}
    assert clashing == {"对口协商会": "另一场", "另一场": "对口协商会", "后来的": ""}
    home.close()


def test_the_calendar_file_is_written_for_one_meeting(
    terminal: Terminal, model: ScheduleModel, own: str, tmp_path: Path
) -> None:
    exported = told(model.exported)
    model.export_calendar(own, tmp_path / "meeting.ics")
    assert f"UID:{own}@silian" in Path(exported[0]).read_text("utf-8")


class TestTheReminder:
    """It needs no network and no page."""

    @pytest.fixture
    def reminder(self, terminal: Terminal) -> Iterator[ReminderModel]:
        terminal.meeting("一小时后", MeetingKind.REMOTE_CONSULT, timedelta(minutes=72))
        home = HomeModel(terminal.services, terminal.app)
        home.load()
        yield ReminderModel(home, terminal.app)
        home.close()

    def test_it_comes_a_quarter_of_an_hour_before_and_again_at_the_beginning(
        self, terminal: Terminal, reminder: ReminderModel
    ) -> None:
        start = reminder._home.meetings[0].start
        for minutes, seen in ((-16, None), (-15, False), (-1, False), (0, True), (29, True), (31, None)):
            terminal.clock.wall = start + timedelta(minutes=minutes)
            reminder.refresh()
            assert (reminder.reminder and reminder.reminder.begun) is seen, minutes

    def test_what_was_put_away_comes_once_more_at_the_beginning_alone(
        self, terminal: Terminal, reminder: ReminderModel
    ) -> None:
        start = reminder._home.meetings[0].start
        terminal.clock.wall = start - timedelta(minutes=10)
        reminder.refresh()
        reminder.put_away()
        assert reminder.reminder is None
        terminal.clock.wall = start
        reminder.refresh()
        assert reminder.reminder is not None
        reminder.put_away()
        assert reminder.reminder is None

    def test_whoever_is_in_the_meeting_is_not_reminded(self, terminal: Terminal, reminder: ReminderModel) -> None:
        card = reminder._home.meetings[0]
        terminal.clock.wall = card.start
        terminal.app.enter_meeting(card.meeting, card.title)
        assert reminder.reminder is None

    def test_who_only_watches_is_not_asked_into_a_meeting(self, terminal: Terminal, reminder: ReminderModel) -> None:
        terminal.clock.wall = reminder._home.meetings[0].start
        reminder.refresh()
        assert reminder.reminder is not None
        terminal.app.unlocked(terminal.employ(PersonId("01990000-0000-7000-8000-0000000000a1"), "审计员03", "audit"))
        assert reminder.reminder is None


def opened_report(terminal: Terminal, qtbot: Any) -> tuple[ReportModel, ReportDialog]:
    class Shown:
        def __init__(self) -> None:
            self.terminal = terminal

    terminal.services.folder.mkdir(exist_ok=True)
    model = ReportModel(terminal.services)
    model.open(a_lecture_that_is_over(Shown()))
    page = ReportDialog(model)
    qtbot.addWidget(page)
    page.show()
    return model, page


def test_the_report_lists_weak_lines_and_what_was_recorded_with_its_file(terminal: Terminal, qtbot: Any) -> None:
    model, page = opened_report(terminal, qtbot)
    page.show_part("lines")
    assert [page.table.item(0, column).text() for column in range(5)] == ["惠东县政协", "3", "340 毫秒", "7%", "2.1%"]
    page.show_part("films")
    rows = [[page.table.item(row, column).text() for column in (0, 3, 5)] for row in range(2)]
    assert sorted(rows) == [["惠东县政协", "84.3 MB", "已存档"], ["惠州市政协", "", "正在生成 62%"]]
    assert page.film.isHidden()
    kept = next(row for row in range(2) if rows[row][2] == "已存档")
    page.table.selectRow(1 - kept)
    assert page.film.isHidden(), "it is not made yet"
    page.table.selectRow(kept)
    assert page.film.isVisible()
    qtbot.waitUntil(
        lambda: [file.file_name for file in model.film.files] == ["2026-11-22 惠东县政协.webm"], timeout=20_000
    )
    page.show_part("sites")
    assert page.film.isHidden()
    assert page.index.isHidden()
    model.close()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_where_each_agenda_item_begins_in_a_recording_stands_below_the_one_that_is_selected(
    terminal: Terminal, qtbot: Any, language: str
) -> None:
    set_language(language)
    model, page = opened_report(terminal, qtbot)
    page.show_part("films")
    assert page.index.isHidden()
    assert [page.table.item(row, 4).text() for row in range(2)] == ["3", "3"]
    page.table.selectRow(0)
    assert page.index.isVisible()
    told = [[page.index.item(row, column).text() for column in range(2)] for row in range(3)]
    assert told == [
        ["00:00:00", "主持人介绍主讲人和题目"],
        ["00:12:30", "主讲：县域医疗服务能力怎样提升"],
        ["01:05:05", "委员提问和主讲人答疑"],
    ]
    heads = [page.index.horizontalHeaderItem(column).text() for column in range(2)]
    assert heads == (["从开头", "议程"] if language == "zh_CN" else ["From the start", "Agenda item"])
    model.close()


def test_the_report_is_there_after_the_program_was_closed_and_grows_with_what_comes_later(
    terminal: Terminal, qtbot: Any, tmp_path: Path
) -> None:
    class Shown:
        def __init__(self) -> None:
            self.terminal = terminal

    terminal.services.folder.mkdir(exist_ok=True)
    meeting = a_lecture_that_is_over(Shown())
    model = ReportModel(terminal.services)
    model.open(meeting)
    assert model.report is not None
    assert (model.report.joined, len(model.report.duties), len(model.report.speeches)) == (3, 14, 3)
    assert model.report.outage_sec == 210
    model.close()
    again = ReportModel(terminal.services)
    again.open(meeting)
    before = again.report.people.present if again.report is not None else 0
    late = next(row for row in terminal.store.list("member") if row["name"] == "委员24")
    from sync.meetings.desk import SignInDesk

    SignInDesk(terminal.store, meeting, HD, terminal.clock).sign_in(late["pk"])
    qtbot.waitUntil(lambda: again.report is not None and again.report.people.present == before + 1, timeout=15_000)
    exported = told(again.exported)
    again.export(tmp_path / "report.xlsx")
    assert openpyxl.load_workbook(exported[0]).sheetnames[-1] == "履职记录"
    again.close()
