"""Who may sign in by phone: tickets that a room's QR code shows, and what one ticket opens. Pure; thread-safe.

A ticket is bound to one meeting in one room, changes every half minute and is good for a little longer than it is
shown. Opening it gives a pass, good for one signature and a few minutes. Each phone may ask only so often, and all
together too: a script on the same network cannot go through the roster.
"""

import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

SHOWN = 30.0
"""Seconds until the QR code is another one."""
GOOD = 90.0
"""Seconds for which a ticket opens: whoever scanned at the last moment still comes in."""
PASS = 300.0
"""Seconds for one signature."""
PASSES = 400
"""Open at a time; the oldest goes first."""
BURST, BURST_SECONDS = 20, 60.0
"""Requests of one phone."""
ALL_BURST = 600
"""Requests of all phones together in the same time."""
TICKET_BYTES = 12


@dataclass(slots=True)
class _Pass:
    until: float
    ticket: str


@dataclass(slots=True)
class Tickets:
    """The tickets of one meeting at one room. Time is given by the caller, in monotonic seconds."""

    random: Callable[[int], str] = secrets.token_urlsafe
    _shown: str = ""
    _shown_at: float = 0.0
    _good: dict[str, float] = field(default_factory=dict)
    _passes: dict[str, _Pass] = field(default_factory=dict)
    _asked: dict[str, deque[float]] = field(default_factory=dict)
    _all: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def current(self, now: float) -> tuple[str, float]:
        """The ticket to show, and for how many seconds more."""
        with self._lock:
            if not self._shown or now - self._shown_at >= SHOWN:
                self._shown, self._shown_at = self.random(TICKET_BYTES), now
                self._good[self._shown] = now + GOOD
                self._good = {ticket: until for ticket, until in self._good.items() if until > now}
            return self._shown, SHOWN - (now - self._shown_at)

    def open(self, ticket: str, now: float) -> str | None:
        """A pass for whoever scanned this ticket; None where it is not, or no longer, good."""
        with self._lock:
            if self._good.get(ticket, 0.0) <= now:
                return None
            self._passes = {key: one for key, one in self._passes.items() if one.until > now}
            while len(self._passes) >= PASSES:
                del self._passes[next(iter(self._passes))]
            key = self.random(TICKET_BYTES)
            self._passes[key] = _Pass(now + PASS, ticket)
            return key

    def holds(self, key: str, now: float) -> bool:
        """Whether this pass is still good for a signature."""
        with self._lock:
            one = self._passes.get(key)
            return one is not None and one.until > now

    def spend(self, key: str, now: float) -> bool:
        """Use the pass up; False where it was none, is too old, or was used before."""
        with self._lock:
            one = self._passes.pop(key, None)
            return one is not None and one.until > now

    def allows(self, phone: str, now: float) -> bool:
        """Whether this phone may ask once more now."""
        with self._lock:
            since = now - BURST_SECONDS
            if len(self._asked) > 2 * PASSES:
                self._asked = {key: times for key, times in self._asked.items() if times and times[-1] > since}
            own = self._asked.setdefault(phone, deque())
            for times in (own, self._all):
                while times and times[0] <= since:
                    times.popleft()
            if len(own) >= BURST or len(self._all) >= ALL_BURST:
                return False
            own.append(now)
            self._all.append(now)
            return True
