"""A roll call as the meeting's log has it, in the words of the board. Pure."""

from collections.abc import Mapping

from desktop_app.domain.ids import UnitPath
from media.meeting.roll_call import RollAnswer, RollCall, RollStatus
from ui.models.roll_rows import Answer

ANSWERS = {
    RollStatus.ANSWERED: Answer.PRESENT,
    RollStatus.NO_ANSWER: Answer.NO_ANSWER,
    RollStatus.OFFLINE: Answer.OFFLINE,
}


def answers_of(roll: RollCall | None) -> Mapping[UnitPath, RollAnswer]:
    """The latest answer of each site; empty where no roll was called."""
    return {answer.unit_path: answer for answer in roll.answers} if roll is not None else {}


def answer_word(roll: RollCall | None, answer: RollAnswer | None, unit_path: UnitPath) -> Answer:
    """What the board shows of one site: the one that is called now comes before its earlier answer."""
    if roll is not None and roll.is_running and roll.calling == unit_path:
        return Answer.CALLED
    return ANSWERS[answer.status] if answer is not None else Answer.WAITING
