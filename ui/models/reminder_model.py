"""会前提醒: a bar from 15 minutes before a meeting of this site, and again when it begins. Needs no network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from PySide6.QtCore import QObject, QTimer, Signal

from ui.models.app_model import AppModel
from ui.models.home_model import HomeModel, MeetingCard
from ui.models.pages import Page

AHEAD = timedelta(minutes=15)
LATE = timedelta(minutes=30)
"""So long after its beginning the bar still says that the meeting waits."""
TICK_MS = 5_000


@dataclass(frozen=True, slots=True)
class Reminder:
    """What the bar says; `begun`: it is time, or the meeting runs already."""

    card: MeetingCard
    begun: bool
    minutes: int


class ReminderModel(QObject):
    """Follows home's meetings and the clock; silent for whoever only watches and holds no meeting."""

    changed = Signal()

    def __init__(self, home: HomeModel, app: AppModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._home, self._app = home, app
        self._put_away: set[tuple[str, bool]] = set()
        self.reminder: Reminder | None = None
        self._ticks = QTimer(self, interval=TICK_MS)
        self._ticks.timeout.connect(self.refresh)
        self._ticks.start()
        home.changed.connect(self.refresh)
        app.session_changed.connect(self.refresh)
        app.operator_changed.connect(self.refresh)

    def put_away(self) -> None:
        """知道了: not again for this moment of this meeting."""
        if self.reminder is not None:
            self._put_away.add((self.reminder.card.meeting, self.reminder.begun))
            self.refresh()

    def join(self) -> None:
        """Enter it."""
        if self.reminder is not None:
            self._home.join(self.reminder.card.meeting)

    def refresh(self) -> None:
        """Look at the clock."""
        found = self._due()
        if found != self.reminder:
            self.reminder = found
            self.changed.emit()

    def _due(self) -> Reminder | None:
        if Page.HOME not in self._app.pages:
            return None
        now = self._home.now
        for card in self._home.meetings:
            if card.over or card.meeting == self._app.meeting_id:
                continue
            begun = card.running or card.start <= now
            if now < card.start - AHEAD or (not card.running and now > card.start + LATE):
                continue
            if (card.meeting, begun) not in self._put_away:
                return Reminder(card, begun, max(0, card.minutes_to_start(now)))
        return None
