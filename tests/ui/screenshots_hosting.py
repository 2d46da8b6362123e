"""Renders the screens of hosting in their states, to be looked at: `screenshots_hosting.py OUT [ONLY]`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QMenu, QVBoxLayout, QWidget

sys.path.insert(0, str(Path(__file__).parent))

from drawn import (
    NINE,
    NOW,
    WALLS,
    DrawnSource,
    FakeLive,
    FakeRecords,
    HeldClock,
    busy_state,
    drawn_page,
    request,
    services_with,
    site,
)
from placed import PlacedMaterial, drawn_pdf
from screenshots_meeting import roster_rows

from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.content.screens import Shareable
from media.meeting.health import Health
from media.meeting.inquiry import Inquiry, InquiryAnswer, Stance
from media.meeting.model import FloorPurpose, FloorRequest, FloorStatus, MeetingPhase, MeetingState
from media.meeting.roll_call import RollAnswer, RollCall, RollManner, RollPhase, RollStatus
from media.meeting.stage import Budget, Caption, Layout, Message, Slide
from sync.reference.units import units
from ui.i18n import language, set_language, t
from ui.meeting.budget_dialog import BudgetDialog
from ui.meeting.guest_door_dialog import GuestDoorDialog
from ui.meeting.inquiry_card import AnswersDialog
from ui.meeting.lecture_view import LectureView
from ui.meeting.line_dialog import LineDialog
from ui.meeting.material_dialog import MaterialDialog
from ui.meeting.meeting_view import MeetingView
from ui.meeting.poll_dialog import PollDialog
from ui.meeting.preview_dialog import PreviewDialog
from ui.meeting.roll_view import RollCallView
from ui.meeting.room_window import RoomWindow
from ui.meeting.share_dialog import ShareDialog
from ui.models.app_model import AppModel, Look
from ui.models.guest_door_model import GuestDoorModel, GuestKey
from ui.models.hosting_model import HostingModel
from ui.models.lecture_model import LectureModel
from ui.models.meeting_model import MeetingModel
from ui.models.roll_model import RollCallModel
from ui.models.room_model import RoomContent, RoomModel
from ui.models.share_model import ShareModel
from ui.models.slide_model import SlideModel
from ui.shell.session_bar import SessionBar
from ui.shell.shortcuts_dialog import ShortcutsDialog
from ui.theme import Scheme, start_theme
from ui.theme.tokens import DARK, LIGHT

XN = UnitPath("100000/440000/441400/441481/")
LC = UnitPath("100000/440000/441600/441622/")
GD = UnitPath("100000/440000/")
TITLE = "提升县域医疗服务能力远程协商会"
OFFICE = ((1366, 768), (1440, 900))
ROOM = ((1920, 1080), (1366, 768))
UHD = (3840, 2160)


LATE = "late"


class Seat:
    """A terminal in a drawn meeting: its model, its records, its pictures."""

    def __init__(self, own: UnitPath, names: dict[UnitPath, str], dark: tuple[UnitPath, ...] = ()) -> None:
        self.clock = HeldClock()
        self.live = FakeLive(None, self.clock)
        people = (3, 5, 5, 4, 4, 3, 4, 2, 3)
        for place, path in enumerate(names):
            if path not in dark:
                drawn = DrawnSource(people[place % 9], WALLS[place % 9], self.clock.monotonic)
                self.live.sources[path if path != own else "local"] = drawn
        rows = roster_rows(42, 38)
        for entity, field in (("member", "unit_path"), ("roster_entry", "site"), ("attendance", "site")):
            for row in rows[entity]:
                row[field] = own
        rows["member"].append({**rows["member"][2], "pk": "p0", "unit_path": XN, "sector": "农业和农村界"})
        rows["unit"] = [{"pk": p, "unit_path": p, "name": n, "initials": ""} for p, n in names.items()]
        rows["site_contact"] = [{"pk": XN, "unit_path": XN, "name": "李主任", "phone": "0753-3322110"}]
        self.live.healths = {
            path: Health(delay_ms=30 + 11 * place, loss_permille=place) for place, path in enumerate(tuple(names)[:20])
        }
        self.live.healths[XN] = Health(delay_ms=420, loss_permille=83)
        rows["meeting"][0]["planned_start"] = stamp(NOW + timedelta(minutes=8))
        self.records = FakeRecords(rows)
        self.services = services_with(self.records, self.clock, own, names[own], self._open)
        self.desk = PlacedMaterial()
        self.services.material = self.desk
        self.model = MeetingModel(self.services)
        self.slides = SlideModel(self.model, self.services)

    def _open(self, _meeting: MeetingId, listener: Any) -> Any:
        self.live.listener = listener
        return self.live

    def enter(self, state: MeetingState) -> Seat:
        self.model.join(MeetingId("m"))
        self.model.take_link(True)
        self.model.take_media(True)
        self.model.take_state(state, None)
        return self

    def place(self, state: MeetingState) -> Seat:
        """Whatever file the state shows a page of is here, unless its title says that it is late."""
        if state.slide is not None:
            late, name = state.slide.title == LATE, f"{state.slide.title}.pdf"
            self.desk.put(name, drawn_pdf(state.slide.pages), sha256=state.slide.document, late=late)
        return self

    def cut(self) -> Seat:
        self.model.take_link(False)
        self.model.take_media(False)
        self.clock.move(40)
        return self


def room(state: MeetingState, change: Callable[[Seat, RoomModel], object] | None = None) -> Callable[[Any], QWidget]:
    """The room's display in one state."""

    def make(scheme: Scheme) -> QWidget:
        seat = Seat(XN, NINE)
        model = RoomModel(seat.model, seat.services, slides=seat.slides)
        seat.place(state).enter(state)
        if change is not None:
            change(seat, model)
        window = RoomWindow(model, seat.clock, LIGHT if scheme is Scheme.LIGHT else DARK)
        window._kept = (seat, model)  # type: ignore[attr-defined]
        return window

    return make


