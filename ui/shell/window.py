"""The window. It can be made and painted before there is any service; then it is given the workplace.

Views hold no state of their own, so a change of language, scheme or size builds them anew from the same models.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from desktop_app.domain.faults import Fault, HostFault
from ui.i18n import t
from ui.models.app_model import AppModel, Stage
from ui.models.pages import Page
from ui.shell.front_views import FailedView, StartingView
from ui.shell.idle_watch import IdleWatch
from ui.shell.qt_words import follow_language
from ui.theme import Scheme, TextSize, font, theme
from ui.widgets.focus_ring import FocusRing

if TYPE_CHECKING:
    from ui.models.enrol_model import EnrolModel
    from ui.models.passphrase_model import PassphraseModel
    from ui.models.workplace import Workplace
    from ui.shell.meeting_acts import MeetingActs
    from ui.shell.office_shell import OfficeShell

USUAL = (1440, 900)
SMALLEST = (1024, 640)
FRAME = (16, 48)
"""About what a window's frame and title bar take, in pixels; not known before the window is shown."""


def first_size(room: QSize, factor: float = 1.0) -> QSize | None:
    """The size to open with where `room` is free on the screen; None where it is to fill that screen."""
    usual = QSize(*(round(side * factor) for side in USUAL))
    if usual.width() + FRAME[0] > room.width() or usual.height() + FRAME[1] > room.height():
        return None
    return usual


