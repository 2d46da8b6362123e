"""您正在共享: a bar on top of everything with the way out, and a frame around a screen that is shared."""

from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from ui.i18n import t
from ui.models.share_model import ShareModel
from ui.theme import theme
from ui.widgets import Button, ElidedText, Icon

STOP_KEY = "F12"
THICK = 4
_ABOVE = Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint | Qt.WindowType.Tool


class ShareBar(QFrame):
    """It does not take the keyboard from what is presented."""

    def __init__(self, model: ShareModel) -> None:
        super().__init__(None, _ABOVE)
        k = theme()
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setProperty("role", "notice")
        self.setProperty("tone", "accent")
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(14), k.px(6), k.px(8), k.px(6))
        row.setSpacing(k.px(10))
        row.addWidget(Icon("monitor-share", "accent", 18))
        self._words = ElidedText("", "body", "accent", bold=True)
        row.addWidget(self._words, 1)
        self.stop = Button(t("share.stop"), "close", size="small", clicked=model.stop)
        self.stop.setToolTip(t("share.stop-tip"))
        row.addWidget(self.stop)
        key = QShortcut(QKeySequence(STOP_KEY), self)
        key.activated.connect(model.stop)
        self.setFixedWidth(k.px(460))
        self.setWindowTitle(t("share.open"))

    def name(self, title: str) -> None:
        """What is shared."""
        self._words.set_text(t("share.now", title))
        self.setAccessibleName(t("share.now", title))


class _Edge(QWidget):
    """One side of the frame; a click goes through it."""

    def __init__(self) -> None:
        super().__init__(None, _ABOVE | Qt.WindowType.WindowTransparentForInput)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("accent"))
        painter.end()


class ShareFrame(QObject):
    """Comes and goes with the sharing, and goes with `parent`."""

    def __init__(self, model: ShareModel, parent: QObject) -> None:
        super().__init__(parent)
        parent.destroyed.connect(self.close)
        self._model = model
        self.bar: ShareBar | None = None
        self.edges: list[_Edge] = []
        model.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self._model
        if not model.is_on or model.what is None:
            self.close()
            return
        if self.bar is not None:
            self.bar.name(model.what.title)
            return
        self.bar = ShareBar(model)
        self.bar.name(model.what.title)
        self.bar.adjustSize()
        area = model.area
        around = area if area is not None else QGuiApplication.primaryScreen().geometry()
        self.bar.move(around.center().x() - self.bar.width() // 2, around.top() + THICK)
        self.bar.show()
        if area is not None:
            self._draw(area)

    def close(self) -> None:
        """Take everything away; idempotent."""
        for part in (self.bar, *self.edges):
            if part is not None:
                part.close()
                part.deleteLater()
        self.bar, self.edges = None, []

    def _draw(self, area: QRect) -> None:
        thick = theme().px(THICK)
        sides = (
            QRect(area.left(), area.top(), area.width(), thick),
            QRect(area.left(), area.bottom() - thick + 1, area.width(), thick),
            QRect(area.left(), area.top(), thick, area.height()),
            QRect(area.right() - thick + 1, area.top(), thick, area.height()),
        )
        for side in sides:
            edge = _Edge()
            edge.setGeometry(side)
            edge.show()
            self.edges.append(edge)
