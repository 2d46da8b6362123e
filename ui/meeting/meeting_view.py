"""会议: what lies below the session bar of a running meeting. It holds no state: all it shows is the model's."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.meetings import MeetingMode
from ui.i18n import fault_text, t
from ui.meeting.acts import tried
from ui.meeting.banner import MeetingBanner
from ui.meeting.control_bar import ControlBar
from ui.meeting.dialogs import EndDialog
from ui.meeting.floor_panel import FloorPanel
from ui.meeting.host_menu import HostMenu
from ui.meeting.member_dialog import MemberDialog
from ui.meeting.passing_note import PassingNote
from ui.meeting.preview_dialog import PreviewDialog
from ui.meeting.room_menu import RoomMenu
from ui.meeting.roster_panel import RosterPanel
from ui.meeting.share_dialog import ShareDialog
from ui.meeting.share_frame import ShareFrame
from ui.meeting.stage import Stage
from ui.models.guest_door_model import GuestDoorModel
from ui.models.hosting_model import HostingModel
from ui.models.meeting_model import MeetingModel, Notice
from ui.models.meeting_rights import Act
from ui.models.room_model import RoomModel
from ui.models.share_model import ShareModel
from ui.models.slide_model import SlideModel
from ui.picture.geometry import GridLayout
from ui.picture.grid import VideoGrid


class MeetingView(QWidget):
    """Banner, roster, grid, floor, control bar."""

    sign_in_pressed = Signal()
    minutes_pressed = Signal()
    roll_call_pressed = Signal()

    def __init__(
        self,
        model: MeetingModel,
        room: RoomModel | None = None,
        preview: Callable[[], object] | None = None,
        hosting: HostingModel | None = None,
        slides: SlideModel | None = None,
        share: ShareModel | None = None,
        guests: GuestDoorModel | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.model = model
        self.room_menu = RoomMenu(room, preview, self) if room is not None and preview is not None else None
        self.setProperty("role", "page")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.hosting = hosting or HostingModel(model, self)
        self._share = share
        self._host_menu = HostMenu(self.hosting, self, slides, guests)
        self._banner = MeetingBanner(self.hosting, self.sign_in_pressed.emit, self.minutes_pressed.emit)
        column.addWidget(self._banner)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        self._roster = RosterPanel(model)
        self._stage = Stage(model, model.clock, self.hosting, slides, self._host_menu.ask_slides)
        self._floor = FloorPanel(
            model, self.hosting, ask=self.ask_floor, grant=self.grant, write=self._host_menu.ask_message
        )
        middle.addWidget(self._roster)
        middle.addWidget(self._stage, 1)
        middle.addWidget(self._floor)
        column.addLayout(middle, 1)
        self._controls = ControlBar(
            model,
            ask_floor=self.ask_floor,
            leave=self._leave,
            end=self.ask_end,
            host=self._host_menu,
            roll_call=self.roll_call_pressed.emit,
            room=self.room_menu,
            share=share,
            toggle_share=self.toggle_share,
        )
        self._share_frame = ShareFrame(share, self) if share is not None else None
        if share is not None:
            share.changed.connect(self._controls.refresh)
        column.addWidget(self._controls)
        self._note = PassingNote(self._stage, self.grid)
        self._roster.selected.connect(self._stage.select)
        self._stage.selected.connect(self._roster.select)
        model.changed.connect(self.refresh)
        model.ticked.connect(self._tick)
        model.noticed.connect(self.tell)
        self._keys()
        self.refresh()

    @property
    def grid(self) -> VideoGrid:
        return self._stage.grid

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._stage.grid.setFocus()

    def refresh(self) -> None:
        """Take up what the model says now."""
        for part in (self._roster, self._stage, self._floor, self._controls, self._banner):
            part.refresh()

    def set_layout(self, layout: GridLayout) -> None:
        """均分 or 主讲."""
        self._stage.set_layout(layout)

    def tell(self, notice: Notice) -> None:
        """Show one sentence below the grid: news goes by itself, a fault stays until it is put away."""
        text = fault_text(notice.fault) if notice.fault is not None else t(notice.key, *notice.values)
        if notice.fault is not None and notice.fault.id == "act-not-allowed":
            text = t(str(notice.fault.values.get("reason", "why.not-open")), "")
        self._note.show_text(text, notice.tone, stays=notice.fault is not None)

    def grant_first(self) -> None:
        """准许 the first who waits and is connected (Ctrl+G)."""
        first = next((row for row in self.model.queue if row.connected and not row.held), None)
        if first is not None:
            self.grant(first.request_id)

    def grant(self, request_id: str) -> None:
        """准许; in a lecture a question is looked at before it goes on every screen."""
        row = next((one for one in self.model.queue if one.request_id == request_id), None)
        if row is None or self.model.state.mode is not MeetingMode.LECTURE or not self.model.right(Act.GRANT).allowed:
            self.model.grant(request_id)
            return
        site = next((one for one in self.model.roster if one.unit_path == row.unit_path), None)
        if site is None:
            return
        dialog = PreviewDialog(self.model, site, self, row)
        if dialog.exec():
            tried(self.model, lambda: self.model.grant(request_id))()
        dialog.deleteLater()

    def ask_floor(self) -> None:
        """登记发言 for a member of this room."""
        if not self.model.right(Act.REQUEST_FLOOR).allowed:
            return
        dialog = MemberDialog(self.model, t("floor.title"), t("floor.why"), t("floor.ask"), parent=self)
        if dialog.exec() and dialog.chosen is not None:
            member = dialog.chosen.member_id
            tried(self.model, lambda: self.model.request_floor(member))()
        dialog.deleteLater()

    def toggle_share(self) -> None:
        """共享屏幕, or 停止共享 (F12)."""
        share = self._share
        if share is None:
            return
        if share.is_on:
            share.stop()
        elif share.right.allowed:
            ShareDialog(share, self).open()

    def ask_end(self) -> None:
        """结束会议, after the question."""
        if not self.model.right(Act.END).allowed:
            return
        dialog = EndDialog(self.model.sites_online, self)
        if dialog.exec():
            tried(self.model, self.model.end)()
        dialog.deleteLater()

    def _ask_notice(self) -> None:
        if self.room_menu is not None:
            self.room_menu.ask_notice()

    def _leave(self) -> None:
        self.model.leave()

    def _tick(self) -> None:
        self._floor.tick()
        self._banner.refresh()
        if self.model.state.polling is not None:
            self._stage.refresh()

    def _keys(self) -> None:
        for keys, act in self._acts().items():
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(act)

    def _acts(self) -> dict[str, Callable[[], object]]:
        """What each key of `MEETING_KEYS` does."""
        model, host, stage = self.model, self._host_menu, self._stage
        return {
            "Ctrl+G": tried(model, self.grant_first),
            "Ctrl+E": tried(model, model.release),
            "Ctrl+Shift+G": self.ask_floor,
            "Ctrl+M": tried(model, model.mute_everybody),
            "Ctrl+D": lambda: model.set_local_mute(not model.local_muted),
            "Ctrl+B": stage.ask_air,
            "Ctrl+Shift+D": stage.toggle_mute,
            "Shift+F10": stage.open_menu,
            "Ctrl+K": self._roster.start_search,
            "Ctrl+L": tried(model, host.toggle_lock),
            "Ctrl+P": tried(model, host.toggle_polling),
            "Ctrl+Shift+P": tried(model, host.toggle_pause),
            "Ctrl+T": host.ask_caption,
            "Ctrl+I": host.ask_inquiry,
            "Ctrl+Shift+M": host.ask_message,
            "Ctrl+Return": self._banner.answer,
            "Ctrl+Shift+N": self._floor.agenda.go_on,
            "Alt+1": lambda: self.set_layout(GridLayout.EQUAL),
            "Alt+2": lambda: self.set_layout(GridLayout.SPEAKER),
            "Alt+3": stage.show_slides,
            "Ctrl+O": host.ask_slides,
            "F12": self.toggle_share,
            "Ctrl+PgDown": stage.turn_on,
            "Ctrl+PgUp": stage.turn_back,
            "F6": self.roll_call_pressed.emit,
            "F7": self._controls.open_host_menu,
            "F8": self._controls.open_room_menu,
            "F9": self._ask_notice,
            "Ctrl+Shift+Q": self.ask_end,
        }
