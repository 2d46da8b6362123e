"""The whole of a county's day in the real window, by keys alone: no mouse, and no call of a model by the test.

The center is the real rules; the other sites are asked for through it, as they would be by their own terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from drawn import FakeLive
from office_stage import Terminal, status
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot
from scenes_readiness import people_sign_in
from session_scenes import HD, HZ, SITES, XN
from test_shell_window import words
from test_sync_page import whole_receipt

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import DeviceId, MeetingId, PersonId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.meeting import commands as ask
from media.meeting.apply import apply
from media.meeting.decide import CENTER, Refusal, SiteActor, decide
from media.meeting.model import AgendaPoint, MeetingPhase, MeetingState, Site
from ui.models.app_model import Stage
from ui.models.pages import Page
from ui.models.workplace import Workplace
from ui.records.block_editor import BlockEditor
from ui.shell.window import MainWindow

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


class Center:
    """Decides for every site of one meeting, and tells the terminal whose listener it is given."""

    def __init__(self, terminal: Terminal) -> None:
        self.clock = terminal.clock
        self.live = FakeLive(None, terminal.clock)
        self.live.send = self._send  # type: ignore[method-assign]  # the rules answer in its place
        self.state = MeetingState(MeetingId(""))

    def open_live(self, meeting: MeetingId, listener: Any) -> FakeLive:
        now = self.clock.now()
        sites = {path: Site(path, name, DeviceId(path), True, now) for path, name in SITES.items()}
        items = ("主持人说明议题", "市县会场发言", "省直部门回应")
        self.state = MeetingState(
            meeting,
            phase=MeetingPhase.OPEN,
            mode=MeetingMode.CONSULTATION,
            title="提升县域医疗服务能力远程协商会",
            host=HD,
            chair=HD,
            opened_at=now,
            invited=tuple(SITES),
            sites=sites,
            agenda=tuple(AgendaPoint(f"a{n}", n, "SPEECH", title, 480) for n, title in enumerate(items, 1)),
            seq=1,
        )
        self.live.listener = listener
        listener.on_link(True)
        listener.on_state(self.state, None)
        return self.live

    def does(self, site: UnitPath, command: ask.Command) -> None:
        """Another site asks for something, and gets it."""
        assert self._decide(command, SiteActor(site, DeviceId(site), PersonId("p"))) == ""

    def _send(self, command: ask.Command) -> Future[None]:
        answer: Future[None] = Future()
        refused = self._decide(command, SiteActor(HD, DeviceId(HD), PersonId("p")))
        if refused:
            answer.set_exception(OperatorError(refused))
        else:
            answer.set_result(None)
        return answer

    def _decide(self, command: ask.Command, actor: Any) -> str:
        decision = decide(self.state, command, actor, self.clock.now())
        if isinstance(decision, Refusal):
            return decision.id
        for event in decision:
            self.state = apply(self.state, event)
        if decision and self.live.listener is not None:
            self.live.listener.on_state(self.state, None)
        return ""

    def ticks(self, seconds: float) -> None:
        self.clock.move(seconds)
        self._decide(ask.Tick(), CENTER)


class Hands:
    """Somebody at the keys. Every key goes to whatever has the focus."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self._qtbot, self._window = qtbot, window

    def press(self, key: Key, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
        if QApplication.activeModalWidget() is None and not self._window.isActiveWindow():
            self._window.activateWindow()  # as a window manager does when a dialog has closed
            self.sees(self._window.isActiveWindow)
        self._qtbot.keyClick(QApplication.focusWidget() or self._window, key, modifiers)
        QApplication.processEvents()  # nobody presses the next key before the screen has followed

    def type(self, text: str) -> None:
        self._qtbot.keyClicks(QApplication.focusWidget(), text)

    def sees(self, holds: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(holds, timeout=20_000)

    def reads(self, text: str) -> None:
        self.sees(lambda: text in words(self._window))

    def go(self, work: Workplace, page: Page) -> None:
        """Ctrl and the page's number."""
        self.press(Key(Key.Key_0 + list(work.app.pages).index(page) + 1), CTRL)
        self.sees(lambda: work.app.page is page)

    def in_dialog(self, act: Callable[[], None]) -> None:
        """What is pressed once the dialog is there that the next key opens; it has a loop of its own."""

        def look() -> None:
            dialog, at = QApplication.activeModalWidget(), QApplication.focusWidget()
            if isinstance(dialog, QDialog) and at is not None and dialog.isAncestorOf(at):
                act()
            else:
                QTimer.singleShot(20, look)

        QTimer.singleShot(0, look)

    def tab_to(self, name: str) -> None:
        """Tab until the control with this name has the focus."""
        for _ in range(60):
            now = QApplication.focusWidget()
            if now is not None and name in (now.accessibleName() or getattr(now, "text", str)()):
                return
            self.press(Key.Key_Tab)
        raise AssertionError(f"no Tab leads to {name}")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "store", receipts=[])
    yield made
    made.close()


def test_a_county_hosts_a_session_from_power_on_to_the_end_without_touching_a_mouse(
    terminal: Terminal, qtbot: QtBot
) -> None:
    meeting = people_sign_in(SimpleNamespace(terminal=terminal))
    center = Center(terminal)
    terminal.services.open_live = center.open_live
    window = MainWindow(terminal.app)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    work = Workplace(terminal.services, terminal.app, window)
    window.receive(work)
    hands = Hands(qtbot, window)

    # The seat is unlocked; the devices are tested.
    hands.sees(lambda: terminal.app.stage is Stage.LOCKED)
    hands.tab_to("记录员01")
    hands.press(Key.Key_Space)
    hands.type("135790")
    hands.press(Key.Key_Return)
    hands.sees(lambda: terminal.app.stage is Stage.OPEN)
    hands.press(Key.Key_R, CTRL)
    hands.sees(lambda: work.home.verdict.at is not None)

    # A member signs in by pinyin initials.
    hands.go(work, Page.SIGN_IN)
    hands.sees(lambda: work.signin.tally.expected == 24)
    before = work.signin.tally.present
    hands.type("wy20")
    hands.press(Key.Key_Return)
    hands.sees(lambda: work.signin.tally.present == before + 1)

    # Into the meeting; the agenda goes on; a city asks, and is given the floor.
    hands.go(work, Page.HOME)
    hands.press(Key.Key_F5)
    hands.sees(lambda: work.meeting.meeting_id == meeting and terminal.app.in_session)
    hands.sees(lambda: work.meeting.online and work.meeting.is_chair)
    hands.press(Key.Key_N, CTRL | SHIFT)
    hands.sees(lambda: work.meeting.state.agenda_at == 1)
    center.does(HZ, ask.RequestFloor("r1", "m1", "委员41"))
    hands.sees(lambda: len(work.meeting.queue) == 1)
    hands.press(Key.Key_G, CTRL)
    hands.sees(lambda: work.meeting.speaking is not None)
    assert work.meeting.speaking is not None
    assert work.meeting.speaking.member_name == "委员41"
    hands.press(Key.Key_E, CTRL)
    hands.sees(lambda: work.meeting.speaking is None)

    # A member of this room is put on the list, by a dialog that is typed into.
    def choose() -> None:
        hands.type("wy07")
        hands.press(Key.Key_Return)

    hands.in_dialog(choose)
    hands.press(Key.Key_G, CTRL | SHIFT)
    hands.sees(lambda: [row.member_name for row in work.meeting.queue] == ["委员07"])

    # Mute all, a site to select and put on air after a look, the roll call and back.
    hands.press(Key.Key_M, CTRL)
    hands.sees(lambda: work.meeting.everybody_muted)
    window_grid = next(one for one in window.findChildren(type(find_grid(window))) if one.isVisible())
    window_grid.setFocus()
    hands.press(Key.Key_Right)
    hands.sees(lambda: bool(window_grid.selection))
    hands.in_dialog(lambda: hands.press(Key.Key_Return))
    hands.press(Key.Key_B, CTRL)
    hands.sees(lambda: work.meeting.state.broadcast == window_grid.selection)
    hands.press(Key.Key_F6)
    hands.sees(lambda: terminal.app.page is Page.ROLL_CALL)
    hands.tab_to("语音点名")
    hands.press(Key.Key_Space)
    hands.sees(lambda: work.roll_call.current is not None)
    called = work.roll_call.current
    hands.press(Key.Key_Space)
    hands.sees(lambda: work.roll_call.current is not None and work.roll_call.current != called)
    hands.tab_to("结束点名")
    hands.press(Key.Key_Space)
    hands.sees(lambda: work.roll_call.stage.value == "finished")
    hands.press(Key.Key_F5)
    hands.sees(lambda: terminal.app.in_session)

    # The network goes; notes go on.
    work.meeting.take_link(False)
    work.meeting.take_media(False)
    hands.go(work, Page.MINUTES)
    hands.sees(lambda: work.minutes.loaded)
    hands.press(Key.Key_Return, CTRL)
    hands.sees(lambda: isinstance(QApplication.focusWidget(), BlockEditor))
    hands.type("night clinic twice a week")
    hands.sees(lambda: any("night clinic" in block.text for block in work.minutes.blocks))
    work.meeting.take_link(True)
    work.meeting.take_media(True)
    hands.press(Key.Key_F5)
    hands.sees(lambda: terminal.app.in_session)

    # The end is asked about, and the safe answer is the one that Enter gives.
    hands.in_dialog(lambda: hands.press(Key.Key_Return))
    hands.press(Key.Key_Q, CTRL | SHIFT)
    assert work.meeting.in_meeting

    def confirm() -> None:
        hands.press(Key.Key_Tab)
        hands.press(Key.Key_Space)

    hands.in_dialog(confirm)
    hands.press(Key.Key_Q, CTRL | SHIFT)
    hands.sees(lambda: not work.meeting.in_meeting)
    assert center.state.phase is MeetingPhase.ENDED
    assert XN in center.state.sites

    # The center has taken the day in: its receipt is chosen in the queue and put on paper.
    hands.go(work, Page.SYNC)
    terminal.records._shown["receipts"].append(whole_receipt(214))
    hands.press(Key.Key_S, CTRL | SHIFT)
    terminal.app.tell_sync(status(acknowledged=229))
    hands.reads("回执 214")
    hands.tab_to("回执 214")
    hands.press(Key.Key_Space)
    hands.sees(lambda: work.sync.selected == "receipt:214")
    hands.sees(lambda: "回执 214" in QApplication.focusWidget().accessibleName())
    paper = terminal.services.folder / "receipt.pdf"

    def name_it() -> None:
        hands.press(Key.Key_A, CTRL)
        hands.type(str(paper))
        hands.press(Key.Key_Return)

    hands.tab_to("打印回执")
    hands.in_dialog(name_it)
    hands.press(Key.Key_Space)
    hands.sees(lambda: paper.is_file() and paper.read_bytes().startswith(b"%PDF-"))
    hands.sees(lambda: "回执已写成：receipt.pdf" in words(window))
    work.close()


def find_grid(window: MainWindow) -> Any:
    """The grid that is on the screen."""
    from ui.picture.grid import VideoGrid

    return next(one for one in window.findChildren(VideoGrid) if one.isVisible())
