"""Rooms that sit in a drawn meeting, and the windows that they look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from drawn import NINE, NOW, WALLS, DrawnSource, FakeLive, FakeRecords, HeldClock, services_with
from meeting_states import GD, LATE, PROVINCE, XN, big_meeting
from meeting_window import roster_rows
from placed import PlacedMaterial, drawn_pdf
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import MeetingId, UnitPath
from media.meeting.health import Health
from media.meeting.model import MeetingState
from media.meeting.roll_call import RollCall
from ui.i18n import language
from ui.meeting.lecture_view import LectureView
from ui.meeting.meeting_view import MeetingView
from ui.meeting.roll_view import RollCallView
from ui.meeting.room_window import RoomWindow
from ui.models.app_model import AppModel, Look
from ui.models.hosting_model import HostingModel
from ui.models.lecture_model import LectureModel
from ui.models.meeting_model import MeetingModel
from ui.models.roll_model import RollCallModel
from ui.models.room_model import RoomModel
from ui.models.slide_model import SlideModel
from ui.shell.session_bar import SessionBar
from ui.theme import Scheme
from ui.theme.tokens import DARK, LIGHT


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
        self.live.healths[XN] = Health(delay_ms=420, loss_permille=83, weak=True)
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
        window._kept = (seat, model)  # type: ignore[attr-defined]  # lives as long as the window
        return window

    return make


def below_the_bar(seat: Seat, view: QWidget, model: object) -> QWidget:
    """A window with the session bar and one page of a seat, which keeps what the page shows."""
    app = AppModel(seat.clock, Look(language=language()))
    app.services = seat.services
    window = QWidget()
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(SessionBar(app, seat.model, lambda: None))
    column.addWidget(view, 1)
    window._kept = (seat, model, app)  # type: ignore[attr-defined]  # lives as long as the window
    return window


def lecture(
    state: MeetingState, change: Callable[[Seat, LectureModel], object] | None = None
) -> Callable[[Any], QWidget]:
    """The page of a room that listens, in one state, below its session bar."""

    def make(_scheme: Scheme) -> QWidget:
        seat = Seat(XN, NINE)
        model = LectureModel(seat.model)
        seat.place(state).enter(state)
        view = LectureView(model, seat.clock, HostingModel(seat.model), QMenu(), seat.slides)
        window = below_the_bar(seat, view, model)
        if change is not None:
            change(seat, model)
        return window

    return make


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
        window._kept = (seat, model)  # type: ignore[attr-defined]  # lives as long as the window
        return window

    return make


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
        view = MeetingView(seat.model, room_model, lambda: None, slides=seat.slides)
        window = below_the_bar(seat, view, room_model)
        if change is not None:
            change(view)
        return window

    return make


def among(state: MeetingState, make_dialog: Callable[[MeetingView], QWidget]) -> Callable[[Any], QWidget]:
    """A menu or dialog of the operator view in this state, by itself."""

    def make(scheme: Scheme) -> QWidget:
        parent = conducting(GD, state, NINE, lambda view: view.grid.select(XN))(scheme)
        view = parent.findChild(MeetingView)
        if not isinstance(view, MeetingView):
            raise SystemExit("no operator view")
        made = make_dialog(view)
        made._parent_kept = parent  # type: ignore[attr-defined]  # lives as long as the window
        return made

    return make
