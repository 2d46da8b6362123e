"""履职记录, derived at the center alone: one duty event for each member who came to a meeting that is over.

The key is derived from meeting and member, so that a crash, a second run and late sign-ins of an offline room lead to
one record each. What it is made of may still change after the end; then it is derived again, and a signature that was
taken back takes its duty event with it. A rehearsal leaves none.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import MeetingId, PersonId
from desktop_app.domain.principal import Actor
from sync.center.store import CenterStore, Write
from sync.meetings.duty import duty_events, leaves_duty

log = logging.getLogger(__name__)

WATCHED = ("meeting", "sign_in", "departure", "speech", "roster_entry")
CURSOR = "duty"
GATHER_SECONDS = 0.5
"""A room that comes back after a day brings its signatures together: they are looked at once."""
RETRY_SECONDS = 5.0


class DutyBook:
    """Writes the duty events of meetings that are over. `catch_up` from one thread at a time."""

    def __init__(self, store: CenterStore) -> None:
        self._store = store
        self._actor = Actor(PersonId(""), store.device)

    def catch_up(self) -> int:
        """Take in what was written since the last time; how many duty events that changed."""
        meetings, position = self._store.meetings_touched(WATCHED, self._store.cursor(CURSOR))
        changed = sum(self._derive(MeetingId(meeting)) for meeting in meetings)
        if position > self._store.cursor(CURSOR):
            with self._store.transaction() as transaction:
                transaction.set_cursor(CURSOR, position)
        return changed

    def _derive(self, meeting: MeetingId) -> int:
        row = self._store.get("meeting", meeting)
        if row is None or not leaves_duty(row):
            return 0
        wanted = {event.pk: event.fields for event in duty_events(self._store, row)}
        held = {known["pk"]: known for known in self._store.list("duty_event", meeting=meeting)}
        writes = []
        for pk, fields in wanted.items():
            known = held.get(pk, {})
            new: dict[str, Any] = {name: value for name, value in fields.items() if known.get(name) != value}
            if new:
                writes.append(Write("duty_event", pk, new, meeting))
        gone = sorted(held.keys() - wanted.keys())
        if writes or gone:
            with self._store.transaction() as transaction:
                transaction.append(*writes, actor=self._actor)
                for pk in gone:
                    transaction.retract("duty_event", pk, meeting=meeting, actor=self._actor)
        return len(writes) + len(gone)


class DutyLane:
    """Derives beside the records' own work, a moment after what it watches was written."""

    def __init__(self, book: DutyBook, store: CenterStore) -> None:
        self._book, self._store = book, store
        self._news = threading.Event()
        self._closing = threading.Event()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Catch up, then follow; at the end what is there is taken in first."""
        stop = self._store.subscribe(self._hear)
        self._news.set()
        thread = threading.Thread(target=self._work, name="duty", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop()
            self._closing.set()
            self._news.set()
            thread.join(10)

    def _hear(self, touched: frozenset[tuple[str, str]]) -> None:
        if any(entity in WATCHED for entity, _ in touched):
            self._news.set()

    def _work(self) -> None:
        while True:
            self._news.wait()
            ends = self._closing.wait(GATHER_SECONDS)
            self._news.clear()
            try:
                self._book.catch_up()
            except HostFault as fault:
                log.warning("the duty events wait for the disk: %s", fault)
                self._try_again()
            except Exception:  # a bug in one meeting's records must not end those of the others
                log.exception("the duty events could not be derived")
                self._try_again()
            if ends or self._closing.is_set():
                return

    def _try_again(self) -> None:
        if not self._closing.wait(RETRY_SECONDS):
            self._news.set()
