"""The bar of a running meeting in the place of rail and top bar: back, title, on air, what is saved, who is here."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout

from desktop_app.domain.meetings import MeetingMode
from ui.i18n import t
from ui.i18n.dates import duration_text
from ui.models.app_model import AppModel
from ui.models.meeting_model import MeetingModel
from ui.shell.top_bar import HEIGHT, StatusCorner
from ui.theme import font, theme
from ui.widgets import Chip, Divider, ElidedText, LinkButton


class SessionBar(QFrame):
    """返回首页 does not leave the meeting."""

    def __init__(self, app: AppModel, meeting: MeetingModel, back: Callable[[], object]) -> None:
        super().__init__()
        k = theme()
        self._app = app
        self._meeting = meeting
        self.setProperty("role", "panel")
        self.setProperty("edge", "bottom")
        self.setFixedHeight(k.px(HEIGHT))
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(6), 0, 0, 0)
        row.setSpacing(k.px(10))
        row.addWidget(LinkButton(t("session.home"), "arrow-left", clicked=back))
        row.addWidget(Divider(vertical=True))
        row.addSpacing(k.px(4))
        self.title = ElidedText("", "document")
        title_font = font("document")
        title_font.setPixelSize(k.px(21))
        self.title.setFont(title_font)
        row.addWidget(self.title)
        self.on_air = Chip("", "broadcast", "onair")
        self.recording = Chip("", "record-circle-outline")
        self.locked = Chip(t("host.locked-chip"), "lock-outline")
        self.rehearsal = Chip(t("course.rehearsal"), "connection", "accent")
        self.rehearsal.setToolTip(t("course.rehearsal-tip"))
        self.paused = Chip(t("host.paused-chip"), "pause-circle-outline", "zheshi")
        self.link = Chip("", "lan-connect")
        self.saved = Chip("", "content-save-check-outline")
        self.sites = Chip("", "lan-connect")
        row.addWidget(self.on_air, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        for chip in (self.rehearsal, self.paused, self.recording, self.locked, self.link, self.saved, self.sites):
            row.addWidget(chip, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(k.px(4))
        row.addWidget(StatusCorner(app))
        for signal in (meeting.changed, app.session_changed, app.sync_changed):
            signal.connect(self.refresh)
        meeting.ticked.connect(self._show_recording)
        self.refresh()

    def refresh(self) -> None:
        """Show the meeting as it is."""
        meeting, pending = self._meeting, self._app.sync.pending
        self.title.set_text(meeting.title or self._app.meeting_title)
        source = meeting.broadcast
        self.on_air.setVisible(source is not None)
        if source is not None:
            self.on_air.set_state(t("session.on_air", meeting.name_of(source)), "broadcast", "onair")
        state = meeting.state
        self.rehearsal.setVisible(state.mode is MeetingMode.REHEARSAL and meeting.in_meeting)
        self.paused.setVisible(state.paused_at is not None)
        self.locked.setVisible(state.locked)
        self._show_recording()
        self.link.setVisible(not meeting.online)
        if meeting.offline_since is not None:
            self.link.set_state(t("link.offline"), "lan-disconnect", "zheshi")
        else:
            self.link.set_state(t("link.unknown"), "lan-pending", "shiqing", quiet=True)
        saved = t("session.saved_pending", pending) if pending else t("session.saved")
        self.saved.set_state(saved, "content-save-check-outline", "shilv", quiet=True)
        here, total = meeting.sites_online, meeting.sites_total
        self.sites.setVisible(total > 0 and meeting.online)
        if here < total:
            self.sites.set_state(t("session.sites", here, total), "lan-disconnect", "zheshi")
        else:
            self.sites.set_state(t("session.sites", here, total), "lan-connect", "shilv", quiet=True)

    def _show_recording(self) -> None:
        since = self._meeting.state.recording_since
        self.recording.setVisible(since is not None)
        if since is not None:
            length = duration_text((self._meeting.center_now - since).total_seconds())
            self.recording.set_state(t("host.recording", length), "record-circle-outline", "neutral")
