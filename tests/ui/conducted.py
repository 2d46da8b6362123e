"""A terminal in a meeting whose center is the real rules: what is pressed is decided and applied, without a network."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from drawn import FakeLive
from seated import Seat

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath
from media.meeting import commands as ask
from media.meeting.apply import apply
from media.meeting.decide import CENTER, Refusal, SiteActor, decide
from media.meeting.model import MeetingState

OPERATOR = PersonId("01990000-0000-7000-8000-000000000001")


class Conducted:
    """One seat, and a center that decides for it and for every other site of the meeting."""

    def __init__(self, own: UnitPath, names: dict[UnitPath, str], state: MeetingState, **how: Any) -> None:
        self.seat = Seat(own, names, tuple(names))
        self.state = state
        self.refused: list[str] = []
        self.live: FakeLive = self.seat.live
        self.live.send = self._send  # type: ignore[method-assign]  # the rules answer in its place
        self._provincial = bool(how.get("provincial"))
        self.model = self.seat.model
        self.model.set_provincial(self._provincial)
        self.seat.enter(state)

    def does(self, site: UnitPath, command: ask.Command, **how: Any) -> list[str]:
        """Another site asks; the ids of what refused it."""
        actor = SiteActor(site, self.state.sites[site].device if site in self.state.sites else DeviceId("d"), OPERATOR)
        return self._decide(command, actor)

    def passes(self, seconds: float) -> None:
        """Time goes by, at the center too."""
        self.seat.clock.move(seconds)
        self._decide(ask.Tick(), CENTER)
        self.model.tick()

    def _send(self, command: ask.Command) -> Future[None]:
        self.live.asked.append(command)
        answer: Future[None] = Future()
        own = self.model.own
        actor = SiteActor(own, self.state.sites[own].device, OPERATOR, provincial=self._provincial)
        refused = self._decide(command, actor)
        if refused:
            answer.set_exception(OperatorError(refused[0]))
        else:
            answer.set_result(None)
        return answer

    def _decide(self, command: ask.Command, actor: SiteActor) -> list[str]:
        decision = decide(self.state, command, actor, self.seat.clock.now())
        if isinstance(decision, Refusal):
            self.refused.append(decision.id)
            return [decision.id]
        for event in decision:
            self.state = apply(self.state, event)
        if decision:
            self.model.take_state(self.state, None)
        return []
