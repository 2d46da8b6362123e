"""A meeting in the hub: who publishes what, and what each receiving site's slots show."""

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from aiortc.rtp import AnyRtcpPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpSrPacket

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.limits import SITES
from media.capture.encodings import BITRATES, VOICE
from media.engine.layers import THUMB_HEIGHT, Demand, Layer, demands, published, ranked, sent_at_first
from media.engine.room import AUDIO_SLOTS, VIDEO_SLOTS
from media.hub.allowance import BITS, ENOUGH, Allowance
from media.hub.downlink import Downlink
from media.hub.line import LateVoices
from media.hub.recorder import Recorder
from media.hub.slot import Slot
from media.hub.source import CLOCK_RATE, Source
from media.rtp import rtcp
from media.rtp.packet import read_rtp
from media.rtp.reception import Reception
from media.rtp.send_time import read_send_time, stamped, ticks
from media.rtp.teller import LineTeller
from media.sdp import Description, MediaLine
from media.transport.port import PortPeer

log = logging.getLogger(__name__)

LOSSY = 0.05
TOO_LARGE, TOO_LARGE_FOR = 1.2, 3
"""By how much a picture is more than a line bears, and at how many looks in a row, before the thumb takes its place."""
LIMITED_FOR = 4.0
"""Seconds for which a receiver's word holds that its line is narrow; it repeats it every second."""
HEARD_LATELY = 2.5
"""Seconds within which a peer must have been heard to be sent reports: so its silence tells it of a one-way path."""


class Publisher:
    """A site's own streams: at most one of sound, and of pictures the main one and the thumb."""

    def __init__(self, site: UnitPath, offer: Description) -> None:
        self.site = site
        self.peer: PortPeer
        self.sender = secrets.randbelow(0xFFFFFFFE) + 1
        self._lossy = False
        self.sources: dict[str, Source] = {}
        """By the stream's name: `audio`, and the layers' names."""
        self.allowance = {kind: Allowance(kind) for kind in BITS}
        self._is_told = False
        self.line = LineTeller(self.sender, self._send_rtcp, self._ssrcs, ENOUGH)
        self.sent = sent_at_first(offer)
        """The pictures it says it sends."""
        self._by_ssrc: dict[int, Source] = {}
        self._by_type: dict[int, Source] = {}
        self._send_time = next((line.send_time for line in offer.lines if line.send_time is not None), None)
        for name, line in published(offer).items():
            source = self.sources[name] = Source(
                line.kind, self.sender, self._send_rtcp, payload_type=line.payload_type, red=line.red
            )
            if line.ssrc is not None:
                self._by_ssrc[line.ssrc] = source
                source.declared = line.ssrc
            else:
                self._by_type[line.payload_type] = source
                if line.red is not None:
                    self._by_type[line.red] = source

    def on_rtp(self, data: bytes, now: float, on_air: bool) -> None:
        """One packet; the sound of a site that is not on air ends here."""
        packet = read_rtp(data)
        if packet is None:
            return
        source = self._by_ssrc.get(packet.ssrc) or self._by_type.get(packet.payload_type)
        if source is not None and (on_air or source.kind == "video"):
            if not self.allowance[source.kind].admits(packet.payload, now):
                self._tell_refused()
                return
            source.packet(packet, now)
            if source.reception is not None:
                number, rate = source.reception.number, CLOCK_RATE[source.kind]
                sent = None if self._send_time is None else read_send_time(data, self._send_time)
                size = len(packet.payload)
                self.line.arrivals.add(packet.ssrc, number, packet.timestamp, rate, size, now, sent=sent)

    @property
    def refused(self) -> int:
        """Packets that were more than the site may send."""
        return sum(each.refused for each in self.allowance.values())

    def _tell_refused(self) -> None:
        if not self._is_told:
            self._is_told = True
            log.warning("%s sends more than it may, or larger pictures: that is not forwarded", self.site)

    def tick(self, now: float) -> None:
        """Repair, ask again, and tell the site what its line bears."""
        for source in self.sources.values():
            source.tick(now)
        self.line.tick(now)

    def on_rtcp(self, data: bytes, now: float) -> None:
        if (sent := rtcp.read_filling(data)) is not None:
            self.line.arrivals.fill(sent, len(data), now)
            return
        for packet in rtcp.read_rtcp(data):
            if isinstance(packet, RtcpSrPacket):
                source = next((each for each in self.sources.values() if each.ssrc == packet.ssrc), None)
                if source is not None and source.reception is not None:
                    info = packet.sender_info
                    source.sender_report = (info.ntp_timestamp, info.rtp_timestamp)
                    source.reception.sender_report(info.ntp_timestamp, now)

    def report(self, now: float) -> None:
        """Tell the publisher how its packets arrive; it also learns that the path lives."""
        if now - self.peer.heard_at < HEARD_LATELY:
            blocks = [_report(source, source.reception, now) for source in self.sources.values() if source.reception]
            self._lossy = any(block.fraction_lost > LOSSY * 256 for block in blocks)
            self.peer.send_rtcp(rtcp.receiver_report(self.sender, blocks))

    @property
    def lossy(self) -> bool:
        """Whether its line loses much."""
        return self._lossy

    def beat(self, now: float) -> None:
        """A sign of life beyond the reports."""
        if now - self.peer.heard_at < HEARD_LATELY:
            self.peer.send_rtcp(rtcp.receiver_report(self.sender, []))

    def picture(self, height: int) -> Source | None:
        """The picture for a slot of that height: the one that suits and is sent, else the other."""
        return next((self.sources[each] for each in ranked(height, self.sent) if each in self.sources), None)

    def _ssrcs(self) -> list[int]:
        return [source.ssrc for source in self.sources.values() if source.ssrc is not None]

    def _send_rtcp(self, data: bytes) -> None:
        self.peer.send_rtcp(data)


