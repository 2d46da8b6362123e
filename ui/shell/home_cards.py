"""The cards of home: the next meeting, the day's others, what waits for a person, the devices, the sync."""

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from desktop_app.domain.meetings import MeetingMode
from ui.i18n import t
from ui.i18n.dates import clock_text, span_text
from ui.models.app_model import AppModel
from ui.models.home_model import MeetingCard, Place
from ui.models.pages import Page
from ui.shell.office import Office
from ui.theme import theme
from ui.widgets import (
    Button,
    Card,
    Chip,
    Divider,
    ElidedText,
    Icon,
    LevelMark,
    LinkButton,
    MenuButton,
    PrimaryButton,
    Text,
)
from ui.widgets.card import flush

MODE_ICONS = {
    MeetingMode.CONSULTATION: "cast-audio",
    MeetingMode.LECTURE: "school-outline",
    MeetingMode.REHEARSAL: "connection",
}
SOON_MINUTES = 600


def starts_text(card: MeetingCard, now: datetime) -> str:
    """12 分钟后开始 / 正在进行 / 已到开始时间."""
    left = card.minutes_to_start(now)
    if card.running:
        return t("home.running")
    if left <= 0:
        return t("home.due")
    if left < 60:
        return t("home.starts", left)
    if left < SOON_MINUTES:
        return t("home.starts_hours", left // 60, left % 60) if left % 60 else t("home.starts_hour", left // 60)
    return t("home.starts_at", clock_text(card.start))


class Chain(QWidget):
    """四级: one site per level, our own in bold."""

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__()
        k = theme()
        row = QHBoxLayout(self)
        flush(row, 8)
        for index, place in enumerate(places):
            if index:
                dash = Divider()
                dash.setFixedSize(k.px(34), max(1, k.px(1.5)))
                dash.setProperty("tone", "strong")
                row.addWidget(dash, 0, Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(LevelMark(place.level, 15), 0, Qt.AlignmentFlag.AlignVCenter)
            name = t("home.here", place.name) if place.here else place.name
            row.addWidget(Text(name, "body", "ink" if place.here else "ink2", bold=place.here))
        row.addStretch(1)


class NextCard(Card):
    """The meeting to join: countdown, title, time, sites, and the one filled button."""

    def __init__(self, card: MeetingCard, now: datetime, app: AppModel, office: Office) -> None:
        super().__init__()
        k = theme()
        self.body.setSpacing(k.px(10))
        chips = QHBoxLayout()
        flush(chips, 8)
        running = card.running or card.minutes_to_start(now) <= 0
        chips.addWidget(Chip(starts_text(card, now), "clock-outline", "shilv" if running else "accent"))
        chips.addWidget(Chip(t(f"kind.{card.kind}"), MODE_ICONS[card.mode], "neutral"))
        if card.clash:
            chips.addWidget(Chip(t("meetings.clash"), "calendar-alert", "zheshi"))
        chips.addStretch(1)
        code = t("home.code", card.code) if card.code else t("home.no_code")
        chips.addWidget(Text(code, "small", "ink3"))
        self.body.addLayout(chips)
        title = Text(card.title, "session", wrap=True)
        title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.body.addWidget(title)
        facts = QHBoxLayout()
        flush(facts, 20)
        facts.addWidget(Text(span_text(card.start, card.end), "title", "ink2"))
        facts.addWidget(Text(t("home.host", card.host), "body", "ink2"))
        facts.addWidget(Text(t("home.sites", card.sites), "body", "ink2"))
        facts.addStretch(1)
        self.body.addLayout(facts)
        if len(card.chain) > 1:
            self.body.addWidget(Chain(card.chain))
        self.body.addSpacing(k.px(4))
        acts = QHBoxLayout()
        flush(acts, 12)
        inside = app.meeting_id == card.meeting
        self.join = PrimaryButton(
            t("session.return") if inside else t("home.join"),
            "login-variant",
            size="large",
            clicked=lambda: office.join(card.meeting),
        )
        self.join.setAccessibleName(t("home.join_name", card.title, clock_text(card.start)))
        self.join.setMinimumWidth(k.px(220))
        acts.addWidget(self.join)
        icon_name = "account-multiple-check-outline"
        for words, icon, act in (
            (t("home.open_signin"), icon_name, lambda: office.open_sign_in(card.meeting)),
            (t("home.open_minutes"), "file-document-edit-outline", lambda: office.open_minutes(card.meeting)),
        ):
            acts.addWidget(Button(words, icon, size="large", clicked=act))
        acts.addWidget(more_button(card, office, size="large"))
        acts.addStretch(1)
        acts.addWidget(Text("" if app.meeting_id else t("home.f5"), "small", "ink3"))
        self.body.addLayout(acts)


class MeetingRow(QFrame):
    """One meeting of a list: time, kind, title, who convenes, and what can be done."""

    def __init__(self, card: MeetingCard, now: datetime, office: Office, *, day: str = "", last: bool = False) -> None:
        super().__init__()
        k = theme()
        self.setProperty("role", "row")
        self.setProperty("last", "true" if last else "false")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, k.px(9), 0, k.px(9))
        row.setSpacing(k.px(14))
        when = QVBoxLayout()
        flush(when, 0)
        if day:
            when.addWidget(Text(day, "small", "ink3"))
        time = Text(span_text(card.start, card.end).replace(" ", ""), "title", "ink2")
        time.setMinimumWidth(time.fontMetrics().horizontalAdvance("00:00–00:00") + k.px(6))
        when.addWidget(time)
        row.addLayout(when)
        row.addWidget(Icon(MODE_ICONS[card.mode], "ink2", 20))
        words = QVBoxLayout()
        flush(words, 1)
        words.addWidget(ElidedText(card.title, "body", bold=True))
        note = t("home.row_note", t(f"kind.{card.kind}"), card.host)
        words.addWidget(ElidedText(note, "small", "ink3"))
        row.addLayout(words, 1)
        if card.clash:
            clash = Chip(t("meetings.clash"), "calendar-alert", "zheshi")
            clash.setToolTip(t("meetings.clash_with", card.clash))
            clash.setAccessibleName(t("meetings.clash_with", card.clash))
            row.addWidget(clash)
        if card.cancelled:
            row.addWidget(Chip(t("meetings.cancelled"), "calendar-remove-outline", "neutral"))
        elif card.over:
            row.addWidget(Chip(t("home.over"), "check", "neutral"))
            row.addWidget(Button(t("meetings.report"), size="small", clicked=lambda: office.acts.report(card)))
            row.addWidget(
                Button(t("home.see_minutes"), size="small", clicked=lambda: office.open_minutes(card.meeting))
            )
        else:
            if card.running:
                row.addWidget(Chip(t("home.running"), "broadcast", "shilv"))
            row.addWidget(
                Button(t("home.open_signin"), size="small", clicked=lambda: office.open_sign_in(card.meeting))
            )
            row.addWidget(Button(t("home.join"), size="small", clicked=lambda: office.join(card.meeting)))
        row.addWidget(more_button(card, office))
        self.setAccessibleName(f"{span_text(card.start, card.end)} {card.title} {note}")


def more_button(card: MeetingCard, office: Office, *, size: str = "small") -> MenuButton:
    """更多: what else can be done with this meeting."""
    button = MenuButton(t("meetings.more"), size=size)
    menu = QMenu(button)
    office.acts.fill(menu, card)
    button.set_menu(menu)
    button.setAccessibleName(t("meetings.more_name", card.title))
    return button


class OthersCard(Card):
    """今天的其他安排."""

    def __init__(self, cards: Sequence[MeetingCard], now: datetime, office: Office) -> None:
        super().__init__(t("home.others"))
        self.body.setSpacing(0)
        for index, card in enumerate(cards):
            self.body.addWidget(MeetingRow(card, now, office, last=index == len(cards) - 1))


class TodoCard(Card):
    """待办: what only a person can settle."""

    def __init__(self, app: AppModel) -> None:
        sync = app.sync
        entries = [
            ("swap-horizontal", "zitang", t("home.todo_conflict", sync.conflicts), sync.conflicts),
            ("shield-alert-outline", "zhusha", t("home.todo_quarantine", sync.quarantined), sync.quarantined),
        ]
        shown = [entry for entry in entries if entry[3]]
        super().__init__(t("home.todo"), t("home.todo_count", len(shown)))
        for icon_name, tone, words, _count in shown:
            row = QHBoxLayout()
            flush(row, 10)
            row.addWidget(Icon(icon_name, tone, 18))
            row.addWidget(ElidedText(words, "body"), 1)
            row.addWidget(LinkButton(t("home.todo_go"), size="small", clicked=lambda: app.go(Page.SYNC)))
            self.body.addLayout(row)


class SyncCard(Card):
    """数据同步: whether everything has arrived, in one sentence."""

    def __init__(self, app: AppModel, open_sync: Callable[[], object]) -> None:
        super().__init__(t("sync.card"), "")
        self._app = app
        row = QHBoxLayout()
        flush(row, 12)
        self._icon = Icon("cloud-check-outline", "shilv", 26)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        flush(words, 1)
        self._first = Text("", "body", bold=True, wrap=True)
        self._second = Text("", "small", "ink2", wrap=True)
        words.addWidget(self._first)
        words.addWidget(self._second)
        row.addLayout(words, 1)
        self.body.addLayout(row)
        foot = QHBoxLayout()
        flush(foot, 8)
        self._conflicts = Chip("", "swap-horizontal", "zitang")
        foot.addWidget(self._conflicts)
        foot.addStretch(1)
        foot.addWidget(LinkButton(t("sync.open"), "arrow-right", size="small", clicked=open_sync))
        self.body.addLayout(foot)
        app.sync_changed.connect(self.refresh)
        app.link_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        sync, online = self._app.sync, self._app.online
        if sync.pending:
            look = ("sync", "shiqing") if online else ("cloud-upload-outline", "zheshi")
            first = t("sync.sum_sending", sync.pending) if online else t("sync.sum_pending", sync.pending)
            second = t("sync.sum_sending_text") if online else t("sync.sum_pending_text")
        else:
            look = ("cloud-check-outline", "shilv")
            first = t("sync.sum_rest") if sync.conflicts else t("sync.sum_all")
            second = t("sync.sum_count", sync.acknowledged)
        self._icon.set_icon(*look)
        self._first.setText(first)
        self._second.setText(second)
        self._conflicts.setVisible(sync.conflicts > 0)
        self._conflicts.set_state(t("sync.chip_conflict", sync.conflicts), "swap-horizontal", "zitang")
        if sync.last_receipt_at is not None:
            self.set_note(t("sync.updated", clock_text(sync.last_receipt_at)))
