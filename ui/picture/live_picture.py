"""One source's picture in a place of its own: painted as large as it fits, and only when there is another one."""

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from media.frames import Frame, FrameSource
from ui.theme import font, theme
from ui.theme.icons import pixmap

LOOK_MS = 40


class LivePicture(QWidget):
    """`source` is asked at each look, so that it may come and go; while hidden nothing is asked for."""

    def __init__(self, source: Callable[[], FrameSource | None], icon_name: str, why_none: str = "") -> None:
        super().__init__()
        self._source_of, self._icon, self._why = source, icon_name, why_none
        self._source: FrameSource | None = None
        self._frame: Frame | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)

    @property
    def has_picture(self) -> bool:
        return self._frame is not None

    def look(self) -> None:
        """Take up a new picture."""
        source = self._source_of()
        if source is not self._source:
            if self._source is not None:
                self._source.want(0, 0)
            self._source = source
            self._want()
        frame = source.latest() if source is not None else None
        if frame is not self._frame:
            self._frame = frame
            self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._want()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
        if self._source is not None:
            self._source.want(0, 0)
        self._source = self._frame = None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._want()

    def paintEvent(self, _event: QPaintEvent) -> None:
        k, painter, frame = theme(), QPainter(self), self._frame
        painter.fillRect(self.rect(), k.color("sunken"))
        if frame is not None:
            image = QImage(frame.plane, frame.width, frame.height, frame.stride, QImage.Format.Format_RGB32)
            size = QSize(frame.width, frame.height).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            left, top = (self.width() - size.width()) // 2, (self.height() - size.height()) // 2
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRect(left, top, size.width(), size.height()), image)
        else:
            middle, side = self.rect().center(), k.px(40)
            painter.drawPixmap(middle.x() - side // 2, middle.y() - k.px(44), pixmap(self._icon, "ink3", 40))
            painter.setPen(k.color("ink2"))
            painter.setFont(font("small"))
            flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)
            below = QRect(k.px(16), middle.y() + k.px(6), self.width() - k.px(32), k.px(60))
            painter.drawText(below, flags, self._why)
        painter.end()

    def _want(self) -> None:
        if self._source is not None and self.isVisible():
            ratio = self.devicePixelRatioF()
            self._source.want(round(self.width() * ratio), round(self.height() * ratio))
