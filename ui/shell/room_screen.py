"""Which screen the room's display has, and what happens when one comes or goes. It never covers the operator's."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtGui import QGuiApplication, QScreen, QWindow
from PySide6.QtWidgets import QWidget

from desktop_app.domain.clock import Clock
from ui.meeting.room_window import RoomWindow
from ui.models.meeting_model import Notice
from ui.models.room_model import RoomModel


class ScreenPlace(Protocol):
    """A screen, as far as the choice goes."""

    def geometry(self) -> QRect: ...


S = TypeVar("S", bound=ScreenPlace)


def room_screen(screens: Sequence[S], operator: S | None) -> S | None:
    """The room's screen: the first that shows something else than the operator's; None where there is no such."""
    if operator is None:
        return None
    own = operator.geometry()
    return next((one for one in screens if one is not operator and not one.geometry().intersects(own)), None)


class RoomScreen(QObject):
    """Keeps the room's display on the second screen while `wanted`; a preview is an ordinary window."""

    def __init__(self, model: RoomModel, clock: Clock, operator: QWidget) -> None:
        super().__init__()
        self._model, self._clock, self._operator = model, clock, operator
        self._watched: QWindow | None = None
        self.window: RoomWindow | None = None
        self.preview: RoomWindow | None = None
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.screenAdded.connect(self._settle)
            app.screenRemoved.connect(self._removed)

    def follow_operator(self) -> None:
        """The operator's window is on the screen: take the other one, now and whenever that window moves."""
        handle = self._operator.window().windowHandle()
        if handle is not None and handle is not self._watched:
            self._watched = handle
            handle.screenChanged.connect(self._operator_moved)
        self._settle()

    @property
    def connected(self) -> bool:
        """Whether the room has a screen of its own."""
        return self.window is not None

    def show_preview(self) -> None:
        """大屏预览: the same picture in a window on the operator's screen, to be moved and closed."""
        if self.preview is None:
            self.preview = RoomWindow(self._model, self._clock)
            self.preview.setWindowFlags(Qt.WindowType.Window)
            self.preview.unsetCursor()
        self.preview.show()
        self.preview.raise_()

    def close(self) -> None:
        """The meeting is left: both windows go."""
        self._drop()
        preview, self.preview = self.preview, None
        if preview is not None:
            preview.close()
            preview.deleteLater()

    def _settle(self, _screen: QScreen | None = None) -> None:
        place = room_screen(QGuiApplication.screens(), self._operator.screen())
        if place is None or self.window is not None:
            return
        self.window = RoomWindow(self._model, self._clock)
        self.window.setScreen(place)
        self.window.setGeometry(place.geometry())
        self.window.setWindowState(Qt.WindowState.WindowFullScreen)
        self.window.show()

    def _operator_moved(self, screen: QScreen) -> None:
        """The operator's window came to the room's screen: the room's display makes way."""
        if self.window is not None and self.window.screen() is screen:
            self._drop()
        self._settle()

    def _removed(self, screen: QScreen) -> None:
        """The room's screen was unplugged: its window goes at once, before the system moves it over to the operator."""
        if self.window is not None and self.window.screen() is screen:
            self._drop()
            self._model.meeting.noticed.emit(Notice("host.screen-lost", tone="zheshi"))

    def _drop(self) -> None:
        gone, self.window = self.window, None
        if gone is not None:
            gone.close()
            gone.deleteLater()
