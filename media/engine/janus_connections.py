"""What a room on Janus knows of its connections: a site's feed, a receiving site's watch, and whom it asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from desktop_app.domain.ids import MeetingId, UnitPath
from media.engine.janus_client import Answer
from media.engine.layers import Layer

PLACEHOLDER = "~"
PLACEHOLDER_MIDS = {"audio": "4", "video": "5"}
"""Behind streams that nothing uses: Janus 1.1 gives a remote publisher's m-line n the SSRC 1000 + 10 n, and what a
site publishes has the first three."""


@dataclass(slots=True)
class Feed:
    """What a site publishes, under Janus's name for it. `handle` 0: it comes from another engine."""

    site: UnitPath
    id: str
    mids: dict[str, str]
    """The mids of its sound and of its pictures, by the stream's name."""
    handle: int = 0
    sent: list[str] = field(default_factory=lambda: [Layer.MAIN.value])
    """The layers it says it sends."""
    recorded: bool = False


@dataclass(slots=True)
class Watch:
    """One receiving connection. `shows` is what Janus was told last."""

    site: UnitPath
    handle: int
    kinds: dict[str, str]
    mids: dict[str, str]
    ssrcs: dict[str, int | None]
    answer: str
    """What Janus was told of the terminal."""
    shows: dict[str, tuple[str, str]] = field(default_factory=dict)
    still: set[str] = field(default_factory=set)
    """Slots that were told to pause."""


class Desk(Protocol):
    """What a room needs of its engine."""

    control: int

    async def ask(self, handle: int, body: Mapping[str, Any], sdp: tuple[str, str] | None = None) -> Answer: ...

    async def attach(self) -> int: ...

    async def detach(self, handle: int) -> None: ...

    def room_secret(self, meeting: MeetingId) -> str: ...

    def changed(self) -> None:
        """Something that must survive the center."""
        ...
