"""A command before the chair: who asks, when, of which state, under which rules. Pure, as `decide` is."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from desktop_app.domain.ids import DeviceId, PersonId, UnitPath
from desktop_app.domain.units import Level, is_within, level_of
from media.meeting.events import Event
from media.meeting.model import FloorRequest, FloorStatus, MeetingState


@dataclass(frozen=True, slots=True)
class SiteActor:
    """Who asks: a person at a device in a unit's room. `center` is the center itself, which acts for nobody."""

    unit_path: UnitPath
    device: DeviceId
    person: PersonId = PersonId("")
    provincial: bool = False
    """The person is a provincial operator."""
    center: bool = False


CENTER = SiteActor(UnitPath(""), DeviceId(""), center=True)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, by a stable id; `values` are what its sentence needs."""

    id: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a center may set."""

    grace: timedelta = timedelta(seconds=180)
    """How long the chair token and a turn wait for an absent site."""


REFUSALS = frozenset(
    {
        "agenda-unknown",
        "chair-held",
        "chair-not-yours",
        "chair-only",
        "command-not-allowed",
        "floor-already-asked",
        "floor-not-speaking",
        "floor-not-waiting",
        "floor-not-yours",
        "floor-queue-full",
        "floor-unknown",
        "meeting-already-open",
        "meeting-ended",
        "meeting-full",
        "meeting-not-open",
        "meeting-unknown",
        "microphone-locked",
        "not-invited",
        "not-joined",
        "site-away",
        "site-in-use",
        "site-unknown",
    }
)
"""Every id that `decide` can answer."""

Decision = list[Event] | Refusal


@dataclass(frozen=True, slots=True)
class Case:
    state: MeetingState
    actor: SiteActor
    now: datetime
    rules: Rules

    @property
    def is_joined(self) -> bool:
        site = self.state.sites.get(self.actor.unit_path)
        return site is not None and site.online and site.device == self.actor.device

    @property
    def conducts(self) -> bool:
        """Holds the chair token, or stands above it as a provincial operator of the host's own province."""
        return self.actor.unit_path == self.state.chair or self.is_provincial

    @property
    def is_invited(self) -> bool:
        """Whether the meeting is any of this unit's business."""
        path = self.actor.unit_path
        return path == self.state.host or path in self.state.invited or self.is_provincial

    @property
    def is_provincial(self) -> bool:
        path = self.actor.unit_path
        return self.actor.provincial and level_of(path) <= Level.PROVINCE and is_within(self.state.host, path)

    @property
    def is_sub_chair_of_chair(self) -> bool:
        """A city whose own unit, or one below it, holds the token (分会控)."""
        chair, path = self.state.chair, self.actor.unit_path
        return chair is not None and level_of(path) is Level.CITY and is_within(chair, path)

    def is_online(self, unit_path: UnitPath) -> bool:
        site = self.state.sites.get(unit_path)
        return site is not None and site.online

    def request(self, request_id: str) -> FloorRequest | None:
        return next((one for one in self.state.floor if one.request_id == request_id), None)


WAITING = (FloorStatus.PENDING, FloorStatus.ACCEPTED)
