"""One sentence at the foot of a picture: it lies over it and moves nothing; news goes by itself."""

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.i18n import t
from ui.meeting.bars import Strip
from ui.picture.grid import VideoGrid
from ui.theme import theme
from ui.widgets import IconButton, clear, flush

PASSES_MS = 8_000
MARKS = {"zhusha": "alert-circle-outline", "zheshi": "alert-outline", "shilv": "check-circle-outline"}


class PassingNote(QWidget):
    """Near the lower edge of `ground`, as wide as it, above the captions of its grid: names stay readable."""

    def __init__(self, ground: QWidget, grid: VideoGrid) -> None:
        super().__init__(ground)
        self._ground, self._grid = ground, grid
        self._place = QVBoxLayout(self)
        flush(self._place)
        self._timer = QTimer(self, interval=PASSES_MS, singleShot=True)
        self._timer.timeout.connect(self.hide)
        ground.installEventFilter(self)
        self.hide()

    def show_text(self, text: str, tone: str, *, stays: bool) -> None:
        """Show this sentence in the place of the one before; it goes after a while unless it `stays`."""
        clear(self._place)
        block = Strip(
            MARKS.get(tone, "information-outline"),
            tone,
            (IconButton("close", t("call.put-away"), clicked=self.hide),),
            lines=1,
        )
        block.set_text(text)
        self._place.addWidget(block)
        block.show()  # at once also where the sentence before stands, or it would have no height yet
        self.setAccessibleName(text)
        self._timer.stop() if stays else self._timer.start()
        self._settle()
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self._settle()
        return super().eventFilter(watched, event)

    def _settle(self) -> None:
        k, high = theme(), self.sizeHint().height()
        edge = k.px(14)
        lowest = self._grid.mapTo(self._ground, QPoint(0, self._grid.caption_top())).y()
        self.setGeometry(edge, max(0, lowest - k.px(8) - high), self._ground.width() - 2 * edge, high)
