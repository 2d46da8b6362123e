"""What a receiver reports of one stream: loss and jitter (RFC 3550, sections 6.4.1, A.3 and A.8)."""

from aiortc.rtp import RtcpReceiverInfo, clamp_packets_lost

from media.rtp.packet import Unwrapper


class Reception:
    """Counts one SSRC. `arrival` is monotonic seconds."""

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.packets = 0
        self.bytes = 0
        self.number = 0
        """Of the packet that came last, unwrapped."""
        self._clock_rate = clock_rate
        self._unwrap = Unwrapper(16)
        self._base: int | None = None
        self._newest = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._prior = (0, 0)
        self._last_report: tuple[int, float] | None = None

    def add(self, sequence: int, timestamp: int, size: int, arrival: float) -> int:
        """Note a packet; its unwrapped sequence number."""
        number = self.number = self._unwrap(sequence)
        self.packets += 1
        self.bytes += size
        if self._base is None:
            self._base = self._newest = number
        self._newest = max(self._newest, number)
        transit = arrival * self._clock_rate - timestamp
        if self._transit is not None:
            step = abs(transit - self._transit)
            if step < self._clock_rate:  # a wrap or a pause is no jitter
                self._jitter += (step - self._jitter) / 16
        self._transit = transit
        return number

    def sender_report(self, ntp: int, arrival: float) -> None:
        """Note when the sender's report came, for its round-trip time."""
        self._last_report = (ntp >> 16 & 0xFFFFFFFF, arrival)

    @property
    def lost(self) -> int:
        """Packets missing so far; retransmissions that came count as received."""
        return 0 if self._base is None else max(0, self._newest - self._base + 1 - self.packets)

    def report(self, now: float) -> RtcpReceiverInfo:
        """The report block since the last one."""
        expected = 0 if self._base is None else self._newest - self._base + 1
        prior_expected, prior_packets = self._prior
        interval = expected - prior_expected
        missing = interval - (self.packets - prior_packets)
        self._prior = (expected, self.packets)
        lsr, dlsr = 0, 0
        if self._last_report is not None:
            lsr = self._last_report[0]
            dlsr = min(0xFFFFFFFF, int((now - self._last_report[1]) * 65536))
        return RtcpReceiverInfo(
            ssrc=self.ssrc,
            fraction_lost=min(255, (missing << 8) // interval) if interval > 0 and missing > 0 else 0,
            packets_lost=clamp_packets_lost(expected - self.packets),
            highest_sequence=self._newest & 0xFFFFFFFF,
            jitter=min(0xFFFFFFFF, int(self._jitter)),
            lsr=lsr,
            dlsr=dlsr,
        )
