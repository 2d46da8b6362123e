"""One sentence at the foot of a picture: it lies over it and moves nothing; news goes by itself."""

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.i18n import t
from ui.meeting.bars import Strip
from ui.theme import theme
from ui.widgets import IconButton, clear, flush

PASSES_MS = 8_000
MARKS = {"zhusha": "alert-circle-outline", "zheshi": "alert-outline", "shilv": "check-circle-outline"}


class PassingNote(QWidget):
    """Over the lower edge of `ground`, as wide as it."""

    def __init__(self, ground: QWidget) -> None:
        super().__init__(ground)
        self._ground = ground
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
        edge, foot = k.px(14), k.px(14)
        self.setGeometry(edge, self._ground.height() - foot - high, self._ground.width() - 2 * edge, high)
