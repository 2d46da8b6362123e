"""What the receiving sites' slots show on one Janus: the wishes, and Janus told of them.

An empty slot shows the placeholder, a feed of the room without a site; so slots are switched and m-lines never change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.limits import SITES
from media.engine.janus_client import NO_FEED, NOT_OFFERED, JanusRefusal
from media.engine.janus_connections import PLACEHOLDER, PLACEHOLDER_MIDS, Desk, Feed, Watch
from media.engine.layers import FULL_HEIGHT, ranked
from media.engine.room import AUDIO_SLOTS, VIDEO_SLOTS
from media.sdp import read_description

BETWEEN_FEEDS = 0.05
"""Seconds in which a packet through the placeholder is on its way."""


class JanusSlots:
    """Of one room. Wishes are kept for sites that are not connected; `sync` is called with the room locked."""

    def __init__(self, desk: Desk, feeds: Mapping[UnitPath, Feed], beat: Callable[[], Awaitable[None]]) -> None:
        """`feeds` are the room's, as they are at any time; `beat` sends something through the placeholder."""
        self.wishes: dict[UnitPath, dict[str, UnitPath | None]] = {}
        self.heights: dict[UnitPath, dict[str, int]] = {}
        """How many lines the place of each slot has."""
        self.paused: dict[UnitPath, set[str]] = {}
        self._desk, self._feeds, self._beat = desk, feeds, beat

    def wish(self, site: UnitPath, watch: Watch | None, slot: str, source: UnitPath | None, height: int) -> None:
        """PeerFault (room-full, slot-unknown)."""
        if site not in self.wishes and len(self.wishes) >= SITES:
            raise PeerFault("room-full", limit=SITES)
        if slot not in (watch.mids if watch is not None else (*AUDIO_SLOTS, *VIDEO_SLOTS)):
            raise PeerFault("slot-unknown", slot=slot)
        self.wishes.setdefault(site, {})[slot] = source
        self.heights.setdefault(site, {})[slot] = height

    def pause(self, watch: Watch, slot: str, paused: bool) -> None:
        """PeerFault (slot-unknown)."""
        if slot not in watch.mids:
            raise PeerFault("slot-unknown", slot=slot)
        held = self.paused.setdefault(watch.site, set())
        (held.add if paused else held.discard)(slot)

    def forget(self, site: UnitPath) -> None:
        """The site left: what its slots showed is no longer wanted."""
        for kept in (self.wishes, self.heights, self.paused):
            kept.pop(site, None)

    def take_over(self, site: UnitPath, other: "JanusSlots") -> None:
        """What a site's slots showed on another engine; it connects here now."""
        if (wishes := other.wishes.pop(site, None)) is not None:
            self.wishes.setdefault(site, {}).update(wishes)
            self.heights.setdefault(site, {}).update(other.heights.pop(site, {}))
            self.paused.setdefault(site, set()).update(other.paused.pop(site, set()))

    def shown(self, watch: Watch) -> Iterator[tuple[UnitPath, int]]:
        """The sites whose pictures a receiver's slots want, with the lines of the place."""
        for slot, source in self.wishes.get(watch.site, {}).items():
            is_paused = slot in self.paused.get(watch.site, ())
            if source is not None and watch.kinds.get(slot) == "video" and not is_paused:
                yield source, self._height(watch.site, slot)

    def sources(self, site: UnitPath) -> set[UnitPath]:
        """All that a site's slots want to show."""
        return {source for source in self.wishes.get(site, {}).values() if source is not None}

    def _height(self, site: UnitPath, slot: str) -> int:
        return self.heights.get(site, {}).get(slot, FULL_HEIGHT)

    async def sync(self, watch: Watch) -> None:
        """Tell Janus what this connection's slots should show and it does not know yet."""
        wanted = {slot: self._target(watch, slot) for slot in watch.mids}
        changed = {slot: target for slot, target in wanted.items() if watch.shows.get(slot) != target}
        if changed:
            await self._tell(watch, changed)
            watch.still -= changed.keys()  # a switch ends a pause
        paused = self.paused.get(watch.site, set()) & watch.mids.keys()
        if paused != watch.still:
            streams = [{"mid": watch.mids[slot], "send": slot not in paused} for slot in paused ^ watch.still]
            await self._desk.ask(watch.handle, {"request": "configure", "streams": streams})
            for slot in watch.still - paused:
                await self._refresh(watch, slot)
            watch.still = set(paused)

    async def _tell(self, watch: Watch, changed: Mapping[str, tuple[str, str]]) -> None:
        """Switch these slots. One that is to show a feed of another engine sees a packet of the placeholder first: such
        feeds all have the same SSRC, and Janus goes on with a new feed's numbers only where the SSRC is another."""
        far = {feed.id for feed in self._feeds.values() if not feed.handle}
        if any(id_ in far for id_, _ in changed.values()):
            empty = {slot: (PLACEHOLDER, PLACEHOLDER_MIDS[watch.kinds[slot]]) for slot in changed}
            await self._switch(
                watch, {slot: target for slot, target in empty.items() if watch.shows.get(slot) != target}
            )
            await self._beat()
            await asyncio.sleep(BETWEEN_FEEDS)
        await self._switch(watch, changed)

    async def _switch(self, watch: Watch, changed: Mapping[str, tuple[str, str]]) -> None:
        if not changed:
            return
        streams = [{"feed": id_, "mid": mid, "sub_mid": watch.mids[slot]} for slot, (id_, mid) in changed.items()]
        try:
            done = await self._desk.ask(watch.handle, {"request": "switch", "streams": streams})
        except JanusRefusal as refusal:
            if refusal.code != NO_FEED:
                raise
            if len(changed) > 1:  # one that is just leaving must not hold up the others
                for slot, target in changed.items():
                    await self._switch(watch, {slot: target})
            return
        watch.shows.update(changed)
        if done["jsep"]:
            await self.confirm(watch, done["jsep"])

    async def confirm(self, watch: Watch, offered: str) -> None:
        """A slot whose source was lost is confirmed again; for the terminal nothing changes, or it must come anew."""
        if {line.mid: line.ssrc for line in read_description(offered).lines} != watch.ssrcs:
            await self._desk.detach(watch.handle)
            return
        try:
            await self._desk.ask(watch.handle, {"request": "start"}, ("answer", watch.answer))
        except JanusRefusal as refusal:
            if refusal.code != NOT_OFFERED:  # it offered twice, and the first answer was for both
                raise

    async def _refresh(self, watch: Watch, slot: str) -> None:
        feed = next((each for each in self._feeds.values() if each.id == watch.shows.get(slot, ("", ""))[0]), None)
        if feed is not None and feed.handle and watch.kinds[slot] == "video":
            await self._desk.ask(feed.handle, {"request": "configure", "keyframe": True})

    def _target(self, watch: Watch, slot: str) -> tuple[str, str]:
        kind = watch.kinds[slot]
        source = self.wishes.get(watch.site, {}).get(slot)
        feed = self._feeds.get(source) if source is not None else None
        if feed is None:
            return PLACEHOLDER, PLACEHOLDER_MIDS[kind]
        names = ["audio"] if kind == "audio" else ranked(self._height(watch.site, slot), feed.sent)
        mid = next((feed.mids[name] for name in names if name in feed.mids), None)
        return (feed.id, mid) if mid is not None else (PLACEHOLDER, PLACEHOLDER_MIDS[kind])
