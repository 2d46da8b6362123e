"""同步中心: four numbers, the queue with one word of state each, and beside it what needs a person."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import fault_text, has, t
from ui.i18n.dates import clock_text, moment_text
from ui.models.app_model import AppModel, LinkLight
from ui.models.sync_model import Filter, SyncModel
from ui.models.sync_rows import QueueRow, RowState
from ui.shell.banners import caution_notice
from ui.shell.conflict_card import ConflictCard
from ui.theme import theme
from ui.widgets import (
    Button,
    Card,
    Chip,
    ElidedText,
    EmptyState,
    Icon,
    Notice,
    ScrollColumn,
    Segmented,
    Text,
    clear,
)
from ui.widgets.card import flush
from ui.widgets.row_button import RowButton

LOOKS = {
    RowState.CONFLICT: ("swap-horizontal", "zitang"),
    RowState.QUARANTINED: ("shield-alert-outline", "zhusha"),
    RowState.SENDING: ("sync", "shiqing"),
    RowState.WAITING: ("clock-outline", "neutral"),
    RowState.DELIVERED: ("check-circle-outline", "shilv"),
}


class NumberCard(QFrame):
    """One of the four numbers."""

    def __init__(self, icon_name: str, tone: str, label: str) -> None:
        super().__init__()
        k = theme()
        self.setProperty("role", "card")
        self._icon_name, self._tone, self._label = icon_name, tone, label
        row = QHBoxLayout(self)
        row.setContentsMargins(k.px(18), k.px(9), k.px(18), k.px(9))
        row.setSpacing(k.px(14))
        self._icon = Icon(icon_name, tone, 24)
        row.addWidget(self._icon)
        words = QVBoxLayout()
        flush(words, 0)
        self._number = Text("0", "number")
        words.addWidget(self._number)
        words.addWidget(Text(label, "small", "ink2"))
        row.addLayout(words, 1)

    def set_number(self, number: int) -> None:
        self._number.setText(str(number))
        self._icon.set_icon(self._icon_name, self._tone if number else "ink3")
        self.setAccessibleName(f"{self._label} {number}")


def row_title(row: QueueRow) -> str:
    """纪要：县域医疗服务能力协商会."""
    if row.state is RowState.DELIVERED:
        return t("sync.joined").join(t("sync.part", t(f"entity.{name}"), count) for name, count in row.parts)
    name = t(f"entity.{row.entity}")
    return t("sync.row_title", name, row.title) if row.title else name


def row_note(row: QueueRow, app: AppModel) -> str:
    """24 处修改 · 11:52, or the receipt's number."""
    at = moment_text(row.at, app.clock.now()) if row.at is not None else ""
    if row.state is RowState.DELIVERED:
        return t("sync.row_receipt", at, row.receipt)
    if row.state is RowState.QUARANTINED:
        return reason_text(row)
    words = t("sync.row_conflict") if row.state is RowState.CONFLICT else t("sync.row_changes", row.count)
    return t("sync.row_note", words, at) if at else words


def reason_text(row: QueueRow) -> str:
    """Why something was held back, in a sentence."""
    return t(f"fault.{row.reason}") if has(f"fault.{row.reason}") else t("sync.held")


