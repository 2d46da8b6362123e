"""The terminal's window from power-on: painted first, then whatever this machine is ready for."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QStackedWidget
from pytestqt.qtbot import QtBot

from desktop_app.settings import load_settings
from desktop_app.terminal.app import Terminal, open_terminal
from ui.models.app_model import Stage
from ui.shell.front_views import FailedView
from ui.shell.passphrase_view import PassphraseView

SECRET = "四个会场一条线 2026"
Open = Callable[[], Terminal]


@pytest.fixture
def opened(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the terminal of one folder, on a machine without a keyring."""
    monkeypatch.setattr("sync.identity.keystore.safe_backend", lambda: None)
    monkeypatch.delenv("SILIAN_PASSPHRASE", raising=False)
    terminals: list[Terminal] = []

    def start() -> Terminal:
        settings = load_settings(tmp_path / "settings.toml", {"SILIAN_TERMINAL_FOLDER": str(tmp_path / "terminal")})
        terminal = open_terminal(settings)
        terminals.append(terminal)
        qtbot.addWidget(terminal.window)
        with qtbot.waitSignal(terminal.painted, timeout=10_000):
            terminal.show()
        return terminal

    yield start
    for terminal in terminals:
        terminal.close()


def _page(terminal: Terminal) -> PassphraseView:
    page = terminal.window.findChild(PassphraseView)
    assert isinstance(page, PassphraseView)
    return page


def _type(terminal: Terminal, text: str, again: str = "") -> None:
    page = _page(terminal)
    page.text.setText(text)
    page.again.setText(again)
    page.submit()


def _fault(terminal: Terminal) -> str:
    assert terminal.window.passphrase is not None
    return "" if terminal.window.passphrase.busy else terminal.window.passphrase.fault.id


def test_a_machine_without_a_keyring_says_so_and_offers_a_passphrase(opened: Open, qtbot: QtBot) -> None:
    terminal = opened()
    qtbot.waitUntil(lambda: terminal.app.stage is Stage.PASSPHRASE, timeout=10_000)
    assert _fault(terminal) == "keyring-missing"
    assert _page(terminal).notice.isVisible()
    _type(terminal, SECRET, "something else")
    assert _fault(terminal) == "passphrase-differs"
    _type(terminal, "short", "short")
    qtbot.waitUntil(lambda: _fault(terminal) == "passphrase-short", timeout=10_000)
    _type(terminal, SECRET, SECRET)
    qtbot.waitUntil(lambda: terminal.app.stage is Stage.ENROL, timeout=10_000)


def test_the_chosen_passphrase_is_asked_for_at_the_next_start_and_is_in_no_file(
    opened: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    first = opened()
    qtbot.waitUntil(lambda: first.app.stage is Stage.PASSPHRASE, timeout=10_000)
    _type(first, SECRET, SECRET)
    qtbot.waitUntil(lambda: first.app.stage is Stage.ENROL, timeout=10_000)
    first.close()
    second = opened()
    qtbot.waitUntil(lambda: second.app.stage is Stage.PASSPHRASE, timeout=10_000)
    assert not _page(second).again.isVisible()
    _type(second, "not the one that was chosen")
    qtbot.waitUntil(lambda: _fault(second) == "passphrase-wrong", timeout=10_000)
    _type(second, SECRET)
    qtbot.waitUntil(lambda: second.app.stage is Stage.ENROL, timeout=10_000)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


def test_a_damaged_key_store_fills_the_window_with_its_reason(opened: Open, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "terminal"
    folder.mkdir()
    (folder / "keystore.json").write_text("not json", "utf-8")
    terminal = opened()
    qtbot.waitUntil(lambda: terminal.app.stage is Stage.FAILED, timeout=10_000)
    assert terminal.app.fault is not None
    assert terminal.app.fault.id == "keystore-damaged"


def test_a_start_that_failed_is_tried_again_from_its_page_and_its_log_is_one_press_away(
    opened: Open, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore = tmp_path / "terminal" / "keystore.json"
    keystore.parent.mkdir()
    keystore.write_text("not json", "utf-8")
    terminal = opened()
    qtbot.waitUntil(lambda: terminal.app.stage is Stage.FAILED, timeout=20_000)
    page = terminal.window.findChild(FailedView)
    assert isinstance(page, FailedView)
    shown: list[Path] = []
    monkeypatch.setattr("ui.shell.front_views.open_file", shown.append)
    next(one for one in page.findChildren(QPushButton) if one.accessibleName() == "打开日志").click()
    assert "keystore-damaged" in shown[0].read_text("utf-8")
    keystore.unlink()  # as whoever came to help would, with what was saved of it
    qtbot.keyClick(page.again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: terminal.app.stage is Stage.PASSPHRASE, timeout=20_000)
    _type(terminal, SECRET, SECRET)
    qtbot.waitUntil(lambda: terminal.app.stage is Stage.ENROL, timeout=20_000)


def test_a_closed_terminal_leaves_no_handler_and_may_be_closed_again(opened: Open, qtbot: QtBot) -> None:
    before = list(logging.getLogger().handlers)
    terminal = opened()
    qtbot.waitUntil(lambda: terminal.app.stage is Stage.PASSPHRASE, timeout=10_000)
    terminal.close()
    terminal.close()
    assert logging.getLogger().handlers == before


def test_the_first_page_of_all_can_be_read_in_either_language(opened: Open, qtbot: QtBot) -> None:
    terminal = opened()
    qtbot.waitUntil(lambda: terminal.app.stage is Stage.PASSPHRASE, timeout=10_000)
    assert terminal.window.passphrase is not None
    terminal.window.passphrase.language_chosen.emit("en")
    stack = terminal.window.centralWidget()
    assert isinstance(stack, QStackedWidget)
    page = stack.currentWidget()
    assert isinstance(page, PassphraseView)
    assert page.text.placeholderText() == "Passphrase, at least 8 characters"
    assert terminal.kept.get("ui.language") == "en"
    terminal.window.passphrase.language_chosen.emit("zh_CN")


@pytest.mark.skipif(os.name != "posix", reason="the folder's rights are the system's own elsewhere")
def test_nobody_else_on_the_machine_can_open_the_terminals_folder(opened: Open, qtbot: QtBot, tmp_path: Path) -> None:
    terminal = opened()
    qtbot.waitUntil(lambda: terminal.app.stage is Stage.PASSPHRASE, timeout=10_000)
    assert (tmp_path / "terminal").stat().st_mode & 0o077 == 0
