"""The left rail: the logo, the pages that exist, diagnostics and settings below. One stop for Tab, arrows inside."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.domain.units import Level
from ui.i18n import t
from ui.models.pages import Page
from ui.theme import font, theme
from ui.theme.icons import pixmap
from ui.widgets import LevelMark

WIDTH = 80
ICONS = {
    Page.HOME: "home-outline",
    Page.MEETING: "cast-audio",
    Page.SIGN_IN: "account-multiple-check-outline",
    Page.MINUTES: "file-document-edit-outline",
    Page.OPINIONS: "comment-quote-outline",
    Page.ROLL_CALL: "format-list-checks",
    Page.READY: "monitor-dashboard",
    Page.SYNC: "cloud-check-outline",
    Page.PEOPLE: "shield-account-outline",
    Page.AUDIT: "shield-search",
    Page.DIAGNOSTICS: "stethoscope",
    Page.SETTINGS: "cog-outline",
}
FOOT = (Page.DIAGNOSTICS, Page.SETTINGS)


class RailItem(QPushButton):
    """One page: icon above its word; the current one lighter with a gold mark; a badge counts what needs a look."""

    def __init__(self, page: Page, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.page = page
        self._badge = 0
        self.setProperty("role", "rail")
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setFont(font("small"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(self.sizeHint())
        self._name()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(WIDTH), theme().px(64))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down are the rail's: a button would pass the focus on to whatever is next."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def set_badge(self, count: int) -> None:
        if count != self._badge:
            self._badge = count
            self._name()
            self.update()

    def _name(self) -> None:
        label = t(f"nav.{self.page}")
        self.setAccessibleName(t("nav.badge", label, self._badge) if self._badge else label)

    def paintEvent(self, _event: QPaintEvent) -> None:
        k, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        current = self.isChecked()
        if current or self.underMouse() or self.hasFocus():
            painter.setBrush(k.color("rail_current"))
            painter.setOpacity(1.0 if current else 0.5)
            box = QRectF(self.rect()).adjusted(k.px(8), k.px(1), -k.px(8), -k.px(1))
            painter.drawRoundedRect(box, k.px(6), k.px(6))
            painter.setOpacity(1.0)
        if current:
            painter.setBrush(k.color("gold"))
            painter.drawRoundedRect(QRectF(0, k.px(13), k.px(4), k.px(38)), k.px(2), k.px(2))
        ink = "#FFFFFF" if current else k.tokens.rail_ink
        side = k.px(22)
        left = (self.width() - side) // 2
        painter.drawPixmap(QRect(left, k.px(10), side, side), pixmap(ICONS[self.page], ink, 22))
        painter.setPen(ink)
        painter.setFont(font("small", bold=current))
        words = QRect(0, k.px(34), self.width(), k.px(24))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignCenter), t(f"nav.{self.page}"))
        if self._badge:
            self._paint_badge(painter)
        painter.end()

    def _paint_badge(self, painter: QPainter) -> None:
        k = theme()
        text = str(self._badge) if self._badge < 100 else "99+"
        painter.setFont(font("meta", bold=True))
        width = max(k.px(22), painter.fontMetrics().horizontalAdvance(text) + k.px(10))
        box = QRectF(self.width() - k.px(8) - width, k.px(4), width, k.px(19))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(k.color("gold"))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setPen(k.color("gold_ink"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)


class Rail(QFrame):
    """The pages given, in order; `chosen` is called with the page."""

    def __init__(
        self, pages: Sequence[Page], chosen: Callable[[Page], object], by_keyboard: Callable[[], object]
    ) -> None:
        super().__init__()
        k = theme()
        self.setProperty("role", "rail")
        self.setFixedWidth(k.px(WIDTH))
        self._by_keyboard = by_keyboard
        column = QVBoxLayout(self)
        column.setContentsMargins(0, k.px(16), 0, k.px(12))
        column.setSpacing(k.px(3))
        column.addWidget(LevelMark(Level.PROVINCE, 28, on_rail=True), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(k.px(14))
        self.items: dict[Page, RailItem] = {}
        for page in [page for page in pages if page not in FOOT]:
            column.addWidget(self._item(page, chosen))
        column.addStretch(1)
        for page in [page for page in pages if page in FOOT]:
            column.addWidget(self._item(page, chosen))
        self.setAccessibleName(t("nav.rail"))

    def set_current(self, page: Page) -> None:
        for item in self.items.values():
            item.setChecked(item.page is page)
            item.setFocusPolicy(Qt.FocusPolicy.StrongFocus if item.page is page else Qt.FocusPolicy.ClickFocus)

    def allow(self, pages: Sequence[Page]) -> None:
        """Show these alone: what the person who sits here may see."""
        for page, item in self.items.items():
            item.setVisible(page in pages)

    def set_badge(self, page: Page, count: int) -> None:
        if page in self.items:
            self.items[page].set_badge(count)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        items = [item for item in self.items.values() if not item.isHidden()]
        focused = next((item for item in items if item.hasFocus()), None)
        if step is None or focused is None:
            super().keyPressEvent(event)
            return
        self._by_keyboard()
        items[(items.index(focused) + step) % len(items)].setFocus(Qt.FocusReason.TabFocusReason)

    def _item(self, page: Page, chosen: Callable[[Page], object]) -> RailItem:
        item = RailItem(page)
        item.clicked.connect(lambda _checked=False: chosen(page))
        self.items[page] = item
        return item
