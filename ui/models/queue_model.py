"""发言次序和时长: what a chair does with the queue besides granting, and the time to speak of sites and levels."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level
from media.meeting import budgets
from media.meeting import commands as ask
from media.meeting.floor import HIGHEST_PRIORITY
from media.meeting.model import FloorRequest
from ui.models.meeting_model import MeetingModel
from ui.models.meeting_rights import Act, Right

FIRST_PRIORITY = HIGHEST_PRIORITY
"""优先: before everybody who has none."""


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """Time to speak of one site, or of a level together (`unit_path` None). All in seconds."""

    unit_path: UnitPath | None
    level: Level | None
    name: str
    """The site's; empty for a level."""
    seconds: int
    spent: int
    left: int


class QueueModel(QObject):
    """The center decides each of these; what it refuses is a notice of the meeting."""

    def __init__(self, meeting: MeetingModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.meeting = meeting

    def right(self, act: Act) -> Right:
        return self.meeting.right(act)

    # The order

    def move(self, request_id: str, step: int) -> None:
        """上移 / 下移 by so many places."""
        turn = self._waiting(request_id)
        if turn is not None:
            place = min(max(1, turn.place + step), len(self.meeting.state.queue))
            if place != turn.place:
                self.meeting.send(Act.ORDER, ask.MoveFloor(request_id, place))

    def prefer(self, request_id: str, preferred: bool = True) -> None:
        """优先: before everybody who has no such mark; or no longer."""
        self.meeting.send(Act.ORDER, ask.RankFloor(request_id, FIRST_PRIORITY if preferred else 0))

    def is_preferred(self, request_id: str) -> bool:
        turn = self._waiting(request_id)
        return turn is not None and turn.priority >= FIRST_PRIORITY

    def interpose(self, request_id: str) -> None:
        """插问: this one speaks now, and the turn in progress goes on afterwards."""
        self.meeting.send(Act.INTERPOSE, ask.GrantFloor(request_id, self.meeting.turn_seconds, interpose=True))

    def grant_over_budget(self, request_id: str) -> None:
        """准许 although the time of the site or of its level is used up."""
        self.meeting.send(Act.GRANT, ask.GrantFloor(request_id, self.meeting.turn_seconds, over_budget=True))

    # Time to speak

    def set_budget(self, unit_path: UnitPath | None, level: Level | None, minutes: int) -> None:
        """Give a site, or (`unit_path` None) a level together, so many minutes; 0: no longer any."""
        self.meeting.send(Act.BUDGET, ask.SetBudget(unit_path, int(level or 0), minutes * 60))

    def left(self, unit_path: UnitPath) -> int | None:
        """Seconds that a site may still speak, by its own budget and its level's; None where there is none."""
        return budgets.left(self.meeting.state, unit_path, self.meeting.center_now)

    @property
    def budgets(self) -> list[BudgetRow]:
        """Levels first, from the top; then sites in the order of the tree."""
        state, now = self.meeting.state, self.meeting.center_now
        rows = []
        for one in sorted(state.budgets, key=lambda one: (one.unit_path or "", one.level)):
            spent = budgets.spent(state, one, now)
            name = "" if one.unit_path is None else self.meeting.name_of(one.unit_path)
            level = Level(one.level) if one.unit_path is None else None
            rows.append(BudgetRow(one.unit_path, level, name, one.seconds, spent, max(0, one.seconds - spent)))
        return rows

    def _waiting(self, request_id: str) -> FloorRequest | None:
        return next((turn for turn in self.meeting.state.queue if turn.request_id == request_id), None)
