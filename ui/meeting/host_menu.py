"""会控: what the chair does with the whole meeting, as one menu; every entry says its key, and why it is grey."""

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QMenu, QWidget

from media.meeting.stage import Layout
from ui.i18n import t
from ui.i18n.dates import clock_text
from ui.meeting.acts import reason_of, tried
from ui.meeting.budget_dialog import BudgetDialog
from ui.meeting.guest_door_dialog import GuestDoorDialog
from ui.meeting.line_dialog import LineDialog
from ui.meeting.material_dialog import MaterialDialog
from ui.meeting.poll_dialog import PollDialog
from ui.models.guest_door_model import GuestDoorModel
from ui.models.hosting_model import HostingModel
from ui.models.inquiry_model import QUESTION_LENGTH
from ui.models.meeting_rights import Act
from ui.models.slide_model import SlideModel
from ui.theme import font
from ui.theme.icons import icon

CAPTION_LENGTH, MESSAGE_LENGTH, REASON_LENGTH = 120, 200, 80


class HostMenu(QMenu):
    """Built anew whenever it opens, so that it always says what it would do now."""

    def __init__(
        self,
        hosting: HostingModel,
        parent: QWidget,
        slides: SlideModel | None = None,
        guests: GuestDoorModel | None = None,
    ) -> None:
        super().__init__(parent)
        self._guests = guests
        self._hosting, self._owner, self._slides = hosting, parent, slides
        self.setFont(font("body"))
        self.setAccessibleName(t("host.menu"))
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """The entries, for the meeting as it is."""
        hosting, state = self._hosting, self._hosting.state
        self.clear()
        self._add(
            "host.unlock" if state.locked else "host.lock",
            "lock-open-outline" if state.locked else "lock-outline",
            Act.LOCK,
            self.toggle_lock,
            "Ctrl+L",
        )
        if state.lobby:
            self._add("host.admit-all", "door-open", Act.ADMIT, hosting.admit_all, values=(len(state.lobby),))
        self.addSeparator()
        if state.broadcast is not None:
            self._add("host.broadcast-off", "broadcast-off", Act.BROADCAST, lambda: hosting.broadcast(None))
        polls = state.polling is not None
        self._add(
            "host.poll-off" if polls else "host.poll", "rotate-3d-variant", Act.POLL, self.toggle_polling, "Ctrl+P"
        )
        self._add("poll.menu", "timer-cog-outline", Act.POLL, self.ask_polling)
        layouts = QMenu(t("host.layouts"), self)
        layouts.setFont(font("body"))
        layouts.setIcon(icon("view-grid-outline", "ink2"))
        right = hosting.right(Act.LAYOUT)
        for layout in (Layout.SPEAKER, Layout.GALLERY_2, Layout.GALLERY_3, Layout.GALLERY_4, Layout.CONTENT):
            action = layouts.addAction(t(f"host.layout-{layout.value}"))
            action.setCheckable(True)
            action.setChecked(state.layout is layout)
            action.setEnabled(right.allowed)
            action.triggered.connect(self._press(partial(hosting.set_layout, layout)))
        self.addMenu(layouts)
        if self._slides is not None:
            self._add("slide.open", "presentation", Act.SLIDES, self.ask_slides, "Ctrl+O")
        self.addSeparator()
        inquires = state.inquiry is not None
        self._add(
            "inquiry.close" if inquires else "inquiry.menu",
            "comment-question-outline",
            Act.INQUIRE,
            self.ask_inquiry,
            "Ctrl+I",
        )
        self._add("budget.menu", "timer-sand", Act.BUDGET, self.ask_budgets)
        if hosting.leads_city:
            muted = hosting.counties_muted
            self._add(
                "muteall.counties-off" if muted else "muteall.counties",
                "microphone" if muted else "microphone-off",
                Act.MUTE,
                lambda: hosting.mute_counties(not muted),
            )
        self._add("muteall.menu", "microphone-off", Act.MUTE_ALL, self.ask_mute_all)
        self.addSeparator()
        self._add("host.caption", "subtitles-outline", Act.CAPTION, self.ask_caption, "Ctrl+T")
        if not hosting.meeting.is_chair:
            self._add("host.message", "message-outline", Act.MESSAGE, self.ask_message, "Ctrl+Shift+M")
        self.addSeparator()
        end = state.planned_end
        self._add(
            "course.planned" if end is not None else "host.extend",
            "clock-plus-outline",
            Act.EXTEND_MEETING,
            hosting.extend_meeting,
            values=(clock_text(end),) if end is not None else (),
        )
        paused = state.paused_at is not None
        self._add(
            "host.resume" if paused else "host.pause",
            "play-outline" if paused else "pause",
            Act.PAUSE,
            self.toggle_pause,
            "Ctrl+Shift+P",
        )
        recorded = state.recording_since is not None
        self._add(
            "course.consents" if recorded else "host.record",
            "stop-circle-outline" if recorded else "record-circle-outline",
            Act.RECORD,
            lambda: hosting.record(not recorded),
            values=hosting.consents if recorded else (),
        )
        if self._guests is not None:
            self._add("guest.menu", "key-outline", Act.LOCK, self.ask_guest)
        delegated = bool(state.sub_chairs)
        self._add(
            "host.delegate-none" if delegated else "host.delegate-all",
            "account-supervisor-outline",
            Act.DELEGATE,
            lambda: hosting.delegate(None, not delegated),
        )
        if hosting.right(Act.TAKE_CHAIR).allowed:
            self._add("host.take-chair", "account-tie-voice", Act.TAKE_CHAIR, hosting.take_chair)

    # What keys do too

    def toggle_lock(self) -> None:
        self._hosting.lock(not self._hosting.state.locked)

    def toggle_polling(self) -> None:
        if self._hosting.state.polling is not None:
            self._hosting.stop_polling()
        else:
            self._hosting.poll()

    def toggle_pause(self) -> None:
        if self._hosting.state.paused_at is not None:
            self._hosting.resume()
        else:
            self._hosting.pause()

    def ask_guest(self) -> None:
        """开放接入: a key for other people's software."""
        if self._guests is not None:
            GuestDoorDialog(self._guests, self._owner).open()

    def ask_slides(self) -> None:
        """放映课件: one of the meeting's files, or a new one."""
        if self._slides is None or not self._slides.meeting.in_meeting:
            return
        dialog = MaterialDialog(self._slides.material(), self._owner, self._slides)
        dialog.exec()
        dialog.deleteLater()

    def ask_polling(self) -> None:
        """轮询设置: which sites, how long each, whose screens."""
        self._open(PollDialog(self._hosting, self._owner), Act.POLL)

    def ask_budgets(self) -> None:
        """发言时长 of levels and sites."""
        self._open(BudgetDialog(self._hosting.queue, self._owner), Act.BUDGET)

    def ask_inquiry(self) -> None:
        """征询: a question to all; or the end of the one that is open."""
        hosting = self._hosting
        if not hosting.right(Act.INQUIRE).allowed:
            return
        if hosting.state.inquiry is not None:
            tried(hosting.meeting, hosting.inquiry.close)()
            return
        dialog = LineDialog(t("inquiry.title"), t("inquiry.why"), t("inquiry.go"), self._owner, longest=QUESTION_LENGTH)
        if dialog.exec():
            tried(hosting.meeting, lambda: hosting.inquiry.open(dialog.text))()
        dialog.deleteLater()

    def ask_mute_all(self) -> None:
        """全体静音, with the reason that every room reads."""
        hosting = self._hosting
        dialog = LineDialog(t("muteall.title"), t("muteall.why"), t("call.muteall"), self._owner, longest=REASON_LENGTH)
        if dialog.exec():
            tried(hosting.meeting, lambda: hosting.mute(None, dialog.text))()
        dialog.deleteLater()

    def _open(self, dialog: QDialog, act: Act) -> None:
        if self._hosting.right(act).allowed:
            dialog.exec()
        dialog.deleteLater()

    def ask_caption(self) -> None:
        """字幕: a line for those who read; empty takes it away."""
        if not self._hosting.right(Act.CAPTION).allowed:
            return
        shown = self._hosting.state.caption
        dialog = LineDialog(
            t("host.caption-title"), t("host.caption-why"), t("host.caption-show"), self._owner,
            text=shown.text if shown is not None else "", longest=CAPTION_LENGTH, may_be_empty=True,
        )  # fmt: skip
        if dialog.exec():
            tried(self._hosting.meeting, lambda: self._hosting.caption(dialog.text))()
        dialog.deleteLater()

    def ask_message(self) -> None:
        """留言 to the chair; the chair itself writes to a site, from that site's menu."""
        if self._hosting.meeting.is_chair or not self._hosting.right(Act.MESSAGE).allowed:
            return
        dialog = LineDialog(
            t("host.message-title"), t("host.message-why"), t("host.message-send"), self._owner, longest=MESSAGE_LENGTH
        )
        if dialog.exec():
            tried(self._hosting.meeting, lambda: self._hosting.message(dialog.text))()
        dialog.deleteLater()

    # Within

    def _add(
        self,
        key: str,
        icon_name: str,
        act: Act,
        done: Callable[[], object],
        keys: str = "",
        *,
        values: tuple[object, ...] = (),
    ) -> None:
        right = self._hosting.right(act)
        action = QAction(icon(icon_name, "ink2"), t(key, *values), self)
        if keys:
            action.setText(f"{t(key, *values)}\t{QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)}")
        action.setEnabled(right.allowed)
        action.setToolTip(reason_of(right))
        action.triggered.connect(self._press(done))
        self.addAction(action)

    def _press(self, act: Callable[[], object]) -> Callable[[bool], None]:
        press = tried(self._hosting.meeting, act)

        def triggered(_checked: bool = False) -> None:
            press()

        return triggered
