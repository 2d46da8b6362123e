"""One meeting's room on one Janus: who publishes what, what each receiving site's slots show, who is on the air.

The terminal offers and the engine answers, on both connections. Janus wants to offer its own streams itself, so what it
offers for the slots is turned into the answer, and the terminal's offer into Janus's answer.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.limits import SITES
from media.engine.janus_client import NO_FEED, JanusRefusal
from media.engine.janus_connections import PLACEHOLDER, PLACEHOLDER_MIDS, Desk, Feed, Watch
from media.engine.janus_slots import JanusSlots
from media.engine.layers import FULL_HEIGHT, THUMB_HEIGHT, Demand, Layer, demands, published, sent_at_first
from media.engine.room import RECORDED_HEIGHT, RecordingOrder, recording_name
from media.sdp import Description, MediaLine, read_description, write_description

log = logging.getLogger(__name__)

BITRATE = 2_000_000
"""What a site may send, in bit/s."""


class JanusRoom:
    """Used on the center's loop; one change at a time."""

    def __init__(self, meeting: MeetingId, desk: Desk, beat: Callable[["JanusRoom"], Awaitable[None]]) -> None:
        """`beat`: send something through the placeholder, so that a fresh receiver hears that its path lives."""
        self.meeting = meeting
        self.on_air: frozenset[UnitPath] = frozenset()
        self.feeds: dict[UnitPath, Feed] = {}
        self.watches: dict[UnitPath, Watch] = {}
        self.coming_feeds: dict[int, Feed] = {}
        self.coming_watches: dict[int, Watch] = {}
        self.order: RecordingOrder | None = None
        self.placeholder_port = 0
        self.lock = asyncio.Lock()
        self._desk = desk
        self._beat = beat
        self.slots = JanusSlots(desk, self.feeds, lambda: beat(self))

    def forget_connections(self) -> None:
        """Janus lost them all; what was wished stays."""
        for held in (self.feeds, self.watches, self.coming_feeds, self.coming_watches):
            held.clear()

    def handles(self) -> set[int]:
        found = {feed.handle for feed in self.feeds.values()} | {watch.handle for watch in self.watches.values()}
        return (found | set(self.coming_feeds) | set(self.coming_watches)) - {0}

    # connections

    async def publish(self, site: UnitPath, offer: str) -> str:
        remote = read_description(offer)
        streams = {name: line.mid for name, line in published(remote).items()}
        self._admit(len(self.feeds) + len(self.coming_feeds))
        lines = tuple(replace(line, direction="sendonly", send_time=None) for line in remote.lines)
        sending = replace(remote, lines=lines, candidates=(), setup="active")
        async with self.lock:
            handle = await self._desk.attach()
            sent = [layer.value for layer in sent_at_first(remote)]
            feed = Feed(site, f"{site}#{secrets.token_hex(4)}", streams, handle, sent)
            try:
                answer = await self._desk.ask(
                    handle,
                    self._named(request="joinandconfigure", ptype="publisher", id=feed.id, bitrate=BITRATE),
                    ("offer", write_description(sending)),
                )
                await self._moderate(feed, muted=site not in self.on_air)
                await self._record(feed)
            except Fault:
                await self._desk.detach(handle)
                raise
            await self._drop_coming(self.coming_feeds, site)
            self.coming_feeds[handle] = feed
            self._desk.changed()
        lines = tuple(MediaLine(line.mid, line.kind, "recvonly", line.payload_type) for line in remote.lines)
        return _answer_of(read_description(answer["jsep"]), lines)

    async def subscribe(self, site: UnitPath, offer: str) -> str:
        remote = read_description(offer)
        if any(line.direction not in ("recvonly", "sendrecv") for line in remote.lines):
            raise PeerFault("sdp-unsupported", why="direction")
        self._admit(len(self.watches) + len(self.coming_watches))
        async with self.lock:
            handle = await self._desk.attach()
            try:
                streams = [{"feed": PLACEHOLDER, "mid": PLACEHOLDER_MIDS[line.kind]} for line in remote.lines]
                body = self._named(
                    request="join", ptype="subscriber", streams=streams, use_msid=False, autoupdate=False
                )
                theirs = read_description((await self._desk.ask(handle, body))["jsep"])
                pairs = list(zip(remote.lines, theirs.lines, strict=True))
                ours = tuple(
                    replace(line, mid=other.mid, direction="recvonly", ssrc=None, send_time=None)
                    for line, other in pairs
                )
                answer = write_description(replace(remote, lines=ours, candidates=(), setup="active"))
                await self._desk.ask(handle, {"request": "start"}, ("answer", answer))
            except Fault:
                await self._desk.detach(handle)
                raise
            watch = Watch(
                site,
                handle,
                {line.mid: line.kind for line in remote.lines},
                {line.mid: other.mid for line, other in pairs},
                {line.mid: line.ssrc for line in theirs.lines},
                answer,
                {line.mid: (PLACEHOLDER, PLACEHOLDER_MIDS[line.kind]) for line in remote.lines},
            )
            await self._drop_coming(self.coming_watches, site)
            self.coming_watches[handle] = watch
            await self.slots.sync(watch)
            self._desk.changed()
        lines = tuple(
            MediaLine(line.mid, line.kind, "sendonly", line.payload_type, other.ssrc) for line, other in pairs
        )
        return _answer_of(theirs, lines)

    async def is_up(self, handle: int) -> None:
        """A connection stands: it takes the place of the one before."""
        async with self.lock:
            if (feed := self.coming_feeds.pop(handle, None)) is not None:
                await self._seat(feed)
            elif (watch := self.coming_watches.pop(handle, None)) is not None:
                older = self.watches.get(watch.site)
                self.watches[watch.site] = watch
                if older is not None:
                    await self._desk.detach(older.handle)
                await self._beat(self)
            else:
                return
            self._desk.changed()

    async def is_down(self, handle: int) -> None:
        """A connection ended."""
        async with self.lock:
            self.coming_feeds.pop(handle, None)
            self.coming_watches.pop(handle, None)
            for feed in [each for each in self.feeds.values() if each.handle == handle]:
                await self._unseat(feed)
            for watch in [each for each in self.watches.values() if each.handle == handle]:
                del self.watches[watch.site]
            await self._desk.detach(handle)
            self._desk.changed()

    async def offered_again(self, handle: int, offered: str) -> None:
        """Janus wants streams confirmed of its own accord."""
        async with self.lock:
            for watch in [*self.watches.values(), *self.coming_watches.values()]:
                if watch.handle == handle:
                    await self.slots.confirm(watch, offered)

    async def put_feed(self, feed: Feed) -> None:
        """A feed from another engine."""
        async with self.lock:
            await self._seat(feed)

    async def take_feed(self, site: UnitPath, feed_id: str) -> None:
        async with self.lock:
            feed = self.feeds.get(site)
            if feed is not None and feed.id == feed_id:
                await self._unseat(feed, still_there=True)
                await self._remove(feed)

    async def take_up(self, there: set[str]) -> None:
        """After a time without Janus: `there` are the feeds it has; what is on the air may have changed since."""
        for feed in [*self.feeds.values(), *self.coming_feeds.values()]:
            if feed.handle and feed.id not in there:
                await self.is_down(feed.handle)
        async with self.lock:
            for feed in [*self.feeds.values(), *self.coming_feeds.values()]:
                await self._moderate(feed, muted=feed.site not in self.on_air)

    # what the slots show

    async def switch(self, site: UnitPath, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT) -> None:
        self.slots.wish(site, self.newest_watch(site), slot, source, height)
        await self._sync_site(site)

    async def pause(self, site: UnitPath, slot: str, paused: bool) -> None:
        watch = self.newest_watch(site)
        if watch is None:
            raise PeerFault("site-unknown", site=site)
        self.slots.pause(watch, slot, paused)
        await self._sync_site(site)

    async def offer_layers(self, site: UnitPath, layers: frozenset[Layer]) -> None:
        async with self.lock:
            found = [each for each in (*self.coming_feeds.values(), self.feeds.get(site)) if each and each.site == site]
            if not found:
                raise PeerFault("site-unknown", site=site)
            for feed in found:
                feed.sent = sorted(layers)
            await self._sync_viewers(site)
            self._desk.changed()

    def demand(self) -> dict[UnitPath, Demand]:
        """What the slots that show something want of each site."""
        shown = [each for watch in self.watches.values() for each in self.slots.shown(watch)]
        for site in self.order.sites if self.order is not None else ():
            shown.append((site, RECORDED_HEIGHT if site in self.on_air else THUMB_HEIGHT))
        return demands(shown)

    def has_feed(self, site: UnitPath) -> bool:
        return site in self.feeds or any(feed.site == site for feed in self.coming_feeds.values())

    async def keyframe(self, site: UnitPath) -> None:
        feed = self.feeds.get(site)
        if feed is None:
            raise PeerFault("site-unknown", site=site)
        if feed.handle:
            await self._desk.ask(feed.handle, {"request": "configure", "keyframe": True})

    async def set_on_air(self, sites: frozenset[UnitPath]) -> None:
        async with self.lock:
            before, self.on_air = self.on_air, sites
            for feed in [*self.feeds.values(), *self.coming_feeds.values()]:
                if (feed.site in before) != (feed.site in sites):
                    await self._moderate(feed, muted=feed.site not in sites)
            self._desk.changed()

    async def record(self, order: RecordingOrder | None) -> None:
        """Janus writes a file for each stream of a site; they are named by the site (`recording_name`)."""
        async with self.lock:
            self.order = order
            for feed in [*self.feeds.values(), *self.coming_feeds.values()]:
                await self._record(feed)

    async def leave(self, site: UnitPath) -> None:
        async with self.lock:
            self.slots.forget(site)
            await self._drop_coming(self.coming_feeds, site)
            await self._drop_coming(self.coming_watches, site)
            if (feed := self.feeds.get(site)) is not None:
                await self._unseat(feed, still_there=True)
                if feed.handle:
                    await self._desk.detach(feed.handle)
            if (watch := self.watches.pop(site, None)) is not None:
                await self._desk.detach(watch.handle)
            self._desk.changed()

    # inside

    async def _record(self, feed: Feed) -> None:
        order = self.order
        wanted = order is not None and feed.site in order.sites
        if wanted is feed.recorded or not feed.handle:
            return
        body: dict[str, Any] = {"request": "configure", "record": wanted}
        if order is not None and wanted:
            body["filename"] = f"{order.folder}/{recording_name(feed.site)}-{secrets.token_hex(4)}"
        await self._desk.ask(feed.handle, body)
        feed.recorded = wanted

    async def _drop_coming(self, coming: dict[int, Feed] | dict[int, Watch], site: UnitPath) -> None:
        """A connection that is not up yet gives way to a later one."""
        for handle in [handle for handle, each in coming.items() if each.site == site]:
            del coming[handle]
            await self._desk.detach(handle)

    def newest_watch(self, site: UnitPath) -> Watch | None:
        coming = [each for each in self.coming_watches.values() if each.site == site]
        return coming[-1] if coming else self.watches.get(site)

    def _admit(self, seated: int) -> None:
        if seated >= 2 * SITES:
            raise PeerFault("room-full", limit=SITES)

    def _named(self, **fields: Any) -> dict[str, Any]:
        return {"room": self.meeting, "secret": self._desk.room_secret(self.meeting), **self._pin(), **fields}

    def _pin(self) -> dict[str, str]:
        return {"pin": self._desk.room_secret(self.meeting)}

    async def _moderate(self, feed: Feed, *, muted: bool) -> None:
        """Janus drops the sound of who is not on the air. A feed of another engine is muted where it comes from."""
        if feed.handle and "audio" in feed.mids:
            body = self._named(request="moderate", id=feed.id, mid=feed.mids["audio"], mute=muted)
            try:
                await self._desk.ask(self._desk.control, body)
            except JanusRefusal as refusal:
                if refusal.code != NO_FEED:
                    raise

    async def _seat(self, feed: Feed) -> None:
        older = self.feeds.get(feed.site)
        self.feeds[feed.site] = feed
        await self._sync_viewers(feed.site)
        if older is not None and older.handle:
            await self._desk.detach(older.handle)
        elif older is not None and older.id != feed.id:
            await self._remove(older)

    async def _remove(self, feed: Feed) -> None:
        """Drop a feed of another engine."""
        with contextlib.suppress(JanusRefusal):
            await self._desk.ask(self._desk.control, self._named(request="remove_remote_publisher", id=feed.id))

    async def _unseat(self, feed: Feed, *, still_there: bool = False) -> None:
        """`still_there`: Janus has not dropped it yet, so slots can leave it first and need no confirmation."""
        if self.feeds.get(feed.site) is not feed:
            return
        del self.feeds[feed.site]
        if not still_there:
            for watch in (*self.watches.values(), *self.coming_watches.values()):
                watch.shows = {slot: shown for slot, shown in watch.shows.items() if shown[0] != feed.id}
        await self._sync_viewers(feed.site)

    async def _sync_viewers(self, source: UnitPath) -> None:
        for watch in (*self.watches.values(), *self.coming_watches.values()):
            if source in self.slots.sources(watch.site):
                try:
                    await self.slots.sync(watch)
                except JanusRefusal as refusal:  # it is just ending; the others must not wait for it
                    log.info("the slots of %s were not switched: %s", watch.site, refusal)

    async def _sync_site(self, site: UnitPath) -> None:
        async with self.lock:
            for watch in (*self.watches.values(), *self.coming_watches.values()):
                if watch.site == site:
                    await self.slots.sync(watch)
            self._desk.changed()


def _answer_of(theirs: Description, lines: tuple[MediaLine, ...]) -> str:
    """Janus's side of the path with our m-lines."""
    return write_description(replace(theirs, lines=lines, setup="passive", lite=theirs.lite, own_addresses=True))
