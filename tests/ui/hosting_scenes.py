"""The screens of hosting in their states: rooms, lectures, roll calls, dialogs."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from drawn import GD, NINE, NOW, drawn_page
from meeting_states import (
    ASKED,
    ASKING,
    BEFORE,
    BUDGETED,
    BUSY,
    BUSY_PAGE,
    ELECTRONIC,
    FULL,
    GRANTED,
    LATE,
    LATE_PAGE,
    LC,
    LESSON,
    LESSON_PAGE,
    LOBBY,
    LONG,
    PROVINCE,
    QUESTIONED,
    SLIDE,
    XN,
    big_meeting,
    late,
    roll_call,
)  # fmt: skip
from PySide6.QtWidgets import QApplication, QWidget
from seated import Seat, among, conducting, lecture, rolled, room

from desktop_app.domain.meetings import MeetingMode
from media.content.screens import Shareable
from media.meeting.roll_call import RollManner, RollPhase
from media.meeting.stage import Layout
from ui.i18n import t
from ui.meeting.budget_dialog import BudgetDialog
from ui.meeting.guest_door_dialog import GuestDoorDialog
from ui.meeting.inquiry_card import AnswersDialog
from ui.meeting.line_dialog import LineDialog
from ui.meeting.material_dialog import MaterialDialog
from ui.meeting.meeting_view import MeetingView
from ui.meeting.poll_dialog import PollDialog
from ui.meeting.preview_dialog import PreviewDialog
from ui.meeting.share_dialog import ShareDialog
from ui.models.guest_door_model import GuestDoorModel, GuestKey
from ui.models.lecture_model import LectureModel
from ui.models.room_model import RoomContent
from ui.models.share_model import ShareModel
from ui.shell.shortcuts_dialog import ShortcutsDialog

WINDOWS = (
    "履职报告 2026.xlsx - WPS 表格",
    "提案办理情况汇总（征求意见稿）.docx",
    "图片查看",
    "浏览器",
)


def asked_offline(seat: Seat, model: LectureModel) -> None:
    seat.cut()
    model.ask(model.members[3].member_id)


def preview(view: MeetingView) -> QWidget:
    row = view._stage.chosen()
    if row is None:
        raise SystemExit("no site is selected")
    return PreviewDialog(view.model, row, None)


def asked_to_grant(view: MeetingView) -> QWidget:
    """The look at the site whose question is first."""
    row = next(row for row in view.model.roster if row.unit_path == XN)
    return PreviewDialog(view.model, row, None, view.model.queue[0])


def filled(menu: Any) -> QWidget:
    menu.fill()
    return cast(QWidget, menu)


def listed(view: MeetingView) -> QWidget:
    slides = view._host_menu._slides
    if slides is None:
        raise SystemExit("no slides")
    return MaterialDialog(slides.material(), None, slides)


def offered(view: MeetingView) -> QWidget:
    """The screens and windows of this PC."""
    model = ShareModel(view.model, view.model._services)
    dialog = ShareDialog(model)
    found = [(Shareable("屏幕 1（1920×1080）", 0, 0, 0, 1920, 1080), drawn_page(1920, 1080))]
    found += [(Shareable(name, number), drawn_page(900, 640)) for number, name in enumerate(WINDOWS, 1)]
    dialog.show_found(found)
    dialog._kept_model = model  # type: ignore[attr-defined]  # lives as long as the window
    return dialog


def keyed(view: MeetingView) -> QWidget:
    """A key for a player that looks on."""
    dialog = GuestDoorDialog(GuestDoorModel(view.model._services, view.model, view))
    dialog.show_key(GuestKey("https://10.1.2.3:8443/v1/whip", "eyJtIjoiMDE5YSIsInIiOiJvYnNlcnZlciJ9.c2lsaWFu", NOW))
    return dialog


ROLLS = {
    "roll-idle": rolled(()),
    "roll-voice": rolled((roll_call(76),)),
    "roll-paused": rolled((roll_call(76, phase=RollPhase.PAUSED),)),
    "roll-electronic": rolled((roll_call(100, RollManner.ELECTRONIC, closes_at=NOW + timedelta(seconds=40)),)),
    "roll-finished": rolled(
        (roll_call(144, phase=RollPhase.CLOSED, closed_at=NOW),), lambda _seat, _model, view: view._show("cities")
    ),
}
HOSTED = {
    "conduct-full": conducting(GD, FULL, NINE, lambda view: view.grid.select(XN)),
    "conduct-145": conducting(GD, big_meeting(), PROVINCE),
    "conduct-knock": conducting(GD, LOBBY, NINE),
    "conduct-paused": conducting(GD, replace(BUSY, paused_at=NOW), NINE),
    "conduct-summons": conducting(XN, replace(BUSY, roll_calls=(ELECTRONIC,)), NINE),
    "conduct-consent": conducting(XN, replace(BUSY, recording_since=NOW - timedelta(minutes=2)), NINE),
    "conduct-inquiry": conducting(GD, ASKING, NINE),
    "conduct-asked": conducting(sorted(NINE)[2], ASKING, NINE),
    "conduct-budgets": conducting(GD, BUDGETED, NINE),
    "conduct-rehearsal": conducting(GD, replace(BUSY, mode=MeetingMode.REHEARSAL, floor=()), NINE),
    "conduct-slides": conducting(GD, BUSY_PAGE, NINE),
    "conduct-slides-none": conducting(GD, BUSY, NINE, lambda view: view._stage.show_slides()),
}
LECTURES = {
    "lecture-listens": lecture(ASKED),
    "lecture-granted": lecture(GRANTED),
    "lecture-empty": lecture(LESSON, lambda seat, model: seat.records.rows["attendance"].clear()),
    "lecture-offline": lecture(ASKED, asked_offline),
    "lecture-slides": lecture(LESSON_PAGE),
    "lecture-looks": lecture(LESSON_PAGE, lambda seat, _model: seat.slides.look(1)),
    "lecture-fetching": lecture(LATE_PAGE),
    "lecture-asking": lecture(replace(GRANTED, slide=SLIDE, layout=Layout.CONTENT)),
}
DIALOGS = {
    "dialog-host-menu": among(BUSY, lambda view: filled(view._host_menu)),
    "dialog-site-menu": among(BUSY, lambda view: filled(view._stage.menu)),
    "dialog-preview": among(BUSY, preview),
    "dialog-keys": among(BUSY, lambda _view: ShortcutsDialog()),
    "dialog-remove": among(
        BUSY,
        lambda _view: LineDialog(
            t("host.remove-title", NINE[XN]),
            t("host.remove-why"),
            t("host.remove"),
            None,
            may_be_empty=True,
            destroys=True,
        ),
    ),
    "dialog-budgets": among(BUDGETED, lambda view: BudgetDialog(view.hosting.queue, None, LC)),
    "dialog-polling": among(BUSY, lambda view: PollDialog(view.hosting, None)),
    "dialog-share": among(BUSY, offered),
    "dialog-guest": among(BUSY, keyed),
    "dialog-answers": among(ASKING, lambda view: AnswersDialog(view.hosting.inquiry, None)),
    "dialog-material": among(BUSY_PAGE, listed),
    "dialog-queue-menu": among(BUDGETED, lambda view: view._floor.queue.menu_of(view.model.queue[1])),
    "dialog-question": among(QUESTIONED, asked_to_grant),
}
ROOMS = {
    "room-slides": room(late(BUSY_PAGE, 150)),
    "room-slides-late": room(replace(BUSY_PAGE, slide=replace(SLIDE, title=LATE))),
    "room-busy": room(BUSY),
    "room-warn": room(late(BUSY, 150)),
    "room-over": room(late(BUSY, 260)),
    "room-long": room(LONG),
    "room-quiet": room(replace(BUSY, floor=())),
    "room-before": room(BEFORE),
    "room-offline": room(BUSY, lambda seat, _model: seat.cut()),
    "room-plate": room(BUSY, lambda _seat, model: model.show(RoomContent.PLATE)),
    "room-notice": room(
        BUSY, lambda _seat, model: model.show(RoomContent.NOTICE, "会议休息十五分钟，请各会场于 11:00 前回到座位。")
    ),
    "room-hidden": room(BUSY, lambda _seat, model: model.show(RoomContent.HIDDEN)),
}


def settle(app: QApplication, rounds: int = 14) -> None:
    for _ in range(rounds):
        app.processEvents()
        time.sleep(0.01)