class SyncPage(QWidget):
    """Numbers above, queue left, detail right; both scroll by themselves."""

    def __init__(self, app: AppModel, model: SyncModel) -> None:
        super().__init__()
        k = theme()
        self._app = app
        self._model = model
        self._rows_shown: tuple[object, ...] = ()
        self._detail_shown: tuple[object, ...] = ()
        self._now = Button(t("sync.now"), "sync", size="small", clicked=model.sync_now)
        self._now.setToolTip("Ctrl+Shift+S")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(k.px(20), k.px(16), k.px(20), k.px(16))
        outer.setSpacing(k.px(14))
        numbers = QHBoxLayout()
        flush(numbers, 12)
        self.waiting = NumberCard("cloud-upload-outline", "shiqing", t("sync.waiting"))
        self.conflicts = NumberCard("swap-horizontal", "zitang", t("sync.conflicts"))
        self.quarantine = NumberCard("shield-alert-outline", "zhusha", t("sync.quarantined"))
        self.today = NumberCard("receipt-text-check-outline", "shilv", t("sync.today"))
        for number in (self.waiting, self.conflicts, self.quarantine, self.today):
            numbers.addWidget(number, 1)
        outer.addLayout(numbers)
        columns = QHBoxLayout()
        flush(columns, 14)
        outer.addLayout(columns, 1)
        columns.addWidget(self._queue_card(), 2)
        self._detail = ScrollColumn(12)
        columns.addWidget(self._detail, 3)
        model.changed.connect(self.refresh)
        app.link_changed.connect(self.refresh)
        app.banner_changed.connect(self.refresh)
        self.refresh()

    def header_actions(self) -> list[QWidget]:
        return [self._now]

    def _choose_package(self) -> None:
        name = str(Path.home() / self._model.package_name)
        path, _ = QFileDialog.getSaveFileName(self, t("sync.usb_export"), name, t("sync.usb_package_files"))
        if path:
            self._model.pack(Path(path))

    def _choose_receipt(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, t("sync.usb_import"), "", t("sync.usb_receipt_files"))
        if path:
            self._model.take_receipts(Path(path))

    def _queue_card(self) -> QFrame:
        k = theme()
        card = QFrame()
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(1, k.px(12), 1, k.px(2))
        column.setSpacing(k.px(10))
        head = QHBoxLayout()
        head.setContentsMargins(k.px(15), 0, k.px(12), 0)
        head.addWidget(Text(t("sync.queue"), "title"))
        head.addStretch(1)
        choices = [(str(one), t(f"sync.filter_{one}")) for one in Filter]
        self._filter = Segmented(choices, self._model.filter, self._model.choose_filter)
        head.addWidget(self._filter)
        column.addLayout(head)
        self._list = ScrollColumn()
        column.addWidget(self._list, 1)
        if self._model.can_carry:
            column.addLayout(self._by_hand())
        return card

    def _by_hand(self) -> QHBoxLayout:
        """What goes on a USB stick where there is no network."""
        k = theme()
        row = QHBoxLayout()
        row.setContentsMargins(k.px(15), 0, k.px(12), k.px(10))
        row.setSpacing(k.px(10))
        pack = Button(t("sync.usb_export"), "usb-flash-drive-outline", size="small", clicked=self._choose_package)
        pack.setToolTip(t("sync.usb_export_hint"))
        take = Button(t("sync.usb_import"), "receipt-text-check-outline", size="small", clicked=self._choose_receipt)
        take.setToolTip(t("sync.usb_import_hint"))
        for button in (pack, take):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def refresh(self) -> None:
        model = self._model
        picture = model.picture
        self.waiting.set_number(picture.waiting)
        self.conflicts.set_number(len(picture.conflicts))
        self.quarantine.set_number(len(picture.quarantine))
        self.today.set_number(picture.delivered_today)
        self._filter.set_current(model.filter)
        self._show_rows()
        self._show_detail()

    def _show_rows(self) -> None:
        model, column = self._model, self._list.column
        rows = model.rows
        selected = model.selected or (model.conflict.key if model.conflict else "")
        if (picture := (rows, selected, model.ready)) == self._rows_shown:
            return
        self._rows_shown = picture
        clear(column)
        for row in rows:
            column.addWidget(self._row(row, row.key == selected))
        if not rows:
            words = t("sync.empty") if model.ready else t("sync.loading")
            note = t("sync.empty_text") if model.ready else ""
            column.addWidget(EmptyState("cloud-check-outline", words, note), 1)
        else:
            column.addStretch(1)

    def _row(self, row: QueueRow, selected: bool) -> RowButton:
        k = theme()
        title, note = row_title(row), row_note(row, self._app)
        state = t(f"sync.state_{row.state}")
        button = RowButton(f"{title}, {note}, {state}", lambda: self._model.select(row.key), selected=selected)
        line = button.line
        line.setContentsMargins(k.px(14), k.px(8), k.px(12), k.px(8))
        words = QVBoxLayout()
        flush(words, 1)
        words.addWidget(ElidedText(title, "body", bold=selected))
        words.addWidget(ElidedText(note, "small", "ink2"))
        line.addLayout(words, 1)
        icon_name, tone = LOOKS[row.state]
        line.addWidget(Chip(state, icon_name, tone), 0, Qt.AlignmentFlag.AlignVCenter)
        return button

    def _show_detail(self) -> None:
        model, column = self._model, self._detail.column
        app = self._app
        picture = (model.picture, model.selected, model.filter, model.asked_at, model.carried, app.link, app.cautions)
        if picture == self._detail_shown:
            return
        self._detail_shown = picture
        clear(column)
        for notice in self._notices():
            column.addWidget(notice)
        chosen = next((row for row in model.rows if row.key == model.selected), None)
        about_conflict = chosen is None or chosen.state is RowState.CONFLICT
        if chosen is not None and not about_conflict:
            column.addWidget(self._about(chosen))
        if model.conflict is not None and about_conflict:
            place = model.picture.conflicts.index(model.conflict) + 1
            column.addWidget(ConflictCard(model, model.conflict, place, len(model.picture.conflicts), self._app))
        for row in model.picture.quarantine:
            column.addWidget(self._held(row))
        column.addWidget(self._summary())
        column.addStretch(1)

    def _notices(self) -> list[Notice]:
        """What to take care of, why nothing goes, what was carried by hand, and the files that still go."""
        app = self._app
        notices = [caution_notice(caution) for caution in app.cautions]
        if app.link.light is LinkLight.REFUSED and app.link_fault is not None:
            words = fault_text(app.link_fault)
            notices.append(Notice(t("banner.refused"), words, icon_name="shield-alert-outline", tone="zhusha"))
        elif app.link.light is LinkLight.OFFLINE and self._model.picture.waiting:
            title = t("sync.offline", self._model.picture.waiting)
            notices.append(Notice(title, t("sync.offline_text"), icon_name="cloud-upload-outline", tone="zheshi"))
        carried, picture = self._model.carried, self._model.picture
        if carried is not None:
            kind = "usb_imported" if carried.receipt else "usb_written"
            numbers = () if carried.receipt else (carried.changes, carried.attachments)
            title = t(f"sync.{kind}", carried.changes if carried.receipt else carried.file)
            notices.append(
                Notice(title, t(f"sync.{kind}_text", *numbers), icon_name="usb-flash-drive-outline", tone="shilv")
            )
        if picture.attachments:
            title = t("sync.attachments_waiting", picture.attachments)
            size = f"{picture.attachment_bytes / 1e6:.1f}"
            notices.append(Notice(title, t("sync.attachments_text", size), icon_name="paperclip", tone="shiqing"))
        return notices

    def _about(self, row: QueueRow) -> Card:
        card = Card(row_title(row))
        icon_name, tone = LOOKS[row.state]
        card.head.addWidget(Chip(t(f"sync.state_{row.state}"), icon_name, tone))
        card.body.addWidget(Text(row_note(row, self._app), "body", "ink2", wrap=True))
        card.body.addWidget(Text(t(f"sync.about_{row.state}"), "body", "ink2", wrap=True))
        return card

    def _held(self, row: QueueRow) -> Card:
        return _line_card("shield-alert-outline", "zhusha", t("sync.held_title", row_title(row)), reason_text(row))

    def _summary(self) -> Card:
        picture = self._model.picture
        if picture.receipts:
            last = picture.receipts[0]
            title = t("sync.last_receipt", last.receipt)
            at = moment_text(last.at, self._app.clock.now()) if last.at else ""
            return _line_card("receipt-text-check-outline", "shilv", title, t("sync.received", row_title(last), at))
        title = t("sync.no_receipt")
        since = clock_text(self._model.asked_at) if self._model.asked_at else ""
        text = t("sync.no_receipt_asked", since) if since else t("sync.no_receipt_text")
        return _line_card("receipt-text-outline", "ink3", title, text)


def _line_card(icon_name: str, tone: str, title: str, text: str) -> Card:
    card = Card()
    row = QHBoxLayout()
    flush(row, 14)
    row.addWidget(Icon(icon_name, tone, 22), 0, Qt.AlignmentFlag.AlignVCenter)
    words = QVBoxLayout()
    flush(words, 2)
    words.addWidget(Text(title, "body", bold=True, wrap=True))
    words.addWidget(Text(text, "small", "ink2", wrap=True))
    row.addLayout(words, 1)
    card.body.addLayout(row)
    return card
