"""No word of hosting is cut off: every screen in its states, both languages, the smallest screen, the largest text."""

from __future__ import annotations

from typing import Any

import pytest
from geometry import nameless, out_of_reach
from hosting_scenes import DIALOGS, HOSTED, LECTURES, ROLLS, settle
from PySide6.QtWidgets import QApplication
from test_shell_geometry import clipped

from ui.i18n import set_language
from ui.theme import Scheme, TextSize, theme

OWN = {name: made for name, made in DIALOGS.items() if "menu" not in name}
SCREENS = {**HOSTED, **LECTURES, **ROLLS, **OWN}
LOOKS = [("en", TextSize.STANDARD), ("zh_CN", TextSize.HUGE)]


@pytest.mark.parametrize(("language", "size"), LOOKS, ids=lambda one: str(one))
@pytest.mark.parametrize("name", SCREENS)
def test_no_word_is_cut_off(qtbot: Any, qapp: QApplication, name: str, language: str, size: TextSize) -> None:
    theme().choose(text_size=size)
    set_language(language)
    window = SCREENS[name](Scheme.LIGHT)
    qtbot.addWidget(window)
    if not name.startswith("dialog"):
        window.resize(1366, 768)
    window.show()
    settle(qapp, 4)
    assert clipped(window) == []
    assert window.width() <= 1366
    assert window.height() <= 768


@pytest.mark.parametrize("name", OWN)
def test_every_control_of_a_dialog_has_a_name_and_is_reached_by_keys(qtbot: Any, qapp: QApplication, name: str) -> None:
    window = OWN[name](Scheme.LIGHT)
    qtbot.addWidget(window)
    window.show()
    settle(qapp, 4)
    assert nameless(window) == []
    assert out_of_reach(window) == []