def late(state: MeetingState, seconds: int) -> MeetingState:
    """The same turn, begun so much earlier."""
    turn = state.floor[0]
    begun = (turn.granted_at or NOW) - timedelta(seconds=seconds)
    return replace(state, floor=(replace(turn, granted_at=begun), *state.floor[1:]))


BUSY = busy_state(NINE, GD, XN, LC)
LESSON = replace(BUSY, mode=MeetingMode.LECTURE, title="国是学堂第 25 期：数字化助力县域发展", floor=())


def question(number: int, status: FloorStatus, **more: Any) -> FloorRequest:
    """A question of a member of this room."""
    return request(number, XN, f"委员{number:02}", status, **more)


ASKED = replace(
    LESSON,
    floor=(
        question(2, FloorStatus.RELEASED),
        request(30, LC, "委员30", FloorStatus.ACCEPTED),
        question(19, FloorStatus.ACCEPTED),
    ),
)
GRANTED = replace(
    LESSON, floor=(question(7, FloorStatus.GRANTED, granted_at=NOW - timedelta(seconds=20), limit_seconds=180),)
)


def lecture(
    state: MeetingState, change: Callable[[Seat, LectureModel], object] | None = None
) -> Callable[[Any], QWidget]:
    """The page of a room that listens, in one state, below its session bar."""

    def make(_scheme: Scheme) -> QWidget:
        seat = Seat(XN, NINE)
        model = LectureModel(seat.model)
        seat.place(state).enter(state)
        app = AppModel(seat.clock, Look(language=language()))
        app.services = seat.services
        window = QWidget()
        column = QVBoxLayout(window)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(SessionBar(app, seat.model, lambda: None))
        column.addWidget(LectureView(model, seat.clock, HostingModel(seat.model), QMenu(), seat.slides), 1)
        if change is not None:
            change(seat, model)
        window._kept = (seat, model, app)  # type: ignore[attr-defined]
        return window

    return make


def asked_offline(seat: Seat, model: LectureModel) -> None:
    seat.cut()
    model.ask(model.members[3].member_id)


EVERY = {unit.unit_path: unit.name for unit in units().values()}
PROVINCE = {path: name for path, name in EVERY.items() if path.startswith(GD) or path == "100000/"}
DEAD = (UnitPath("100000/440000/441600/441624/"), LC, UnitPath("100000/440000/441500/441523/"))


def big_meeting(rolls: tuple[RollCall, ...] = ()) -> MeetingState:
    """All 145 sites; three are away."""
    state = busy_state(PROVINCE, GD, XN, None)
    sites = {
        path: replace(one, online=path not in DEAD, since=NOW - timedelta(minutes=2))
        for path, one in state.sites.items()
    }
    return replace(state, sites=sites, floor=(), roll_calls=rolls)


