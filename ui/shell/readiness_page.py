"""备会: totals above, the board, and below it the chosen site: what is wrong, what to do, whom to ring."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from desktop_app.domain.faults import Fault
from sync.meetings.readiness import PROBLEMS, Ready, SiteReadiness
from ui.i18n import fault_text, t
from ui.i18n.dates import clock_text, moment_text
from ui.models.places import place_name
from ui.models.readiness_model import ReadinessModel, Shown
from ui.shell.ready_board import ReadyBoard, cause_word
from ui.shell.site_dialogs import ContactDialog, HistoryDialog
from ui.theme import font, theme
from ui.widgets import (
    Button,
    Card,
    Chip,
    ElidedText,
    EmptyState,
    Icon,
    IconButton,
    LevelMark,
    Notice,
    ScrollColumn,
    Segmented,
    Text,
    clear,
)
from ui.widgets.card import flush

TOTALS = (
    ("ready", (Ready.READY,), "check-circle-outline", "shilv"),
    ("advice", (Ready.ADVICE,), "alert-outline", "zheshi"),
    ("failed", (Ready.FAILED,), "close-circle-outline", "zhusha"),
    ("nobody", (Ready.NOBODY,), "account-off-outline", "zhusha"),
    ("untested", (Ready.UNTESTED, Ready.STALE), "clock-outline", "ink2"),
)
STATE_LOOKS = {
    Ready.FAILED: ("close-circle-outline", "zhusha"),
    Ready.NOBODY: ("account-off-outline", "zhusha"),
    Ready.UNTESTED: ("clock-outline", "neutral"),
    Ready.STALE: ("clock-alert-outline", "neutral"),
    Ready.ADVICE: ("alert", "zheshi"),
    Ready.READY: ("check-circle", "shilv"),
}


class ReadinessPage(QWidget):
    """The board of one meeting."""

    def __init__(self, model: ReadinessModel) -> None:
        super().__init__()
        k = theme()
        self.model = model
        self._fault: Fault | None = None
        self._exported: Path | None = None
        self._site: object = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(k.px(20), k.px(14), k.px(20), k.px(14))
        outer.setSpacing(k.px(12))
        outer.addWidget(self._totals())
        self._notices = QVBoxLayout()
        flush(self._notices, 8)
        outer.addLayout(self._notices)
        middle = Card()
        middle.body.setContentsMargins(k.px(16), k.px(8), k.px(8), k.px(8))
        self.board = ReadyBoard()
        self._scroll = ScrollColumn()
        self._scroll.column.setContentsMargins(0, 0, k.px(8), 0)
        self._scroll.column.addWidget(self.board, 1)
        middle.body.addWidget(self._scroll, 1)
        self._empty = QVBoxLayout()
        flush(self._empty)
        middle.body.addLayout(self._empty, 1)
        outer.addWidget(middle, 1)
        self._bar = Card()
        self._bar.body.setContentsMargins(k.px(18), k.px(10), k.px(18), k.px(10))
        self._bar_row = QHBoxLayout()
        flush(self._bar_row, 12)
        self._bar.body.addLayout(self._bar_row)
        outer.addWidget(self._bar)
        self.board.chosen.connect(model.select)
        self.board.opened.connect(lambda _path: self.open_history())
        self.board.next_problem.connect(model.select_next_problem)
        QShortcut(QKeySequence("Ctrl+E"), self).activated.connect(self.choose_export)
        model.changed.connect(self.refresh)
        model.failed.connect(self._fail)
        model.exported.connect(self._show_exported)
        self.refresh()

    def _totals(self) -> Card:
        k = theme()
        card = Card()
        card.body.setContentsMargins(k.px(18), k.px(8), k.px(18), k.px(8))
        row = QHBoxLayout()
        flush(row, 5)
        self._numbers: dict[str, Text] = {}
        for key, _states, icon_name, tone in TOTALS:
            row.addWidget(Icon(icon_name, tone, 20))
            self._numbers[key] = Text("0", "number", tone if tone != "ink2" else "ink")
            row.addWidget(self._numbers[key])
            row.addWidget(ElidedText(t(f"ready.total_{key}"), "small", "ink2"))
            row.addSpacing(k.px(8))
        row.addStretch(1)
        self.meetings = QComboBox()
        self.meetings.setFont(font("small"))
        self.meetings.setMaximumWidth(k.px(280))
        self.meetings.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.meetings.setMinimumContentsLength(6)
        self.meetings.setAccessibleName(t("ready.meeting"))
        self.meetings.activated.connect(lambda place: self.model.open(str(self.meetings.itemData(place))))
        row.addWidget(self.meetings, 4)
        self._filter = Segmented(
            [(Shown.ALL.value, t("ready.all")), (Shown.PROBLEMS.value, t("ready.problems_count", 188))],
            Shown.ALL.value,
            lambda key: self.model.show(Shown(key)),
        )
        row.addWidget(self._filter)
        card.body.addLayout(row)
        return card

    def header_actions(self) -> list[QWidget]:
        return [Button(t("ready.export"), "file-export-outline", size="small", clicked=self.choose_export)]

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self.model
        for key, states, _icon, _tone in TOTALS:
            self._numbers[key].setText(str(model.count(*states)))
        problems = len(model.problems)
        self._filter.set_label(Shown.PROBLEMS.value, t("ready.problems_count", problems))
        self._filter.set_current(model.shown.value)
        self._show_meetings()
        cities = model.cities
        self.board.show_cities(cities, problems=model.shown is Shown.PROBLEMS)
        site = model.site
        self.board.select(site.unit_path if site is not None else "")
        if site is not None and not (box := self.board.box_of(site.unit_path)).isNull():
            self._scroll.ensureVisible(box.center().x(), box.center().y(), 0, box.height())
        self._show_empty(bool(cities))
        self._show_site(site)
        self._tell()

    def _show_meetings(self) -> None:
        wanted = [(one.meeting, one.title) for one in self.model.choices] + [("", t("ready.everybody"))]
        held = [
            (self.meetings.itemData(place), self.meetings.itemText(place)) for place in range(self.meetings.count())
        ]
        if wanted != held:
            self.meetings.clear()
            for meeting, title in wanted:
                self.meetings.addItem(title, meeting)
        self.meetings.setCurrentIndex(max(0, self.meetings.findData(self.model.meeting)))

    def _show_empty(self, any_site: bool) -> None:
        clear(self._empty)
        self._scroll.setVisible(any_site)
        self._bar.setVisible(any_site)
        if any_site:
            return
        if self.model.sites is None:
            empty = EmptyState("timer-sand", t("ready.reading"))
        elif self.model.sites and self.model.shown is Shown.PROBLEMS:
            empty = EmptyState("check-circle-outline", t("ready.no_problem"), t("ready.no_problem_text"))
        else:
            empty = EmptyState("monitor-dashboard", t("ready.empty"), t("ready.empty_text"))
        self._empty.addWidget(empty)

    def _show_site(self, site: SiteReadiness | None) -> None:
        if (site, self.model.meeting) == self._site:
            return
        self._site = (site, self.model.meeting)
        clear(self._bar_row)
        if site is None:
            self._bar_row.addWidget(Text(t("ready.choose"), "body", "ink2"))
            return
        row = self._bar_row
        row.addWidget(LevelMark(site.level, 20), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(ElidedText(place_name(site.unit_path), "title", bold=True))
        icon_name, tone = STATE_LOOKS[site.state]
        row.addWidget(Chip(state_words(site), icon_name, tone))
        words = QVBoxLayout()
        flush(words, 0)
        words.addWidget(ElidedText(self._advice(site), "small", "ink", lines=3))
        words.addWidget(ElidedText(self._figures(site), "small", "ink3"))
        row.addLayout(words, 1)
        row.addWidget(Icon("phone-outline", "accent" if site.phone else "ink3", 20))
        if site.phone:
            number = Text(site.phone, "title")
            number.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            row.addWidget(number)
            row.addWidget(ElidedText(site.contact, "small", "ink2"))
        else:
            row.addWidget(ElidedText(t("ready.no_phone"), "small", "ink3"))
        row.addWidget(IconButton("pencil-outline", t("ready.edit_phone"), clicked=self.edit_contact))
        row.addWidget(Button(t("ready.history"), "history", size="small", clicked=self.open_history))

    def _advice(self, site: SiteReadiness) -> str:
        worst = site.tested.worst if site.tested is not None else None
        if site.state in (Ready.FAILED, Ready.ADVICE) and worst is not None and worst.fault:
            return t("ready.of_device", t(f"device.{worst.kind}"), fault_text(Fault(worst.fault)))
        return t(f"ready.do_{site.state}")

    def _figures(self, site: SiteReadiness) -> str:
        tested = site.tested
        if tested is None:
            return t("ready.operators", site.operators)
        at = moment_text(tested.at, self.model.now)
        line = t("ready.line", tested.up_kbps, tested.down_kbps, tested.delay_ms) if tested.down_kbps else ""
        return " · ".join(part for part in (t("ready.tested", at, tested.person_name), line) if part)

    # What can be done

    def open_history(self) -> None:
        """The last tests of the chosen site."""
        if self.model.site is not None:
            HistoryDialog(self.model.site, self.model.now, self).open()

    def edit_contact(self) -> None:
        """Whom to ring there."""
        site = self.model.site
        if site is not None:
            ContactDialog(
                place_name(site.unit_path),
                site.contact,
                site.phone,
                lambda name, phone: self.model.write_contact(site.unit_path, name, phone),
                self,
            ).open()

    def choose_export(self) -> None:
        """导出: choose where."""
        name = f"{t('page.ready')} {clock_text(self.model.now).replace(':', '')}.xlsx"
        path, _ = QFileDialog.getSaveFileName(self, t("ready.export"), name, t("sign.export-kinds"))
        if path:
            self.model.export(Path(path))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.model.open(None if self.model.sites is None else self.model.meeting)
        self.board.setFocus()

    def _fail(self, fault: Fault) -> None:
        self._fault, self._exported = fault, None
        self.refresh()

    def _show_exported(self, path: Path) -> None:
        self._fault, self._exported = None, path
        self.refresh()

    def _tell(self) -> None:
        clear(self._notices)
        if self._fault is not None:
            self._notice(fault_text(self._fault), "alert-circle-outline", "zhusha")
        elif self._exported is not None:
            self._notice(t("ready.exported", self._exported.name), "check-circle-outline", "shilv")

    def _notice(self, words: str, icon_name: str, tone: str) -> None:
        def put_away() -> None:
            self._fault, self._exported = None, None
            self.refresh()

        known = Button(t("sign.known"), size="small", clicked=put_away)
        self._notices.addWidget(Notice(words, icon_name=icon_name, tone=tone, actions=(known,)))


def state_words(site: SiteReadiness) -> str:
    """不能开会 · 话筒."""
    word = t(f"ready.state_{site.state}")
    cause = cause_word(site) if site.state in PROBLEMS | {Ready.ADVICE} and site.tested is not None else ""
    return f"{word} · {cause}" if cause and site.state in (Ready.FAILED, Ready.ADVICE) else word
