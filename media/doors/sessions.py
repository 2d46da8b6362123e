"""Who came in through a door, from offer to end: a studio is a site of the meeting, an observer only looks on."""

import asyncio
import hashlib
import logging
import secrets
from dataclasses import replace
from typing import Protocol

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.ids import DeviceId, UnitPath
from media.doors.tokens import DoorGrant
from media.engine.content import content_of
from media.engine.room import MediaEngine
from media.meeting.air import AirLane
from media.meeting.commands import Join, Leave
from media.meeting.decide import Refusal, SiteActor
from media.meeting.model import MeetingPhase, MeetingState
from media.meeting.room import Room
from media.sdp import Description, read_description, write_description

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
CONNECT_WITHIN = 20.0
"""Seconds after the answer in which the connection must stand."""
GONE_AFTER = 4.0
"""Seconds without its connection after which a guest is gone."""


class Guest(Protocol):
    """One session."""

    id: str
    number: str
    """The token it came with."""

    async def enter(self, offer: str) -> str: ...

    async def stay(self) -> None:
        """Returns when its connection, its meeting or its leave has ended."""
        ...

    async def leave(self) -> None: ...


class Studio:
    """What another program sends is a site's picture and sound, on the air by the same rules."""

    def __init__(self, grant: DoorGrant, room: Room, air: AirLane, engine: MediaEngine, clock: Clock) -> None:
        self.id, self.number = secrets.token_urlsafe(18), grant.number
        self._grant, self._room, self._air, self._engine, self._clock = grant, room, air, engine, clock
        device = DeviceId(hashlib.sha256(grant.number.encode()).hexdigest()[:32])
        self._actor = SiteActor(grant.unit_path, device)

    async def enter(self, offer: str) -> str:
        if any(line.direction not in ("sendonly", "sendrecv") for line in read_description(offer).lines):
            raise PeerFault("sdp-unsupported", why="direction")
        answer = await self._room.do(self._actor, Join(site_name=self._grant.unit_path))
        if isinstance(answer, Refusal):
            raise PeerFault(answer.id, **answer.values)
        site = self._room.state.sites.get(self._grant.unit_path)
        if site is None or site.device != self._actor.device:  # it knocks at a locked meeting
            raise PeerFault("not-joined")
        if self._room.state.phase is not MeetingPhase.OPEN:
            raise PeerFault("meeting-not-open")
        meeting = self._grant.meeting
        await self._engine.create_room(meeting)
        sdp = await self._engine.publish(meeting, self._grant.unit_path, offer)
        self._air.refresh()
        return sdp

    async def stay(self) -> None:
        seen_at, within = self._clock.monotonic(), CONNECT_WITHIN
        while self._clock.monotonic() - seen_at < within:
            site = self._room.state.sites.get(self._grant.unit_path)
            if self._room.state.phase is not MeetingPhase.OPEN or site is None or site.device != self._actor.device:
                return
            try:
                if self._grant.unit_path in (await self._engine.seated(self._grant.meeting))[0]:
                    seen_at, within = self._clock.monotonic(), GONE_AFTER
            except Fault as fault:
                log.info("whether a studio is still there cannot be told: %s", fault)
            self._room.heard(self._actor)
            await asyncio.sleep(LOOK_EVERY)

    async def leave(self) -> None:
        site = self._room.state.sites.get(self._grant.unit_path)
        if site is not None and site.device == self._actor.device:
            await self._room.do(self._actor, Leave())
            await self._engine.leave(self._grant.meeting, self._grant.unit_path)


class Observer:
    """Sees whoever speaks, or else the chair, and hears who is on the air."""

    def __init__(self, grant: DoorGrant, room: Room, engine: MediaEngine, clock: Clock) -> None:
        self.id, self.number = secrets.token_urlsafe(18), grant.number
        self._grant, self._room, self._engine, self._clock = grant, room, engine, clock
        self._name = UnitPath(f"observer-{secrets.token_hex(6)}/")
        self._slots: dict[str, list[str]] = {"audio": [], "video": []}
        self._shown: dict[str, UnitPath | None] = {}
        self._changed = asyncio.Event()

    async def enter(self, offer: str) -> str:
        if self._room.state.phase is not MeetingPhase.OPEN:
            raise PeerFault("meeting-not-open")
        for line in read_description(offer).lines:
            self._slots[line.kind].append(line.mid)
        await self._engine.create_room(self._grant.meeting)
        return await self._engine.subscribe(self._grant.meeting, self._name, offer)

    async def stay(self) -> None:
        stop = self._room.listen(self._changed.set)
        seen_at, within = self._clock.monotonic(), CONNECT_WITHIN
        try:
            while self._clock.monotonic() - seen_at < within and self._room.state.phase is MeetingPhase.OPEN:
                self._changed.clear()
                try:
                    if self._name in (await self._engine.seated(self._grant.meeting))[1]:
                        seen_at, within = self._clock.monotonic(), GONE_AFTER
                        await self._show()
                except Fault as fault:
                    log.info("an observer was not shown what it should be: %s", fault)
                try:
                    async with asyncio.timeout(LOOK_EVERY):  # not wait_for: 3.11's may swallow a cancellation
                        await self._changed.wait()
                except TimeoutError:
                    continue
        finally:
            stop()

    async def leave(self) -> None:
        await self._engine.leave(self._grant.meeting, self._name)

    async def _show(self) -> None:
        seen, heard = worth_showing(self._room.state)
        wanted: dict[str, UnitPath | None] = {}
        for kind, sites in (("video", seen), ("audio", heard)):
            for number, slot in enumerate(self._slots[kind]):
                wanted[slot] = sites[number] if number < len(sites) else None
        for slot, site in wanted.items():
            if self._shown.get(slot) != site:
                await self._engine.switch(self._grant.meeting, self._name, slot, site)
                self._shown[slot] = site


def worth_showing(state: MeetingState) -> tuple[list[UnitPath], list[UnitPath]]:
    """Whom an observer sees and hears, most wanted first."""
    online = [path for path, site in state.sites.items() if site.online]
    first = [state.broadcast, state.speaking.unit_path if state.speaking is not None else None, state.chair]
    ranked = list(dict.fromkeys([*(each for each in first if each is not None), *sorted(state.sites_on_air), *online]))
    screen = [content_of(state.shares)] if state.shares is not None else []
    heard = [path for path in ranked if path in state.sites_on_air]
    return [*screen, *(path for path in ranked if path in online)], heard


def reached_at(answer: str, host: str) -> str:
    """The answer for a program that cannot know where the center is reached: with that address in its candidates."""
    description: Description = read_description(answer)
    if not description.own_addresses:
        description = description.at(host)
    return write_description(replace(description, own_addresses=False))
