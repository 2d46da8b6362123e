"""The cards at the right of the sync page: what was held back and can be tried again, receipts, and the USB stick."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui.i18n import has, t
from ui.i18n.dates import clock_text, moment_text
from ui.models.app_model import AppModel
from ui.models.places import place_name
from ui.models.sync_model import SyncModel
from ui.models.sync_rows import QueueRow, RowState
from ui.theme import theme
from ui.widgets import Button, Card, Chip, Divider, ElidedText, Icon, LinkButton, Text, flush

LOOKS = {
    RowState.CONFLICT: ("swap-horizontal", "zitang"),
    RowState.QUARANTINED: ("shield-alert-outline", "zhusha"),
    RowState.SEEN: ("shield-check-outline", "neutral"),
    RowState.SENDING: ("sync", "shiqing"),
    RowState.WAITING: ("clock-outline", "neutral"),
    RowState.DELIVERED: ("check-circle-outline", "shilv"),
}
SHOWN_AT_CENTER = 20


def row_title(row: QueueRow) -> str:
    """纪要：县域医疗服务能力协商会."""
    if row.state is RowState.DELIVERED:
        return t("sync.joined").join(t("sync.part", entity_name(name), count) for name, count in row.parts)
    name = entity_name(row.entity)
    return t("sync.row_title", name, row.title) if row.title else name


def entity_name(entity: str) -> str:
    """A kind of record in words; one that a later version knows by its own name."""
    return t(f"entity.{entity}") if has(f"entity.{entity}") else entity


def row_note(row: QueueRow, app: AppModel) -> str:
    """24 处修改 · 11:52, or the receipt's number."""
    at = moment_text(row.at, app.clock.now()) if row.at is not None else ""
    if row.state is RowState.DELIVERED:
        return t("sync.row_receipt", at, row.receipt)
    if row.state in (RowState.QUARANTINED, RowState.SEEN):
        return reason_text(row.reason)
    words = t("sync.row_conflict") if row.state is RowState.CONFLICT else t("sync.row_changes", row.count)
    return t("sync.row_note", words, at) if at else words


def reason_text(reason: str) -> str:
    """Why something was held back, in a sentence."""
    return t(f"fault.{reason}") if has(f"fault.{reason}") else t("sync.held")


def line_card(icon_name: str, tone: str, title: str, text: str, actions: Sequence[QPushButton] = ()) -> Card:
    """An icon, a bold line, a second one, and what can be done at its right."""
    card = Card()
    card.body.addLayout(_line(icon_name, tone, title, text, actions))
    card.setAccessibleName(f"{title} {text}".strip())
    return card


def _line(icon_name: str, tone: str, title: str, text: str, actions: Sequence[QPushButton] = ()) -> QHBoxLayout:
    row = QHBoxLayout()
    flush(row, 14)
    row.addWidget(Icon(icon_name, tone, 22), 0, Qt.AlignmentFlag.AlignVCenter)
    words = QVBoxLayout()
    flush(words, 2)
    words.addWidget(Text(title, "body", bold=True, wrap=True))
    words.addWidget(Text(text, "small", "ink2", wrap=True))
    row.addLayout(words, 1)
    for action in actions:
        row.addWidget(action, 0, Qt.AlignmentFlag.AlignVCenter)
    return row


def held_card(model: SyncModel, row: QueueRow, online: bool) -> Card:
    """What the center did not take, why, that it is safe here, and another look at it."""
    actions: list[QPushButton] = []
    change = row.key.removeprefix("quarantine:")
    if change != row.key and model.may_work:
        again = Button(t("sync.judge"), "refresh", size="small", clicked=lambda: model.judge_again(change))
        again.setEnabled(online and change not in model.judging)
        again.setToolTip("" if online else t("sync.judge_needs_net"))
        actions.append(again)
        if not row.held:
            seen = Button(
                t("sync.mark_seen"), "eye-check-outline", size="small", clicked=lambda: model.mark_seen(change)
            )
            seen.setToolTip(t("sync.mark_seen_hint"))
            actions.append(seen)
    title = t("sync.waits_title" if row.held else "sync.held_title", row_title(row))
    return line_card("shield-alert-outline", "zhusha", title, reason_text(row.reason), actions)


def center_card(model: SyncModel, app: AppModel) -> Card:
    """省中心已隔离: what came in from the units in this office's charge and was not applied."""
    card = Card(t("sync.center_held"), t("sync.center_count", len(model.held_at_center)))
    for index, one in enumerate(model.held_at_center[:SHOWN_AT_CENTER]):
        if index:
            card.body.addWidget(Divider())
        at = moment_text(one.received_at, app.clock.now())
        parts = [place_name(one.unit_path), one.person_name, at]
        title = t("sync.row_title", entity_name(one.entity), t("sync.separator").join(part for part in parts if part))
        again = Button(t("sync.judge"), "refresh", size="small", clicked=partial(model.judge_again, one.change_id))
        again.setEnabled(one.change_id not in model.judging)
        card.body.addLayout(_line("shield-alert-outline", "zhusha", title, reason_text(one.reason), [again]))
    card.body.addWidget(Text(t("sync.center_note"), "small", "ink3", wrap=True))
    return card


def usb_card(pack: Callable[[], object], take: Callable[[], object]) -> Card:
    """What goes on a USB stick where there is no network for long."""
    actions = [
        Button(t("sync.usb_export"), "package-variant-closed", clicked=pack),
        Button(t("sync.usb_import"), "tray-arrow-down", clicked=take),
    ]
    actions[0].setToolTip(t("sync.usb_export_hint"))
    actions[1].setToolTip(t("sync.usb_import_hint"))
    return line_card("usb-flash-drive-outline", "ink2", t("sync.usb_title"), t("sync.usb_text"), actions)


def receipt_card(model: SyncModel, app: AppModel, save: Callable[[int], object]) -> Card:
    """The last receipt, which can be put on paper."""
    if model.picture.receipts:
        last = model.picture.receipts[0]
        at = moment_text(last.at, app.clock.now()) if last.at else ""
        text = t("sync.received", row_title(last), at)
        action = LinkButton(t("receipt.save"), "printer-outline", size="small", clicked=lambda: save(last.receipt))
        title = t("sync.last_receipt", last.receipt)
        return line_card("receipt-text-check-outline", "shilv", title, text, [action])
    since = clock_text(model.asked_at) if model.asked_at else ""
    text = t("sync.no_receipt_asked", since) if since else t("sync.no_receipt_text")
    return line_card("receipt-text-outline", "ink3", t("sync.no_receipt"), text)


def about_card(row: QueueRow, app: AppModel, actions: Sequence[QWidget]) -> Card:
    """What a chosen row of the queue is, and what can be done with it."""
    card = Card()
    head = QHBoxLayout()
    flush(head, 10)
    head.addWidget(ElidedText(row_title(row), "title"), 1)
    icon_name, tone = LOOKS[row.state]
    head.addWidget(Chip(t(f"sync.state_{row.state}"), icon_name, tone))
    card.body.addLayout(head)
    card.body.addWidget(Text(row_note(row, app), "body", "ink2", wrap=True))
    card.body.addWidget(Text(t(f"sync.about_{row.state}"), "body", "ink2", wrap=True))
    if actions:
        foot = QHBoxLayout()
        flush(foot, 8)
        for action in actions:
            foot.addWidget(action)
        foot.addStretch(1)
        card.body.addSpacing(theme().px(4))
        card.body.addLayout(foot)
    return card
