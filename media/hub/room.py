"""A meeting in the hub: who publishes what, and what each receiving site's slots show."""

from collections.abc import Iterator
from typing import Any

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.limits import SITES
from media.engine.layers import THUMB_HEIGHT, Demand, Layer, demands
from media.engine.room import AUDIO_SLOTS, VIDEO_SLOTS
from media.engine.trouble import Behaviour, behaviours
from media.hub.publisher import Publisher
from media.hub.recorder import Recorder
from media.hub.slot import Slot
from media.hub.source import Source
from media.hub.subscriber import Subscriber
from media.transport.port import PortPeer

TOO_LARGE, TOO_LARGE_FOR = 1.2, 3
"""By how much a picture is more than a line bears, and at how many looks in a row, before the thumb takes its place."""


class Room:
    """Publishers and subscribers by site, and who is on the air."""

    def __init__(self) -> None:
        self.publishers: dict[UnitPath, Publisher] = {}
        self.subscribers: dict[UnitPath, Subscriber] = {}
        self.on_air: frozenset[UnitPath] = frozenset()
        self.recorder: Recorder | None = None
        self._wishes: dict[UnitPath, dict[str, tuple[UnitPath | None, int]]] = {}
        """What each site's slots show, whether it is connected now or not."""

    def peers(self) -> Iterator[PortPeer]:
        yield from (publisher.peer for publisher in self.publishers.values())
        yield from (subscriber.peer for subscriber in self.subscribers.values())

    def fit(self, now: float) -> None:
        """Four times a second: on a narrow line the thumb stands in for a picture that stays too large for it because
        others want it so."""
        for subscriber in self.subscribers.values():
            if subscriber.is_narrow:
                if subscriber.downlink.bits is None:
                    subscriber.is_narrow = False
                    subscriber.share()
                for slot in subscriber.slots.values():
                    if slot.kind == "video" and (publisher := self.publishers.get(slot.wanted or UnitPath(""))):
                        self._fit(slot, publisher, now)

    def _limit(self, subscriber: Subscriber) -> None:
        """Tell those who send main pictures to a narrow line what it bears."""
        for slot in subscriber.share():
            publisher = self.publishers.get(slot.wanted or UnitPath(""))
            if publisher is not None and (main := publisher.sources.get(Layer.MAIN)) is not None:
                main.limit(slot.bears)

    def _fit(self, slot: Slot, publisher: Publisher, now: float) -> None:
        main = publisher.sources.get(Layer.MAIN)
        both = publisher.sent == frozenset(Layer) and main is not None and slot.height > THUMB_HEIGHT
        over = both and slot.bears is not None and main is not None and main.bits > TOO_LARGE * slot.bears + 30_000
        slot.too_large = slot.too_large + 1 if over else 0
        is_small = over and (slot.is_small or slot.too_large >= TOO_LARGE_FOR)
        if is_small != slot.is_small:
            slot.is_small = is_small
            slot.aim(self._source(publisher.site, slot), now)

    def beat(self, now: float) -> None:
        """Four times a second: who is behind a bad line hears on both connections that it lives; and who hears a voice
        over another site's narrow one, that it may be late."""
        narrow = {site for site, each in self.publishers.items() if each.line.is_narrow}
        for subscriber in self.subscribers.values():
            subscriber.tell_late(narrow, now)
        ends = (self.publishers, self.subscribers)
        lossy = {site for side in ends for site, each in side.items() if each.lossy}
        for side in ends:
            for site in lossy & side.keys():
                side[site].beat(now)

    def put_publisher(self, publisher: Publisher, now: float) -> Publisher | None:
        """Let a connected publisher take its place; the one it replaces, if any."""
        old = self.publishers.get(publisher.site)
        self.publishers[publisher.site] = publisher
        for slot in self._slots_of(publisher.site):
            slot.show(self._source(publisher.site, slot), now)
        return old

    def put_subscriber(self, subscriber: Subscriber, now: float) -> Subscriber | None:
        """Let a connected subscriber take its place, with the slots as they were; the one it replaces, if any."""
        old = self.subscribers.get(subscriber.site)
        self.subscribers[subscriber.site] = subscriber
        subscriber.on_limit = lambda: self._limit(subscriber)
        if old is not None:
            old.downlink.close()
            for slot in old.slots.values():
                slot.show(None, now)
        for name, (source, height) in self._wishes.get(subscriber.site, {}).items():
            if name in subscriber.slots:
                self._show(subscriber.slots[name], source, height, now)
        return old

    def drop_publisher(self, publisher: Publisher, now: float) -> None:
        if self.publishers.get(publisher.site) is publisher:
            del self.publishers[publisher.site]
        for slot in self._slots_of(publisher.site):
            slot.show(self._source(publisher.site, slot), now)

    def drop_subscriber(self, subscriber: Subscriber, now: float) -> None:
        if self.subscribers.get(subscriber.site) is subscriber:
            del self.subscribers[subscriber.site]
        subscriber.downlink.close()
        for slot in subscriber.slots.values():
            slot.show(None, now)

    def switch(self, site: UnitPath, name: str, source: UnitPath | None, height: int, now: float) -> None:
        """Remembered for a site that is not connected yet, or not any more."""
        if site not in self._wishes and len(self._wishes) >= SITES:
            raise PeerFault("room-full", limit=SITES)
        subscriber = self.subscribers.get(site)
        known = subscriber.slots if subscriber is not None else (*AUDIO_SLOTS, *VIDEO_SLOTS)
        if name not in known:
            raise PeerFault("slot-unknown", slot=name)
        self._wishes.setdefault(site, {})[name] = (source, height)
        if subscriber is not None:
            self._show(subscriber.slots[name], source, height, now)
            if subscriber.is_narrow:
                self._limit(subscriber)

    def forget(self, site: UnitPath) -> None:
        """The site left: what its slots showed is no longer wanted."""
        self._wishes.pop(site, None)

    def pause(self, site: UnitPath, name: str, paused: bool, now: float) -> None:
        self._slot(site, name).pause(paused, now)

    def keyframe(self, site: UnitPath, now: float) -> None:
        publisher = self.publishers.get(site)
        if publisher is None:
            raise PeerFault("site-unknown", site=site)
        for source in publisher.sources.values():
            source.want_keyframe(now)

    def offer_layers(self, site: UnitPath, layers: frozenset[Layer], now: float) -> None:
        """A site sends these pictures from now on; slots that showed another go over, without a gap where they can."""
        publisher = self.publishers.get(site)
        if publisher is None:
            raise PeerFault("site-unknown", site=site)
        publisher.sent = layers
        for layer in Layer:
            if layer not in layers and layer in publisher.sources:
                publisher.sources[layer].want_nothing()
        for slot in self._slots_of(site):
            if slot.kind == "video":
                slot.aim(self._source(site, slot), now)

    def demand(self) -> dict[UnitPath, Demand]:
        """What the slots that show something want of each site."""
        return demands(
            (slot.wanted, slot.height)
            for slot in self._slots()
            if slot.kind == "video" and slot.wanted is not None and not slot.paused
        )

    def set_on_air(self, sites: frozenset[UnitPath], now: float) -> None:
        for site in self.on_air - sites:
            publisher = self.publishers.get(site)
            if publisher is not None and "audio" in publisher.sources:
                publisher.sources["audio"].close_air()
        self.on_air = sites
        if self.recorder is not None:
            for slot in self.recorder.set_on_air(sites):
                self._aim(slot, now)

    def record(self, recorder: Recorder | None, sites: frozenset[UnitPath], now: float) -> None:
        """Record these sites with this recorder from now on. Of one that it replaces, the files are whole then."""
        if self.recorder is not None and self.recorder is not recorder:
            _, over = self.recorder.want(frozenset())
            for slot in over:
                slot.show(None, now)
        self.recorder = recorder
        if recorder is None:
            return
        new, over = recorder.want(sites)
        for slot in over:
            slot.show(None, now)
        recorder.set_on_air(self.on_air)
        for slot in new:
            self._aim(slot, now)

    def behaviours(self) -> dict[UnitPath, Behaviour]:
        """Of every site that has a connection here."""
        publishers = {site: each.refused for site, each in self.publishers.items()}
        return behaviours(publishers, {site: each.refused for site, each in self.subscribers.items()})

    def stats(self) -> dict[str, Any]:
        """JSON-able; see docs/protocol/media.md."""
        return {
            "on_air": sorted(self.on_air),
            "publishers": {site: each.stats() for site, each in self.publishers.items()},
            "subscribers": {site: each.stats() for site, each in self.subscribers.items()},
            "recorded": self.recorder.stats() if self.recorder is not None else {},
        }

    def _slot(self, site: UnitPath, name: str) -> Slot:
        subscriber = self.subscribers.get(site)
        if subscriber is None:
            raise PeerFault("site-unknown", site=site)
        slot = subscriber.slots.get(name)
        if slot is None:
            raise PeerFault("slot-unknown", slot=name)
        return slot

    def _show(self, slot: Slot, source: UnitPath | None, height: int, now: float) -> None:
        same, slot.wanted, slot.height = slot.wanted == source, source, height
        found = self._source(source, slot) if source is not None else None
        if same:
            slot.aim(found, now)
        else:
            slot.show(found, now)

    def _slots(self) -> Iterator[Slot]:
        """Those of the receiving sites, and of the recorder."""
        for subscriber in self.subscribers.values():
            yield from subscriber.slots.values()
        if self.recorder is not None:
            yield from self.recorder.slots()

    def _slots_of(self, site: UnitPath) -> list[Slot]:
        return [slot for slot in self._slots() if slot.wanted == site]

    def _aim(self, slot: Slot, now: float) -> None:
        slot.aim(self._source(slot.wanted, slot) if slot.wanted is not None else None, now)

    def _source(self, site: UnitPath, slot: Slot) -> Source | None:
        publisher = self.publishers.get(site)
        if publisher is None:
            return None
        if slot.kind == "audio":
            return publisher.sources.get("audio")
        return publisher.picture(THUMB_HEIGHT if slot.is_small else slot.height)
