"""From a meeting's log to its records, at the center alone: speeches, agenda times, roll call, outages, start, end.

It folds the log with the same `apply` as everybody and writes what each event changed. Rows and the cursor (the last
event taken in) are one transaction, keys are derived from the event, so a crash or a second run changes nothing. A
rehearsal leaves its times, but no speech and no number.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from desktop_app.center.meeting_log import OVER, event_id, load_log
from desktop_app.center.stays import Stays
from desktop_app.domain.clock import BEIJING, stamp
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import MeetingId, PersonId, UnitPath, derived_id
from desktop_app.domain.meetings import MeetingMode
from desktop_app.domain.principal import Actor
from media.meeting.apply import apply
from media.meeting.events import (
    Ended,
    Event,
    FloorGranted,
    MeetingExtended,
    RollAnswered,
    RollCallClosed,
    SiteJoined,
    SiteLeft,
    SiteRemoved,
    StoredEvent,
)
from media.meeting.model import AgendaPoint, FloorRequest, FloorStatus, MeetingPhase, MeetingState
from media.meeting.roll_call import RollAnswer, RollCall
from sync.center.store import CenterStore, CenterTransaction, Write

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
DERIVED = frozenset({"speech", "roll_call_answer", "outage", "site_stay"})
"""What is made here; everything else was scheduled by somebody, and only changes here."""

_Key = tuple[str, str]
_Rows = dict[_Key, dict[str, Any]]


class _Fold:
    """One meeting's log taken in so far, and the rows that came of it since `take_rows`."""

    def __init__(self, meeting: MeetingId) -> None:
        self.state = MeetingState(meeting)
        self._grants: dict[str, tuple[int, str]] = {}
        self._outages: dict[UnitPath, tuple[str, datetime]] = {}
        self._stays = Stays(meeting)
        self._rows: _Rows = {}

    def add(self, event: Event) -> None:
        before = self.state
        after = self.state = apply(before, event)
        if isinstance(event, FloorGranted):
            current = next((item.item_id for item in after.agenda if item.number == after.agenda_at), "")
            self._grants[event.request_id] = (after.seq, current)
        if before.phase is not after.phase:
            self._note("meeting", after.meeting_id, _meeting_fields(after))
        elif isinstance(event, MeetingExtended):
            self._note("meeting", after.meeting_id, {"planned_end": stamp(event.until)})
        if before.agenda is not after.agenda and after.phase is not MeetingPhase.SCHEDULED:
            held = {item.item_id: item for item in before.agenda}
            for item in after.agenda:
                if item.item_id in held and _agenda_fields(item) != _agenda_fields(held[item.item_id]):
                    self._note("agenda_item", item.item_id, _agenda_fields(item))
        if isinstance(event, RollAnswered | RollCallClosed):
            self._note_roll_call(before, after)
        self._note_outages(event, after)
        for key, fields in self._stays.take(event, after).items():
            self._note("site_stay", key, fields)
        if before.floor is not after.floor and after.mode is not MeetingMode.REHEARSAL:
            # Requests are never taken out or moved, so that what did not change is the same object at the same place.
            for turn in map(_changed, after.floor, (*before.floor, None)):
                if turn is not None and turn.speech_no:
                    self._note_speech(turn)

    def take_rows(self) -> _Rows:
        rows, self._rows = self._rows, {}
        return rows

    def _note(self, entity: str, pk: str, fields: dict[str, Any]) -> None:
        if fields:
            self._rows.setdefault((entity, pk), {}).update(fields)

    def _note_roll_call(self, before: MeetingState, after: MeetingState) -> None:
        roll, meeting = after.roll_calls[-1], after.meeting_id
        known = set(before.roll_calls[-1].answers)
        for answer in roll.answers:
            if answer not in known:
                site = after.sites.get(answer.unit_path)
                key = derived_id(meeting, "roll", roll.number, answer.unit_path)
                fields = _answer_fields(meeting, roll, answer) | {"site_name": "" if site is None else site.name}
                self._note("roll_call_answer", key, fields)

    def _note_outages(self, event: Event, after: MeetingState) -> None:
        """From the loss of a site to its return, its removal, or the end of the meeting."""
        if isinstance(event, SiteLeft) and event.lost and after.phase is MeetingPhase.OPEN:
            key = derived_id(after.meeting_id, after.seq, "outage")
            self._outages[event.unit_path] = (key, event.at)
            began = {"site": event.unit_path, "site_name": after.sites[event.unit_path].name}
            self._note("outage", key, {"meeting": after.meeting_id, **began, "started_at": stamp(event.at)})
        over: tuple[UnitPath, ...] = ()
        if isinstance(event, SiteJoined | SiteRemoved):
            over = (event.unit_path,)
        elif isinstance(event, Ended):
            over = tuple(self._outages)
        for path in over:
            if path in self._outages:
                key, began_at = self._outages.pop(path)
                seconds = max(0, round((event.at - began_at).total_seconds()))
                self._note("outage", key, {"ended_at": stamp(event.at), "seconds": seconds})

    def _note_speech(self, turn: FloorRequest) -> None:
        seq, agenda_item = self._grants[turn.request_id]
        meeting = self.state.meeting_id
        self._note("speech", derived_id(meeting, seq, "speech"), _speech_fields(meeting, turn, agenda_item))