def roll_call(done: int, manner: RollManner = RollManner.VOICE, **more: Any) -> RollCall:
    """The first `done` sites have had their turn; those that are away did not answer."""
    paths = tuple(sorted(path for path in PROVINCE if path != GD))
    silent = set(paths[37:120:40])
    answers = []
    for path in paths[:done]:
        status = RollStatus.OFFLINE if path in DEAD else RollStatus.NO_ANSWER if path in silent else RollStatus.ANSWERED
        answers.append(RollAnswer(path, status, NOW - timedelta(seconds=4), recorded_by=GD))
    values: dict[str, Any] = {"opened_at": NOW - timedelta(minutes=5), "opened_by": GD, **more}
    if manner is RollManner.VOICE and done < len(paths) and values.get("phase") is not RollPhase.CLOSED:
        values["calling"], values["called"] = paths[done], paths[: done + 1]
    return RollCall(1, manner, paths, answers=tuple(answers), **values)


def rolled(
    rolls: tuple[RollCall, ...], change: Callable[[Seat, RollCallModel, RollCallView], object] | None = None
) -> Callable[[Any], QWidget]:
    """The roll-call page of the province, below a bar and beside a rail of the usual sizes."""

    def make(_scheme: Scheme) -> QWidget:
        seat = Seat(GD, PROVINCE, tuple(PROVINCE))
        model = RollCallModel(seat.model, seat.services)
        seat.enter(big_meeting(rolls))
        seat.clock.move(8)
        view = RollCallView(model)
        if change is not None:
            change(seat, model, view)
        window = QWidget()
        column = QVBoxLayout(window)
        column.setContentsMargins(80, 56, 0, 0)
        column.addWidget(view)
        window._kept = (seat, model)  # type: ignore[attr-defined]
        return window

    return make


ROLLS = {
    "roll-idle": rolled(()),
    "roll-voice": rolled((roll_call(76),)),
    "roll-paused": rolled((roll_call(76, phase=RollPhase.PAUSED),)),
    "roll-electronic": rolled((roll_call(100, RollManner.ELECTRONIC, closes_at=NOW + timedelta(seconds=40)),)),
    "roll-finished": rolled(
        (roll_call(144, phase=RollPhase.CLOSED, closed_at=NOW),), lambda _seat, _model, view: view._show("cities")
    ),
}


def conducting(
    own: UnitPath,
    state: MeetingState,
    names: dict[UnitPath, str],
    change: Callable[[MeetingView], object] | None = None,
) -> Callable[[Any], QWidget]:
    """The operator view in one state, below its session bar."""

    def make(_scheme: Scheme) -> QWidget:
        seat = Seat(own, names, tuple(names)[12:])
        room_model = RoomModel(seat.model, seat.services, slides=seat.slides)
        seat.place(state).enter(state)
        app = AppModel(seat.clock, Look(language=language()))
        app.services = seat.services
        window = QWidget()
        column = QVBoxLayout(window)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(SessionBar(app, seat.model, lambda: None))
        view = MeetingView(seat.model, room_model, lambda: None, slides=seat.slides)
        column.addWidget(view, 1)
        if change is not None:
            change(view)
        window._kept = (seat, room_model, app)  # type: ignore[attr-defined]
        return window

    return make


def alone(make_dialog: Callable[[MeetingView], QWidget]) -> Callable[[Any], QWidget]:
    """A menu or dialog of the operator view by itself."""

    def make(scheme: Scheme) -> QWidget:
        parent = conducting(GD, BUSY, NINE, lambda view: view.grid.select(XN))(scheme)
        view = parent.findChild(MeetingView)
        if not isinstance(view, MeetingView):
            raise SystemExit("no operator view")
        made = make_dialog(view)
        made._parent_kept = parent  # type: ignore[attr-defined]
        return made

    return make


def preview(view: MeetingView) -> QWidget:
    row = view._stage.chosen()
    if row is None:
        raise SystemExit("no site is selected")
    return PreviewDialog(view.model, row, None)


def filled(menu: Any) -> QWidget:
    menu.fill()
    return cast(QWidget, menu)


