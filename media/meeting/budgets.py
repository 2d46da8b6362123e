"""Time to speak: what a site and its level have used, and what is left. Pure."""

from datetime import datetime

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import level_of
from media.meeting.model import MeetingState
from media.meeting.stage import Budget


def spent(state: MeetingState, budget: Budget, now: datetime) -> int:
    """Seconds spoken that count against this budget."""
    return sum(turn.spoken_seconds(now) for turn in state.floor if turn.speech_no and counts(budget, turn.unit_path))


def left(state: MeetingState, unit_path: UnitPath, now: datetime) -> int | None:
    """Seconds this site may still speak, by its own budget and its level's; None where there is none."""
    remaining = [
        max(0, budget.seconds - spent(state, budget, now)) for budget in state.budgets if counts(budget, unit_path)
    ]
    return min(remaining, default=None)


def counts(budget: Budget, unit_path: UnitPath) -> bool:
    """Whether this site speaks on this budget."""
    if budget.unit_path is not None:
        return budget.unit_path == unit_path
    return level_of(unit_path) == budget.level