def _report(source: Source, reception: Reception, now: float) -> RtcpReceiverInfo:
    """How a stream arrives. For a voice the loss is that of the worst who hears it: the speaker's Opus carries the
    copies with which that one makes it whole."""
    block = reception.report(now)
    if source.kind == "audio":
        lost = 1 - (1 - block.fraction_lost / 256) * (1 - source.worst_loss)
        block.fraction_lost = min(255, round(lost * 256))
    return block


class Subscriber:
    """A receiving site and its slots."""

    def __init__(self, site: UnitPath, offer: Description, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.site = site
        self.peer: PortPeer
        self.slots: dict[str, Slot] = {}
        self._monotonic = monotonic
        self.downlink = Downlink(self._send_rtp, self._fill, monotonic)
        for line in offer.lines:
            if line.direction not in ("recvonly", "sendrecv"):
                raise PeerFault("sdp-unsupported", why="direction")
            self.slots[line.mid] = (
                Slot(line.mid, line.kind, line.payload_type, self.downlink.voice, line.red)
                if line.kind == "audio"
                else Slot(line.mid, line.kind, line.payload_type, self._send_rtp, queue=self.downlink.picture)
            )
        self._send_time = next((line.send_time for line in offer.lines if line.send_time is not None), None)
        for slot in self.slots.values():
            slot.protection.is_told = self._send_time is not None
        self._by_ssrc = {slot.ssrc: slot for slot in self.slots.values()}
        self._sender = next(iter(self._by_ssrc))
        self._late = LateVoices(self._sender, lambda data: self.peer.send_rtcp(data))
        self.on_limit: Callable[[], None] = lambda: None
        """Called when the receiver says what its line bears."""
        self.is_narrow = False
        """Whether its line does not bear everything, or did not until now."""
        self._limited_at = float("-inf")
        """When the receiver last said that its line is narrow."""

    def answer_line(self, line: MediaLine) -> MediaLine:
        return replace(line, direction="sendonly", ssrc=self.slots[line.mid].ssrc)

    def on_rtcp(self, data: bytes, now: float) -> None:
        if (seconds := rtcp.read_hold(data)) is not None:
            self.downlink.hold(seconds)
            return
        for packet in rtcp.read_rtcp(data):
            self._feedback(packet, now)

    def tick(self, now: float) -> None:
        """Where the line is narrow: end what is not repeated, go on after what was dropped."""
        if not self.is_narrow:
            return
        self.downlink.tick()
        for slot in self.slots.values():
            slot.go_on(now)

    def share(self) -> list[Slot]:
        """Reckon what the receiver's line leaves for each picture; the slots of main pictures."""
        bits = self.downlink.bits
        shown = [slot for slot in self.slots.values() if slot.kind == "video" and slot.wanted and not slot.paused]
        large = [slot for slot in shown if slot.height > THUMB_HEIGHT]
        left = (bits or 0) - VOICE - BITRATES[THUMB_HEIGHT] * (len(shown) - len(large))
        for slot in shown:
            slot.bears = None if bits is None else max(0, left // len(large)) if slot in large else bits
        return large

    def report(self, now: float) -> None:
        """Sender reports of the slots in use, or an empty report: the receiver hears that the path lives."""
        if now - self._limited_at > LIMITED_FOR:
            for slot in self.slots.values():
                slot.protection.allowed = True
        if now - self.peer.heard_at < HEARD_LATELY:
            reports = [report for slot in self.slots.values() if (report := slot.report())]
            self.peer.send_rtcp(b"".join(reports) or rtcp.receiver_report(self._sender, []))

    @property
    def lossy(self) -> bool:
        """Whether its line loses much."""
        return any(slot.fraction_lost > LOSSY for slot in self.slots.values())

    def beat(self, now: float) -> None:
        """A sign of life beyond the reports."""
        if now - self.peer.heard_at < HEARD_LATELY:
            self.peer.send_rtcp(rtcp.receiver_report(self._sender, []))

    def tell_late(self, narrow: set[UnitPath], now: float) -> None:
        """The voices of these sites come over a narrow way up."""
        if self._send_time is not None:
            slots = self.slots.values()
            self._late.tell([each.ssrc for each in slots if each.kind == "audio" and each.wanted in narrow], now)

    def _feedback(self, packet: AnyRtcpPacket, now: float) -> None:
        if isinstance(packet, RtcpRrPacket):
            for block in packet.reports:
                if (slot := self._by_ssrc.get(block.ssrc)) is not None:
                    slot.reported(block, now)
            return
        if (limit := rtcp.read_bitrate_limit(packet)) is not None:
            if limit[0] < rtcp.UNLIMITED:
                self._limited_at = now
                for each in self.slots.values():
                    each.protection.forbid()
            if self._send_time is not None:
                self.downlink.limit(limit[0])
                self.is_narrow |= self.downlink.bits is not None
                self.on_limit()
            return
        slot = self._by_ssrc.get(getattr(packet, "media_ssrc", 0))
        if slot is None:
            return
        if rtcp.wants_keyframe(packet):
            slot.want_keyframe(now)
        elif numbers := rtcp.lost_numbers(packet):
            slot.resend(numbers, now)

    def _send_rtp(self, data: bytes) -> None:
        if self._send_time is not None:
            data = stamped(data, self._send_time, self._monotonic())
        self.peer.send_rtp(data)

    def _fill(self, size: int) -> None:
        self.peer.send_rtcp(rtcp.filling(self._sender, ticks(self._monotonic()), size))


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

    def stats(self) -> dict[str, Any]:
        """JSON-able; see docs/protocol/media.md."""
        return {
            "on_air": sorted(self.on_air),
            "publishers": {site: _publisher_stats(each) for site, each in self.publishers.items()},
            "subscribers": {site: _subscriber_stats(each) for site, each in self.subscribers.items()},
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


def _publisher_stats(publisher: Publisher) -> dict[str, Any]:
    streams = {}
    for kind, source in publisher.sources.items():
        reception = source.reception
        streams[kind] = {
            "packets": reception.packets if reception is not None else 0,
            "bytes": reception.bytes if reception is not None else 0,
            "lost": reception.lost if reception is not None else 0,
            "keyframes": source.keyframes,
            "keyframe_requests": source.keyframe_requests,
        }
    return {"streams": streams, "refused": publisher.refused, "address": publisher.peer.address}


def _subscriber_stats(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "address": subscriber.peer.address,
        "slots": {
            slot.name: {
                "shows": slot.wanted,
                "paused": slot.paused,
                "packets": slot.packets,
                "bytes": slot.octets,
                "resent": slot.resent,
                "loss": round(slot.fraction_lost, 4),
            }
            for slot in subscriber.slots.values()
            if slot.wanted is not None
        },
    }