LOBBY = replace(
    BUSY, locked=True, lobby={LC: site(LC, "龙川县政协")}, sites={p: s for p, s in BUSY.sites.items() if p != LC}
)
SAID = (
    Message("1", XN, None, "听不清主会场的声音", NOW - timedelta(minutes=3)),
    Message("2", GD, XN, "请检查音量，或换用备用话筒", NOW - timedelta(minutes=2)),
)
FULL = replace(
    BUSY,
    recording_since=NOW - timedelta(minutes=42),
    messages=SAID,
    broadcast=XN,
    caption=Caption(GD, "省卫生健康委回应：编制周转池年底前出台", NOW),
    sites={path: replace(one, consent=True) for path, one in BUSY.sites.items()},
)
ELECTRONIC = RollCall(
    1, RollManner.ELECTRONIC, tuple(sorted(p for p in NINE if p != GD)), NOW, GD, closes_at=NOW + timedelta(seconds=52)
)
HOSTED = {
    "conduct-full": conducting(GD, FULL, NINE, lambda view: view.grid.select(XN)),
    "conduct-145": conducting(GD, big_meeting(), PROVINCE),
    "conduct-knock": conducting(GD, LOBBY, NINE),
    "conduct-paused": conducting(GD, replace(BUSY, paused_at=NOW), NINE),
    "conduct-summons": conducting(XN, replace(BUSY, roll_calls=(ELECTRONIC,)), NINE),
    "conduct-consent": conducting(XN, replace(BUSY, recording_since=NOW - timedelta(minutes=2)), NINE),
}
DIALOGS = {
    "dialog-host-menu": alone(lambda view: filled(view._host_menu)),
    "dialog-site-menu": alone(lambda view: filled(view._stage.menu)),
    "dialog-preview": alone(preview),
    "dialog-keys": alone(lambda _view: ShortcutsDialog()),
    "dialog-remove": alone(
        lambda _view: LineDialog(
            t("host.remove-title", NINE[XN]), t("host.remove-why"), t("host.remove"), None, destroys=True
        )
    ),
}


def asked_to_grant(_view: MeetingView) -> QWidget:
    parent = conducting(GD, QUESTIONED, NINE)(Scheme.LIGHT)
    view = parent.findChild(MeetingView)
    if not isinstance(view, MeetingView):
        raise SystemExit("no operator view")
    site_row = next(row for row in view.model.roster if row.unit_path == XN)
    made = PreviewDialog(view.model, site_row, None, view.model.queue[0])
    made._kept_view = parent  # type: ignore[attr-defined]
    return made


def among(state: MeetingState, make_dialog: Callable[[MeetingView], QWidget]) -> Callable[[Any], QWidget]:
    """A dialog over a meeting in this state."""

    def make(scheme: Scheme) -> QWidget:
        parent = conducting(GD, state, NINE, lambda view: view.grid.select(XN))(scheme)
        view = parent.findChild(MeetingView)
        if not isinstance(view, MeetingView):
            raise SystemExit("no operator view")
        made = make_dialog(view)
        made._parent_kept = parent  # type: ignore[attr-defined]
        return made

    return make


def listed(view: MeetingView) -> QWidget:
    slides = view._host_menu._slides
    if slides is None:
        raise SystemExit("no slides")
    return MaterialDialog(slides.material(), None, slides)


LECTURES = {
    "lecture-listens": lecture(ASKED),
    "lecture-granted": lecture(GRANTED),
    "lecture-empty": lecture(LESSON, lambda seat, model: seat.records.rows["attendance"].clear()),
    "lecture-offline": lecture(ASKED, asked_offline),
}
LONG = replace(
    BUSY,
    title="关于健全县域医共体人才共管机制、推动优质医疗资源下沉到基层的四级联动远程协商会",
    floor=(replace(BUSY.floor[0], member_name="阿卜杜热西提·麦合木提江"), *BUSY.floor[1:]),
)
BEFORE = MeetingState(MeetingId("m"), MeetingPhase.SCHEDULED, title=TITLE, host=GD, invited=tuple(NINE))
QUESTION = Inquiry(
    "q1",
    "是否同意先在惠东、博罗两县开展县域医共体编制周转池试点",
    tuple(sorted(path for path in NINE if path != GD)),
    NOW - timedelta(minutes=2),
    GD,
    answers=(
        InquiryAnswer(XN, Stance.AGREE, NOW),
        InquiryAnswer(sorted(NINE)[0], Stance.AGREE, NOW),
        InquiryAnswer(sorted(NINE)[4], Stance.OTHER, NOW, remark="建议先测算周转池的规模，再定试点县"),
        InquiryAnswer(sorted(NINE)[5], Stance.ABSTAIN, NOW),
    ),
)
ASKING = replace(BUSY, inquiries=(QUESTION,))
BUDGETED = replace(
    BUSY,
    budgets=(Budget(None, 3, 1200), Budget(None, 1, 600), Budget(XN, 0, 600)),
    floor=(BUSY.floor[0], replace(BUSY.floor[1], priority=9), *BUSY.floor[2:]),
)
QUESTIONED = replace(
    BUSY,
    mode=MeetingMode.LECTURE,
    floor=(
        replace(
            request(7, XN, "委员07", FloorStatus.ACCEPTED),
            purpose=FloorPurpose.QUESTION,
            place=1,
            sector="教育界",
            note="县一级数据人才不足，省里是否考虑建立市县共享的技术支持队伍？",
        ),
    ),
)
HOSTED |= {
    "conduct-inquiry": conducting(GD, ASKING, NINE),
    "conduct-asked": conducting(sorted(NINE)[2], ASKING, NINE),
    "conduct-budgets": conducting(GD, BUDGETED, NINE),
    "conduct-rehearsal": conducting(GD, replace(BUSY, mode=MeetingMode.REHEARSAL, floor=()), NINE),
}
SLIDE = Slide("5" * 64, 2, 3, "县域数字化的三个着力点", GD, NOW)
LESSON_PAGE = replace(ASKED, slide=SLIDE, layout=Layout.CONTENT)
BUSY_PAGE = replace(BUSY, slide=SLIDE, layout=Layout.CONTENT)
LATE_PAGE = replace(LESSON_PAGE, slide=replace(SLIDE, title=LATE))
LECTURES |= {
    "lecture-slides": lecture(LESSON_PAGE),
    "lecture-looks": lecture(LESSON_PAGE, lambda seat, _model: seat.slides.look(1)),
    "lecture-fetching": lecture(LATE_PAGE),
    "lecture-asking": lecture(replace(GRANTED, slide=SLIDE, layout=Layout.CONTENT)),
}
HOSTED |= {
    "conduct-slides": conducting(GD, BUSY_PAGE, NINE),
    "conduct-slides-none": conducting(GD, BUSY, NINE, lambda view: view._stage.show_slides()),
}


