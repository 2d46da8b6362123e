"""No word of the shell is cut off: every page in its states, both languages, the smallest screen, the largest text."""

import pytest
from geometry import clipped
from office_scenes import SCENES, Scene, opened, shown_windows
from office_stage import receipt
from PySide6.QtWidgets import QApplication
from record_scenes import RECORD_SCENES

from ui.models.app_model import Look
from ui.widgets.row_button import RowButton

SMALL = (1366, 768)
LOOKS = [Look("zh_CN", "light"), Look("en", "dark"), Look("en", "light", "larger")]


CASES = [(name, look) for name in SCENES for look in (LOOKS[2:] if name in RECORD_SCENES else LOOKS)]
"""The pages of records in the look that needs the most room; the others in all."""


@pytest.mark.parametrize(("name", "look"), CASES, ids=lambda one: one if isinstance(one, str) else f"{one.language}")
def test_no_word_is_cut_off(name: str, look: Look) -> None:
    with opened(name, look, SMALL) as scene:
        assert [one for window in shown_windows(scene) for one in clipped(window)] == []


def test_a_long_queue_scrolls_instead_of_squeezing_its_rows(qapp: QApplication) -> None:
    def many(scene: Scene) -> None:
        SCENES["sync-busy"](scene)
        scene.terminal.records._shown["receipts"] = [receipt(200 + number, 4, minutes=1) for number in range(12)]
        scene.work.sync.load()

    SCENES["sync-many"] = many
    try:
        with opened("sync-many", Look("en", "light"), (1366, 768)) as scene:
            rows = scene.window.findChildren(RowButton)
            assert len(rows) > 12
            assert [row.height() - row.sizeHint().height() for row in rows] == [0] * len(rows)
    finally:
        del SCENES["sync-many"]
