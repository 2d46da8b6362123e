"""The two sizes in which a site publishes its picture, and who wants which.

`MAIN` is as large as the largest place that shows it, up to 1280x720; `THUMB` is 320x180 for small tiles. Each is a
stream of its own with its own m-line, so that any engine can switch a slot between them. A publisher with one picture
(another program) has the main one alone, and every slot shows that.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from media.sdp import Description, MediaLine


class Layer(StrEnum):
    """The value is the stream's name: the mid of its m-line, and its key in `stats`."""

    MAIN = "video"
    THUMB = "thumb"


THUMB_HEIGHT = 180
FULL_HEIGHT = 720
"""What a slot asks for whose receiver says nothing of a size."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What the receivers of one site's picture want of it: the lines of the main picture (0: nobody shows it), and
    whether anybody shows the thumb."""

    main: int = 0
    thumb: bool = False

    def with_(self, height: int) -> "Demand":
        """The same and one slot more, of that height."""
        if layer_for(height) is Layer.THUMB:
            return Demand(self.main, True)
        return Demand(max(self.main, height), self.thumb)


NOBODY = Demand()


def layer_for(height: int) -> Layer:
    """Which picture suits a place of so many lines."""
    return Layer.THUMB if height <= THUMB_HEIGHT else Layer.MAIN


def ranked(height: int, sent: Collection[str]) -> list[Layer]:
    """The layers for a slot of that height, best first: what is sent goes before what suits."""
    return sorted(Layer, key=lambda each: (each not in sent, each is not layer_for(height)))


def demands(shown: Iterable[tuple[UnitPath, int]]) -> dict[UnitPath, Demand]:
    """What each site should send, from all slots that show something: the site and the height."""
    found: dict[UnitPath, Demand] = {}
    for site, height in shown:
        found[site] = found.get(site, NOBODY).with_(height)
    return found


def joined(parts: Iterable[Mapping[UnitPath, Demand]]) -> dict[UnitPath, Demand]:
    """The demands of several engines as one."""
    found: dict[UnitPath, Demand] = {}
    for part in parts:
        for site, demand in part.items():
            before = found.get(site, NOBODY)
            found[site] = Demand(max(before.main, demand.main), before.thumb or demand.thumb)
    return found


def published(offer: Description) -> dict[str, MediaLine]:
    """The m-lines of a publishing site by the name of their stream: one of sound, the main picture (the only one where
    there is one), and the one whose mid is `thumb`. Raises PeerFault for anything else."""
    found: dict[str, MediaLine] = {}
    alone = sum(line.kind == "video" for line in offer.lines) == 1
    for line in offer.lines:
        is_thumb = line.kind == "video" and line.mid == Layer.THUMB and not alone
        name = Layer.THUMB if is_thumb else "audio" if line.kind == "audio" else Layer.MAIN
        if name in found or line.direction not in ("sendonly", "sendrecv"):
            raise PeerFault("sdp-unsupported", why="m-lines")
        found[name] = line
    return found


def sent_at_first(offer: Description) -> frozenset[Layer]:
    """What a publisher is taken to send until it says: the thumb where it has one."""
    return frozenset({Layer.THUMB if Layer.THUMB in published(offer) else Layer.MAIN})
