"""One receiving video slot.

It puts packets in order, asks for lost ones, ends a frame at its marker bit, and never shows a picture before a whole
one came. Nothing is decoded for a hidden tile; shown again, it begins with a keyframe.
"""

from collections.abc import Callable

from desktop_app.domain.clock import Clock
from media.peers.decoding import PictureThread, Tile, TileDecoder
from media.peers.presentation import Presentation
from media.rtp import rtcp, vp8
from media.rtp.gaps import Gaps
from media.rtp.packet import RtpPacket
from media.rtp.reception import Reception

KEYFRAME_EVERY = (0.5, 3.0)
"""Seconds between two requests while no whole picture comes: at first, and at most; each pause is longer by half."""
CAPACITY = 600
"""Packets that may wait for a missing one."""
STUCK_AFTER = 0.5
"""Seconds that packets may wait although none before them is asked for any more."""
PICTURE_CLOCK = 90_000


class VideoSlot:
    """`send_rtcp` reaches the engine. Media thread only."""

    def __init__(self, ssrc: int, pictures: PictureThread, send_rtcp: Callable[[bytes], None], clock: Clock) -> None:
        self.reception = Reception(ssrc, PICTURE_CLOCK)
        self.ssrc = ssrc
        self._pictures = pictures
        self._send_rtcp = send_rtcp
        self._clock = clock
        self._decoder: TileDecoder | None = None
        self._packets: dict[int, RtpPacket] = {}
        self._next = 0
        self._gaps = Gaps()
        self._presentation = Presentation()
        self._waiting = True
        """No picture is shown before the next keyframe."""
        self._picture_id = -1
        """Of the picture that was delivered last."""
        self._changing = False
        self.line_is_full = False
        """Nothing is asked for again."""
        self.is_another = False
        """What comes is another stream than before, with a time of its own; whoever takes note of it clears this."""
        self._pending_since = 0.0
        """When the packets that wait now began to."""
        self._asked_at = float("-inf")
        self._ask_after = KEYFRAME_EVERY[0]
        self._active_at = float("-inf")

    @property
    def tile(self) -> Tile | None:
        return self._decoder.tile if self._decoder is not None else None

    @property
    def waiting(self) -> bool:
        """No picture is shown before the next keyframe; what comes may be of another stream."""
        return self._waiting

    def show(self, tile: Tile | None) -> None:
        """From now on the packets are this tile's; None drops them."""
        self._decoder = TileDecoder(tile, self._clock) if tile is not None else None
        self._presentation = Presentation()
        self._ask_after = KEYFRAME_EVERY[0]
        self._changing = True
        self._wait()

    def packet(self, packet: RtpPacket, now: float) -> None:
        number = self.reception.add(packet.sequence, packet.timestamp, len(packet.payload), now)
        self._active_at = now
        decoder = self._decoder
        if decoder is None or decoder.tile.hidden:
            if not self._waiting:
                self._wait()
            return
        if decoder.failed:
            decoder.failed = False
            self._wait()
        missing = self._gaps.add(number, now)
        if missing and not self.line_is_full:
            self._send_rtcp(rtcp.nack(self.ssrc, self.ssrc, missing))
        if number < self._next and not self._waiting:
            return
        if not self._packets:
            self._pending_since = now
        # Kept also while waiting: the first packet of a keyframe may come after the rest of it, by a retransmission.
        self._packets[number] = packet
        if len(self._packets) > CAPACITY:
            self._wait()
        if self._waiting and not self._begins(packet, number):
            self._ask_keyframe(now)
            return
        self._deliver(decoder, now)

    def tick(self, now: float) -> None:
        """Every 30 ms or so: repeat requests, give up on what never comes."""
        decoder = self._decoder
        if decoder is None or decoder.tile.hidden:
            return
        if self._gaps and self.line_is_full:
            # Asking again would only make it fuller: what is lost is lost.
            decoder.tile.lost += len(self._gaps)
            self._wait()
        elif self._gaps:
            again, lost = self._gaps.due(now)
            if again:
                self._send_rtcp(rtcp.nack(self.ssrc, self.ssrc, again))
            if lost:
                decoder.tile.lost += lost
                self._wait()
        elif self._packets and not self._waiting and now - self._pending_since > STUCK_AFTER:
            self._wait()
        if self._waiting and now - self._active_at < 1.0:
            self._ask_keyframe(now)

    def _begins(self, packet: RtpPacket, number: int) -> bool:
        if not vp8.starts_keyframe(packet.payload):
            return False
        self._waiting = False
        self.is_another, self._changing = self._changing, False
        self._next = number
        self._packets = {each: kept for each, kept in self._packets.items() if each >= number}
        return True

    def _wait(self) -> None:
        self._waiting = True
        self._picture_id = -1
        self._packets.clear()
        self._gaps.forget()

    def _ask_keyframe(self, now: float) -> None:
        if now - self._asked_at >= self._ask_after:
            self._asked_at = now
            self._ask_after = min(1.5 * self._ask_after, KEYFRAME_EVERY[1])
            if self._decoder is not None:
                self._decoder.tile.keyframe_requests += 1
            self._send_rtcp(rtcp.picture_loss(self.ssrc, self.ssrc))

    def _deliver(self, decoder: TileDecoder, now: float) -> None:
        """Hand every complete frame at the front to the picture thread."""
        while (end := self._frame_end()) is not None:
            parts: list[bytes] = []
            for number in range(self._next, end + 1):
                packet = self._packets.pop(number)
                read = vp8.read_payload(packet.payload)
                if read is not None:
                    if read.starts_frame:
                        parts.clear()  # of one that was cut off on a full line
                    follows = bool(parts) or read.follows(self._picture_id)
                    self.is_another |= not follows
                    if not follows and not read.keyframe:
                        # Another picture is in the slot now, and it did not begin with a whole one.
                        self._changing = True
                        self._wait()
                        self._ask_keyframe(now)
                        return
                    self._picture_id = read.picture_id
                    parts.append(read.data)
            self._next = end + 1
            self._pending_since = now
            if decoder.behind:
                self._wait()
                return
            self._ask_after = KEYFRAME_EVERY[0]
            self._pictures.submit(decoder, b"".join(parts), self._presentation.due(packet.timestamp, now))

    def _frame_end(self) -> int | None:
        number = self._next
        while (packet := self._packets.get(number)) is not None:
            if packet.marker:
                return number
            number += 1
        return None
