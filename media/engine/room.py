"""The seam between meeting control and whatever forwards the media. Terminals never see the engine, only SDP.

A site is named by its unit's path. A receiving connection has a fixed set of slots, each one m-line of the offer and
named by its mid; what a slot shows is switched, and m-lines never come or go in a meeting.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.layers import FULL_HEIGHT, Demand, Layer
from media.engine.trouble import Behaviour

AUDIO_SLOTS = tuple(f"a{number}" for number in range(4))
VIDEO_SLOTS = tuple(f"v{number}" for number in range(16))

RoomStats = Mapping[str, Any]
"""JSON-able counters; see docs/protocol/media.md."""


@dataclass(frozen=True, slots=True)
class RecordingOrder:
    """What to record of a meeting, and where: `folder` is on the engine's own machine, `key` (32 bytes) seals it."""

    folder: str
    key: bytes
    sites: frozenset[UnitPath]
    """The sites that agreed."""


RECORDED_HEIGHT = 360
"""Lines in which a site on the air is recorded; any other in those of the thumb."""


def recording_name(site: UnitPath) -> str:
    """How the files of a site's recording begin; it does not tell which site to who does not know them all."""
    return hashlib.sha256(site.encode()).hexdigest()[:16]


class RoomEngine(Protocol):
    """One engine, many rooms. Every call is idempotent, so that it may be repeated after a reconnect.

    Raises PeerFault (sdp-unreadable, sdp-too-long, sdp-unsupported, room-unknown, site-unknown, slot-unknown,
    room-full) for what the caller sent, and HostFault (hub-unreachable) where the engine does not answer. A site that
    publishes or subscribes again replaces what it had before.
    """

    async def create_room(self, meeting: MeetingId) -> None:
        """Make the room unless it is there; an existing room keeps its sites."""
        ...

    async def close_room(self, meeting: MeetingId) -> None:
        """End every connection of the room."""
        ...

    async def publish(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        """The SDP answer to a site's offer of its own sound and picture."""
        ...

    async def subscribe(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        """The SDP answer to a site's offer of empty slots."""
        ...

    async def switch(
        self, meeting: MeetingId, site: UnitPath, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT
    ) -> None:
        """Show `source` in one slot of `site`; None empties it. A source that is not there yet is shown once it is.

        `height`: how many lines the slot's place has; up to `THUMB_HEIGHT` the thumb is forwarded. Where the picture
        that suits is not sent, the other one is.
        """
        ...

    async def offer_layers(self, meeting: MeetingId, site: UnitPath, layers: frozenset[Layer]) -> None:
        """Which of its pictures a publishing site sends now; slots leave what is no longer sent."""
        ...

    async def demand(self, meeting: MeetingId) -> Mapping[UnitPath, Demand]:
        """What the slots that show something want of each site; who is not in it is shown by nobody."""
        ...

    async def pause(self, meeting: MeetingId, site: UnitPath, slot: str, paused: bool) -> None:
        """Stop or resume forwarding into a slot without forgetting what it shows."""
        ...

    async def keyframe(self, meeting: MeetingId, site: UnitPath) -> None:
        """Ask a publishing site for a whole picture."""
        ...

    async def set_on_air(self, meeting: MeetingId, sites: frozenset[UnitPath]) -> None:
        """The sites whose sound is forwarded; the sound of all others is dropped in the engine."""
        ...

    async def leave(self, meeting: MeetingId, site: UnitPath) -> None:
        """End a site's connections."""
        ...

    async def record(self, meeting: MeetingId, order: RecordingOrder | None) -> None:
        """Record these sites from now on, others no longer; None ends the recording, and then its files are whole."""
        ...

    async def stats(self, meeting: MeetingId) -> RoomStats:
        """Counters of the room."""
        ...

    async def behaviours(self, meeting: MeetingId) -> Mapping[UnitPath, Behaviour]:
        """Every site that has a connection, and what was held back of it; asked every two seconds, so it costs little.

        An engine that does not count a reason leaves it out.
        """
        ...


class MediaEngine(RoomEngine, Protocol):
    """An engine as the center holds it."""

    async def open(self) -> None:
        """Begin to look for the engine's process; returns at once. Calls wait until it is there."""
        ...

    async def close(self) -> None:
        """Let go of it; it runs on."""
        ...

    @property
    def connected(self) -> bool: ...

    async def seated(self, meeting: MeetingId) -> tuple[frozenset[UnitPath], frozenset[UnitPath]]:
        """Who publishes and who receives now."""
        ...
