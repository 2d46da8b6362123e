"""会场大屏: a window of its own for the room's second screen. No controls, no cursor; it never takes the focus."""

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from desktop_app.domain.clock import Clock
from media.frames import Frame, FrameSource
from ui.i18n import t
from ui.meeting.room_paint import RoomPainter
from ui.models.room_model import RoomModel, RoomScene
from ui.models.slide_model import SlideState
from ui.picture.geometry import Box, wanted_size
from ui.theme.tokens import DARK, LIGHT, Tokens

TICK_MS = 40
FREEZE_S = 3.0


class RoomWindow(QWidget):
    """Shows what the model says and the picture of whoever is on air."""

    def __init__(self, model: RoomModel, clock: Clock, tokens: Tokens | None = None) -> None:
        """Without `tokens` the scheme is the one that the settings name."""
        flags = Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowDoesNotAcceptFocus
        super().__init__(None, flags)
        self._model, self._clock, self._given = model, clock, tokens
        self._tokens = self._scheme()
        self._painter = RoomPainter(self.size(), self._tokens)
        self._shown = model.picture
        self._source: FrameSource | None = None
        self._air = ""
        self._frame: Frame | None = None
        self._shared: FrameSource | None = None
        self._screen_frame: Frame | None = None
        self._screen: QImage | None = None
        self._image: QImage | None = None
        self.setWindowTitle(t("room.window"))
        self.setAccessibleName(t("room.window"))
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setMinimumSize(480, 270)
        self.resize(960, 540)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._look)
        model.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Take up what the model says now."""
        shown = self._model.picture
        if self._scheme() is not self._tokens:
            self._tokens = self._scheme()
            self._painter = RoomPainter(self.size(), self._tokens)
            self.update()
        if shown != self._shown or shown.scene is RoomScene.CONTENT:
            self._shown = shown
            self.setAccessibleDescription(self._spoken())
            self.update()
        self._follow()

    def _scheme(self) -> Tokens:
        return self._given or (LIGHT if self._model.light else DARK)

    def _spoken(self) -> str:
        shown = self._shown
        who = shown.caption
        return " ".join(part for part in (shown.title, who.site if who else "", who.name if who else "") if part)

    def _follow(self) -> None:
        """Watch whoever is on air; nobody while there is no picture on the screen."""
        live = self.isVisible() and self._shown.scene in (RoomScene.RUNNING, RoomScene.CONTENT)
        air = str(self._shown.air or "") if live else ""
        if air != self._air:
            if self._source is not None:
                self._source.want(0, 0)
            self._air, self._frame, self._image = air, None, None
            self._source = self._model.meeting.room_source(air) if air else None
            self.update()
        if self._source is not None:
            self._source.want(*wanted_size(self._picture_box(), self.devicePixelRatioF()))

    def _picture_box(self) -> Box:
        beside = self._shown.scene is RoomScene.CONTENT
        return self._painter.small_frame if beside else self._painter.frame

    def _slide(self) -> QImage | None:
        """The page as large as the frame."""
        slides = self._model.slides
        if slides is None or self._shown.scene is not RoomScene.CONTENT:
            return None
        box, ratio = self._painter.frame, self.devicePixelRatioF()
        if slides.state is SlideState.LIVE:
            return self._screen
        return slides.picture(round(box.width * ratio), round(box.height * ratio), follow=True)

    def _look_at_screen(self) -> None:
        """Take up what another site shares of its screen."""
        slides = self._model.slides
        live = self.isVisible() and slides is not None and self._shown.scene is RoomScene.CONTENT
        source = slides.screen("room") if live and slides is not None else None
        if source is not self._shared:
            if self._shared is not None:
                self._shared.want(0, 0)
            self._shared, self._screen, self._screen_frame = source, None, None
        if source is None:
            return
        box, ratio = self._painter.frame, self.devicePixelRatioF()
        source.want(round(box.width * ratio), round(box.height * ratio))
        frame = source.latest()
        if frame is not None and frame is not self._screen_frame:
            self._screen_frame = frame
            self._screen = QImage(frame.plane, frame.width, frame.height, frame.stride, QImage.Format.Format_RGB32)
            self.update(box.x, box.y, box.width, box.height)

    def _look(self) -> None:
        self._look_at_screen()
        frame = self._source.latest() if self._source is not None else None
        if frame is None or self._clock.monotonic() - frame.at > FREEZE_S:
            if self._image is not None:
                self._frame = self._image = None
                self.update()
            return
        if self._frame is None or frame.number != self._frame.number:
            self._frame = frame
            self._image = QImage(frame.plane, frame.width, frame.height, frame.stride, QImage.Format.Format_RGB32)
            box = self._picture_box()
            self.update(box.x, box.y, box.width, box.height)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._painter.paint(painter, self._shown, self._image, self._slide())
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._painter = RoomPainter(self.size(), self._tokens)
        self._follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
        self._follow()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self._follow()
