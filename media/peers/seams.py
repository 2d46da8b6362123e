"""What the live meeting and the terminal's media say to each other. Times are seconds of the monotonic clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import UnitPath
from media.engine.layers import FULL_HEIGHT, Demand, Layer
from media.frames import FrameSource
from media.peers.ladder import Step
from media.transport.relay import Relay

SIGNAL_WITHIN = 3.0
"""Seconds that the center may take to answer."""


class MediaSignal(Protocol):
    """The way to the engine, through the center; implemented over the meeting's WebSocket.

    Raises ConnectionError where control is away, PeerFault where the center refuses; the caller tries again.
    """

    async def publish(self, offer: str) -> str:
        """Send the offer of the publishing connection; the SDP answer."""
        ...

    async def subscribe(self, offer: str) -> str:
        """Send the offer of the receiving connection; the SDP answer."""
        ...

    async def switch(self, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT) -> None:
        """Show a site in a slot (`a0`..`a3`, `v0`..`v15`); `height`: lines of the place it is shown in."""
        ...

    async def offer_layers(self, layers: frozenset[Layer]) -> None:
        """Tell which pictures this terminal sends now."""
        ...

    async def pause(self, slot: str, paused: bool) -> None:
        """Stop or resume what is forwarded into a slot."""
        ...

    async def relay(self) -> Relay | None:
        """What opens the center's relay for this terminal; None where it has none."""
        ...


class MediaListener(Protocol):
    """Told on the media thread."""

    def on_media(self, up: bool) -> None:
        """Both connections carry packets, or at least one has fallen silent."""
        ...

    def on_fault(self, fault: Fault) -> None:
        """A device was lost or is missing (HostFault); the meeting goes on without it."""
        ...


@dataclass(frozen=True, slots=True)
class SiteStats:
    """What is received from one site. Counters only grow; a reader takes differences."""

    fps: float = 0.0
    """Pictures decoded per second over the last two seconds; 0 while its tile is hidden."""
    frames: int = 0
    first_frame_at: float | None = None
    """When its first picture was ready to paint."""
    audio_due: int = 0
    """20 ms frames that the playout clock asked for while the site was on air: from its first packet on (or 1 s
    after it went on air, should none come) until it goes off air."""
    audio_decoded: int = 0
    audio_fec: int = 0
    """Frames recovered from the redundancy in the packet after the lost one."""
    audio_concealed: int = 0
    level: float = 0.0
    """Loudness of the last 20 ms, 0 to 1."""
    speaking: bool = False
    """Whether somebody speaks there: louder than the room's own noise, for a moment at least."""
    video_lost: int = 0
    """Packets that never came, retransmission included."""
    keyframe_requests: int = 0
    height: int = 0
    """Lines of the last picture as it came: 180 is the thumb."""
    longest_gap: float = 0.0
    """Longest time between two pictures over the last five seconds, up to now."""
    loss: float = 0.0
    """Share of its picture's packets that did not come in the last second, those sent again not counted as lost."""
    jitter: float = 0.0
    """Seconds (RFC 3550, section 6.4.1), of its picture."""
    bitrate: int = 0
    """Bit/s of its picture over the last second."""
    step: Step = Step.MAIN
    """What the line left of its picture."""


@dataclass(frozen=True, slots=True)
class MediaStats:
    """One reading of everything, of all sites seen so far."""

    at: float
    up: bool
    sites: Mapping[UnitPath, SiteStats] = field(default_factory=dict)
    restarts: int = 0
    """New connections made after the first ones."""
    sent_fps: float = 0.0
    sent_audio: int = 0
    local_level: float = 0.0
    local_speaking: bool = False
    round_trip: float | None = None
    """Seconds to the engine and back, as its reports tell."""
    sent_loss: float = 0.0
    """Share of this site's picture that the engine missed in its last report."""
    sending: Step = Step.MAIN
    receiving: Step = Step.MAIN
    """How far down the pictures are, each way, because the line does not bear more."""
    bears_up: int | None = None
    bears_down: int | None = None
    """Bit/s that the line was found to bear; None where it was never found too narrow."""


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """`center_host` is the host name or address under which this terminal reaches the center, without a port."""

    center_host: str
    relay: str = "auto"
    """`auto`: where the direct way does not work; `always`; `never`."""
    silent_after: float = 3.0
    """Seconds without any packet after which a connection counts as dead."""
    audio_bitrate: int = 32_000


class RoomMedia(Protocol):
    """What the live meeting drives; `media.peers.terminal.TerminalMedia` is it. Media thread only, but for
    `source`, `local_source` and `stats`."""

    async def start(self) -> None:
        """Open devices and keep both connections up until `stop`; returns at once, connecting goes on behind."""
        ...

    async def stop(self) -> None:
        """Close connections and devices."""
        ...

    async def restart(self) -> None:
        """Make new connections now; the old ones are closed when the new ones are up."""
        ...

    def show(self, sites: Iterable[UnitPath]) -> None:
        """The other sites that may be shown, most wanted first. Which of them are, and how large, their tiles say
        (`FrameSource.want`); at most sixteen."""
        ...

    def set_demand(self, demand: Demand, *, standby: bool) -> None:
        """What the other sites want of this one's picture; before the first word of it both pictures are sent.
        `standby`: the thumb is sent also where nobody shows it, so that it can be shown at once."""
        ...

    def set_speakers(self, sites: frozenset[UnitPath]) -> None:
        """The other sites that are on air; they are heard, at most four."""
        ...

    def set_on_air(self, on_air: bool) -> None:
        """Whether this site's own microphone is open to the meeting; sound is sent only then."""
        ...

    def set_local_mute(self, muted: bool) -> None:
        """The room's own mute, which beats everything: silence is encoded instead of the microphone."""
        ...

    def source(self, site: UnitPath) -> FrameSource:
        """The picture of a site; the same object for the whole meeting."""
        ...

    def local_source(self) -> FrameSource:
        """One's own picture as it is sent."""
        ...

    @property
    def line(self) -> Step:
        """How far down the pictures are, in the direction that is worse off; from any thread."""
        ...

    def stats(self) -> MediaStats: ...
