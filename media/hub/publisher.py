"""A site that publishes into a meeting, as the hub sees it: its streams, its line, and what it is told of both."""

import logging
import secrets
from typing import Any

from aiortc.rtp import RtcpReceiverInfo, RtcpSrPacket

from desktop_app.domain.ids import UnitPath
from media.engine.layers import published, ranked, sent_at_first
from media.engine.trouble import Refused, Trouble, added
from media.hub.allowance import BITS, ENOUGH, Allowance, Bounds
from media.hub.source import CLOCK_RATE, Source
from media.rtp import rtcp
from media.rtp.packet import read_rtp
from media.rtp.reception import Reception
from media.rtp.send_time import read_send_time
from media.rtp.teller import LineTeller
from media.sdp import Description
from media.transport.port import PortPeer

log = logging.getLogger(__name__)

LOSSY = 0.05
"""Share from which on a line loses much."""
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
        self._bounds: dict[Source, Bounds] = {}
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
            self._bounds[source] = Bounds(line.kind, CLOCK_RATE[line.kind])
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
            if not (
                self._bounds[source].admits(packet.payload, packet.ssrc, packet.timestamp, now)
                and self.allowance[source.kind].admits(packet.payload, now)
            ):
                self._tell_refused()
                return
            source.packet(packet, now)
            if source.reception is not None:
                number, rate = source.reception.number, CLOCK_RATE[source.kind]
                sent = None if self._send_time is None else read_send_time(data, self._send_time)
                size = len(packet.payload)
                self.line.arrivals.add(packet.ssrc, number, packet.timestamp, rate, size, now, sent=sent)

    @property
    def refused(self) -> Refused:
        """Packets that were not forwarded, by why."""
        flood = self.peer.refused + sum(each.refused for each in self.allowance.values())
        return added([{Trouble.FLOOD: flood}, *(each.refused for each in self._bounds.values())])

    def _tell_refused(self) -> None:
        if not self._is_told:
            self._is_told = True
            log.warning("%s sends what it may not (%s): that is not forwarded", self.site, ", ".join(self.refused))

    def tick(self, now: float) -> None:
        """Repair, ask again, and tell the site what its line bears."""
        for source in self.sources.values():
            source.tick(now)
            if not self.line.is_narrow:
                source.repair_voice(now)
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

    def stats(self) -> dict[str, Any]:
        """JSON-able; see docs/protocol/media.md."""
        streams = {}
        for kind, source in self.sources.items():
            reception = source.reception
            streams[kind] = {
                "packets": reception.packets if reception is not None else 0,
                "bytes": reception.bytes if reception is not None else 0,
                "lost": reception.lost if reception is not None else 0,
                "keyframes": source.keyframes,
                "keyframe_requests": source.keyframe_requests,
            }
        return {"streams": streams, "refused": self.refused, "address": self.peer.address}

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
