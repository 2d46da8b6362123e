"""The banner between top bar and page, and the bar that leads back into a running meeting. Neither scrolls away."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import fault_text, t
from ui.i18n.dates import moment_text
from ui.models.app_model import AppModel, BannerView
from ui.models.cautions import Caution
from ui.models.link import STRANGERS
from ui.models.pages import Page
from ui.theme import theme
from ui.widgets import Button, Icon, Notice, PrimaryButton, Text, clear

_LOOKS = {
    "offline": ("cloud-off-outline", "zheshi"),
    "refused": ("shield-alert-outline", "zhusha"),
    "disk": ("harddisk", "zhusha"),
    "moved": ("office-building-outline", "zheshi"),
    "rebuilt": ("database-refresh-outline", "zheshi"),
    "clock": ("clock-alert-outline", "zheshi"),
}
ACTION_ICONS = {"rebuilt": "cloud-check-outline"}


def caution_notice(caution: Caution) -> Notice:
    """A warning as a block on the pages that explain it."""
    icon_name, tone = _LOOKS[caution.kind]
    return Notice(t(f"banner.{caution.kind}"), fault_text(caution.fault), icon_name=icon_name, tone=tone)


class BannerHost(QWidget):
    """Shows the one banner of the app model, or takes no room."""

    def __init__(self, app: AppModel, parent: QWidget) -> None:
        super().__init__(parent)
        k = theme()
        self._app = app
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(k.px(20), k.px(14), k.px(20), 0)
        app.banner_changed.connect(self.show_banner)
        app.page_changed.connect(self.show_banner)
        self.show_banner()

    def show_banner(self) -> None:
        clear(self._column)
        banner = self._app.banner
        self.setVisible(banner is not None)
        if banner is not None:
            self._column.addWidget(self._notice(banner))

    def _notice(self, banner: BannerView) -> Notice:
        icon_name, tone = _LOOKS.get(banner.kind, ("alert", "zheshi"))
        title, text = t(f"banner.{banner.kind}"), ""
        if banner.kind == "offline" and banner.since is not None:
            title = t("banner.offline_since", moment_text(banner.since, self._app.clock.now()))
            text = t("banner.offline_text")
        elif banner.fault is not None:
            text = fault_text(banner.fault)
            if banner.fault.id in STRANGERS:
                title, text = t("banner.stranger"), f"{text}{t('banner.stranger_text')}"
        icon = ACTION_ICONS.get(banner.kind, "stethoscope")
        actions = []
        if banner.action is not None and banner.action is not self._app.page:
            actions = [Button(t(f"banner.{banner.kind}_action"), icon, clicked=self._act)]
        return Notice(title, text, icon_name=icon_name, tone=tone, actions=actions)

    def _act(self) -> None:
        banner = self._app.banner
        if banner is not None and banner.action is not None:
            self._app.go(Page(banner.action))


class ReturnBar(QFrame):
    """会议进行中 · 返回会议: stays at the top of every page while a meeting goes on behind it."""

    def __init__(self, app: AppModel, back: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        k = theme()
        self._app = app
        self.setProperty("role", "return")
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(24), k.px(6), k.px(20), k.px(6))
        row.setSpacing(k.px(10))
        row.addWidget(Icon("cast-audio", "accent", 20))
        self._words = Text("", "body", "accent", bold=True)
        row.addWidget(self._words, 1)
        hint = Text(t("session.return_key"), "small", "ink2")
        row.addWidget(hint, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(PrimaryButton(t("session.return"), "login-variant", clicked=back))
        app.session_changed.connect(self.show_session)
        self.show_session()

    def show_session(self) -> None:
        self.setVisible(bool(self._app.meeting_id) and not self._app.in_session)
        self._words.setText(t("session.running", self._app.meeting_title))
