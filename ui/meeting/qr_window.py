"""二维码签到 on the room's second screen: the code, what to do, and how many have signed in. Read from six metres.

It takes no keys and no focus, and closes with the door.
"""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ui.i18n import t
from ui.models.signin_model import SignInModel
from ui.shell.room_screen import room_screen
from ui.theme import theme
from ui.theme.fonts import SANS, SERIF
from ui.widgets.qr import Matrix, matrix_of, paint_code

DESIGN_HEIGHT = 1080


class QrWindow(QWidget):
    """The window; `show_on_second_screen` says whether there is a screen to show it on."""

    def __init__(self, model: SignInModel) -> None:
        super().__init__(None, Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowDoesNotAcceptFocus)
        self._model = model
        self._url = ""
        self._matrix: Matrix = ()
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setWindowTitle(t("door.title"))
        model.changed.connect(self.refresh)
        model.door.changed.connect(self.refresh)
        self.refresh()

    def show_on_second_screen(self, operator: QWidget) -> bool:
        """Fill the screen that is not the operator's; False where there is none."""
        screen = room_screen(QGuiApplication.screens(), operator.screen())
        if screen is None:
            return False
        self.setGeometry(screen.geometry())
        self.showFullScreen()
        return True

    def refresh(self) -> None:
        """Take up the code of now; without one the window goes."""
        view = self._model.door.view
        if view is None:
            if self.isVisible():
                self.close()
            return
        if view.url != self._url:
            self._url = view.url
            self._matrix = matrix_of(view.url)
        tally = self._model.tally
        self.setAccessibleName(t("door.room_name", self._model.title, tally.present, tally.expected))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        k, scale = theme(), self.height() / DESIGN_HEIGHT
        painter = QPainter(self)
        painter.fillRect(self.rect(), k.color("win"))

        def px(size: float) -> int:
            return round(size * scale)

        margin = px(90)
        side = min(self.height() - 2 * margin, self.width() // 2 - margin)
        code = QRect(margin, (self.height() - side) // 2, side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.GlobalColor.white)
        painter.drawRoundedRect(code.adjusted(-px(20), -px(20), px(20), px(20)), px(16), px(16))
        paint_code(painter, code, self._matrix)
        left = code.right() + px(110)
        room = self.width() - left - margin
        write = _Column(painter, QRect(left, margin, room, self.height()), scale).write
        at = write(margin, self._model.title, 52, "ink", families=SERIF)
        at = write(at + px(50), t("door.title"), 48, "accent")
        for step in ("door.step1", "door.step2", "door.step3"):
            at = write(at + px(26), t(step), 40, "ink", bold=False)
        tally = self._model.tally
        write(self.height() - margin - px(96), t("door.room_count", tally.present, tally.expected), 64, "shilv")
        painter.end()


class _Column:
    """Writes words below each other at the right of the code."""

    def __init__(self, painter: QPainter, room: QRect, scale: float) -> None:
        self._painter, self._room, self._scale = painter, room, scale

    def write(self, top: int, text: str, size: int, tone: str, *, families: list[str] = SANS, bold: bool = True) -> int:
        """Words in as many lines as they need; where they end."""
        painter = self._painter
        font = painter.font()
        font.setFamilies(families)
        font.setPixelSize(max(1, round(size * self._scale)))
        font.setBold(bold)
        painter.setFont(font)
        painter.setPen(theme().color(tone))
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        box = QRect(self._room.left(), top, self._room.width(), self._room.bottom() - top)
        used = painter.boundingRect(box, flags, text)
        painter.drawText(box, flags, text)
        return used.bottom()
