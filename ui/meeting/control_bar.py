"""The bottom bar of a meeting: chair, microphones, speaking, and apart at the far right leaving and ending."""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu

from ui.i18n import language, t
from ui.meeting.acts import apply_right, reason_of, tried
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act
from ui.models.share_model import ShareModel
from ui.theme import theme
from ui.widgets import Button, DangerButton, Divider, ElidedText, MenuButton


class ControlBar(QFrame):
    """It never scrolls away."""

    def __init__(
        self,
        model: MeetingModel,
        *,
        ask_floor: Callable[[], object],
        leave: Callable[[], object],
        end: Callable[[], object],
        host: QMenu,
        roll_call: Callable[[], object],
        room: QMenu | None = None,
        share: ShareModel | None = None,
        toggle_share: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__()
        self._model, self._sharing = model, share
        k = theme()
        self.setProperty("role", "panel")
        self.setProperty("edge", "top")
        self.setFixedHeight(k.px(60))
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(16), 0, k.px(16), 0)
        row.setSpacing(k.px(9))
        self._mic = Button("", "microphone", clicked=lambda: model.set_local_mute(not model.local_muted))
        self._ask = Button(t("call.ask-floor"), "hand-back-right-outline", clicked=ask_floor)
        self._all = Button(t("call.muteall"), "microphone-off", clicked=tried(model, model.mute_everybody))
        self._take = Button(t("call.take-chair"), "account-tie-voice", clicked=tried(model, model.request_chair))
        self._give = Button(t("call.give-chair"), "account-tie-voice", clicked=tried(model, model.release_chair))
        for part in (self._mic, self._ask, Divider(vertical=True), self._take, self._give, self._all):
            row.addWidget(part)
        self._roll = Button(t("host.roll-call"), "format-list-checks", clicked=roll_call)
        self._roll.setToolTip(t("host.roll-call-tip"))
        self._host = MenuButton(t("host.menu"), "tune-variant", host)
        self._host.setToolTip(t("host.menu-tip"))
        row.addWidget(self._roll)
        row.addWidget(self._host)
        self._room = MenuButton(t("host.room"), "monitor", room)
        self._room.setToolTip(t("host.room-tip"))
        if room is None:
            self._room.hide()
        row.addWidget(self._room)
        self._share = Button(t("share.open"), "monitor-share", clicked=toggle_share)
        if share is None:
            self._share.hide()
        row.addWidget(self._share)
        row.addSpacing(k.px(6))
        self._why = ElidedText("", "small", "ink3", lines=2)
        row.addWidget(self._why, 1)
        self._leave = Button(t("call.leave"), "exit-to-app", clicked=leave)
        self._end = DangerButton(t("call.end"), "phone-hangup", clicked=end)
        row.addWidget(self._leave)
        row.addWidget(self._end)
        self._plain = k.text_size.factor > 1 or language() != "zh_CN"
        """Large letters and long words leave no room for pictures beside words that say the same."""
        if self._plain:
            bar = (self._mic, self._ask, self._take, self._give, self._all, self._roll, self._host, self._room)
            for button in (*bar, self._share, self._leave, self._end):
                button.drop_icon()
        self.refresh()

    def open_host_menu(self) -> None:
        """F7."""
        self._host.open_menu()

    def open_room_menu(self) -> None:
        """F8."""
        self._room.open_menu()

    def refresh(self) -> None:
        model = self._model
        rights = model.rights
        muted = model.local_muted
        if not self._plain:
            self._mic.set_icon("microphone-off" if muted else "microphone")
        self._mic.set_text(t("call.mic-off") if muted else t("call.mic-on"))
        self._mic.setToolTip(t("call.mic-tip"))
        self._mic.setEnabled(model.in_meeting)
        apply_right(self._ask, rights[Act.REQUEST_FLOOR])
        self._all.set_text(t("call.unmuteall") if model.everybody_muted else t("call.muteall"))
        apply_right(self._all, rights[Act.MUTE_ALL], t("call.muteall-tip"))
        apply_right(self._take, rights[Act.REQUEST_CHAIR])
        apply_right(self._give, rights[Act.RELEASE_CHAIR])
        apply_right(self._end, rights[Act.END])
        self._host.setEnabled(model.in_meeting)
        if self._sharing is not None:
            on = self._sharing.is_on
            self._share.set_text(t("share.stop") if on else t("share.open"))
            apply_right(self._share, rights[Act.SLIDES], t("share.stop-tip") if on else t("share.tip"))
            self._share.setEnabled(on or rights[Act.SLIDES].allowed)
        self._take.setVisible(not model.is_chair)
        self._give.setVisible(model.is_chair)
        self._leave.setEnabled(model.in_meeting)
        # One reason stands beside the buttons: why the chair's are grey here.
        self._why.set_text(reason_of(rights[Act.END]) or t("host.keys"))