class MainWindow(QMainWindow):
    """Start-up page, enrolment, unlock, office shell, session shell: one of them at a time."""

    def __init__(self, app: AppModel) -> None:
        super().__init__()
        self.app = app
        self.workplace: Workplace | None = None
        self.enrolment: EnrolModel | None = None
        self.passphrase: PassphraseModel | None = None
        self.closing: Callable[[], None] | None = None
        """Called once when the window closes."""
        self.again: Callable[[], None] | None = None
        """Called by whoever lets a start that failed be tried again."""
        self.log: Path | None = None
        """The program's own log, for whoever helps after a start that failed."""
        follow_language()
        self._stack = QStackedWidget()
        self.setCentralWidget(self._stack)
        self._front: QWidget | None = None
        self._acts: MeetingActs | None = None
        self._office: OfficeShell | None = None
        self._session: QWidget | None = None
        self.ring = FocusRing(self)
        self._idle = IdleWatch(self, self._idle_seconds, self._lock_when_idle)
        self.setMinimumSize(*SMALLEST)
        self._fit()
        app.stage_changed.connect(self.refresh)
        app.session_changed.connect(self._show_session)
        app.look_changed.connect(self._take_look)
        self._keys()
        self.refresh()

    # What the composition root calls

    def receive(self, workplace: Workplace) -> None:
        """The services are there: who sits here unlocks next."""
        self.workplace = workplace
        for model in (workplace.home, workplace.schedule, workplace.sync, workplace.settings, workplace.diagnostics):
            model.failed.connect(self.tell)
        workplace.unlock.load()
        self.app.receive(workplace.services)

    def ask_passphrase(self, model: PassphraseModel) -> None:
        """The keys of this machine are sealed by a passphrase, or are about to be."""
        self.passphrase = model
        self.app.ask_passphrase()

    def ask_enrolment(self, model: EnrolModel) -> None:
        """This machine is not enrolled yet."""
        self.enrolment = model
        self.app.ask_enrolment()

    # The Office protocol: what the pages ask for

    def join(self, meeting: str = "") -> None:
        if self.workplace is not None:
            self.workplace.home.join(meeting)

    def schedule(self) -> None:
        if self.workplace is not None:
            self.acts.schedule()

    @property
    def acts(self) -> MeetingActs:
        if self._acts is None:
            from ui.shell.meeting_acts import MeetingActs

            if self.workplace is None:
                raise RuntimeError("there is no meeting before there is a workplace")
            self._acts = MeetingActs(self.workplace, self)
        return self._acts

    def open_sign_in(self, meeting: str) -> None:
        if self.workplace is not None:
            self.workplace.open_sign_in(meeting)

    def open_minutes(self, meeting: str) -> None:
        if self.workplace is not None:
            self.workplace.open_minutes(meeting)

    def page_title_changed(self) -> None:
        if self._office is not None:
            self._office.show_title()

    def tell(self, fault: Fault) -> None:
        """One sentence about what went wrong, above the page, until it is put away."""
        if self._office is not None:
            self._office.tell(fault)

    # What fills the window

    def refresh(self) -> None:
        """Show the stage that the app model is in."""
        stage = self.app.stage
        self.setWindowTitle(t("app.title", self.app.unit_name) if self.app.unit_name else t("app.name"))
        if stage is Stage.OPEN:
            self._drop_front()
            self._show_office()
            self._show_session()
            return
        self._show_front(self._front_view(stage))

    def rebuild(self) -> None:
        """Build every view anew, after a change of language, scheme or size."""
        self._drop_front()
        for view in (self._office, self._session):
            if view is not None:
                self._stack.removeWidget(view)
                view.deleteLater()
        self._office = self._session = None
        self.setFont(font())
        self.refresh()

    def focusNextPrevChild(self, forward: bool) -> bool:
        self.ring.by_keyboard()
        return super().focusNextPrevChild(forward)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._idle.watch()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.closing is not None:
            closing, self.closing = self.closing, None
            closing()
        super().closeEvent(event)

    def _front_view(self, stage: Stage) -> QWidget:
        if stage is Stage.PASSPHRASE and self.passphrase is not None:
            from ui.shell.passphrase_view import PassphraseView

            return PassphraseView(self.passphrase)
        if stage is Stage.ENROL and self.enrolment is not None:
            from ui.shell.enrol_view import EnrolView

            return EnrolView(self.enrolment)
        if stage is Stage.LOCKED and self.workplace is not None:
            from ui.shell.unlock_view import UnlockView

            return UnlockView(self.app, self.workplace.unlock)
        if stage is Stage.FAILED:
            return FailedView(self.app.fault or HostFault("bug"), self.again, self.log)
        return StartingView()

    def _show_front(self, view: QWidget) -> None:
        self._drop_front()
        self._front = view
        self._stack.addWidget(view)
        self._stack.setCurrentWidget(view)

    def _drop_front(self) -> None:
        if self._front is not None:
            self._stack.removeWidget(self._front)
            self._front.deleteLater()
            self._front = None

    def _show_office(self) -> None:
        if self._office is None and self.workplace is not None:
            from ui.shell.office_shell import OfficeShell

            self._office = OfficeShell(self.app, self.workplace, self, self.ring.by_keyboard)
            self._stack.addWidget(self._office)
        if self._office is not None:
            self._stack.setCurrentWidget(self._office)

    def _show_session(self) -> None:
        app = self.app
        if not app.meeting_id and self._session is not None:
            self._stack.removeWidget(self._session)
            self._session.deleteLater()
            self._session = None
        if app.stage is not Stage.OPEN or self.workplace is None:
            return
        if app.meeting_id and self._session is None:
            from ui.shell.session import SessionShell

            self._session = SessionShell(self.workplace)
            self._stack.addWidget(self._session)
        front = self._session if app.in_session and self._session is not None else self._office
        if front is not None:
            self._stack.setCurrentWidget(front)

    def _take_look(self) -> None:
        look = self.app.look
        follow_language()
        theme().choose(Scheme(look.scheme), TextSize(look.text_size))
        self.rebuild()

    def _fit(self) -> None:
        """As large as is usual, and never larger than the screen. The offscreen platform's screen is nobody's."""
        screen = self.screen()
        size: QSize | None = QSize(*USUAL)
        if screen is not None and QGuiApplication.platformName() not in ("offscreen", "minimal"):
            size = first_size(screen.availableSize(), theme().screen)
        if size is None:
            self.resize(screen.availableSize().boundedTo(QSize(*USUAL)))
            self.setWindowState(Qt.WindowState.WindowMaximized)
        else:
            self.resize(size)

    # Keys

    def _keys(self) -> None:
        keys: list[tuple[str, Callable[[], object]]] = [
            ("F1", self._show_shortcuts),
            ("F5", self._enter),
            ("F11", self._full_screen),
            ("Ctrl+Shift+S", self._sync_now),
            ("Ctrl+Shift+L", self.app.lock),
        ]
        keys += [(f"Ctrl+{number}", partial(self._go, number)) for number in range(1, 10)]
        for sequence, act in keys:
            shortcut = QShortcut(QKeySequence(sequence), self)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(act)

    @property
    def _open(self) -> bool:
        return self.app.stage is Stage.OPEN

    def _enter(self) -> None:
        if self._open and not self.app.in_session and Page.HOME in self.app.pages and not self.app.return_to_meeting():
            self.join()

    def _go(self, number: int) -> None:
        pages = self.app.pages
        if self._open and number <= len(pages):
            self.app.go(pages[number - 1])

    def _sync_now(self) -> None:
        if self._open and self.workplace is not None:
            self.workplace.sync.sync_now()

    def _full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _show_shortcuts(self) -> None:
        from ui.shell.shortcuts_dialog import ShortcutsDialog

        ShortcutsDialog(self).open()

    # Idle

    def _idle_seconds(self) -> float:
        if self.workplace is None or not self._open or self.app.meeting_id:
            return 0
        return 60.0 * float(self.workplace.settings.value("terminal.idle_lock") or 0)

    def _lock_when_idle(self) -> None:
        if self._open and not self.app.meeting_id:
            self.app.lock()
