"""The screens are tested without a display."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session", autouse=True)
def _garbage(qapp: Any) -> Iterator[None]:
    """As in the program: no other thread ends what belongs to Qt's."""
    from ui.garbage import Garbage

    garbage = Garbage(qapp)
    yield
    garbage.close()


@pytest.fixture(autouse=True)
def _plain(qapp: Any) -> Iterator[None]:
    """Each test begins with the light scheme, the usual size of letters and in Chinese."""
    from ui.i18n import set_language
    from ui.theme import Scheme, start_theme

    start_theme(qapp, Scheme.LIGHT)
    set_language("zh_CN")
    yield
    set_language("zh_CN")


@pytest.fixture
def opened(tmp_path: Path, qtbot: Any) -> Iterator[Any]:
    """A terminal, its workplace and its window on the screen, with nobody at it yet."""
    from office_stage import Terminal

    from ui.models.workplace import Workplace
    from ui.shell.window import MainWindow

    terminal = Terminal(tmp_path)
    window = MainWindow(terminal.app)
    qtbot.addWidget(window)
    work = Workplace(terminal.services, terminal.app)
    window.receive(work)
    window.show()
    yield terminal, work, window
    work.close()
    terminal.close()
