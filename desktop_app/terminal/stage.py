"""A running terminal as a story finds it: the acts of a person, and what the screens' view models say. Qt thread only.

Every act goes through a view model, the same that a button or a key would call; nothing reaches below the screens.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop_app.domain.faults import Fault, OperatorError
from desktop_app.terminal.app import Terminal
from desktop_app.terminal.hosting import HostingStage
from desktop_app.terminal.readiness import ReadinessStage
from desktop_app.terminal.story import StoryLog
from ui.models.pages import Page

if TYPE_CHECKING:
    from ui.models.enrol_model import EnrolModel
    from ui.models.workplace import Workplace
    from ui.picture.grid import VideoGrid

KEYS_MS, KEYS_AT_ONCE = 60, 2
"""A fast clerk: two characters every 60 ms."""
COUNT_SECONDS = 0.5
FRESH_SECONDS = 2.0
"""How long ago the last picture of a site may be for it to count as moving."""


class TerminalStage:
    """The acts and looks of one terminal; satisfies `desktop_app.terminal.story.Stage`."""

    def __init__(self, terminal: Terminal, shots: Path, log: StoryLog) -> None:
        self._terminal = terminal
        self._shots = shots
        self._log = log
        self._exported: list[Path] = []
        self._untyped = ""
        self._block = ""
        self._keys = QTimer(interval=KEYS_MS)
        self._keys.timeout.connect(self._type)
        self._counts: dict[str, tuple[float, int]] = {}
        self._hosting = HostingStage(lambda: self._work)
        self._readiness = ReadinessStage(lambda: self._work)
        terminal.ready.connect(self._take_workplace)
        self._acts: dict[str, Callable[..., object]] = {
            "look": lambda name: log.write("looked", name=name, value=self.look(name)),
            "enrol.submit": self._enrol,
            "unlock.choose": lambda name: self._choose(name),
            "unlock.enter": lambda pin: self._work.unlock.unlock(pin),
            "app.lock": lambda: terminal.app.lock(),
            "app.go": lambda page: terminal.app.go(Page(page)),
            "app.return": lambda: terminal.app.return_to_meeting(),
            "home.schedule": self._schedule,
            "home.join": lambda meeting="": self._work.home.join(meeting),
            "meeting.request_chair": lambda: self._work.meeting.request_chair(),
            "meeting.release_chair": lambda: self._work.meeting.release_chair(),
            "meeting.load_people": lambda: self._work.meeting.load_people(),
            "meeting.request_floor": self._request_floor,
            "meeting.grant_first": lambda: self._work.meeting.grant_first(),
            "meeting.release": lambda: self._work.meeting.release(),
            "meeting.point_agenda": lambda number: self._work.meeting.point_agenda(number),
            "meeting.mute_all": lambda: self._work.meeting.mute(None),
            "meeting.unmute_all": lambda: self._work.meeting.mute(None, False),
            "meeting.leave": lambda: self._work.meeting.leave(),
            "meeting.end": lambda: self._work.meeting.end(),
            "signin.open": lambda meeting="": self._work.open_sign_in(meeting or self._meeting_id()),
            "signin.import": self._import,
            "signin.search": lambda text: self._work.signin.search(text),
            "signin.enter": self._sign_in_results,
            "signin.excuse": lambda: self._work.signin.excuse(self._waiting()[0].member),
            "signin.export": lambda path: self._work.signin.export(path),
            "minutes.open": lambda meeting="": self._work.open_minutes(meeting or self._meeting_id()),
            "minutes.write": self._write,
            "minutes.paste": self._paste,
            "minutes.mark_opinion": lambda: self._work.minutes.mark_opinion(self._work.minutes.current_block),
            "minutes.export": lambda path: self._work.minutes.export(Path(path)),
            "sync.now": lambda: self._work.sync.sync_now(),
            **self._hosting.acts,
            **self._readiness.acts,
        }
        self._looks: dict[str, Callable[[], Any]] = {
            "app.stage": lambda: terminal.app.stage.value,
            "app.page": lambda: terminal.app.page.value,
            "app.link": lambda: terminal.app.link.light.value,
            "app.banner": lambda: terminal.app.banner.kind if terminal.app.banner else "",
            "app.pending": lambda: terminal.app.sync.pending,
            "app.in_session": lambda: terminal.app.in_session,
            "app.fault": lambda: terminal.app.fault.id if terminal.app.fault else "",
            "enrol.busy": lambda: self._enrolment.busy,
            "enrol.fault": lambda: self._enrolment.fault.id if self._enrolment.fault else "",
            "unlock.people": lambda: len(self._work.unlock.operators),
            "unlock.fault": lambda: self._work.unlock.fault.id if self._work.unlock.fault else "",
            "home.loaded": lambda: self._work.home.state.value == "ready",
            "home.meetings": lambda: len(self._work.home.meetings),
            "home.tested": lambda: self._work.home.verdict.at is not None,
            "home.due": self._due,
            "meeting.in": lambda: self._work.meeting.in_meeting,
            "meeting.phase": lambda: self._work.meeting.state.phase.value,
            "meeting.control": lambda: self._work.meeting.online,
            "meeting.media": lambda: self._work.meeting.media_up,
            "meeting.sites": lambda: self._work.meeting.sites_online,
            "meeting.agenda": lambda: self._work.meeting.state.agenda_at,
            "meeting.queue": lambda: len(self._work.meeting.queue),
            "meeting.chair": lambda: self._work.meeting.state.chair or "",
            "meeting.speaking": self._speaking,
            "meeting.turns": lambda: sum(1 for turn in self._work.meeting.state.floor if turn.speech_no),
            "meeting.restarts": self._restarts,
            "meeting.people": lambda: len(self._work.meeting.people),
            "meeting.pictures": lambda: len(self._work.meeting.first_picture_s),
            "meeting.moving": self._moving,
            "signin.expected": lambda: self._work.signin.tally.expected,
            "signin.present": lambda: self._work.signin.tally.present,
            "signin.meeting": lambda: self._work.signin.meeting,
            "minutes.loaded": lambda: self._work.minutes.loaded,
            "minutes.blocks": lambda: len(self._work.minutes.blocks),
            "minutes.typing": lambda: len(self._untyped),
            "minutes.unsaved": lambda: self._work.minutes.dirty or self._work.minutes.saving,
            "minutes.text": lambda: "".join(block.text for block in self._work.minutes.blocks),
            "minutes.fault": lambda: self._work.minutes.save_fault.id if self._work.minutes.save_fault else "",
            "minutes.opinions": lambda: len(self._work.minutes.noted),
            "sync.receipts": lambda: len(self._work.sync.picture.receipts),
            "sync.waiting": lambda: self._work.sync.picture.waiting,
            "records.sign_ins": lambda: self._count("sign_in"),
            "records.speeches": lambda: self._count("speech"),
            "records.duties": lambda: self._count("duty_event"),
            "exports.written": lambda: len(self._exported),
            **self._hosting.looks,
            **self._readiness.looks,
        }

    @property
    def _work(self) -> "Workplace":
        if self._terminal.workplace is None:
            raise OperatorError("story-too-early")
        return self._terminal.workplace

    @property
    def _enrolment(self) -> "EnrolModel":
        if self._terminal.window.enrolment is None:
            raise OperatorError("story-too-early")
        return self._terminal.window.enrolment

    # The stage

    def act(self, verb: str, given: Mapping[str, Any]) -> None:
        """OperatorError "story-unreadable" for a verb that nobody has."""
        if verb not in self._acts:
            raise OperatorError("story-unreadable", detail=verb)
        if verb == "home.join":
            self._log.write("join")
        self._acts[verb](**given)

    def look(self, name: str) -> Any:
        """None before there is a workplace."""
        if name not in self._looks:
            raise OperatorError("story-unreadable", detail=name)
        if self._terminal.workplace is None and not name.startswith(("app.", "enrol.")):
            return None
        return self._looks[name]()

    def grab(self, name: str) -> str:
        """A PNG of the window, or of the dialog in front of it."""
        widget = QApplication.activeModalWidget() or self._terminal.window
        self._shots.mkdir(parents=True, exist_ok=True)
        path = self._shots / f"{name}.png"
        widget.grab().save(str(path))
        return str(path)

    # What the models say by themselves

    def _take_workplace(self) -> None:
        work = self._work
        self._hosting.hear(work)
        for model in (work.home, work.signin, work.minutes, work.sync):
            model.failed.connect(self._note_fault)
        for exporter in (work.signin, work.minutes, work.roll_call):
            exporter.exported.connect(self._exported.append)
        identity = self._terminal.parts.identity if self._terminal.parts is not None else None
        if identity is not None:
            self._log.write("enrolled", device=identity.device, unit_path=identity.unit_path)

    def _note_fault(self, fault: Fault) -> None:
        self._log.write("fault", id=fault.id, text=str(fault))

    # Acts that are more than one call

    def _enrol(self, url: str, code: str, name: str, pin: str) -> None:
        self._enrolment.submit(url, code, name, pin, pin)

    def _choose(self, name: str) -> None:
        unlock = self._work.unlock
        for one in unlock.operators:
            if one.name == name:
                unlock.choose(one.person)
                return
        raise OperatorError("story-unreadable", detail=name)

    def _schedule(self, in_seconds: float, language: str = "zh_CN") -> None:
        """The sample meeting, with its guests and its agenda."""
        from sync.reference.samples import sample_agenda
        from ui.services import AgendaDraft

        sample = sample_agenda()
        start = self._terminal.clock.now() + timedelta(seconds=in_seconds)
        items = [AgendaDraft(item.title, item.item_type, item.planned_min, item.limit_sec) for item in sample.items]
        end = start + timedelta(minutes=sample.total_min)
        self._work.home.schedule(sample.title, sample.kind.value, start, end, sample.invited, items)

    def _meeting_id(self) -> str:
        card = self._work.home.next or next(iter(self._work.home.meetings), None)
        meeting = self._terminal.app.meeting_id or self._work.meeting.meeting_id or (card.meeting if card else "")
        if not meeting:
            raise OperatorError("no-meeting")
        return meeting

    def _import(self, path: str = "") -> None:
        from sync.reference.samples import sample_roster

        self._work.signin.import_roster(path or sample_roster())

    def _waiting(self) -> list[Any]:
        from sync.meetings.attendance import AttendanceState

        expected = (AttendanceState.WAITING, AttendanceState.ABSENT)
        return [one for one in self._work.signin.results if one.state in expected]

    def _sign_in_results(self, count: int = 1) -> None:
        """Enter on the first of the list, as often as members come in at the door."""
        for one in self._waiting()[:count]:
            self._work.signin.sign_in(one.member)

    def _request_floor(self, nth: int = 0) -> None:
        """For the nth member of this room's list."""
        people = self._work.meeting.people
        if nth >= len(people):
            raise OperatorError("member-unknown")
        self._work.meeting.request_floor(people[nth].member_id)

    def _write(self, text: str) -> None:
        """A new block for whoever speaks, and the words, a few keys at a time."""
        self._block = self._work.minutes.add_block()
        self._untyped = text
        self._keys.start()

    def _paste(self, text: str, times: int = 1) -> None:
        """A new block and all its words at once."""
        self._block = self._work.minutes.add_block(text=text * times)

    def _type(self) -> None:
        minutes = self._work.minutes
        keys, self._untyped = self._untyped[:KEYS_AT_ONCE], self._untyped[KEYS_AT_ONCE:]
        if keys:
            minutes.type(self._block, keys)
        else:
            self._keys.stop()

    # Looks that are more than one value

    def _due(self) -> bool:
        card = self._work.home.next
        return card is not None and card.start <= self._terminal.clock.now()

    def _count(self, entity: str) -> int:
        """Records of this kind that have arrived in the running (or last) meeting; read twice a second at most."""
        now = self._terminal.clock.monotonic()
        at, count = self._counts.get(entity, (0.0, 0))
        if now - at > COUNT_SECONDS:
            count = len(self._work.services.records.list(entity, meeting=self._work.meeting.meeting_id))
            self._counts[entity] = (now, count)
        return count

    def _speaking(self) -> str:
        turn = self._work.meeting.speaking
        return turn.unit_path if turn is not None else ""

    def _restarts(self) -> int:
        live = self._terminal.live
        return live.stats().restarts if live is not None else 0

    def _moving(self) -> int:
        meeting = self._work.meeting
        return sum(1 for path in meeting.painted_frames if meeting.fps(path, FRESH_SECONDS) > 0)

    @property
    def grid(self) -> "VideoGrid | None":
        """The grid that is on the screen now."""
        from ui.picture.grid import VideoGrid

        grids = self._terminal.window.findChildren(VideoGrid)
        return next((grid for grid in grids if isinstance(grid, VideoGrid) and grid.isVisible()), None)
