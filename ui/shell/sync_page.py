"""同步中心: four numbers, the queue with one word of state each, and beside it what needs a person."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import fault_text, t
from ui.models.app_model import AppModel
from ui.models.link import LinkLight
from ui.models.sync_model import Filter, SyncModel
from ui.models.sync_rows import QueueRow, RowState
from ui.shell.banners import caution_notice
from ui.shell.conflict_card import ConflictCard
from ui.shell.open_file import open_file
from ui.shell.sync_cards import (
    LOOKS,
    about_card,
    center_card,
    held_card,
    receipt_card,
    row_note,
    row_title,
    usb_card,
)
from ui.theme import theme
from ui.widgets import (
    Button,
    Chip,
    ElidedText,
    EmptyState,
    Icon,
    Notice,
    ProgressLine,
    ScrollColumn,
    Segmented,
    Text,
    clear,
)
from ui.widgets.card import flush
from ui.widgets.row_button import RowButton


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


class SyncPage(QWidget):
    """Numbers above, queue left, detail right; both scroll by themselves."""

    def __init__(self, app: AppModel, model: SyncModel) -> None:
        super().__init__()
        k = theme()
        self._app = app
        self._model = model
        self._rows_shown: tuple[object, ...] = ()
        self._buttons: dict[str, RowButton] = {}
        self._detail_shown: tuple[object, ...] = ()
        self._printed: Path | None = None
        """The receipt that was put on paper last."""
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
        outer.addWidget(self._going())
        columns = QHBoxLayout()
        flush(columns, 14)
        outer.addLayout(columns, 1)
        columns.addWidget(self._queue_card(), 2)
        self._detail = ScrollColumn(12)
        columns.addWidget(self._detail, 3)
        model.changed.connect(self.refresh)
        app.link_changed.connect(self.refresh)
        app.banner_changed.connect(self.refresh)
        model.exported.connect(self._show_printed)
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
        return card

    def _going(self) -> QWidget:
        """One sentence of what waits, and how far it has come."""
        strip = QWidget()
        row = QHBoxLayout(strip)
        flush(row, 12)
        self._sentence = Text("", "body", "ink2")
        row.addWidget(self._sentence)
        self._share = ProgressLine()
        row.addWidget(self._share, 1)
        self._strip = strip
        return strip

    def refresh(self) -> None:
        model = self._model
        picture = model.picture
        self.waiting.set_number(picture.waiting)
        self.conflicts.set_number(len(picture.conflicts))
        self.quarantine.set_number(len(picture.quarantine))
        self.today.set_number(picture.delivered_today)
        self._filter.set_current(model.filter)
        self._show_progress()
        self._show_rows()
        self._show_detail()

    def _show_progress(self) -> None:
        model, picture = self._model, self._model.picture
        self._strip.setVisible(bool(picture.waiting or picture.attachments))
        counted = {"meetings": picture.meetings, "changes": picture.waiting, "files": picture.attachments}
        words = [t(f"sync.going_{name}", count) for name, count in counted.items() if count]
        self._sentence.setText(t("sync.going", t("sync.joined").join(words)))
        progress = model.progress if self._app.online else None
        self._share.setVisible(progress is not None)
        if progress is not None:
            done, most = progress
            self._share.set_share(done / most, t("sync.going_share", done, most))

    def _show_rows(self) -> None:
        model, column = self._model, self._list.column
        rows = model.rows
        selected = model.selected or (model.conflict.key if model.conflict else "")
        if (picture := (rows, selected, model.ready)) == self._rows_shown:
            return
        self._rows_shown = picture
        at_keys = next((key for key, button in self._buttons.items() if button.hasFocus()), "")
        clear(column)
        self._buttons = {row.key: self._row(row, row.key == selected) for row in rows}
        for button in self._buttons.values():
            column.addWidget(button)
        if at_keys in self._buttons:  # whoever works by keys goes on from where they were
            self._buttons[at_keys].show()
            self._buttons[at_keys].setFocus()
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
        told = (model.judging, model.held_at_center, model.may_work, self._printed, app.link, app.cautions)
        picture = (model.picture, model.selected, model.filter, model.asked_at, model.carried, *told)
        if picture == self._detail_shown:
            return
        self._detail_shown = picture
        clear(column)
        for notice in self._notices():
            column.addWidget(notice)
        chosen = next((row for row in model.rows if row.key == model.selected), None)
        about_conflict = chosen is None or chosen.state is RowState.CONFLICT
        if chosen is not None and not about_conflict:
            column.addWidget(about_card(chosen, app, self._acts(chosen)))
        if model.conflict is not None and about_conflict:
            place = model.picture.conflicts.index(model.conflict) + 1
            column.addWidget(ConflictCard(model, model.conflict, place, len(model.picture.conflicts), self._app))
        if model.picture.conflicts_of_others:
            title = t("sync.others_choose", model.picture.conflicts_of_others)
            column.addWidget(Notice(title, t("sync.others_text"), icon_name="swap-horizontal", tone="zitang"))
        for row in model.picture.quarantine:
            column.addWidget(held_card(model, row, app.online))
        if model.held_at_center:
            column.addWidget(center_card(model, app))
        if model.can_carry and model.may_work:
            column.addWidget(usb_card(self._choose_package, self._choose_receipt))
        column.addWidget(receipt_card(model, app, self.save_receipt))
        column.addStretch(1)

    def _acts(self, row: QueueRow) -> list[QWidget]:
        if row.state is RowState.SEEN and self._model.may_work:
            change = row.key.removeprefix("quarantine:")
            again = Button(t("sync.judge"), "refresh", clicked=lambda: self._model.judge_again(change))
            again.setEnabled(self._app.online and change not in self._model.judging)
            return [again]
        if not row.receipt:
            return []
        return [Button(t("receipt.save"), "printer-outline", clicked=lambda: self.save_receipt(row.receipt))]

    def save_receipt(self, number: int) -> None:
        """A receipt as a page: choose where."""
        name = str(Path.home() / self._model.receipt_name(number))
        path, _ = QFileDialog.getSaveFileName(self, t("receipt.save"), name, t("receipt.kinds"))
        if path:
            self._model.export_receipt(number, Path(path))

    def _show_printed(self, path: Path) -> None:
        self._printed = path
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._model.load_center()

    def _notices(self) -> list[Notice]:
        """What to take care of, why nothing goes, what was carried by hand, and the files that still go."""
        app = self._app
        notices = [caution_notice(caution) for caution in app.cautions_below]
        if app.link.light is LinkLight.REFUSED and app.link_fault is not None:
            words = fault_text(app.link_fault)
            notices.append(Notice(t("banner.refused"), words, icon_name="shield-alert-outline", tone="zhusha"))
        elif app.link.light is LinkLight.OFFLINE and self._model.picture.waiting:
            title = t("sync.offline", self._model.picture.waiting)
            notices.append(Notice(title, t("sync.offline_text"), icon_name="cloud-upload-outline", tone="zheshi"))
        carried, picture = self._model.carried, self._model.picture
        if self._printed is not None:
            path = self._printed
            show = Button(t("receipt.open"), "open-in-new", size="small", clicked=lambda: open_file(path))
            title = t("receipt.saved", path.name)
            notices.append(Notice(title, icon_name="printer-outline", tone="shilv", actions=[show]))
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
