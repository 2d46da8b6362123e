"""点名: the view model of a roll call. Its truth is the meeting's log; here are the caller's acts and the board."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import UnitPath
from media.meeting import commands as ask
from media.meeting.roll_call import RollAnswer, RollCall, RollManner, RollPhase, city_of
from sync.reference.units import unit_at
from ui.i18n import language
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act, Right
from ui.models.meeting_rows import Presence, RosterRow
from ui.models.places import bare_place, place_of
from ui.models.roll_log import answer_word, answers_of
from ui.models.roll_rows import MISSING, Answer, CityTally, RollTally, RollTile, by_city, tally_of

if TYPE_CHECKING:
    from ui.services import Services

ELECTRONIC_S = 55
"""Every answer or time-out is there within a minute, the network's delays included."""


class RollStage(StrEnum):
    """Where the roll call stands."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


STAGES = {RollPhase.OPEN: RollStage.RUNNING, RollPhase.PAUSED: RollStage.PAUSED, RollPhase.CLOSED: RollStage.FINISHED}


class RollCallModel(QObject):
    """The roll call of the meeting this terminal sits in; who conducts calls, the others may look."""

    changed = Signal()
    ticked = Signal()
    exported = Signal(object)

    def __init__(self, meeting: MeetingModel, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.meeting = meeting
        self._services = services
        self._tiles: tuple[object, object, object, list[RollTile]] | None = None
        self._anew = False
        self._begins = False
        """A roll call by voice was asked for here: once it is open, its first site is called."""
        self._resumes = False
        self._asked: tuple[int, UnitPath | None, int] = (0, None, 0)
        self._asked_at: datetime | None = None
        self.fault: Fault | None = None
        self.written: Path | None = None
        meeting.changed.connect(self._follow)
        meeting.ticked.connect(self.ticked)
        meeting.joined.connect(self._forget)

    # What the caller does

    def start(self, manner: RollManner) -> None:
        """Begin: all at once (电子点名), or one after the other (语音点名)."""
        self._begins = manner is RollManner.VOICE
        self._send(ask.OpenRollCall(manner, ELECTRONIC_S))

    def answer(self, *, present: bool) -> None:
        """已到 or 未应答 for the site that is called; the next one is called."""
        current, roll = self.current, self.now
        if current is not None and roll is not None and (current.online or not present):
            self._send(ask.MarkRollCall(current.unit_path, present))
            self._call_next(roll)

    def again(self) -> None:
        """再呼一次: the same site is called anew."""
        if self.current is not None:
            self._send(ask.CallSite(self.current.unit_path))

    def again_first(self) -> None:
        """再呼 who did not answer, beginning with the first that is connected."""
        missing = [tile for tile in self.tiles if tile.answer in MISSING and self._is_here(tile.unit_path)]
        if missing:
            self.call(missing[0].unit_path)

    def call(self, unit_path: str) -> None:
        """Call this site now, out of its turn."""
        by_voice = self.manner is RollManner.VOICE and self.stage is RollStage.RUNNING
        if by_voice and any(tile.unit_path == unit_path for tile in self.tiles):
            self._send(ask.CallSite(UnitPath(unit_path)))

    def back(self) -> None:
        """上一个: the one before in the order is called again, for an answer that was put down wrongly."""
        order = [tile.unit_path for tile in self.tiles]
        current = self.current
        at = order.index(current.unit_path) if current is not None else len(order)
        if at > 0:
            self.call(order[at - 1])

    def pause(self) -> None:
        self._send(ask.PauseRollCall(True))

    def resume(self) -> None:
        """继续: the site whose turn was interrupted is called again."""
        self._send(ask.PauseRollCall(False))
        self._resumes = True
        self._follow()

    def finish(self) -> None:
        """结束点名: who was not called is written down as such."""
        self._send(ask.CloseRollCall())

    def anew(self) -> None:
        """Another round; the one before stays in the log."""
        self._anew, self.written, self.fault = True, None, None
        self.changed.emit()

    def export(self, path: Path) -> None:
        """Write the board as .xlsx; `exported` gives the path."""
        from sync.export.rollcall_xlsx import RollCallList, RollLine, write_roll_call

        roll = self.now
        answers = answers_of(roll)
        lines = []
        for tile in self.tiles:
            answer = answers.get(tile.unit_path)
            lines.append(
                RollLine(
                    site=tile.name,
                    city=tile.city,
                    answer=tile.answer.value,
                    at=tile.since,
                    recorded_by=tile.by,
                    calls=roll.times_called(tile.unit_path) if roll is not None else 0,
                    devices=_devices(answer),
                    delay_ms=answer.delay_ms if answer is not None else 0,
                    loss_permille=answer.loss_permille if answer is not None else 0,
                    expected=answer.expected if answer is not None else 0,
                    present=answer.present if answer is not None else 0,
                    remark=answer.remark if answer is not None else "",
                )
            )
        sheet = RollCallList(
            unit=self.meeting.own_name,
            meeting_title=self.title,
            round_no=roll.number if roll is not None else 0,
            by_voice=roll is not None and roll.manner is RollManner.VOICE,
            opened_at=roll.opened_at if roll is not None else None,
            closed_at=roll.closed_at if roll is not None else None,
            lines=tuple(lines),
            made_at=self._services.clock.now(),
        )
        self._services.runner.start(write_roll_call, sheet, path, done=self._wrote, failed=self._fail)

    # What the screen shows

    @property
    def title(self) -> str:
        return self.meeting.title

    @property
    def right(self) -> Right:
        """Whether this site may conduct a roll call now, and why not."""
        return self.meeting.right(Act.ROLL_CALL)

    @property
    def now(self) -> RollCall | None:
        """The round the page is about; None where there is none, or a new one is about to begin."""
        rounds = self.meeting.state.roll_calls
        return None if self._anew or not rounds else rounds[-1]

    @property
    def stage(self) -> RollStage:
        roll = self.now
        return STAGES[roll.phase] if roll is not None else RollStage.IDLE

    @property
    def manner(self) -> RollManner | None:
        roll = self.now
        return roll.manner if roll is not None else None

    @property
    def tiles(self) -> list[RollTile]:
        """The sites of the round in the order of its script; before it, those that would be called."""
        roster, roll = self.meeting.roster, self.now
        key = (roster, roll, self.meeting.state)
        known = self._tiles
        if known is None or any(one is not other for one, other in zip(known, key, strict=False)):
            rows = {row.unit_path: row for row in roster}
            chair = self.meeting.state.chair or self.meeting.state.host
            paths = roll.unit_paths if roll is not None else [path for path in rows if path != chair]
            answers = answers_of(roll)
            made = [self._tile(rows[path], roll, answers.get(path)) for path in paths if path in rows]
            self._tiles = known = (*key, made)
        return known[3]

    @property
    def current(self) -> RollTile | None:
        """Who is called now, in a roll call by voice."""
        return next((tile for tile in self.tiles if tile.answer is Answer.CALLED), None)

    @property
    def place(self) -> int:
        """第 n 个."""
        current = self.current
        return self.tiles.index(current) + 1 if current is not None else 0

    @property
    def tally(self) -> RollTally:
        return tally_of(self.tiles)

    @property
    def cities(self) -> list[CityTally]:
        return by_city(self.tiles)

    @property
    def waited(self) -> int:
        """Seconds since the current site was called, as this screen saw it."""
        if self._asked_at is None:
            return 0
        return max(0, int((self.meeting.center_now - self._asked_at).total_seconds()))

    @property
    def left(self) -> int:
        """Seconds until an electronic roll call closes by itself."""
        roll = self.now
        if roll is None or roll.closes_at is None:
            return 0
        return max(0, int((roll.closes_at - self.meeting.center_now).total_seconds()))

    @property
    def share(self) -> float:
        """How much of its time an electronic roll call has used."""
        roll = self.now
        if roll is None or roll.closes_at is None:
            return 0.0
        whole = (roll.closes_at - roll.opened_at).total_seconds()
        return min(1.0, 1.0 - self.left / whole) if whole > 0 else 1.0

    def plain_name(self, tile: RollTile) -> str:
        """雷州市: how the caller says it."""
        return place_of(tile.name)

    # Within

    def _send(self, command: ask.Command) -> None:
        try:
            self.meeting.send(Act.ROLL_CALL, command)
        except Fault as fault:
            self._fail(fault)
        else:
            self._anew, self.fault = False, None

    def _call_next(self, roll: RollCall) -> None:
        """The next who is connected; whoever is not is written down as such on the way."""
        for path in roll.awaited():
            if path == roll.calling:
                continue
            if self._is_here(path):
                self._send(ask.CallSite(path))
                return
            self._send(ask.MarkRollCall(path, False))

    def _is_here(self, path: UnitPath) -> bool:
        site = self.meeting.state.sites.get(path)
        return site is not None and site.online

    def _follow(self) -> None:
        roll = self.now
        if roll is not None:
            asked = (roll.number, roll.calling, len(roll.called))
            if asked != self._asked:
                self._asked, self._asked_at = asked, self.meeting.center_now
            if self._begins and roll.is_running and not roll.called and roll.manner is RollManner.VOICE:
                self._begins = False
                self._call_next(roll)
            elif self._resumes and roll.phase is RollPhase.OPEN:
                self._resumes = False
                if roll.calling is None:
                    self._call_next(roll)
        self.changed.emit()

    def _forget(self, _meeting: str) -> None:
        self._tiles, self._anew, self._begins, self._resumes = None, False, False, False
        self.fault, self.written = None, None

    def _wrote(self, path: Path) -> None:
        self.fault, self.written = None, path
        self.exported.emit(path)
        self.changed.emit()

    def _fail(self, fault: Fault) -> None:
        self.fault, self.written = fault, None
        self.changed.emit()

    def _tile(self, row: RosterRow, roll: RollCall | None, answer: RollAnswer | None) -> RollTile:
        city = self.meeting.name_of(city_of(row.unit_path)) or row.name
        return RollTile(
            unit_path=row.unit_path,
            name=row.name,
            short=_short(row),
            city=place_of(city),
            level=row.level,
            answer=answer_word(roll, answer, row.unit_path),
            online=row.presence is Presence.HERE,
            since=answer.at if answer is not None else None,
            by=self.meeting.name_of(answer.recorded_by) if answer is not None and answer.recorded_by else "",
        )


def _devices(answer: RollAnswer | None) -> tuple[str, str, str]:
    """Camera, microphone, speaker: ok, fault or unknown."""
    if answer is None:
        return ("unknown", "unknown", "unknown")
    return (answer.camera.value, answer.microphone.value, answer.speaker.value)


def _short(row: RosterRow) -> str:
    """雷州 / Leizhou: the place alone, as it stands in the tree; a unit that is not in it by its name."""
    unit = unit_at(row.unit_path)
    if unit is None:
        return bare_place(row.name)
    return unit.short_name if language() == "zh_CN" else bare_place(row.name)
