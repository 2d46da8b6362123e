"""The operator view of a whole province: 145 sites."""

from __future__ import annotations

import statistics
import time
from typing import Any

from conducted import Conducted
from drawn import GD
from meeting_states import DEAD, LC, PROVINCE, XN, big_meeting
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListView

from ui.meeting.meeting_view import MeetingView
from ui.models.meeting_names import MeetingNames


def test_with_145_sites_a_change_is_on_the_screen_at_once_and_only_what_is_seen_is_painted(qtbot: Any) -> None:
    center = Conducted(GD, PROVINCE, big_meeting())
    view = MeetingView(center.model)
    qtbot.addWidget(view)
    view.resize(1440, 844)
    view.show()
    QApplication.processEvents()
    paths = [path for path in PROVINCE if path not in (GD, *DEAD)]
    spent = []
    for path in paths[:30]:
        begun = time.thread_time()  # what the change costs, whatever else the machine does
        center.model.mute(path)
        QApplication.processEvents()
        spent.append(time.thread_time() - begun)
    assert center.refused == []
    assert statistics.median(spent) < 0.06
    listed = view._roster.findChild(QListView)
    assert listed.model().rowCount() == len(PROVINCE)
    assert len(view.grid.tiles) <= 25


def test_a_site_is_found_by_the_initials_of_its_name_and_chosen_with_enter(qtbot: Any) -> None:
    center = Conducted(GD, PROVINCE, big_meeting())
    center.model._names = MeetingNames(initials={str(XN): "xn", str(LC): "lc"})
    view = MeetingView(center.model)
    qtbot.addWidget(view)
    with qtbot.waitActive(view, timeout=2_000):
        view.show()
        view.activateWindow()
    QTest.keyClick(view, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    box = QApplication.focusWidget()
    assert isinstance(box, QLineEdit)
    QTest.keyClicks(box, "xn")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert view.grid.selection == XN


def test_the_lost_sites_are_one_press_away(qtbot: Any) -> None:
    center = Conducted(GD, PROVINCE, big_meeting())
    view = MeetingView(center.model)
    qtbot.addWidget(view)
    view._roster._feet[0]._look.click()
    assert {row.unit_path for row in view._roster._rows.rows} == set(DEAD)
    view._roster._feet[0]._look.click()
    assert len(view._roster._rows.rows) == len(PROVINCE)