def offered(view: MeetingView) -> QWidget:
    """The screens and windows of this PC."""
    model = ShareModel(view.model, view.model._services)
    dialog = ShareDialog(model)
    found = [(Shareable("屏幕 1（1920×1080）", 0, 0, 0, 1920, 1080), drawn_page(1920, 1080))]
    found += [(Shareable(name, number), drawn_page(900, 640)) for number, name in enumerate(WINDOWS, 1)]
    dialog.show_found(found)
    dialog._kept_model = model  # type: ignore[attr-defined]
    return dialog


def keyed(view: MeetingView) -> QWidget:
    """A key for a player that looks on."""
    dialog = GuestDoorDialog(GuestDoorModel(view.model._services, view.model, view))
    dialog.show_key(GuestKey("https://10.1.2.3:8443/v1/whip", "eyJtIjoiMDE5YSIsInIiOiJvYnNlcnZlciJ9.c2lsaWFu", NOW))
    return dialog


WINDOWS = (
    "履职报告 2026.xlsx - WPS 表格",
    "提案办理情况汇总（征求意见稿）.docx",
    "图片查看",
    "浏览器",
)
DIALOGS |= {
    "dialog-budgets": among(BUDGETED, lambda view: BudgetDialog(view.hosting.queue, None, LC)),
    "dialog-polling": among(BUSY, lambda view: PollDialog(view.hosting, None)),
    "dialog-share": among(BUSY, offered),
    "dialog-guest": among(BUSY, keyed),
    "dialog-answers": among(ASKING, lambda view: AnswersDialog(view.hosting.inquiry, None)),
    "dialog-material": among(BUSY_PAGE, listed),
    "dialog-queue-menu": among(BUDGETED, lambda view: view._floor.queue.menu_of(view.model.queue[1])),
    "dialog-question": alone(asked_to_grant),
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
SHOTS: dict[str, tuple[Callable[[Any], QWidget], tuple[tuple[int, int], ...]]] = {
    **{name: (make, ROOM) for name, make in ROOMS.items()},
    **{name: (make, OFFICE) for name, make in {**LECTURES, **ROLLS, **HOSTED}.items()},
    **{name: (make, ((0, 0),)) for name, make in DIALOGS.items()},
    "room-uhd": (ROOMS["room-busy"], (UHD,)),
}


def settle(app: QApplication, rounds: int = 14) -> None:
    for _ in range(rounds):
        app.processEvents()
        time.sleep(0.01)


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    for scheme in (Scheme.LIGHT, Scheme.DARK):
        start_theme(app, scheme)
        for spoken in ("zh_CN", "en"):
            set_language(spoken)
            for name, (make, sizes) in SHOTS.items():
                for size in sizes:
                    title = f"{name}-{size[0]}-{spoken}-{scheme.value}"
                    if only in title:
                        window = make(scheme)
                        if size[0]:
                            window.resize(*size)
                        window.show()
                        settle(app)
                        window.grab().save(str(out / f"{title}.png"))
                        window.close()
                        window.deleteLater()


if __name__ == "__main__":
    main()
