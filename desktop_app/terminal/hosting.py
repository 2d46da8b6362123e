"""Conducting, listening and calling the roll, as a story finds them: more acts and looks of a running terminal.

Like those of `terminal_stage`, every act is a call of a view model. What a person would be told in place of an act that
is not allowed is a look of its own (`meeting.told`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.domain.ids import UnitPath
from media.meeting.roll_call import RollManner

if TYPE_CHECKING:
    from sync.meetings.attendance import Attendee
    from ui.meeting.preview_dialog import PreviewDialog
    from ui.models.material_model import MaterialModel
    from ui.models.meeting_model import Notice
    from ui.models.workplace import Workplace

FRESH_SECONDS = 1.0
"""How long ago the last picture of the large tile may be for it to count as moving."""


class HostingStage:
    """`acts` and `looks` by name; both need a workplace."""

    def __init__(self, work: Callable[[], "Workplace"]) -> None:
        self._find = work
        self._told = ""
        self._material: MaterialModel | None = None
        self._previewed = ""
        self.acts: dict[str, Callable[..., object]] = {
            "home.test": lambda: self._work.home.test_devices(),
            "meeting.try_chair": self._try_chair,
            "meeting.ask_floor": self._ask_floor,
            "meeting.broadcast": lambda site="": self._work.hosting.broadcast(UnitPath(site) if site else None),
            "meeting.view": lambda site="": self._work.hosting.select_view(UnitPath(site) if site else None),
            "preview.open": self._open_preview,
            "preview.air": lambda: self._preview.accept() if self._preview is not None else None,
            "meeting.answer": lambda: self._work.hosting.answer(),
            "meeting.caption": lambda text: self._work.hosting.caption(text),
            "lecture.ask": self._ask,
            "slides.place": lambda path: self._files.place(Path(path)),
            "slides.present": lambda: self._work.slides.present(self._files.slides[0]),
            "slides.turn": lambda step: self._work.slides.turn(step),
            "signin.leave": lambda text: self._work.signin.leave(self._found(text)),
            "signin.open_door": lambda: self._work.signin.open_door(),
            "signin.close_door": lambda: self._work.signin.door.close(),
            "signin.card": lambda text: self._work.signin.take_card(text),
            "signin.expect": lambda: self._work.signin.expect_members(),
            "signin.find": lambda text: self._work.signin.sign_in(self._found(text)),
            "rollcall.start": lambda manner: self._work.roll_call.start(RollManner(manner)),
            "rollcall.call": lambda site: self._work.roll_call.call(site),
            "rollcall.present": lambda: self._work.roll_call.answer(present=True),
            "rollcall.absent": lambda: self._work.roll_call.answer(present=False),
            "rollcall.pause": lambda: self._work.roll_call.pause(),
            "rollcall.resume": lambda: self._work.roll_call.resume(),
            "rollcall.finish": lambda: self._work.roll_call.finish(),
            "rollcall.export": lambda path: self._work.roll_call.export(Path(path)),
        }
        self.looks: dict[str, Callable[[], Any]] = {
            "home.test_running": lambda: self._work.home.verdict.running,
            "home.known": lambda: [card.meeting for card in self._work.home.every],
            "meeting.told": lambda: self._told,
            "meeting.mic": lambda: self._own_mic(),
            "meeting.mics_open": lambda: sorted(
                row.unit_path for row in self._work.meeting.roster if row.mic == "open"
            ),
            "meeting.away": lambda: sorted(
                row.unit_path for row in self._work.meeting.roster if row.presence.value == "lost"
            ),
            "meeting.large": lambda: self._work.meeting.large or "",
            "meeting.large_moves": self._large_moves,
            "meeting.broadcast": lambda: self._work.meeting.broadcast or "",
            "preview.frames": self._preview_frames,
            "meeting.slowest_picture": lambda: max(self._work.meeting.first_picture_s.values(), default=None),
            "meeting.spoken": lambda: self._turn("spoken"),
            "meeting.turn": lambda: self._turn("stage"),
            "meeting.mode": lambda: self._work.meeting.state.mode.value,
            "room.turn": lambda: self._room_turn(),
            "room.caption": self._caption,
            "room.scene": lambda: self._work.room.scene.value,
            "lecture.listening": lambda: self._work.lecture.listening,
            "lecture.mic": lambda: self._work.lecture.mic.value,
            "lecture.questions": lambda: [one.state.value for one in self._work.lecture.questions],
            "slides.here": lambda: sum(one.here for one in self._files.files),
            "slides.page": lambda: self._work.slides.page,
            "slides.shown": lambda: self._work.slides.page if self._work.slides.state.value == "shown" else 0,
            "signin.door": lambda: self._work.signin.door.view.url if self._work.signin.door.view else "",
            "signin.left": lambda: sum(one.left_at is not None for one in self._work.signin.attendees),
            "signin.hits": lambda: len(self._work.signin.results),
            "signin.already": lambda: self._work.signin.already.signed_at if self._work.signin.already else "",
            "rollcall.stage": lambda: self._work.roll_call.stage.value,
            "rollcall.answered": lambda: self._work.roll_call.tally.present,
            "rollcall.no_answer": lambda: self._work.roll_call.tally.no_answer,
            "rollcall.offline": lambda: self._work.roll_call.tally.offline,
            "rollcall.total": lambda: self._work.roll_call.tally.total,
            "rollcall.cities": lambda: len(self._work.roll_call.cities),
            "rollcall.current": lambda: self._called(),
            "rollcall.written": lambda: self._work.roll_call.written,
        }

    @property
    def _work(self) -> "Workplace":
        return self._find()

    def hear(self, work: "Workplace") -> None:
        """From now on what the meeting tells is kept."""
        work.meeting.noticed.connect(self._take_notice)

    def _take_notice(self, notice: "Notice") -> None:
        from ui.i18n import fault_text, t

        self._told = fault_text(notice.fault) if notice.fault is not None else t(notice.key, *notice.values)

    def _try_chair(self) -> None:
        """Press the chair's key although somebody may hold it; what the person reads then is `meeting.told`."""
        from ui.i18n import t
        from ui.models.meeting_rights import Act

        right = self._work.meeting.right(Act.REQUEST_CHAIR)
        try:
            self._work.meeting.request_chair()
        except Fault:
            self._told = t(right.reason, *right.values)

    def _open_preview(self, site: str) -> None:
        """Select a site, and Ctrl+B: its picture is looked at before it is on air. The dialog has a loop of its own."""
        from ui.meeting.stage import Stage

        stages = [one for top in QApplication.topLevelWidgets() for one in top.findChildren(Stage)]
        stage = next((one for one in stages if isinstance(one, Stage) and one.isVisible()), None)
        if stage is None:
            raise OperatorError("story-too-early")
        stage.select(site)
        self._previewed = site
        QTimer.singleShot(0, stage.ask_air)

    @property
    def _preview(self) -> "PreviewDialog | None":
        from ui.meeting.preview_dialog import PreviewDialog

        open_ones = [
            one for one in QApplication.topLevelWidgets() if isinstance(one, PreviewDialog) and one.isVisible()
        ]
        return open_ones[0] if open_ones else None

    def _preview_frames(self) -> int:
        """Number of the picture that the preview shows; 0 without a dialog or a picture."""
        source = self._work.meeting.preview_source(self._previewed) if self._preview is not None else None
        frame = source.latest() if source is not None else None
        return frame.number if frame is not None else 0

    def _ask_floor(self, name: str = "", note: str = "") -> None:
        """Put a member of this room on the list of speakers, by a part of the name."""
        people = [one for one in self._work.meeting.people if name in one.name]
        if not people:
            raise OperatorError("member-unknown")
        self._work.meeting.request_floor(people[0].member_id, note=note, sector=people[0].note)

    def _ask(self, name: str = "", text: str = "") -> None:
        """代委员提问, for a signed-in member of this room."""
        members = [one for one in self._work.lecture.members if name in one.name]
        if not members:
            raise OperatorError("member-not-signed-in")
        self._work.lecture.ask(members[0].member_id, text)

    def _found(self, text: str) -> str:
        """Type into the search of the sign-in: the first hit, signed in before or not."""
        signin = self._work.signin
        signin.search(text)
        found: list[Attendee] = signin.results
        if not found:
            raise OperatorError("member-unknown")
        return found[0].member

    @property
    def _files(self) -> "MaterialModel":
        """The files of the meeting this terminal sits in."""
        if self._material is None or self._material.meeting != self._work.meeting.meeting_id:
            if self._material is not None:
                self._material.close()
            self._material = self._work.slides.material()
            self._material.load()
        return self._material

    def _own_mic(self) -> str:
        own = next((row for row in self._work.meeting.roster if row.local), None)
        return own.mic.value if own is not None else ""

    def _turn(self, what: str) -> Any:
        turn = self._work.meeting.turn
        return getattr(turn, what) if turn is not None else None

    def _room_turn(self) -> str | None:
        turn = self._work.room.picture.turn
        return turn.stage.value if turn is not None else None

    def _caption(self) -> str:
        """界别 site member, as the room's screen writes them."""
        caption = self._work.room.picture.caption
        return " ".join(part for part in (caption.site, caption.name, caption.sector) if part) if caption else ""

    def _large_moves(self) -> bool:
        meeting = self._work.meeting
        return meeting.large is not None and meeting.fps(meeting.large, FRESH_SECONDS) > 0

    def _called(self) -> str:
        current = self._work.roll_call.current
        return current.unit_path if current is not None else ""
