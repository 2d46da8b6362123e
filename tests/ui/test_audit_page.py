"""审计: the audit role sees who did what, nobody else does, and watching is all that it does."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from office_stage import CLERK, HD, MORNING, Terminal
from pytestqt.qtbot import QtBot

from desktop_app.domain.ids import PersonId
from desktop_app.terminal.services import TerminalOperators
from sync.identity.device import DeviceIdentity
from sync.identity.keystore import Stretch
from sync.identity.operators import PinBook
from sync.log.audit import AuditKind
from sync.log.write import Write
from sync.terminal.audit import LastVisit
from ui.models.app_model import Stage
from ui.models.audit_model import COLUMNS
from ui.models.pages import Page, pages_of
from ui.models.workplace import Workplace
from ui.records.audit_view import AuditView
from ui.shell.office_shell import OfficeShell
from ui.shell.window import MainWindow

AUDITOR = PersonId("01990000-0000-7000-8000-0000000000a1")
GUARD = PersonId("01990000-0000-7000-8000-0000000000b1")
Opened = tuple[Terminal, Workplace, MainWindow]


def acts(work: Workplace) -> list[str]:
    return [row.cells[COLUMNS.index("act")] for row in work.audit.rows]


def test_the_auditor_comes_straight_to_the_trail_and_the_rail_has_no_work_for_them(opened: Opened) -> None:
    terminal, work, window = opened
    terminal.day()
    auditor = terminal.employ(AUDITOR, "审计员03", "audit")
    terminal.app.unlocked(auditor)
    office = window.findChild(OfficeShell)
    assert office is not None
    assert terminal.app.page is Page.AUDIT
    shown = [page for page, item in office.rail.items.items() if item.isVisible()]
    assert shown == [Page.SYNC, Page.AUDIT, Page.DIAGNOSTICS, Page.SETTINGS]
    assert "写入" in acts(work)
    assert work.audit.rows[-1].cells[1] != ""
    terminal.app.go(Page.MINUTES)
    assert terminal.app.page is Page.AUDIT
    work.audit.load()
    assert acts(work)[0] == "查看审计", "that somebody looked is in the trail too"


def test_nobody_else_reads_the_trail_not_even_past_the_rail(opened: Opened) -> None:
    terminal, work, _window = opened
    clerk = terminal.employ(CLERK, "记录员01", "clerk")
    terminal.app.unlocked(clerk)
    assert Page.AUDIT not in terminal.app.pages
    work.audit.load()
    assert work.audit.rows == ()
    assert work.audit.fault is not None
    assert work.audit.fault.id == "role-missing"
    guard = terminal.employ(GUARD, "安全员02", "security")
    terminal.app.unlocked(guard)
    work.audit.load()
    assert work.audit.rows == ()
    assert set(pages_of({"security"})) == {Page.SYNC, Page.PEOPLE, Page.DIAGNOSTICS, Page.SETTINGS}


def test_what_an_auditor_saw_is_gone_when_the_next_person_sits_down(opened: Opened) -> None:
    terminal, work, _window = opened
    terminal.app.unlocked(terminal.employ(AUDITOR, "审计员03", "audit"))
    assert work.audit.rows
    terminal.app.lock()
    assert work.audit.rows == ()
    terminal.app.unlocked(terminal.people.known[-1])
    assert "锁定离开" in acts(work)


def test_the_trail_is_filtered_by_kind_and_person_and_goes_on_below(opened: Opened) -> None:
    terminal, work, _window = opened
    for number in range(260):
        terminal.store.write(Write("member", f"m{number}", {"unit_path": HD, "name": "委员"}))
    terminal.book.note(AuditKind.PIN_WRONG, subject="p9", subject_name="外人")
    terminal.app.unlocked(terminal.employ(AUDITOR, "审计员03", "audit"))
    assert len(work.audit.rows) == 200
    work.audit.more()
    assert len(work.audit.rows) > 260
    work.audit.choose_filter("security")
    assert {"PIN 输错", "查看审计"} <= set(acts(work))
    assert "写入" not in acts(work)
    marked = [row for row in work.audit.rows if row.marked]
    assert [row.cells[1] for row in marked] == ["外人"]
    work.audit.choose_person("p9")
    assert acts(work) == ["PIN 输错"]


def test_the_trail_is_filtered_by_time(opened: Opened) -> None:
    terminal, work, _window = opened
    for days in (40, 20, 5, 0):
        terminal.clock.wall = MORNING - timedelta(days=days)
        terminal.book.note(AuditKind.PIN_WRONG, subject=f"p{days}", subject_name=f"外人{days}")
    terminal.app.unlocked(terminal.employ(AUDITOR, "审计员03", "audit"))
    work.audit.choose_filter("security")

    def strangers() -> list[str]:
        return [row.cells[1] for row in work.audit.rows if row.marked]

    for span, shown in (("ever", 4), ("month", 3), ("week", 2), ("today", 1)):
        work.audit.choose_span(span)
        assert strangers() == [f"外人{days}" for days in (0, 5, 20, 40)][:shown]
    terminal.app.lock()
    terminal.app.unlocked(terminal.people.known[-1])
    assert work.audit.span == "ever", "the next auditor begins with all of it"


def test_the_trail_is_exported_as_it_is_shown_and_a_name_is_no_formula(
    opened: Opened, tmp_path: Path, qtbot: QtBot
) -> None:
    terminal, work, _window = opened
    terminal.book.note(AuditKind.PIN_WRONG, subject="p9", subject_name="=1+1")
    terminal.app.unlocked(terminal.employ(AUDITOR, "审计员03", "audit"))
    with qtbot.waitSignal(work.audit.exported):
        work.audit.export(tmp_path / "trail.csv")
    with (tmp_path / "trail.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head[:2] == ["时间", "人员"]
    assert len(rows) == len(work.audit.rows)
    assert "'=1+1" in {row[1] for row in rows}
    work.audit.load()
    assert "导出文件" in acts(work)


def test_nothing_in_the_table_can_be_edited(opened: Opened) -> None:
    terminal, _work, window = opened
    terminal.app.unlocked(terminal.employ(AUDITOR, "审计员03", "audit"))
    view = window.findChild(AuditView)
    assert view is not None
    model = view._list.model()
    assert model.rowCount() > 0
    assert not model.setData(model.index(0, 1), "某人")


def test_on_coming_in_one_reads_when_one_was_here_last_and_how_often_the_pin_was_wrong(opened: Opened) -> None:
    terminal, _work, window = opened
    came = terminal.clock.now() - timedelta(hours=1)
    terminal.app.unlocked(terminal.people.known[0], LastVisit(came, 2))
    office = window.findChild(OfficeShell)
    assert office is not None
    assert office._note.isVisible()
    terminal.app.go(Page.SYNC)
    assert not office._note.isVisible()
    assert terminal.app.stage is Stage.OPEN


def test_every_try_at_a_pin_is_in_the_trail_and_the_next_visit_tells_of_it(opened: Opened, tmp_path: Path) -> None:
    terminal, _work, _window = opened
    terminal.employ(CLERK, "记录员01", "clerk")
    identity = terminal.store.identity
    assert isinstance(identity, DeviceIdentity)
    pins = PinBook(tmp_path, identity.key, terminal.clock, Stretch(1, 64, 1))
    desk = TerminalOperators(identity, terminal.store, pins, terminal.book)
    desk.set_pin(CLERK, "2580")
    desk.unlock(CLERK, "2580")
    terminal.clock.move(1)
    for _ in range(5):
        with pytest.raises(Exception, match="pin-"):
            desk.unlock(CLERK, "1111")
    terminal.clock.move(60)
    visit = desk.unlock(CLERK, "2580")
    assert visit.failed == 5
    kinds = [line.act for line in reversed(terminal.book.lines(security=True))]
    assert kinds == ["pin_set", "unlocked", *["pin_wrong"] * 4, "locked_out", "unlocked"]
    assert {row["subject_name"] for row in terminal.store.list("audit_event")} == {"记录员01"}
