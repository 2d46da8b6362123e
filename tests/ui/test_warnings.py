"""Disk, clock, damage and a blocked sync: the banner warns, and the pages that explain it say what is safe."""

import pytest
from office_stage import Terminal, link, status
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.ids import UnitPath
from ui.i18n import fault_text, set_language
from ui.i18n.dates import length_text
from ui.models.app_model import AppModel
from ui.models.cautions import CautionKind, Rebuilt
from ui.models.pages import Page
from ui.models.workplace import Workplace
from ui.shell.banners import BannerHost
from ui.shell.diagnostics_page import DiagnosticsPage
from ui.shell.sync_page import SyncPage
from ui.shell.window import MainWindow
from ui.widgets import Notice

Opened = tuple[Terminal, Workplace, MainWindow]
PATIENCE = 20_000


@pytest.fixture
def opened(opened: Opened) -> Opened:
    """With a clerk at it."""
    opened[0].app.unlocked(opened[0].people.known[0])
    return opened


def told(app: AppModel, qtbot: QtBot, kind: str) -> None:
    qtbot.waitUntil(lambda: app.banner is not None and app.banner.kind == kind, timeout=PATIENCE)


def words(page: QWidget) -> str:
    for _ in range(4):
        QApplication.processEvents()
    return " ".join(one.accessibleName() for one in page.findChildren(Notice) if not one.isHidden())


def test_a_disk_that_fills_is_told_before_it_is_full_and_before_the_lost_link(opened: Opened, qtbot: QtBot) -> None:
    terminal, _work, window = opened
    terminal.app.tell_link(link("offline"))
    told(terminal.app, qtbot, "offline")
    terminal.app.tell_sync(status(disk_low_mib=310))
    told(terminal.app, qtbot, "disk")
    host = window.findChild(BannerHost)
    assert host is not None
    assert "310 MB" in words(host)
    assert "都在" in words(host), "what is safe is said"
    terminal.app.tell_sync(status())
    told(terminal.app, qtbot, "offline")


def test_a_clock_that_is_days_off_is_told_with_how_far_and_that_both_times_are_kept(
    opened: Opened, qtbot: QtBot
) -> None:
    terminal, _work, window = opened
    terminal.app.tell_sync(status(clock_off_seconds=3 * 86_400 + 7_300))
    told(terminal.app, qtbot, "clock")
    host = window.findChild(BannerHost)
    assert host is not None
    assert "快 3 天 2 小时" in words(host)
    assert "都保留" in words(host)
    terminal.app.tell_sync(status(clock_off_seconds=-150))
    qtbot.waitUntil(lambda: "慢 2 分钟" in words(host), timeout=PATIENCE)
    terminal.app.tell_sync(status(clock_jumped_seconds=-600))
    qtbot.waitUntil(lambda: "600 秒" in words(host), timeout=PATIENCE)


def test_the_pages_that_explain_it_say_the_same(opened: Opened, qtbot: QtBot) -> None:
    terminal, _work, window = opened
    terminal.app.tell_sync(status(clock_off_seconds=86_400, disk_low_mib=99))
    told(terminal.app, qtbot, "disk")
    for page, kind in ((Page.SYNC, SyncPage), (Page.DIAGNOSTICS, DiagnosticsPage)):
        terminal.app.go(page)
        view = window.findChild(kind)
        assert view is not None
        host = window.findChild(BannerHost)
        assert host is not None
        for caution in terminal.app.cautions:
            assert (words(view) + words(host)).count(fault_text(caution.fault)) == 1
    checks = window.findChild(DiagnosticsPage)
    assert checks is not None
    assert "99 MB" in checks.report()


def test_what_was_saved_out_of_a_damaged_store_is_told_once_and_stays_on_the_sync_page(opened: Opened) -> None:
    terminal, _work, window = opened
    terminal.app.tell_rebuilt(Rebuilt(7, "store.db.damaged-20261120-091806"))
    assert terminal.app.banner is not None
    assert terminal.app.banner.kind == "rebuilt"
    terminal.app.go(Page.SYNC)
    assert terminal.app.banner is None
    view = window.findChild(SyncPage)
    assert view is not None
    assert "7 项" in words(view)
    assert "store.db.damaged-20261120-091806" in words(view)


def test_why_the_center_takes_nothing_is_on_the_sync_page_too(opened: Opened, qtbot: QtBot) -> None:
    terminal, _work, window = opened
    terminal.app.tell_link(link("refused", "chain-broken"))
    told(terminal.app, qtbot, "refused")
    terminal.app.go(Page.SYNC)
    view = window.findChild(SyncPage)
    assert view is not None
    assert "校验不通过" in words(view)
    assert "网络断开" not in words(view)


def test_how_long_is_said_in_both_languages() -> None:
    assert [length_text(span) for span in (5, 125, 7_300, 266_500)] == ["5 秒", "2 分钟", "2 小时 1 分", "3 天 2 小时"]
    set_language("en")
    assert length_text(90_000) == "1 day 1 h"


def test_the_gravest_comes_first() -> None:
    app_kinds = [CautionKind.DISK, CautionKind.REBUILT, CautionKind.CLOCK]
    from ui.models.cautions import cautions
    from ui.models.link import SyncView

    found = cautions(SyncView(disk_low_mib=5, clock_off_seconds=200), Rebuilt(0, "x"))
    assert [one.kind for one in found] == app_kinds


def test_a_unit_that_came_under_another_one_is_told_to_open_the_program_again(
    opened: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, work, window = opened
    app = terminal.app
    work.sync.load()
    assert not app.moved_to
    moved = property(lambda _self: UnitPath("100000/440000/441500/441323/"))
    monkeypatch.setattr(type(terminal.store), "unit_path", moved)
    work.sync.load()
    qtbot.waitUntil(lambda: app.moved_to == "汕尾市政协", timeout=PATIENCE)
    told(app, qtbot, "moved")
    assert "重新打开" in words(window.findChild(BannerHost))
    app.tell_link(link("offline"))
    told(app, qtbot, "offline")
    app.go(Page.SYNC)
    assert "本单位已划归新的上级" in words(window.findChild(SyncPage)), "the sync page goes on saying it"
