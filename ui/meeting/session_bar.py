"""The bar of a running meeting: back to home, title, who is on air, link, what is saved, sites, own site, clock."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout

from desktop_app.domain.units import level_of
from ui.i18n import t
from ui.i18n.dates import clock_text
from ui.models.meeting_model import MeetingModel
from ui.theme import theme
from ui.widgets import Chip, Divider, ElidedText, LinkButton, SiteName, Text

TITLE_PX = 21


class SessionBar(QFrame):
    """It never scrolls away."""

    def __init__(self, model: MeetingModel, home: Callable[[], object]) -> None:
        super().__init__()
        self._model = model
        k = theme()
        self.setProperty("role", "panel")
        self.setProperty("edge", "bottom")
        self.setFixedHeight(k.px(56))
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(8), 0, k.px(20), 0)
        row.setSpacing(k.px(12))
        back = LinkButton(t("call.home"), "arrow-left", clicked=home)
        back.setToolTip(t("call.home-tip"))
        row.addWidget(back)
        row.addWidget(Divider(vertical=True))
        row.addSpacing(k.px(2))
        self._title = ElidedText("", "document")
        title = self._title.font()
        title.setPixelSize(k.px(TITLE_PX))
        self._title.setFont(title)
        row.addWidget(self._title, 0)
        self._air = Chip("", "broadcast", "onair")
        row.addWidget(self._air)
        row.addStretch(1)
        self._link = Chip("", "lan-connect", "shilv", quiet=True)
        self._saved = Chip(t("call.saved"), "content-save-check-outline", "shilv", quiet=True)
        self._sites = Chip("", "lan-connect", "shilv", quiet=True)
        for chip in (self._link, self._saved, self._sites):
            row.addWidget(chip)
        row.addWidget(Divider(vertical=True))
        name = SiteName(level_of(model.own), model.own_name, bold=True)
        name.setMaximumWidth(k.px(220))
        row.addWidget(name)
        self._clock = Text("", "page", "ink2")
        row.addWidget(self._clock, 0, Qt.AlignmentFlag.AlignVCenter)
        self.refresh()
        self.tick()

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self._model
        self._title.set_text(model.title)
        air = model.broadcast if model.cut_since is None else None
        self._air.setVisible(air is not None)
        if air is not None:
            self._air.set_state(t("call.onair", model.name_of(air)), "broadcast", "onair")
        self._link.setVisible(not model.online)
        if model.offline_since is not None:
            self._link.set_state(t("call.link-lost"), "lan-disconnect", "zheshi")
        else:
            self._link.set_state(t("call.link-joining"), "sync", "shiqing")
        online, total = model.sites_online, model.sites_total
        self._sites.setVisible(total > 0 and model.online)
        if online < total:
            self._sites.set_state(t("call.sites", online, total), "lan-disconnect", "zheshi")
        else:
            self._sites.set_state(t("call.sites", online, total), "lan-connect", "shilv", quiet=True)

    def tick(self) -> None:
        self._clock.setText(clock_text(self._model.now))
