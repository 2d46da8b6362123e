"""How each site's line was, minute by minute: kept at the center alone, in records of ten minutes each.

Sites say how they are with every ping; of each minute the worst is kept, and why the engine limited the site, where it
did. What is not written when a center dies is at most ten minutes of this, and nothing else depends on it.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desktop_app.domain.clock import Clock, stamp, unix_ms
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import MeetingId, PersonId, UnitPath, derived_id
from desktop_app.domain.principal import Actor
from media.meeting.health import Health, Healths
from sync.center.store import CenterStore, Write
from sync.meetings.lines import LineMinute, write_concealed, write_minute, write_trouble

log = logging.getLogger(__name__)

ENTITY = "line_history"
SPAN = timedelta(minutes=10)
LOOK_SECONDS = 15.0
QUIET = timedelta(seconds=45)
"""A meeting of which nothing was said for so long is over, or paused: what there is of it is written."""


@dataclass(slots=True)
class _Span:
    """Ten minutes, or less, of one meeting."""

    since: datetime
    noted_at: datetime
    sites: dict[UnitPath, dict[int, LineMinute]] = field(default_factory=dict)


class LineBook:
    """`note` from any thread, and `running()` while the center serves."""

    def __init__(self, store: CenterStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._spans: dict[MeetingId, _Span] = {}
        self._full: list[tuple[MeetingId, _Span]] = []
        self._closing = threading.Event()

    def note(self, meeting: MeetingId, healths: Healths) -> None:
        """How the sites that are in are now."""
        now = self._clock.now()
        with self._lock:
            span = self._spans.get(meeting)
            if span is None or now - span.since >= SPAN:
                if span is not None:
                    self._full.append((meeting, span))
                span = self._spans[meeting] = _Span(now, now)
            span.noted_at = now
            minute = int((now - span.since).total_seconds() // 60)
            for path, health in healths.items():
                held = span.sites.setdefault(path, {})
                held[minute] = _minute(health).worst(held.get(minute))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._work, name="line book", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._closing.set()
            thread.join(10)

    def _work(self) -> None:
        while True:
            closing = self._closing.wait(LOOK_SECONDS)
            try:
                self.write(everything=closing)
            except HostFault as fault:
                log.warning("how the lines were waits for the disk: %s", fault)
            if closing:
                return

    def write(self, *, everything: bool = False) -> None:
        """Write what is complete; HostFault where the disk cannot, and then it is tried again."""
        now = self._clock.now()
        with self._lock:
            for meeting, span in list(self._spans.items()):
                if everything or now - span.noted_at >= QUIET:
                    del self._spans[meeting]
                    self._full.append((meeting, span))
            due = list(self._full)
        for meeting, span in due:
            writes = [
                Write(
                    ENTITY,
                    derived_id(meeting, "line", path, unix_ms(span.since)),
                    {
                        "meeting": meeting,
                        "site": path,
                        "started_at": stamp(span.since),
                        "minutes": [write_minute(number, one) for number, one in sorted(minutes.items())],
                        "limited": [
                            write_trouble(number, one) for number, one in sorted(minutes.items()) if one.trouble
                        ],
                        "concealed": [
                            write_concealed(number, one)
                            for number, one in sorted(minutes.items())
                            if one.concealed_permille
                        ],
                    },
                    meeting,
                )
                for path, minutes in span.sites.items()
            ]
            if writes:
                self._store.append(*writes, actor=Actor(PersonId(""), self._store.device))
            with self._lock:
                self._full.remove((meeting, span))


def _minute(health: Health) -> LineMinute:
    return LineMinute(
        health.delay_ms,
        health.loss_permille,
        health.picture_loss_permille,
        health.jitter_ms,
        health.fps,
        health.kbps,
        health.step,
        concealed_permille=health.concealed_permille,
        trouble=health.trouble.value,
    )
