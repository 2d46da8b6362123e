"""A press of a button on the meeting's screen: what the model refuses is told as a sentence, never raised into Qt."""

from collections.abc import Callable

from PySide6.QtWidgets import QAbstractButton

from desktop_app.domain.faults import Fault
from ui.i18n import t
from ui.models.meeting_model import MeetingModel, Notice
from ui.models.meeting_rights import Right


def tried(model: MeetingModel, act: Callable[[], object]) -> Callable[[], None]:
    """`act`, with a fault told through the model's notices."""

    def press() -> None:
        try:
            act()
        except Fault as fault:
            model.noticed.emit(Notice(fault=fault, tone="zhusha"))

    return press


def reason_of(right: Right) -> str:
    """Why not, as a sentence; empty where it is allowed."""
    return "" if right.allowed else t(right.reason, *right.values)


def apply_right(button: QAbstractButton, right: Right, tip: str = "") -> None:
    """Enable a button, or disable it with the reason in its tooltip and its description."""
    reason = reason_of(right)
    button.setEnabled(right.allowed)
    button.setToolTip(reason or tip)
    button.setAccessibleDescription(reason or tip)
