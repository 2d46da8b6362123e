"""Meeting control over the center's records: its log, and what was scheduled.

A meeting's log is the center's own change log: each event is one `meeting_event`, a fact, committed before it is sent.
What terminals wrote about a meeting is taken as far as it is sound; a schedule that is not is no schedule.
"""

import contextlib
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from desktop_app.domain.clock import moment, stamp
from desktop_app.domain.faults import HostFault, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath, derived_id
from desktop_app.domain.limits import SITES
from desktop_app.domain.meetings import MeetingKind
from desktop_app.domain.principal import Actor
from desktop_app.domain.units import unit_code
from media.meeting.events import StoredEvent
from media.meeting.model import AgendaPoint
from media.meeting.seams import MeetingPlan
from media.meeting.wire import (
    AGENDA_ITEMS,
    NUMBER,
    TEXT,
    TEXT_OF,
    kind_name,
    read_stored,
    read_unit_path,
    write_message,
    write_stored,
)
from sync.center.store import CenterStore, Row, Write

log = logging.getLogger(__name__)

OVER = frozenset({"ended", "cancelled"})
"""States of a meeting's record in which nobody enters any more."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class RecordsLog:
    """The meetings' logs in the records (`media.meeting.seams.EventStore`).

    `appended` hears of everything that was committed, on the thread that did it.
    """

    def __init__(
        self,
        store: CenterStore,
        appended: Callable[[MeetingId, Sequence[StoredEvent]], None] = lambda meeting, events: None,
    ) -> None:
        self._store, self._appended = store, appended

    def append(self, meeting: MeetingId, first_seq: int, events: Sequence[StoredEvent], actor: Actor) -> None:
        """One transaction. HostFault("log-not-stored") where the log on the disk goes on differently."""
        if [line.seq for line in events] != list(range(first_seq, first_seq + len(events))):
            raise ValueError("the events of a log are numbered without a gap")
        author = actor if actor.device else Actor(actor.person, self._store.device)
        with self._store.transaction() as transaction:
            if transaction.get("meeting_event", event_id(meeting, first_seq)) is not None:
                raise HostFault("log-not-stored", seq=first_seq)
            if first_seq > 1 and transaction.get("meeting_event", event_id(meeting, first_seq - 1)) is None:
                raise HostFault("log-not-stored", seq=first_seq)
            transaction.append(*(_as_write(meeting, line) for line in events), actor=author)
        self._appended(meeting, events)

    def load(self, meeting: MeetingId, since: int = 0) -> list[StoredEvent]:
        return load_log(self._store.list("meeting_event", meeting=meeting), since)


def load_log(rows: Iterable[Row], since: int = 0) -> list[StoredEvent]:
    """The log that these `meeting_event` rows hold, after `since` and up to the first gap.

    HostFault("log-damaged") where a line cannot be read.
    """
    ordered = sorted((row for row in rows if row["seq"] > since), key=lambda row: int(row["seq"]))
    lines: list[StoredEvent] = []
    for row in ordered:
        if row["seq"] != since + len(lines) + 1:
            log.error("the log of meeting %s has a gap before %s", row["meeting"], row["seq"])
            break
        try:
            lines.append(read_stored(json.loads(row["body"])))
        except (ValueError, PeerFault) as err:
            raise HostFault("log-damaged", meeting=row["meeting"], seq=row["seq"]) from err
    return lines


def event_id(meeting: MeetingId, seq: int) -> str:
    """The key of one line of a meeting's log."""
    return derived_id(meeting, seq, "event")


def _as_write(meeting: MeetingId, line: StoredEvent) -> Write:
    fields = {
        "meeting": meeting,
        "seq": line.seq,
        "at": stamp(line.event.at),
        "kind": kind_name(type(line.event)),
        "body": write_message(write_stored(line)),
    }
    return Write("meeting_event", event_id(meeting, line.seq), fields, meeting)