def _changed(turn: FloorRequest, before: FloorRequest | None) -> FloorRequest | None:
    return None if turn is before else turn


def _meeting_fields(state: MeetingState) -> dict[str, Any]:
    if state.phase is MeetingPhase.OPEN and state.opened_at is not None:
        return {"state": "open", "actual_start": stamp(state.opened_at)}
    if state.phase is MeetingPhase.ENDED and state.ended_at is not None:
        return {"state": "ended", "actual_end": stamp(state.ended_at)}
    return {}


def _agenda_fields(item: AgendaPoint) -> dict[str, Any]:
    started, ended = item.started_at, item.ended_at
    return {
        "started_at": None if started is None else stamp(started),
        "ended_at": None if ended is None else stamp(ended),
        "state": "planned" if started is None else "current" if ended is None else "done",
    }


def _answer_fields(meeting: MeetingId, roll: RollCall, answer: RollAnswer) -> dict[str, Any]:
    return {
        "meeting": meeting,
        "round_no": roll.number,
        "manner": roll.manner.value,
        "called_at": stamp(roll.opened_at),
        "site": answer.unit_path,
        "status": answer.status.value,
        "answered_at": stamp(answer.at),
        "operator": answer.operator,
        "recorded_by": answer.recorded_by,
        "calls": roll.times_called(answer.unit_path),
        "online": answer.online,
        "camera": answer.camera.value,
        "microphone": answer.microphone.value,
        "speaker": answer.speaker.value,
        "delay_ms": answer.delay_ms,
        "loss_permille": answer.loss_permille,
        "expected": answer.expected,
        "present": answer.present,
        "remark": answer.remark,
    }


def _speech_fields(meeting: MeetingId, turn: FloorRequest, agenda_item: str) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "meeting": meeting,
        "speech_no": turn.speech_no,
        "agenda_item": agenda_item,
        "member": turn.member_id,
        "member_name": turn.member_name,
        "site": turn.unit_path,
        "requested_at": stamp(turn.requested_at),
        "limit_sec": turn.limit_seconds,
        "purpose": turn.purpose.value,
        "sector": turn.sector,
        "interposed": turn.interposed,
    }
    if turn.granted_at is not None:
        fields["started_at"] = stamp(turn.granted_at)
        if turn.ended_at is not None and turn.status is not FloorStatus.GRANTED:
            seconds = turn.spoken_seconds(turn.ended_at)
            over = max(0, seconds - turn.limit_seconds) if turn.limit_seconds else 0
            fields |= {"ended_at": stamp(turn.ended_at), "seconds": seconds, "over_sec": over}
    return fields


