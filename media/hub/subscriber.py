"""A receiving site in the hub: its slots, and what it says of its line."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aiortc.rtp import AnyRtcpPacket, RtcpRrPacket

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from media.capture.encodings import BITRATES, VOICE
from media.engine.layers import THUMB_HEIGHT
from media.engine.trouble import Refused, Trouble, added
from media.hub.downlink import Downlink
from media.hub.line import LateVoices
from media.hub.publisher import HEARD_LATELY, LOSSY
from media.hub.slot import Slot
from media.rtp import rtcp
from media.rtp.send_time import stamped, ticks
from media.sdp import Description, MediaLine
from media.transport.port import PortPeer

LIMITED_FOR = 4.0
"""Seconds for which a receiver's word holds that its line is narrow; it repeats it every second."""


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

    def stats(self) -> dict[str, Any]:
        """JSON-able; see docs/protocol/media.md."""
        return {
            "address": self.peer.address,
            "refused": self.refused,
            "slots": {
                slot.name: {
                    "shows": slot.wanted,
                    "paused": slot.paused,
                    "packets": slot.packets,
                    "bytes": slot.octets,
                    "resent": slot.resent,
                    "loss": round(slot.fraction_lost, 4),
                }
                for slot in self.slots.values()
                if slot.wanted is not None
            },
        }

    @property
    def refused(self) -> Refused:
        """Requests that were not heard, by why."""
        slots = (slot.requests.refused for slot in self.slots.values())
        return added([{Trouble.FLOOD: self.peer.refused}, *slots])

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
            if slot.requests.admits_keyframe(now):
                slot.want_keyframe(now)
        elif numbers := rtcp.lost_numbers(packet):
            slot.resend(numbers, now)

    def _send_rtp(self, data: bytes) -> None:
        if self._send_time is not None:
            data = stamped(data, self._send_time, self._monotonic())
        self.peer.send_rtp(data)

    def _fill(self, size: int) -> None:
        self.peer.send_rtcp(rtcp.filling(self._sender, ticks(self._monotonic()), size))
