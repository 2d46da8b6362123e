"""The window: painted before there is anything behind it, then driven by keys and models alone."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from office_stage import TITLE, Terminal, link, status
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.domain.faults import HostFault
from ui.models.app_model import AppModel, Stage
from ui.models.pages import Page
from ui.models.workplace import Workplace
from ui.shell.enrol_view import CodeField
from ui.shell.idle_watch import IdleWatch
from ui.shell.office_shell import OfficeShell
from ui.shell.shortcuts_dialog import ShortcutsDialog
from ui.shell.window import MainWindow, first_size
from ui.theme import screen_factor, theme
from ui.widgets import IconButton, PrimaryButton


@pytest.fixture
def terminal(tmp_path: Path, qtbot: QtBot) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def window(terminal: Terminal, qtbot: QtBot) -> MainWindow:
    made = MainWindow(terminal.app)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


@pytest.fixture
def work(terminal: Terminal, window: MainWindow, qtbot: QtBot) -> Workplace:
    terminal.day()
    made = Workplace(terminal.services, terminal.app, window)
    window.receive(made)
    terminal.app.unlocked(terminal.people.known[0])
    qtbot.waitUntil(lambda: TITLE in words(window))
    return made


def words(widget: QWidget) -> str:
    """Everything that stands on a widget."""
    labels = [one.text() for one in widget.findChildren(QLabel) if one.isVisible()]
    return " ".join([*labels, *(one.text() for one in widget.findChildren(QPushButton) if one.isVisible())])


def test_nothing_heavy_is_loaded_for_the_first_paint() -> None:
    heavy = "{'aiortc', 'av', 'sqlalchemy', 'alembic', 'pycrdt', 'httpx', 'cryptography', 'openpyxl', 'docx', 'numpy'}"
    code = f"import sys, ui.shell.window; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_window_paints_before_there_is_any_service(qtbot: QtBot, terminal: Terminal) -> None:
    window = MainWindow(AppModel(terminal.clock))
    qtbot.addWidget(window)
    window.show()
    assert "正在启动" in words(window)


def test_why_it_cannot_start_fills_the_window_with_one_sentence(window: MainWindow, terminal: Terminal) -> None:
    terminal.app.fail(HostFault("keyring-missing"))
    assert "密钥环" in words(window)
    assert "keyring-missing" in words(window)


def test_whoever_unlocks_sees_the_day(window: MainWindow, work: Workplace) -> None:
    assert work.app.stage is Stage.OPEN
    assert TITLE in words(window)
    assert "12 分钟后开始" in words(window)


def test_ctrl_and_a_number_opens_each_page_of_the_rail_and_none_is_dead(
    window: MainWindow, work: Workplace, qtbot: QtBot
) -> None:
    office = window.findChild(OfficeShell)
    assert office is not None
    titles = set()
    pages = list(work.app.pages)
    assert Page.AUDIT not in pages, "which is for the audit role alone"
    assert {Page.HOME, Page.MEETING, Page.SIGN_IN, Page.MINUTES, Page.OPINIONS, Page.SYNC} <= set(pages)
    for number, page in enumerate(pages, 1):
        qtbot.keyClick(window, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier)
        assert work.app.page is page
        titles.add(office.top.title.text())
    assert len(titles) == len(pages)
    assert [page for page, item in office.rail.items.items() if item.isVisible()] == pages


def test_f5_joins_the_next_meeting(window: MainWindow, work: Workplace, qtbot: QtBot) -> None:
    asked: list[str] = []
    work.home.joining.disconnect()
    work.home.joining.connect(lambda meeting, _title: asked.append(meeting))
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert work.home.next is not None
    assert asked == [work.home.next.meeting]


def test_a_running_meeting_keeps_a_way_back_on_every_page(window: MainWindow, work: Workplace, qtbot: QtBot) -> None:
    work.app.enter_meeting("m", TITLE)
    assert not window.findChild(OfficeShell).isVisible()  # type: ignore[union-attr]  # it was just shown
    work.app.go(Page.SYNC)
    assert f"会议进行中：{TITLE}" in words(window)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert work.app.in_session
    work.app.leave_meeting()
    assert "会议进行中" not in words(window)


def test_ctrl_shift_s_syncs_now(window: MainWindow, work: Workplace, terminal: Terminal, qtbot: QtBot) -> None:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_S, both)
    assert terminal.sync.pokes == 1


def test_f1_lists_the_keys(window: MainWindow, work: Workplace, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1)
    dialog = window.findChild(ShortcutsDialog)
    assert dialog is not None
    assert "Ctrl+Shift+S" in words(dialog)
    dialog.accept()


def test_a_lost_link_puts_the_banner_above_the_page(
    window: MainWindow, work: Workplace, terminal: Terminal, qtbot: QtBot
) -> None:
    terminal.app.tell_link(link("offline", "center-silent"))
    qtbot.waitUntil(lambda: "网络已断开（09:18 起）" in words(window))
    terminal.app.tell_link(link("online"))
    qtbot.waitUntil(lambda: "网络已断开" not in words(window))


def test_whoever_is_no_center_is_told_and_what_is_safe(
    window: MainWindow, work: Workplace, terminal: Terminal, qtbot: QtBot
) -> None:
    terminal.app.tell_link(link("unreachable", "center-not-silian"))
    qtbot.waitUntil(lambda: "连上的不是省中心" in words(window))
    assert "内容已保存在本机" in words(window)


def test_another_language_and_size_hold_at_once_and_keep_the_page(
    window: MainWindow, work: Workplace, terminal: Terminal
) -> None:
    terminal.app.go(Page.SETTINGS)
    before = theme().px(100)
    work.settings.choose_language("en")
    work.settings.choose_text_size("larger")
    assert terminal.kept.values["ui.language"] == "en"
    assert "Text size" in words(window)
    assert theme().px(100) == round(before * 1.3)
    work.settings.choose_scheme("dark")
    assert theme().tokens.dark
    terminal.app.choose_look(replace(terminal.app.look, language="zh_CN", scheme="light", text_size="standard"))


def test_every_button_without_words_has_a_name(window: MainWindow, work: Workplace) -> None:
    for page in Page:
        work.app.go(page)
        nameless = [
            one
            for one in window.findChildren(QPushButton)
            if one.isVisible() and not one.text().strip() and not one.accessibleName().strip()
        ]
        assert nameless == [], page
    assert all(one.toolTip() for one in window.findChildren(IconButton))


def test_the_rail_is_one_stop_and_arrows_move_in_it(window: MainWindow, work: Workplace, qtbot: QtBot) -> None:
    office = window.findChild(OfficeShell)
    assert office is not None
    items = list(office.rail.items.values())
    assert [one for one in items if one.focusPolicy() & Qt.FocusPolicy.TabFocus] == [items[0]]
    items[0].setFocus()
    qtbot.keyClick(items[0], Qt.Key.Key_Down)
    assert items[1].hasFocus()


def test_a_fault_is_told_above_the_page_until_it_is_put_away(window: MainWindow, work: Workplace) -> None:
    work.home.failed.emit(HostFault("disk-full"))
    assert "磁盘已满" in words(window)
    work.app.go(Page.SYNC)
    assert "磁盘已满" not in words(window)


def test_a_pasted_code_fills_all_four_fields(qtbot: QtBot, terminal: Terminal) -> None:
    field = CodeField()
    qtbot.addWidget(field)
    field.groups[0].setText("7kmq-2xrp-9htd-vbcd")
    field.groups[0].textEdited.emit("7kmq-2xrp-9htd-vbcd")
    assert [one.text() for one in field.groups] == ["7KMQ", "2XRP", "9HTD", "VBCD"]
    assert field.code == "7KMQ2XRP9HTDVBCD"


def test_a_typed_code_runs_on_from_field_to_field(qtbot: QtBot, terminal: Terminal) -> None:
    field = CodeField()
    qtbot.addWidget(field)
    field.show()
    field.activateWindow()
    qtbot.waitUntil(field.isActiveWindow)
    field.groups[0].setFocus()
    for symbol in "7kmq2xrp9htdvbcd":
        qtbot.keyClicks(QApplication.focusWidget(), symbol)
    assert field.code == "7KMQ2XRP9HTDVBCD"


def test_an_idle_seat_locks(window: MainWindow, work: Workplace, qtbot: QtBot) -> None:
    locked: list[bool] = []
    watch = IdleWatch(window, lambda: 0.001, lambda: locked.append(True))
    qtbot.waitUntil(lambda: (watch.look(), bool(locked))[1])
    assert window._idle_seconds() == 15 * 60
    work.app.enter_meeting("m", TITLE)
    assert window._idle_seconds() == 0


def test_qts_own_words_follow_the_language(window: MainWindow, work: Workplace) -> None:
    def undo() -> str:
        return QApplication.translate("QWidgetTextControl", "&Undo")

    assert "撤" in undo()
    work.settings.choose_language("en")
    assert undo() == "&Undo"


def test_a_press_keeps_its_button_while_the_sync_counts(
    window: MainWindow, work: Workplace, terminal: Terminal, qtbot: QtBot
) -> None:
    before = [one for one in window.findChildren(PrimaryButton) if one.isVisible()]
    for pending in range(1, 5):
        terminal.app.tell_sync(status(pending=pending))
        qtbot.waitUntil(lambda pending=pending: terminal.app.sync.pending == pending)
    assert [one for one in window.findChildren(PrimaryButton) if one.isVisible()] == before


def test_no_part_of_a_page_ever_becomes_a_window_of_its_own(window: MainWindow, work: Workplace, qtbot: QtBot) -> None:
    for page in [*Page, *reversed(Page)]:
        work.app.go(page)
    qtbot.waitUntil(window.isActiveWindow)
    assert [one for one in QApplication.topLevelWidgets() if one.isVisible()] == [window]


def test_a_4k_screen_without_a_scale_is_drawn_twice_as_large() -> None:
    assert screen_factor(2160) == 2.0
    assert screen_factor(1080) == screen_factor(768) == screen_factor(1440) == 1.0


def test_the_first_window_fits_the_screen_it_opens_on() -> None:
    assert first_size(QSize(1366, 728)) is None, "a small screen is filled"
    assert first_size(QSize(1440, 900)) is None, "with its frame it would not fit"
    assert first_size(QSize(1920, 1040)) == QSize(1440, 900)
    assert first_size(QSize(3840, 2120), 2.0) == QSize(2880, 1800)
    assert first_size(QSize(2560, 1400), 1.0) == QSize(1440, 900)