class Projector:
    """Derives the records of all meetings. `project` from one thread at a time."""

    def __init__(self, store: CenterStore) -> None:
        self._store = store
        self._actor = Actor(PersonId(""), store.device)
        self._folds: dict[MeetingId, _Fold] = {}

    def catch_up(self) -> None:
        """Take in whatever was logged and not projected when the center went down.

        A meeting that is not behind is folded again with its next event, when the sites are back in it.
        """
        for row in self._store.list("meeting"):
            meeting = MeetingId(row["pk"])
            if row.get("state") not in OVER and self._is_behind(meeting):
                self.project(meeting)

    def _is_behind(self, meeting: MeetingId) -> bool:
        cursor = self._store.cursor(f"meeting:{meeting}")
        return self._store.get("meeting_event", event_id(meeting, cursor + 1)) is not None

    def project(self, meeting: MeetingId) -> int:
        """Take in what is new in a meeting's log; how many events that were."""
        name = f"meeting:{meeting}"
        fold = self._folds.pop(meeting, None)  # kept again only once its rows are committed
        if fold is None or fold.state.seq > self._store.cursor(name):  # new here, or the store went back behind us
            fold = self._replayed(meeting, self._store.cursor(name))
        with self._store.transaction() as transaction:
            cursor = transaction.cursor(name)
            if fold.state.seq != cursor:
                raise HostFault("log-damaged", meeting=meeting, seq=cursor)
            for line in _new_lines(transaction, meeting, cursor):
                fold.add(line.event)
            if fold.state.seq > cursor:
                self._write(transaction, fold)
                transaction.set_cursor(name, fold.state.seq)
        if fold.state.phase is not MeetingPhase.ENDED:
            self._folds[meeting] = fold
        return fold.state.seq - cursor

    def _replayed(self, meeting: MeetingId, cursor: int) -> _Fold:
        """The fold of what was projected already."""
        fold = _Fold(meeting)
        if cursor:
            for line in load_log(self._store.list("meeting_event", meeting=meeting))[:cursor]:
                fold.add(line.event)
            fold.take_rows()
        return fold

    def _write(self, transaction: CenterTransaction, fold: _Fold) -> None:
        meeting, writes = fold.state.meeting_id, []
        for (entity, pk), fields in fold.take_rows().items():
            row = transaction.get(entity, pk)
            if row is None and entity not in DERIVED:
                continue  # taken back since it was scheduled
            if entity == "meeting" and row is not None and not row.get("code"):
                fields |= self._code(transaction, fold.state)
            new = {key: value for key, value in fields.items() if row is None or row.get(key) != value}
            if new:
                writes.append(Write(entity, pk, new, meeting))
        if writes:
            transaction.append(*writes, actor=self._actor)

    def _code(self, transaction: CenterTransaction, state: MeetingState) -> dict[str, Any]:
        """The official number (会次), given when a meeting opens: `SL-2026-0042`."""
        opened: datetime | None = state.opened_at
        if opened is None or state.mode is MeetingMode.REHEARSAL:
            return {}
        year = opened.astimezone(BEIJING).year
        number = transaction.cursor(f"meeting-code:{year}") + 1
        transaction.set_cursor(f"meeting-code:{year}", number)
        return {"code": f"SL-{year}-{number:04d}"}


def _new_lines(transaction: CenterTransaction, meeting: MeetingId, cursor: int) -> Iterator[StoredEvent]:
    """What the log holds after the cursor, line by line: a long meeting is not read again for each event."""
    while (row := transaction.get("meeting_event", event_id(meeting, cursor + 1))) is not None:
        yield from load_log([row], cursor)
        cursor += 1


class ProjectorLane:
    """Runs the projector beside the meetings, so that no command waits for it. `poke` from any thread."""

    def __init__(self, projector: Projector, retry_seconds: float = RETRY_SECONDS) -> None:
        self._projector, self._retry_seconds = projector, retry_seconds
        self._due: set[MeetingId] = set()
        self._changed = threading.Condition()
        self._closing = False

    def poke(self, meeting: MeetingId, events: Sequence[StoredEvent] = ()) -> None:
        """There is something new in this meeting's log."""
        with self._changed:
            self._due.add(meeting)
            self._changed.notify()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Catch up, then follow; at the end what is due is finished first."""
        self._projector.catch_up()
        thread = threading.Thread(target=self._work, name="projector", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._closing = True
                self._changed.notify()
            thread.join(10)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._due or self._closing)
                due, self._due = self._due, set()
                if not due:
                    return
            for meeting in due:
                try:
                    self._projector.project(meeting)
                except HostFault as fault:
                    log.warning("the records of meeting %s wait for the disk: %s", meeting, fault)
                    self._try_again(meeting)
                except Exception:  # a bug in one meeting's records must not stop those of the others
                    log.exception("the records of meeting %s could not be derived", meeting)

    def _try_again(self, meeting: MeetingId) -> None:
        with self._changed:
            if not self._closing:
                self._changed.wait(self._retry_seconds)
                self._due.add(meeting)
