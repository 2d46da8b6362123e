"""What the running meeting tells the minutes: who speaks, and which agenda item it is at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from desktop_app.domain.ids import MeetingId

if TYPE_CHECKING:
    from ui.models.meeting_model import MeetingModel


class MinutesTalk(QObject):
    """Silent until `follow`; `item_reached` comes once for each item the meeting turns to."""

    item_reached = Signal(str)

    def __init__(
        self,
        meeting: Callable[[], MeetingId],
        agenda: Callable[[], Sequence[dict[str, Any]]],
        parent: QObject | None = None,
    ) -> None:
        """`meeting` and `agenda` are those of the minutes on the page."""
        super().__init__(parent)
        self._meeting, self._agenda = meeting, agenda
        self._talk: MeetingModel | None = None
        self._reached = ""

    def follow(self, talk: MeetingModel) -> None:
        self._talk = talk
        talk.changed.connect(self._look)

    @property
    def turn(self) -> tuple[str, str, str] | None:
        """Who speaks now: member, name and site; None where nobody does, or it is another meeting."""
        talk = self._running
        if talk is None or talk.speaking is None:
            return None
        turn = talk.speaking
        return turn.member_id, turn.member_name, turn.unit_path

    @property
    def item(self) -> str:
        """Key of the agenda item that the meeting is at, by the meeting's own state."""
        talk = self._running
        if talk is None:
            return ""
        point = next((one for one in talk.state.agenda if one.number == talk.state.agenda_at), None)
        if point is None:
            return ""
        return next((str(item["pk"]) for item in self._agenda() if item["pk"] == point.item_id), "")

    @property
    def _running(self) -> MeetingModel | None:
        talk = self._talk
        return talk if talk is not None and talk.in_meeting and talk.meeting_id == self._meeting() else None

    def _look(self) -> None:
        item = self.item
        if item and item != self._reached:
            self._reached = item
            self.item_reached.emit(item)
