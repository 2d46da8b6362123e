"""签到: search at the left, how many are here at the right. Typing anywhere goes to the search."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.domain.clock import moment
from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.i18n.catalogue import fill_named
from ui.i18n.dates import clock_text
from ui.meeting.attendee_list import AttendeeList
from ui.meeting.bars import Strip
from ui.meeting.door_card import DoorCard
from ui.meeting.rollup_table import RollupTable
from ui.meeting.signin_cards import RecentCard, RosterCard, TallyCard
from ui.models.signin_model import Already, Filter, SignInModel
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import (
    Button,
    Card,
    EmptyState,
    LinkButton,
    Notice,
    PrimaryButton,
    ScrollColumn,
    Segmented,
    Text,
    clear,
    flush,
)

ROWS_TOLD = 8


class SignInView(QWidget):
    """The page of one meeting's sign-in."""

    def __init__(self, model: SignInModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._told: object = None
        self._last_fault: Fault | None = None
        self._exported: Path | None = None
        self.setProperty("role", "page")
        k = theme()
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(20), k.px(20), k.px(20), k.px(20))
        row.setSpacing(k.px(16))
        self._main = Card()
        row.addWidget(self._main, 1)
        side_box = ScrollColumn(16)
        side_box.setFixedWidth(k.px(424))
        side = side_box.column
        side.setContentsMargins(0, 0, k.px(12), 0)
        self._tally = TallyCard(model)
        self._door = DoorCard(model)
        self._roster = RosterCard(model, self.choose_import)
        self._recent = RecentCard(model, self.choose_export)
        for card in (self._tally, self._door, self._roster, self._recent):
            side.addWidget(card)
        side.addStretch(1)
        row.addWidget(side_box)
        self._fill_main()
        self._keys()
        model.changed.connect(self.refresh)
        model.failed.connect(self._fail)
        model.exported.connect(self._show_exported)
        model.imported.connect(lambda _result: self._forget_fault())
        self.refresh()

    @property
    def subtitle(self) -> str:
        """For the top bar: the meeting's title."""
        return self.model.title

    def _fill_main(self) -> None:
        body = self._main.body
        top = QHBoxLayout()
        flush(top, 8)
        self._title = Text(t("sign.find"), "title")
        top.addWidget(self._title)
        top.addStretch(1)
        scopes = [("room", t("rollup.room")), ("whole", t("rollup.whole"))]
        self._scope = Segmented(scopes, "room", lambda key: self.show_scope(whole=key == "whole"))
        top.addWidget(self._scope)
        body.addLayout(top)
        self._whole = False
        self._sums = RollupTable()
        self._sums.hide()
        self._find = QLineEdit()
        self._find.setFont(font("page", bold=False))
        self._find.setProperty("size", "large")
        self._find.setPlaceholderText(t("sign.placeholder"))
        self._find.setAccessibleName(t("sign.find"))
        self._find.addAction(icon("magnify", "ink3", 18), QLineEdit.ActionPosition.LeadingPosition)
        self._find.setClearButtonEnabled(True)
        self._find.textChanged.connect(self.model.search)
        self._find.installEventFilter(self)
        body.addWidget(self._find)
        self._hint = Text(t("sign.hint"), "small", "ink2", wrap=True)
        body.addWidget(self._hint)
        self._notices = QVBoxLayout()
        flush(self._notices, 8)
        body.addLayout(self._notices)
        head = QHBoxLayout()
        flush(head, 8)
        self._found = Text("", "small", "ink2", bold=True)
        head.addWidget(self._found)
        head.addStretch(1)
        choices = [(one.value, t(f"sign.filter-{one.value}")) for one in Filter]
        self._filter = Segmented(choices, Filter.ALL.value, lambda key: self.model.show(Filter(key)))
        head.addWidget(self._filter)
        self._head = QWidget()
        self._head.setLayout(head)
        body.addWidget(self._head)
        self._list = AttendeeList(self.model)
        body.addWidget(self._list, 1)
        self._empty = QVBoxLayout()
        flush(self._empty)
        body.addLayout(self._empty, 1)
        body.addWidget(self._sums, 1)

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self.model
        results = model.results
        if model.text != self._find.text().strip():
            self._find.setText(model.text)
        self._filter.set_current(model.filter.value)
        self._found.setText(t("sign.found", len(results)) if model.text else t("sign.all-count", len(model.attendees)))
        self._list.show_rows(results)
        for card in (self._tally, self._door, self._roster, self._recent):
            card.refresh()
        self._tell()
        self._show_empty(bool(results))
        self._show_scope()

    def show_scope(self, *, whole: bool) -> None:
        """本会场, or 各会场汇总."""
        self._whole = whole
        self.refresh()

    def _show_scope(self) -> None:
        """The room's own list, or the sums of all rooms."""
        model, whole = self.model, self._whole
        self._scope.setVisible(len(model.rollup) > 1)
        whole = whole and len(model.rollup) > 1
        self._scope.set_current("whole" if whole else "room")
        self._title.setText(t("rollup.title") if whole else t("sign.find"))
        for one in (self._find, self._hint):
            one.setVisible(not whole)
        self._sums.setVisible(whole)
        if whole:
            self._head.hide()
            self._list.hide()
            clear(self._empty)
            self._sums.show_rows(model.rollup, begun=model.begun)

    # Files

    def choose_import(self) -> None:
        """导入名册: choose a file."""
        path, _ = QFileDialog.getOpenFileName(self, t("sign.import-title"), "", t("sign.import-kinds"))
        if path:
            self._exported = None
            self.model.import_roster(Path(path))

    def choose_export(self) -> None:
        """导出签到表: choose where."""
        name = f"{t('sign.title')}-{self.model.title}.xlsx"
        path, _ = QFileDialog.getSaveFileName(self, t("sign.export"), name, t("sign.export-kinds"))
        if path:
            self.model.export(Path(path))

    def _show_exported(self, path: Path) -> None:
        self._exported, self._last_fault = path, None
        self.refresh()

    def _fail(self, fault: Fault) -> None:
        self._last_fault = fault if fault is not self.model.import_fault else None
        self.refresh()

    def _forget_fault(self) -> None:
        self._last_fault = None

    # Notices and the empty list

    def _tell(self) -> None:
        model = self.model
        key = (
            model.already,
            model.row_faults,
            model.import_fault,
            model.last_import,
            self._exported,
            self._last_fault,
        )
        if key == self._told:
            return
        self._told = key
        clear(self._notices)
        if model.already is not None:
            self._notices.addWidget(self._already(model.already))
        elif model.row_faults:
            self._notices.addWidget(self._row_faults())
        elif model.import_fault is not None:
            self._notices.addWidget(self._note(fault_text(model.import_fault), "zhusha", "alert-circle-outline"))
        elif self._last_fault is not None:
            self._notices.addWidget(self._note(fault_text(self._last_fault), "zhusha", "alert-circle-outline"))
        elif self._exported is not None:
            told = t("sign.exported", self._exported.name)
            self._notices.addWidget(self._note(told, "shilv", "check-circle-outline"))
        elif model.last_import is not None:
            done = model.last_import
            text = t("sign.imported", done.members, done.added)
            self._notices.addWidget(self._note(text, "shilv", "check-circle-outline", t("sign.imported-text")))

    def _already(self, already: Already) -> Strip:
        if already.excused:
            title, text = t("sign.dup-excused", already.name), t("sign.dup-excused-text")
        else:
            when = clock_text(moment(already.signed_at)) if already.signed_at else ""
            title = t("sign.dup-title", already.name, when, t(f"sign.{already.method or 'manual'}"))
            text = t("sign.dup-text")
        back = Button(t("sign.take-back-it"), size="small", clicked=lambda: self.model.take_back(already.member))
        known = Button(t("sign.known"), size="small", clicked=self.model.dismiss)
        return _strip("alert", "zheshi", (back, known), title, text)

    def _row_faults(self) -> Notice:
        model = self.model
        known = Button(t("sign.known"), size="small", clicked=self.model.dismiss)
        lines = [t("sign.import-failed-text")]
        for fault in model.row_faults[:ROWS_TOLD]:
            what = fill_named(t(fault.id.replace("row-", "row.", 1)), fault.values)
            lines.append(t("sign.row", fault.row, what))
        if model.rows_wrong > ROWS_TOLD:
            lines.append("…")
        title = t("sign.import-failed", model.rows_wrong)
        return Notice(title, "\n".join(lines), icon_name="table-alert", tone="zhusha", actions=(known,))

    def _note(self, title: str, tone: str, mark: str, text: str = "") -> Strip:
        def put_away() -> None:
            self._exported, self._last_fault = None, None
            self.model.dismiss()

        known = Button(t("sign.known"), size="small", clicked=put_away)
        return _strip(mark, tone, (known,), title, text)

    def _show_empty(self, any_result: bool) -> None:
        model = self.model
        has_roster = bool(model.attendees)
        self._head.setVisible(has_roster)
        self._list.setVisible(any_result)
        clear(self._empty)
        if any_result:
            return
        if not model.meeting:
            empty = EmptyState("calendar-blank-outline", t("sign.no-meeting"), t("sign.no-meeting-text"))
        elif model.sheet is None:
            empty = EmptyState("timer-sand", t("sign.reading"))
        elif not has_roster:
            title, text = t("sign.empty-title"), t("sign.empty-text")
            empty = EmptyState("account-multiple-plus-outline", title, text, self._first())
        elif model.text:
            words = model.text
            guest = LinkButton(
                t("sign.guest-add", words), "account-plus-outline", clicked=lambda: model.sign_in_guest(words)
            )
            empty = EmptyState("account-search-outline", t("sign.none", words), "", guest)
        else:
            empty = EmptyState("account-check-outline", t("sign.none-filter"))
        self._empty.addWidget(empty)

    def _first(self) -> Button:
        if self.model.members:
            label = t("sign.use-members", self.model.members)
            return PrimaryButton(label, "account-multiple-plus-outline", clicked=self.model.expect_members)
        return PrimaryButton(t("sign.import"), "table-arrow-up", clicked=self.choose_import)

    # Keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._find and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._list.step(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._list.act()
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text().isprintable() and event.text() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._find.setFocus()
            self._find.setText(self._find.text() + event.text())
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.model.open(self.model.meeting)
        self._find.setFocus()

    def _keys(self) -> None:
        undo = QShortcut(QKeySequence("Ctrl+Z"), self)
        undo.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        undo.activated.connect(self.model.undo)
        for keys, act in (("Ctrl+Q", self._door.toggle_door), ("Ctrl+D", self._list.leave)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)


def _strip(mark: str, tone: str, actions: Sequence[Button], title: str, text: str) -> Strip:
    strip = Strip(mark, tone, actions, lines=2 if text else 1)
    strip.set_text(title, text)
    return strip
