"""The bar above every page: its title, what it offers, the link, the sync, the site and the clock."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from ui.i18n import t
from ui.i18n.dates import clock_text, local
from ui.models.app_model import AppModel
from ui.models.link import LinkLight
from ui.theme import theme
from ui.widgets import Chip, Divider, ElidedText, IconButton, SiteName, Text
from ui.widgets.card import flush

HEIGHT = 56


def show_link(chip: Chip, app: AppModel) -> None:
    """网络正常 (quiet), 正在连接, 网络断开, 省中心未接受."""
    states = {
        LinkLight.UNKNOWN: (t("link.unknown"), "lan-pending", "shiqing", True),
        LinkLight.ONLINE: (t("link.online"), "lan-connect", "shilv", True),
        LinkLight.OFFLINE: (t("link.offline"), "lan-disconnect", "zheshi", False),
        LinkLight.REFUSED: (t("link.refused"), "lan-disconnect", "zhusha", False),
    }
    text, icon_name, tone, quiet = states[app.link.light]
    chip.set_state(text, icon_name, tone, quiet=quiet)


def show_sync(chip: Chip, app: AppModel) -> None:
    """已同步 09:16 (quiet), 上传中 n, 待同步 n; a conflict comes before all of them."""
    sync = app.sync
    if sync.conflicts:
        chip.set_state(t("sync.chip_conflict", sync.conflicts), "swap-horizontal", "zitang")
    elif sync.pending and app.online:
        chip.set_state(t("sync.chip_sending", sync.pending), "sync", "shiqing")
    elif sync.pending:
        chip.set_state(t("sync.chip_pending", sync.pending), "cloud-upload-outline", "zheshi")
    elif sync.last_receipt_at is not None:
        text = t("sync.chip_synced", clock_text(sync.last_receipt_at))
        chip.set_state(text, "cloud-check-outline", "shilv", quiet=True)
    else:
        chip.set_state(t("sync.chip_nothing"), "cloud-check-outline", "shilv", quiet=True)


class StatusCorner(QWidget):
    """Site, clock and who sits here: the right end of both bars."""

    def __init__(self, app: AppModel) -> None:
        super().__init__()
        k = theme()
        self._app = app
        row = QHBoxLayout(self)
        flush(row)
        row.addWidget(Divider(vertical=True))
        row.addSpacing(k.px(18))
        row.addWidget(SiteName(app.level, app.unit_name, "body", bold=True))
        row.addSpacing(k.px(20))
        self.clock = Text("", "page", "ink2")
        self.clock.setMinimumWidth(self.clock.fontMetrics().horizontalAdvance("00:00") + k.px(2))
        row.addWidget(self.clock)
        row.addSpacing(k.px(8))
        self.lock = IconButton("lock-outline", "", clicked=app.lock)
        row.addWidget(self.lock)
        row.addSpacing(k.px(12))
        self._timer = QTimer(self)
        self._timer.setInterval(500)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._tick()
        app.operator_changed.connect(self._show_operator)
        self._show_operator()

    def _tick(self) -> None:
        text = clock_text(self._app.clock.now())
        if text != self.clock.text():
            self.clock.setText(text)

    def _show_operator(self) -> None:
        name = self._app.operator.name if self._app.operator else ""
        words = t("top.lock", name)
        self.lock.setAccessibleName(words)
        self.lock.setToolTip(words)


class TopBar(QFrame):
    """Title and subtitle, the page's own actions, the two state chips and the corner."""

    def __init__(self, app: AppModel) -> None:
        super().__init__()
        k = theme()
        self._app = app
        self.setProperty("role", "panel")
        self.setProperty("edge", "bottom")
        self.setFixedHeight(k.px(HEIGHT))
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(24), 0, 0, 0)
        row.setSpacing(k.px(10))
        self.title = Text("", "page")
        self.subtitle = ElidedText("", "small", "ink2")
        row.addWidget(self.title)
        row.addWidget(self.subtitle, 1)
        self._actions = QHBoxLayout()
        flush(self._actions, 8)
        row.addLayout(self._actions)
        self.link = Chip("", "lan-connect")
        self.sync = Chip("", "cloud-check-outline")
        row.addWidget(self.link, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.sync, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(k.px(4))
        row.addWidget(StatusCorner(app))
        app.link_changed.connect(self._show_states)
        app.sync_changed.connect(self._show_states)
        self._show_states()

    def show_page(self, title: str, subtitle: str = "", actions: Sequence[QWidget] = ()) -> None:
        """Another page; the actions of the one before go back to their page."""
        self.title.setText(title)
        self.subtitle.set_text(subtitle)
        while (item := self._actions.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()  # before it has no parent: a layout's queued show would make it a window
                widget.setParent(None)
        for action in actions:
            self._actions.addWidget(action, 0, Qt.AlignmentFlag.AlignVCenter)
            action.show()

    def retitle(self, title: str, subtitle: str) -> None:
        """The same page under another title."""
        self.title.setText(title)
        self.subtitle.set_text(subtitle)

    def _show_states(self) -> None:
        show_link(self.link, self._app)
        show_sync(self.sync, self._app)


def greeting_date(app: AppModel) -> str:
    """`1 月 17 日 星期六`, the title of home."""
    from ui.i18n.dates import day_text, weekday_text

    day = local(app.clock.now()).date()
    return t("date.full", day_text(day), weekday_text(day))
