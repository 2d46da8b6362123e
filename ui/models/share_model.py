"""共享屏幕: what of this PC there is to share, who may, and what is shared now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QGuiApplication, QImage, QScreen
from PySide6.QtWidgets import QApplication

from desktop_app.domain.faults import Fault
from media.meeting import commands as ask
from media.meeting.stage import SCREEN
from ui.i18n import t
from ui.models.meeting_model import MeetingModel, Notice
from ui.models.meeting_rights import Act, Right

if TYPE_CHECKING:
    from media.content.screens import Shareable
    from ui.services import Services

TITLE_LENGTH = 80


class ShareModel(QObject):
    """The screen of this room's operator in the meeting. The center decides whether it is shown."""

    changed = Signal()
    found = Signal(object)
    """A list of pairs: a `Shareable`, and its small picture or None."""

    def __init__(self, meeting: MeetingModel, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.meeting, self._services = meeting, services
        self.what: Shareable | None = None
        """What was chosen here."""
        self._is_on = False
        meeting.changed.connect(self._follow)

    @property
    def right(self) -> Right:
        return self.meeting.right(Act.SLIDES)

    @property
    def is_on(self) -> bool:
        """Whether everybody sees this room's screen."""
        return self._is_on

    def look(self) -> None:
        """Find what there is to share; `found` brings it. A desktop that forbids it is told as a notice."""
        screens = self._screens()
        own = frozenset(int(window.winId()) for window in QApplication.topLevelWidgets() if window.isVisible())
        self._services.aside.start(_pictured, screens, own, done=self.found.emit, failed=self._tell)

    def begin(self, what: Shareable) -> None:
        """开始共享, instead of whatever page or screen is shown now."""
        from media.content.screens import ScreenSource

        self.what = what
        self.meeting.share(ScreenSource(what))
        try:
            self.meeting.send(Act.SLIDES, ask.PointSlide(SCREEN, 1, 1, what.title[:TITLE_LENGTH]))
        except Fault as fault:
            self._forget()
            self._tell(fault)

    def stop(self) -> None:
        """停止共享: nothing more leaves this PC at once, whatever the center says."""
        self._forget()
        if self._is_on:
            try:
                self.meeting.send(Act.SLIDES, ask.PointSlide(""))
            except Fault as fault:
                self._tell(fault)
        self.changed.emit()

    @property
    def area(self) -> QRect | None:
        """The shared screen as Qt counts it; None for a window."""
        what = self.what
        if what is None or what.window:
            return None
        corner = (what.left, what.top)
        return next((each.geometry() for each in QGuiApplication.screens() if _native(each)[:2] == corner), None)

    def _screens(self) -> list[Shareable]:
        from media.content.screens import Shareable

        found = []
        for number, screen in enumerate(QGuiApplication.screens(), 1):
            left, top, width, height = _native(screen)
            found.append(Shareable(t("share.screen", number, width, height), 0, left, top, width, height))
        return found

    def _follow(self) -> None:
        meeting = self.meeting
        on = meeting.in_meeting and meeting.state.shares == meeting.own
        if self._is_on and not on:
            self._forget()  # the chair took it away, or shows something else
        elif on and not self._is_on and self.what is None:
            # This program was started anew while its screen was shown.
            self._is_on = True
            self.stop()
        if on is not self._is_on:
            self._is_on = on
        self.changed.emit()

    def _forget(self) -> None:
        self.what = None
        self.meeting.share(None)

    def _tell(self, fault: Fault) -> None:
        self.meeting.noticed.emit(Notice(fault=fault, tone="zhusha"))


def _native(screen: QScreen) -> tuple[int, int, int, int]:
    """Qt keeps a screen's corner in native pixels, and gives its size in logical ones."""
    box, ratio = screen.geometry(), screen.devicePixelRatio()
    return box.x(), box.y(), round(box.width() * ratio), round(box.height() * ratio)


def _pictured(screens: Sequence[Shareable], own: frozenset[int]) -> list[tuple[Shareable, QImage | None]]:
    """On a worker thread."""
    from media.content.screens import check_desktop, thumbnail, windows

    check_desktop()
    found: list[tuple[Shareable, QImage | None]] = []
    for what in (*screens, *windows(own)):
        frame = thumbnail(what)
        picture = None
        if frame is not None:
            shown = QImage(frame.plane, frame.width, frame.height, frame.stride, QImage.Format.Format_RGB32)
            picture = shown.copy()  # the picture outlives the frame
        if frame is not None or not what.window:
            found.append((what, picture))
    return found
