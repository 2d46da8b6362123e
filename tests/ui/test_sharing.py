"""共享屏幕: who may, what is chosen, what says so while it lasts, how it ends."""

from dataclasses import replace
from typing import Any

import pytest
import shiboken6
from conducted import Conducted
from drawn import GD, NINE, busy_state
from meeting_states import XN
from PySide6.QtCore import Qt

from media.content.screens import Shareable
from media.engine.content import content_of
from media.meeting.stage import SCREEN, Slide
from ui.i18n import t
from ui.meeting.meeting_view import MeetingView
from ui.meeting.share_dialog import ShareDialog
from ui.models.share_model import ShareModel
from ui.models.slide_model import SlideState

TABLE = Shareable("履职报告 2026.xlsx", 7)


class Desk:
    """The chair's seat in a meeting that is decided by the real rules."""

    def __init__(self, own: Any = GD) -> None:
        state = replace(busy_state(NINE, GD, XN, None), floor=())
        self.center = Conducted(own, NINE, state)
        self.model, self.live = self.center.model, self.center.live
        self.slides = self.center.seat.slides
        self.share = ShareModel(self.model, self.center.seat.services)
        self.view = MeetingView(self.model, slides=self.slides, share=self.share)


@pytest.fixture
def desk(qtbot: Any) -> Desk:
    desk = Desk()
    qtbot.addWidget(desk.view)
    return desk


def test_the_chair_shares_a_window_and_everything_says_so_until_f12(desk: Desk, qtbot: Any) -> None:
    desk.view.show()
    desk.share.begin(TABLE)
    assert desk.live.shared is not None
    assert desk.model.state.shares == GD
    assert desk.slides.state is SlideState.LIVE_OWN
    bar = desk.view._share_frame.bar
    assert bar is not None
    assert bar.isVisible()
    assert TABLE.title in bar.accessibleName()
    assert desk.view._controls._share.text().strip().endswith(t("share.stop"))
    desk.view._acts()["F12"]()
    assert desk.live.shared is None
    assert desk.model.state.shares is None
    assert desk.view._share_frame.bar is None


def test_the_bar_has_the_way_out_too(desk: Desk, qtbot: Any) -> None:
    desk.share.begin(TABLE)
    qtbot.mouseClick(desk.view._share_frame.bar.stop, Qt.MouseButton.LeftButton)
    assert desk.model.state.shares is None


def test_a_shared_screen_has_a_frame_around_it_that_no_click_meets(desk: Desk) -> None:
    screen = desk.share._screens()[0]
    desk.share.begin(screen)
    edges = desk.view._share_frame.edges
    assert len(edges) == 4
    assert all(edge.windowFlags() & Qt.WindowType.WindowTransparentForInput for edge in edges)
    desk.share.stop()
    assert desk.view._share_frame.edges == []


def test_the_bar_goes_with_the_meetings_window(qtbot: Any) -> None:
    desk = Desk()
    desk.share.begin(desk.share._screens()[0])
    frame = desk.view._share_frame
    left = [frame.bar, *frame.edges]
    assert len(left) == 5
    shiboken6.delete(desk.view)
    assert not [part for part in left if shiboken6.isValid(part) and part.isVisible()]


def test_who_may_not_share_is_told_why(qtbot: Any) -> None:
    county = Desk(XN)
    qtbot.addWidget(county.view)
    button = county.view._controls._share
    assert not button.isEnabled()
    assert button.toolTip() == t("why.chair-only", NINE[GD])
    county.view.toggle_share()
    assert county.view.findChild(ShareDialog) is None


def test_what_another_site_shares_is_painted_and_the_chair_may_end_it(desk: Desk, qtbot: Any) -> None:
    desk.view.resize(1366, 700)
    desk.view.show()
    now = desk.center.seat.clock.now()
    shown = replace(desk.center.state, slide=_slide(now))
    desk.center.state = shown
    desk.model.take_state(shown, None)
    desk.view._stage.show_slides()
    pane = desk.view._stage.pane
    assert pane is not None
    assert desk.slides.state is SlideState.LIVE
    qtbot.waitUntil(lambda: content_of(XN) in desk.live.sources, timeout=20_000)
    assert pane.shared.isVisible()
    desk.slides.stop()
    assert desk.model.state.shares is None


def test_a_share_that_the_chair_ends_stops_at_its_source(desk: Desk) -> None:
    desk.share.begin(TABLE)
    ended = replace(desk.center.state, slide=None)
    desk.center.state = ended
    desk.model.take_state(ended, None)
    assert desk.live.shared is None
    assert desk.share.what is None


def test_a_program_that_was_started_anew_takes_its_old_share_away(desk: Desk) -> None:
    state = replace(desk.center.state, slide=replace(_slide(desk.center.seat.clock.now()), presenter=GD))
    desk.center.state = state
    desk.model.take_state(state, None)
    assert desk.model.state.shares is None


def test_the_chooser_shows_what_would_be_seen(desk: Desk, qtbot: Any) -> None:
    dialog = ShareDialog(desk.share)
    dialog.show_found([(Shareable("屏幕 1", 0, 0, 0, 1366, 768), None), (TABLE, None)])
    assert [dialog.list.item(row).text() for row in range(2)] == ["屏幕 1", TABLE.title]
    dialog.list.setCurrentRow(1)
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert desk.share.what == TABLE
    desk.share.stop()


def _slide(now: Any) -> Any:
    return Slide(SCREEN, 1, 1, "台账", XN, now)
