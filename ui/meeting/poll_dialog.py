"""轮询: which sites are shown one after the other, for how long each, and on whose screens."""

from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QWidget

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level, is_within
from media.meeting.showing import POLL_SECONDS as ALLOWED
from ui.i18n import t
from ui.meeting.acts import tried
from ui.models.hosting_model import POLL_SECONDS, HostingModel
from ui.models.meeting_rows import Presence, RosterRow
from ui.theme import font
from ui.widgets import Button, PrimaryButton, Text
from ui.widgets.dialog import Dialog
from ui.widgets.number_field import NumberField

MOST_SECONDS = 600


class PollDialog(Dialog):
    """Only who is here takes part; who is away is passed over."""

    def __init__(self, hosting: HostingModel, parent: QWidget | None) -> None:
        super().__init__(t("poll.title"), parent, 460)
        self._hosting = hosting
        self.body.addWidget(Text(t("poll.why"), "small", "ink2", wrap=True))
        polling = hosting.state.polling
        self._sites = QComboBox()
        self._sites.setFont(font("body"))
        self._sites.setAccessibleName(t("poll.sites"))
        self._sites.addItem(t("poll.all", len(self._here(""))), "")
        cities = [row for row in hosting.meeting.roster if row.level is Level.CITY]
        for row in cities:
            under = len(self._here(row.unit_path))
            if under > 1:
                self._sites.addItem(t("poll.city", row.name, under), row.unit_path)
        self._add(t("poll.sites"), self._sites)
        seconds = polling.interval_seconds if polling is not None else POLL_SECONDS
        self._seconds = NumberField(t("poll.each"), seconds, ALLOWED.start, MOST_SECONDS, t("poll.unit"))
        self._add(t("poll.each"), self._seconds)
        self._everyone = QCheckBox(t("poll.everyone"))
        self._everyone.setFont(font("body"))
        self._everyone.setChecked(polling is not None and polling.everyone)
        self.body.addWidget(self._everyone)
        self.add_button(Button(t("call.cancel"), clicked=self.reject))
        self.add_button(PrimaryButton(t("host.poll"), "rotate-3d-variant", clicked=self._start), default=True)
        self._seconds.setFocus()

    def _here(self, within: str) -> list[RosterRow]:
        rows = self._hosting.meeting.roster
        return [
            row
            for row in rows
            if row.presence is Presence.HERE
            and not row.local
            and (not within or is_within(row.unit_path, UnitPath(within)))
        ]

    def _add(self, label: str, part: QWidget) -> None:
        row = QHBoxLayout()
        row.addWidget(Text(label, "body"))
        row.addStretch(1)
        row.addWidget(part)
        self.body.addLayout(row)

    def _start(self) -> None:
        paths = [row.unit_path for row in self._here(self._sites.currentData())]
        seconds, everyone = self._seconds.value(), self._everyone.isChecked()
        hosting = self._hosting
        tried(hosting.meeting, lambda: hosting.poll(seconds, everyone=everyone, paths=paths))()
        self.accept()