class RecordsDirectory:
    """The scheduled meetings in the records (`media.meeting.seams.MeetingDirectory`).

    A plan is read once and kept until `watch` hears that something it was made of has changed.
    """

    def __init__(self, store: CenterStore) -> None:
        self._store = store
        self._plans: dict[MeetingId, MeetingPlan | None] = {}
        self._is_watching = False
        self._version = 0

    @contextlib.contextmanager
    def watch(self, changed: Callable[[MeetingId], None]) -> Iterator[None]:
        """Tell `changed` which meeting's plan may be another now; on the thread that wrote the record."""

        def hear(touched: frozenset[tuple[str, str]]) -> None:
            meetings = {pk for entity, pk in touched if entity == "meeting"}
            for entity, pk in touched:
                if entity == "agenda_item":
                    row = self._store.get(entity, pk)
                    # An item that was taken back no longer says of which meeting it was.
                    meetings |= set(self._plans) if row is None else {str(row.get("meeting"))}
                elif entity == "unit":
                    meetings |= set(self._plans)
            self._version += 1
            for meeting in meetings:
                self._plans.pop(MeetingId(meeting), None)
                changed(MeetingId(meeting))

        stop, self._is_watching = self._store.subscribe(hear), True
        try:
            yield
        finally:
            stop()
            self._is_watching = False
            self._plans.clear()

    def find(self, meeting: MeetingId) -> MeetingPlan | None:
        if meeting in self._plans:
            return self._plans[meeting]
        version = self._version
        plan = self._read(meeting)
        if self._is_watching and version == self._version:
            self._plans[meeting] = plan
        return plan

    def _read(self, meeting: MeetingId) -> MeetingPlan | None:
        row = self._store.get("meeting", meeting)
        if row is None or row.get("state") in OVER:
            return None
        items = self._store.list("agenda_item", meeting=meeting)
        try:
            return self._plan(meeting, row, items)
        except (ValueError, TypeError, PeerFault):
            log.warning("what the records say of meeting %s is no schedule", meeting, exc_info=True)
            return None

    def open_meetings(self) -> list[MeetingId]:
        return [MeetingId(row["pk"]) for row in self._store.list("meeting", state="open")]

    def _plan(self, meeting: MeetingId, row: Mapping[str, Any], items: Sequence[Row]) -> MeetingPlan:
        host = read_unit_path(row.get("convener_unit"))
        invited = tuple(read_unit_path(path) for path in (row.get("invited") or ())[: SITES - 1])
        ordered = sorted(items, key=lambda item: (_number(item, "item_no"), item["pk"]))[:AGENDA_ITEMS]
        return MeetingPlan(
            meeting,
            _line(row.get("title"), TEXT),
            MeetingKind(str(row.get("kind"))).mode,
            host,
            invited,
            tuple(_agenda_point(item, number) for number, item in enumerate(ordered, start=1)),
            {path: name for path in (host, *invited) if (name := self._name(path))},
            _time(row.get("planned_end")),
        )

    def _name(self, path: UnitPath) -> str:
        unit = self._store.get("unit", unit_code(path))
        return "" if unit is None else _line(unit.get("name"), TEXT)


def _agenda_point(item: Mapping[str, Any], number: int) -> AgendaPoint:
    return AgendaPoint(
        str(item["pk"]),
        number,
        _line(item.get("item_type"), TEXT_OF["item_type"]),
        _line(item.get("title"), TEXT),
        _number(item, "limit_sec"),
        _number(item, "warn_sec") or 30,
    )


def _time(value: object) -> datetime | None:
    """A plan without a sound end has none."""
    try:
        return moment(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def _number(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    return min(max(value, 0), NUMBER) if isinstance(value, int) else 0


def _line(value: object, limit: int) -> str:
    """A text as the wire takes it: one line, bounded."""
    return _CONTROL.sub(" ", value)[:limit] if isinstance(value, str) else ""
