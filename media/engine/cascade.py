"""Several Janus as one media engine: each site on the engine nearest to it, each picture sent from one engine to
another only where somebody there watches it.

The engines' rooms are the only memory: what is linked is read from them, so that a restarted center finds everything as
it was. Where an engine is lost its sites come back (as after any loss), and are placed on another that is there.
"""

import asyncio
import base64
import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.janus_connections import Feed
from media.engine.janus_engine import JanusEngine
from media.engine.janus_room import JanusRoom
from media.engine.layers import FULL_HEIGHT, Demand, Layer, joined
from media.engine.placement import Place, engine_of
from media.engine.room import RecordingOrder, RoomStats
from media.engine.trouble import Behaviour, behaviours

log = logging.getLogger(__name__)

SRTP_SINCE = 1300
"""The version of Janus from which links between engines can be encrypted by itself; before, the tunnel alone does."""
TRY_AGAIN = 0.5


@dataclass(frozen=True, slots=True)
class Link:
    """A feed of one engine in the room of another."""

    meeting: MeetingId
    source: UnitPath
    feed: str
    at: str
    """The engine that receives it."""


class CascadeEngine:
    """RoomEngine over several engines. Their addresses are those under which they reach each other as well."""

    def __init__(self, engines: Mapping[str, JanusEngine], places: Iterable[Place]) -> None:
        self._engines = dict(engines)
        self._places = tuple(places)
        self._on_air: dict[MeetingId, frozenset[UnitPath]] = {}
        self._stale = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        for engine in self._engines.values():
            engine.on_change = self._stale.set

    # life

    async def open(self) -> None:
        for engine in self._engines.values():
            for meeting, room in engine.rooms.items():
                self._on_air[meeting] = self._on_air.get(meeting, frozenset()) | room.on_air
            await engine.open()
        if self._task is None:
            self._task = asyncio.ensure_future(self._keep_links())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        for engine in self._engines.values():
            await engine.close()

    @property
    def connected(self) -> bool:
        """Whether any engine is there: sites of the others are placed on it."""
        return any(engine.connected for engine in self._engines.values())

    async def adopted(self) -> list[MeetingId]:
        return sorted(self._on_air)

    # RoomEngine

    async def create_room(self, meeting: MeetingId) -> None:
        self._on_air.setdefault(meeting, frozenset())

    async def close_room(self, meeting: MeetingId) -> None:
        self._on_air.pop(meeting, None)
        for engine in self._with(meeting):
            await engine.close_room(meeting)

    async def publish(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        engine = await self._place(meeting, site)
        answer = await engine.publish(meeting, site, offer)
        for other in self._with(meeting):
            if other is not engine and _is_own(other.rooms[meeting], site):
                if other.connected:
                    await other.leave(meeting, site)
                else:
                    other.rooms[meeting].feeds.pop(site, None)
        return answer

    async def subscribe(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        engine = await self._place(meeting, site)
        return await engine.subscribe(meeting, site, offer)

    async def switch(
        self, meeting: MeetingId, site: UnitPath, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT
    ) -> None:
        engine = self._watching(meeting, site) or await self._place(meeting, site)
        await engine.switch(meeting, site, slot, source, height)

    async def offer_layers(self, meeting: MeetingId, site: UnitPath, layers: frozenset[Layer]) -> None:
        """Told to every engine that has the site's feed, its own one first."""
        holding = [each for each in self._with(meeting) if each.connected and each.rooms[meeting].has_feed(site)]
        if not holding:
            raise PeerFault("site-unknown", site=site)
        for engine in sorted(holding, key=lambda each: not _is_own(each.rooms[meeting], site)):
            await engine.offer_layers(meeting, site, layers)

    async def demand(self, meeting: MeetingId) -> Mapping[UnitPath, Demand]:
        self._known(meeting)
        return joined(engine.rooms[meeting].demand() for engine in self._with(meeting) if engine.connected)

    async def pause(self, meeting: MeetingId, site: UnitPath, slot: str, paused: bool) -> None:
        engine = self._watching(meeting, site)
        if engine is None:
            raise PeerFault("site-unknown", site=site)
        await engine.pause(meeting, site, slot, paused)

    async def keyframe(self, meeting: MeetingId, site: UnitPath) -> None:
        for engine in self._with(meeting):
            if _is_own(engine.rooms[meeting], site):
                await engine.keyframe(meeting, site)
                return
        raise PeerFault("site-unknown", site=site)

    async def set_on_air(self, meeting: MeetingId, sites: frozenset[UnitPath]) -> None:
        self._known(meeting)
        self._on_air[meeting] = sites
        for engine in self._with(meeting):
            if engine.connected:
                await engine.set_on_air(meeting, sites)
            else:
                engine.rooms[meeting].on_air = sites  # told when it is back

    async def record(self, meeting: MeetingId, order: RecordingOrder | None) -> None:
        """Each engine records the sites that publish there, on its own machine."""
        self._known(meeting)
        for engine in self._with(meeting):
            if engine.connected:
                await engine.record(meeting, order)
            else:
                engine.rooms[meeting].order = order  # told as its sites come back

    async def leave(self, meeting: MeetingId, site: UnitPath) -> None:
        self._known(meeting)
        for engine in self._with(meeting):
            if engine.connected:
                await engine.leave(meeting, site)

    async def stats(self, meeting: MeetingId) -> RoomStats:
        """As one room; each site also says which engine it is on."""
        self._known(meeting)
        found: dict[str, Any] = {"on_air": sorted(self._on_air[meeting]), "publishers": {}, "subscribers": {}}
        for name, engine in self._engines.items():
            if meeting not in engine.rooms or not engine.connected:
                continue
            part = await engine.stats(meeting)
            own = {site for site in part["publishers"] if _is_own(engine.rooms[meeting], site)}
            found["publishers"] |= {site: {**part["publishers"][site], "engine": name} for site in own}
            found["subscribers"] |= {site: {**each, "engine": name} for site, each in part["subscribers"].items()}
        return {**found, "dropped": 0}

    async def seated(self, meeting: MeetingId) -> tuple[frozenset[UnitPath], frozenset[UnitPath]]:
        self._known(meeting)
        parts = [await engine.seated(meeting) for engine in self._with(meeting) if engine.connected]
        return frozenset().union(*(part[0] for part in parts)), frozenset().union(*(part[1] for part in parts))

    async def behaviours(self, meeting: MeetingId) -> Mapping[UnitPath, Behaviour]:
        publishers, subscribers = await self.seated(meeting)
        return behaviours({site: {} for site in publishers}, {site: {} for site in subscribers})

    # placement

    def _known(self, meeting: MeetingId) -> None:
        if meeting not in self._on_air:
            raise PeerFault("room-unknown", meeting=meeting)

    def _with(self, meeting: MeetingId) -> list[JanusEngine]:
        return [engine for engine in self._engines.values() if meeting in engine.rooms]

    def _watching(self, meeting: MeetingId, site: UnitPath) -> JanusEngine | None:
        """Where the site receives: on an engine that is there, or else on one that may be back in a moment."""
        found = [each for each in self._with(meeting) if each.rooms[meeting].newest_watch(site) is not None]
        return next((engine for engine in found if engine.connected), found[0] if found else None)

    async def _place(self, meeting: MeetingId, site: UnitPath) -> JanusEngine:
        """The engine for a site that connects now, with the room made and what its slots showed before."""
        self._known(meeting)
        there = frozenset(name for name, engine in self._engines.items() if engine.connected)
        engine = self._engines[engine_of(site, self._places, there)]
        if meeting not in engine.rooms:
            await engine.create_room(meeting)
            await engine.set_on_air(meeting, self._on_air[meeting])
        room = engine.rooms[meeting]
        for other in self._with(meeting):
            if other is not engine:
                room.slots.take_over(site, other.rooms[meeting].slots)
        return engine

    # links

    async def _keep_links(self) -> None:
        while True:
            await self._stale.wait()
            self._stale.clear()
            try:
                await self._mend_links()
            except (Fault, KeyError) as fault:  # KeyError: a room closed in the middle of it
                log.warning("a link between engines was not made: %s", fault)
                await asyncio.sleep(TRY_AGAIN)
                self._stale.set()

    async def _mend_links(self) -> None:
        for meeting in list(self._on_air):
            wanted, held = set(self._wanted(meeting)), set(self._held(meeting))
            for link in held - wanted:
                await self._cut(link)
            for link in wanted - held:
                await self._make(link)

    def _wanted(self, meeting: MeetingId) -> Iterator[Link]:
        """For each engine, the feeds of the others that somebody there watches."""
        for at, engine in self._engines.items():
            room = engine.rooms.get(meeting)
            if room is None or not engine.connected:
                continue
            watched = {source for site in room.watches for source in room.slots.sources(site)}
            for other in self._with(meeting):
                if other is not engine and other.connected:
                    for source in watched & other.rooms[meeting].feeds.keys():
                        if (feed := other.rooms[meeting].feeds[source]).handle:
                            yield Link(meeting, source, feed.id, at)

    def _held(self, meeting: MeetingId) -> Iterator[Link]:
        for at, engine in self._engines.items():
            room = engine.rooms.get(meeting)
            if room is not None and engine.connected:
                yield from (Link(meeting, site, feed.id, at) for site, feed in room.feeds.items() if not feed.handle)

    async def _make(self, link: Link) -> None:
        """The receiving engine opens a port for the feed, and the feed's own engine sends it there."""
        to = self._engines[link.at]
        home = next((each for each in self._with(link.meeting) if _is_own(each.rooms[link.meeting], link.source)), None)
        feed = home.rooms[link.meeting].feeds.get(link.source) if home is not None else None
        if home is None or feed is None or feed.id != link.feed:
            return  # it left just now
        key = link_key(home.version, to.version)
        kinds = list(feed.mids)
        streams = [_stream(number, "audio" if name == "audio" else "video") for number, name in enumerate(kinds)]
        there = {**_named(to, link), "id": feed.id}
        await _quietly(to, {**there, "request": "remove_remote_publisher"})  # what an earlier try left
        opened = await to.ask(
            to.control,
            {**there, "request": "add_remote_publisher", "iface": to.address.host, "streams": streams, **key},
        )
        target = {"host": to.address.host, "port": int(opened["port"]), "rtcp_port": int(opened["rtcp_port"])}
        names = {"publisher_id": feed.id, "remote_id": link.at}
        await home.ask(home.control, {**_named(home, link), "request": "publish_remotely", **names, **target, **key})
        mids = {kind: str(number) for number, kind in enumerate(kinds)}
        await to.rooms[link.meeting].put_feed(Feed(link.source, feed.id, mids, sent=list(feed.sent)))
        await home.keyframe(link.meeting, link.source)
        to.changed()

    async def _cut(self, link: Link) -> None:
        to = self._engines[link.at]
        await to.rooms[link.meeting].take_feed(link.source, link.feed)
        for home in self._with(link.meeting):
            feed = home.rooms[link.meeting].feeds.get(link.source)
            if (
                home.connected and feed is not None and feed.handle and feed.id == link.feed
            ):  # else it ended with the feed
                stop = {"request": "unpublish_remotely", "publisher_id": link.feed, "remote_id": link.at}
                await _quietly(home, {**_named(home, link), **stop})
        to.changed()


def link_key(*versions: int) -> dict[str, Any]:
    """A fresh SRTP key for one link where both ends know it; else nothing, and the tunnel is what protects it."""
    if min(versions) < SRTP_SINCE:
        return {}
    return {"srtp_suite": 80, "srtp_crypto": base64.b64encode(secrets.token_bytes(30)).decode()}


def _is_own(room: JanusRoom, site: UnitPath) -> bool:
    feed = room.feeds.get(site)
    return feed is not None and feed.handle != 0


def _named(engine: JanusEngine, link: Link) -> dict[str, str]:
    return {
        "room": link.meeting,
        "secret": engine.room_secret(link.meeting),
        "admin_key": engine.secrets.rooms,
    }


def _stream(number: int, kind: str) -> dict[str, Any]:
    stream = {"type": kind, "mid": str(number), "mindex": number, "codec": {"audio": "opus", "video": "vp8"}[kind]}
    return {**stream, "fec": True} if kind == "audio" else stream


async def _quietly(engine: JanusEngine, body: Mapping[str, Any]) -> None:
    """What may be gone already."""
    try:
        await engine.ask(engine.control, body)
    except HostFault as fault:
        log.debug("nothing to end: %s", fault)
