"""首页: see today, join in one press; the devices and the sync beside it."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import t
from ui.i18n.dates import clock_text, day_text, today
from ui.models.app_model import AppModel
from ui.models.home_model import HomeModel, Loading
from ui.models.pages import Page
from ui.shell.devices_card import DevicesCard
from ui.shell.home_cards import NextCard, OthersCard, SyncCard, TodoCard
from ui.shell.office import Office
from ui.theme import theme
from ui.widgets import Button, Card, EmptyState, Notice, PrimaryButton, ScrollColumn, clear
from ui.widgets.card import flush

TICK_MS = 5_000
SIDE, NARROW = 372, 1_080


class HomePage(QWidget):
    """Two columns that scroll under the top bar; the next meeting comes first."""

    def __init__(self, app: AppModel, model: HomeModel, office: Office) -> None:
        super().__init__()
        k = theme()
        self._app = app
        self._model = model
        self._office = office
        outer = QVBoxLayout(self)
        flush(outer)
        scroll = ScrollColumn()
        outer.addWidget(scroll)
        self._columns = columns = QHBoxLayout()
        columns.setContentsMargins(k.px(24), k.px(20), k.px(24), k.px(20))
        columns.setSpacing(k.px(16))
        scroll.column.addLayout(columns)
        scroll.column.addStretch(1)
        self._left = QVBoxLayout()
        flush(self._left, 16)
        columns.addLayout(self._left, 1)
        self._side = QWidget()
        self._right = right = QVBoxLayout(self._side)
        flush(right, 16)
        columns.addWidget(self._side)
        self.devices = DevicesCard(model)
        self.sync = SyncCard(app, lambda: app.go(Page.SYNC))
        right.addWidget(self.devices, 0, Qt.AlignmentFlag.AlignTop)
        right.addWidget(self.sync, 0, Qt.AlignmentFlag.AlignTop)
        right.addStretch(1)
        QShortcut(QKeySequence("Ctrl+R"), self).activated.connect(model.test_devices)
        model.changed.connect(self.refresh)
        app.sync_changed.connect(self.refresh)
        app.session_changed.connect(self.refresh)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._minute = ""
        self._picture: tuple[object, ...] = ()
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The side column goes below where the text is large and the screen is not."""
        super().resizeEvent(event)
        k, way = theme(), QBoxLayout.Direction
        narrow = self.width() < k.px(NARROW)
        self._columns.setDirection(way.TopToBottom if narrow else way.LeftToRight)
        self._right.setDirection(way.LeftToRight if narrow else way.TopToBottom)
        for place, (beside, below) in enumerate(((1, 0), (1, 0), (0, 1))):
            self._right.setStretch(place, beside if narrow else below)
        self._side.setFixedWidth(self.width() - 2 * k.px(24) if narrow else k.px(SIDE))

    @property
    def subtitle(self) -> str:
        """Beside the date in the top bar."""
        return t("home.count", len(self._model.meetings))

    def header_actions(self) -> list[QWidget]:
        """For the top bar."""
        return [Button(t("home.schedule"), "calendar-plus", size="small", clicked=self._office.schedule)]

    def _tick(self) -> None:
        minute = clock_text(self._model.now)
        if minute != self._minute:
            self.refresh()
            self.devices.refresh()

    def refresh(self) -> None:
        """Build the left column anew, but only for another picture: a press must not lose its button."""
        model, sync = self._model, self._app.sync
        self._minute = clock_text(model.now)
        picture = (
            (self._minute, model.state, model.meetings, model.coming),
            (sync.conflicts, sync.quarantined, self._app.meeting_id),
        )
        if picture == self._picture:
            return
        self._picture = picture
        clear(self._left)
        if model.state is Loading.FAILED:
            self._left.addWidget(
                Notice(t("home.error"), t("home.error_text"), actions=[Button(t("home.again"), clicked=model.load)])
            )
        card = model.next
        if card is not None:
            self._left.addWidget(NextCard(card, model.now, self._app, self._office))
        elif model.state is Loading.LOADING:
            waiting = Card()
            waiting.body.addWidget(EmptyState("calendar-sync-outline", t("home.loading")))
            self._left.addWidget(waiting)
        else:
            self._left.addWidget(self._empty())
        if model.others:
            self._left.addWidget(OthersCard(model.others, model.now, self._office))
        if self._app.sync.conflicts or self._app.sync.quarantined:
            self._left.addWidget(TodoCard(self._app))
        self._left.addStretch(1)
        self._office.page_title_changed()

    def _empty(self) -> Card:
        card, coming = Card(), self._model.coming
        following = t("home.nothing_coming")
        if coming is not None:
            day = today(coming.start)
            following = t("home.coming", day_text(day), clock_text(coming.start), coming.title)
        card.body.addWidget(
            EmptyState(
                "calendar-blank-outline",
                t("home.empty"),
                following,
                PrimaryButton(t("home.schedule"), "calendar-plus", clicked=self._office.schedule),
            )
        )
        return card
