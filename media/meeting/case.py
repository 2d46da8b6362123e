"""A command before the chair: who asks, when, of which state, under which rules. Pure, as `decide` is."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from desktop_app.domain.ids import DeviceId, PersonId, UnitPath
from desktop_app.domain.principal import Principal, Role
from desktop_app.domain.units import Level, is_within, level_of
from media.meeting.events import Event
from media.meeting.health import Healths
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

    @classmethod
    def of(cls, principal: Principal) -> "SiteActor":
        """Who asks, as the authentication found."""
        provincial = Role.PROVINCIAL_OPERATOR in principal.roles
        return cls(principal.unit_path, principal.device, principal.person, provincial=provincial)


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
        "budget-spent",
        "caption-not-yours",
        "chair-held",
        "chair-moved",
        "chair-not-yours",
        "chair-only",
        "chair-stays",
        "command-not-allowed",
        "field-invalid",
        "floor-already-asked",
        "floor-not-interposed",
        "floor-not-speaking",
        "floor-not-waiting",
        "floor-not-yours",
        "floor-queue-full",
        "floor-taken",
        "floor-unknown",
        "inquiries-too-many",
        "inquiry-none",
        "inquiry-not-asked",
        "inquiry-running",
        "meeting-already-open",
        "meeting-ended",
        "meeting-full",
        "meeting-locked",
        "meeting-not-open",
        "meeting-paused",
        "meeting-unknown",
        "messages-too-many",
        "microphone-locked",
        "not-invited",
        "not-joined",
        "roll-call-none",
        "roll-call-not-called",
        "roll-call-not-voice",
        "roll-call-paused",
        "roll-call-running",
        "roll-calls-too-many",
        "site-away",
        "site-in-use",
        "site-removed",
        "site-unknown",
        "slides-not-yours",
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
    healths: Healths = field(default_factory=dict)
    """What the terminals last said of themselves; only a roll call's answers take it in."""

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
    def may_take_over(self) -> bool:
        """Stands above the absent holder: the city the holder belongs to, or a provincial operator."""
        chair, path = self.state.chair, self.actor.unit_path
        return self.is_provincial or (chair is not None and level_of(path) is Level.CITY and is_within(chair, path))

    @property
    def is_sub_chair(self) -> bool:
        return self.actor.unit_path in self.state.sub_chairs

    def leads(self, unit_path: UnitPath) -> bool:
        """May decide about this site's floor: the chair about all, a sub-chair (分会控) about those under it."""
        return self.conducts or (self.is_sub_chair and is_within(unit_path, self.actor.unit_path))

    def may_mute(self, unit_path: UnitPath) -> bool:
        """The chair all, a city what is under it, but never the chair's own site."""
        if self.conducts:
            return True
        own = self.actor.unit_path
        return level_of(own) is Level.CITY and is_within(unit_path, own) and unit_path != self.state.chair

    def is_online(self, unit_path: UnitPath) -> bool:
        site = self.state.sites.get(unit_path)
        return site is not None and site.online

    def request(self, request_id: str) -> FloorRequest | None:
        return next((one for one in self.state.floor if one.request_id == request_id), None)


WAITING = (FloorStatus.PENDING, FloorStatus.ACCEPTED)
TURNS = (FloorStatus.GRANTED, FloorStatus.SUSPENDED)
