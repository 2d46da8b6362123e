"""How an opinion is followed up: 意见 → 线索 → 提案 → 答复 → 回头看, one state machine for the screens and the center.

Pure, and the same at both ends: a screen asks it before a step is written, the center before a step is applied.
"""

from enum import StrEnum

from desktop_app.domain.faults import OperatorError


class Handling(StrEnum):
    """Where an opinion stands."""

    NOTED = "noted"
    """待确认: marked in the minutes, or entered."""
    CONFIRMED = "confirmed"
    """Its member stands by it; it is in the register."""
    DISMISSED = "dismissed"
    """不是意见. It stays in the records."""
    CLUE = "clue"
    """提案线索."""
    EXCLUDED = "excluded"
    """Not taken up as a proposal, with the reason; said to its member."""
    PROPOSAL = "proposal"
    """立案交办: somebody has to reply."""
    LOOK_BACK = "look_back"
    """Replied with B: a look-back is due."""
    CLOSED = "closed"
    """办结."""


NEW = ""
STEPS: dict[str, frozenset[Handling]] = {
    NEW: frozenset({Handling.NOTED, Handling.CONFIRMED}),
    Handling.NOTED: frozenset({Handling.CONFIRMED, Handling.DISMISSED}),
    Handling.DISMISSED: frozenset({Handling.NOTED}),
    Handling.CONFIRMED: frozenset({Handling.CLUE, Handling.DISMISSED}),
    Handling.CLUE: frozenset({Handling.PROPOSAL, Handling.EXCLUDED}),
    Handling.EXCLUDED: frozenset({Handling.CLUE}),
    Handling.PROPOSAL: frozenset({Handling.LOOK_BACK, Handling.CLOSED}),
    Handling.LOOK_BACK: frozenset({Handling.PROPOSAL, Handling.CLOSED}),
    Handling.CLOSED: frozenset(),
}
"""From where to where: the reply of a B is looked back at, and may be handed out again (重办)."""


class ReplyClass(StrEnum):
    """答复类别. What each is called is the catalogue's; here is what follows from it."""

    A = "A"
    """已解决或采纳."""
    B = "B"
    """正在解决或列入计划: has a day by which it is looked at again."""
    C = "C"
    """暂不能解决: says why."""

    @property
    def leads_to(self) -> Handling:
        return Handling.LOOK_BACK if self is ReplyClass.B else Handling.CLOSED


def allowed(now: str, wanted: str) -> bool:
    """Whether one leads to the other; staying where it is, is no step."""
    return now == wanted or wanted in STEPS.get(now, ())


def check_step(now: str, wanted: str) -> None:
    """OperatorError `step-not-allowed` with both states."""
    if not allowed(now, wanted):
        raise OperatorError("step-not-allowed", now=now, wanted=wanted)
