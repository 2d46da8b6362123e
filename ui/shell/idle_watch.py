"""Locks a seat that nobody used for a while. Watches the window's own input only, before it is spread to widgets."""

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

LOOK_MS = 5_000
_SIGNS = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
    }
)


class IdleWatch(QObject):
    """Calls `lock` after `limit()` seconds without a sign of a person; 0 means never."""

    def __init__(self, window: QWidget, limit: Callable[[], float], lock: Callable[[], object]) -> None:
        super().__init__(window)
        self._window = window
        self._limit = limit
        self._lock = lock
        self._since = QElapsedTimer()
        self._since.start()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def watch(self) -> None:
        """The native window exists now."""
        handle = self._window.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)

    def look(self) -> None:
        """Lock where the time is over."""
        limit = self._limit()
        if limit <= 0:
            self._since.restart()
        elif self._since.elapsed() >= limit * 1000:
            self._lock()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _SIGNS:
            self._since.restart()
        return super().eventFilter(watched, event)
