"""What may be done with the selected site besides putting it on air and muting it, and the questions before it."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from desktop_app.domain.ids import UnitPath
from ui.i18n import t
from ui.meeting.acts import reason_of, tried
from ui.meeting.budget_dialog import BudgetDialog
from ui.meeting.line_dialog import LineDialog
from ui.meeting.member_dialog import MemberDialog
from ui.meeting.site_dialog import SiteDialog
from ui.models.hosting_model import HostingModel
from ui.models.meeting_rights import Act
from ui.models.meeting_rows import Mic, Presence, RosterRow
from ui.models.speakers import SpeakerChoice
from ui.theme import font
from ui.theme.icons import icon

REASON_LENGTH = 80


class SitePeople(QObject):
    """Who of one site may be called on: its part of the roster, as far as it is known here."""

    people_loaded = Signal()

    def __init__(self, hosting: HostingModel, site: UnitPath) -> None:
        super().__init__()
        self._hosting, self._site = hosting, site
        self.people: list[SpeakerChoice] = []

    def load_people(self) -> None:
        self._hosting.meeting.read_people(self._site, self._take)

    def _take(self, people: list[SpeakerChoice]) -> None:
        self.people = people
        self.people_loaded.emit()


class SiteMenu(QMenu):
    """Of one site; filled when it opens."""

    def __init__(self, hosting: HostingModel, chosen: Callable[[], RosterRow | None], parent: QWidget) -> None:
        super().__init__(parent)
        self._hosting, self._chosen, self._owner = hosting, chosen, parent
        self.setFont(font("body"))
        self.setAccessibleName(t("host.site-menu"))
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """The entries for the site that is chosen now."""
        self.clear()
        row, hosting = self._chosen(), self._hosting
        if row is None:
            return
        path, here = row.unit_path, row.presence is Presence.HERE
        if not row.local:
            own_view = hosting.own_view == path
            self._add(
                "host.view-off" if own_view else "host.view",
                "eye-outline",
                Act.SELECT_VIEW,
                lambda: hosting.select_view(None if own_view else path),
            )
        if here:
            self._add("host.assign", "account-voice", Act.ASSIGN, self.ask_assign)
        if here and not row.local:
            locked = row.mic is Mic.LOCKED
            self._add(
                "call.unmute" if locked else "call.mute",
                "microphone" if locked else "microphone-off",
                Act.MUTE,
                lambda: hosting.meeting.mute(path, not locked),
            )
            self._add("host.mute-why", "microphone-off", Act.MUTE, self.ask_mute)
            self._add("host.message-site", "message-outline", Act.MESSAGE, self.ask_message)
        if not row.local and hosting.meeting.conducts and path in hosting.state.sites:
            sent = hosting.state.sites[path].view is not None
            self._add(
                "view.send-off" if sent else "view.send",
                "monitor-eye",
                Act.LAYOUT,
                (lambda: hosting.select_view(None, path)) if sent else self.ask_view,
            )
            self._add("budget.site", "timer-sand", Act.BUDGET, self.ask_budget)
        if hosting.may_be_delegated(path):
            led = row.sub_chair
            self._add(
                "host.delegate-off" if led else "host.delegate",
                "account-supervisor-outline",
                Act.DELEGATE,
                lambda: hosting.delegate(path, not led),
            )
        self.addSeparator()
        if row.knocking or row.removed:
            key = "host.admit" if row.knocking else "host.readmit"
            self._add(key, "door-open", Act.ADMIT, lambda: hosting.admit(path))
        elif not row.local and not row.chair:
            self._add("host.remove", "account-remove-outline", Act.REMOVE, self.ask_remove)

    # The questions

    def ask_assign(self) -> None:
        """点名发言: a member of this site, from the roster or by name."""
        row = self._chosen()
        if row is None:
            return
        people = SitePeople(self._hosting, row.unit_path)
        title, why = t("host.assign-title", row.name), t("host.assign-why")
        dialog = MemberDialog(people, title, why, t("host.assign"), free=True, parent=self._owner)
        if dialog.exec() and dialog.chosen is not None:
            one = dialog.chosen
            tried(self._hosting.meeting, lambda: self._hosting.assign(row.unit_path, one.name, one.member_id))()
        dialog.deleteLater()

    def ask_view(self) -> None:
        """选看 for another room: which site its screen shows large."""
        row = self._chosen()
        if row is None:
            return
        meeting = self._hosting.meeting
        others = [one for one in meeting.roster if one.presence is Presence.HERE and one.unit_path != row.unit_path]
        dialog = SiteDialog(
            meeting, others, t("view.send-title", row.name), t("view.send-why"), t("view.send-go"), self._owner
        )
        if dialog.exec() and dialog.chosen is not None:
            source = dialog.chosen
            tried(meeting, lambda: self._hosting.select_view(source, row.unit_path))()
        dialog.deleteLater()

    def ask_budget(self) -> None:
        """发言时长 of this site."""
        row = self._chosen()
        if row is None or not self._hosting.right(Act.BUDGET).allowed:
            return
        dialog = BudgetDialog(self._hosting.queue, self._owner, row.unit_path)
        dialog.exec()
        dialog.deleteLater()

    def ask_mute(self) -> None:
        """静音 with the reason that the room reads."""
        row = self._chosen()
        if row is None:
            return
        dialog = LineDialog(
            t("host.mute-title", row.name), t("host.mute-text"), t("call.mute"), self._owner, longest=REASON_LENGTH
        )
        if dialog.exec():
            tried(self._hosting.meeting, lambda: self._hosting.mute(row.unit_path, dialog.text))()
        dialog.deleteLater()

    def ask_message(self) -> None:
        """留言 to this site."""
        row = self._chosen()
        if row is None:
            return
        dialog = LineDialog(
            t("host.message-to", row.name), t("host.message-to-why"), t("host.message-send"), self._owner, longest=200
        )
        if dialog.exec():
            to = row.unit_path if self._hosting.meeting.conducts else None
            tried(self._hosting.meeting, lambda: self._hosting.message(dialog.text, to))()
        dialog.deleteLater()

    def ask_remove(self) -> None:
        """移出会场, after the question."""
        row = self._chosen()
        if row is None or not self._hosting.right(Act.REMOVE).allowed:
            return
        dialog = LineDialog(
            t("host.remove-title", row.name), t("host.remove-why"), t("host.remove"), self._owner,
            longest=REASON_LENGTH, may_be_empty=True, destroys=True,
        )  # fmt: skip
        if dialog.exec():
            tried(self._hosting.meeting, lambda: self._hosting.remove(row.unit_path, dialog.text))()
        dialog.deleteLater()

    def _add(self, key: str, icon_name: str, act: Act, done: Callable[[], object]) -> None:
        right = self._hosting.right(act)
        action = QAction(icon(icon_name, "ink2"), t(key), self)
        action.setEnabled(right.allowed)
        action.setToolTip(reason_of(right))
        press = tried(self._hosting.meeting, done)
        action.triggered.connect(lambda _checked=False: press())
        self.addAction(action)
