"""开放接入: a token for other people's software, asked of the center and shown once."""

from dataclasses import replace
from typing import Any

from conducted import Conducted
from drawn import GD, NINE, busy_state
from meeting_states import XN
from office_stage import Counter
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from desktop_app.domain.faults import PeerFault
from ui.i18n import fault_text
from ui.meeting.guest_door_dialog import GuestDoorDialog
from ui.models.guest_door_model import OBSERVER, GuestDoorModel


def opened(qtbot: Any, counter: Counter) -> tuple[GuestDoorDialog, Conducted]:
    state = busy_state(NINE, GD, XN, None)
    state = replace(state, host=GD, invited=tuple(path for path in NINE if path != GD))
    center = Conducted(GD, NINE, replace(state, sites={path: state.sites[path] for path in NINE if path != XN}))
    center.seat.services.counter = counter  # type: ignore[assignment]  # a counter that keeps what it was asked
    model = GuestDoorModel(center.seat.services, center.model)
    dialog = GuestDoorDialog(model)
    dialog._kept = model  # type: ignore[attr-defined]  # lives as long as the window
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog, center


def test_a_studio_comes_in_as_a_unit_that_has_no_terminal_in_the_meeting(qtbot: Any) -> None:
    counter = Counter()
    dialog, center = opened(qtbot, counter)
    assert [dialog.units.itemText(row) for row in range(dialog.units.count())] == [NINE[XN]]
    assert not dialog.token.isVisible()
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert counter.asked == [("door", center.model.meeting_id, "studio", XN, "60")]
    assert dialog.token.isVisible()
    assert dialog.url.text().endswith("/v1/whip")
    copy = dialog._hidden[-1]
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == dialog.token.text()


def test_an_observer_needs_no_unit(qtbot: Any) -> None:
    counter = Counter()
    dialog, center = opened(qtbot, counter)
    dialog._choose(OBSERVER)
    assert not dialog.units.isEnabled()
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert counter.asked == [("door", center.model.meeting_id, "observer", "", "60")]
    assert dialog.url.text().endswith("/v1/whep")


def test_the_center_may_say_no_and_the_reason_is_read(qtbot: Any) -> None:
    dialog, _ = opened(qtbot, Counter(fault=PeerFault("door-not-yours")))
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert dialog._said.text() == fault_text(PeerFault("door-not-yours"))
    assert dialog.go.isEnabled()
