"""What each receiving slot should show, and what the engine was told of it over the connection in use.

A site has a picture slot while the screen shows it: its tile says how large. A hidden tile's slot is paused, and goes
on with the same site unless another one needs the slot.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from desktop_app.domain.faults import HostFault, PeerFault
from desktop_app.domain.ids import UnitPath
from media.capture.encodings import lines_for
from media.engine.content import presenter_of
from media.engine.room import AUDIO_SLOTS, VIDEO_SLOTS
from media.peers.assignment import Assignment
from media.peers.decoding import Tile
from media.peers.seams import SIGNAL_WITHIN, MediaSignal

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a slot should show, for a place of so many lines."""

    site: UnitPath | None = None
    height: int = 0
    paused: bool = False


class ShowsTile(Protocol):
    """The receiving end of a picture slot."""

    def show(self, tile: Tile | None) -> None: ...


Fit = Callable[[list[tuple[UnitPath, int]]], dict[UnitPath, int]]
"""What the line bears of what the screen shows: sites with their lines, most wanted first; the lines each gets, 0 for
none."""


class Slots:
    """Media thread only."""

    def __init__(self, signal: MediaSignal, tile: Callable[[UnitPath], Tile]) -> None:
        self._signal = signal
        self._tile = tile
        self._video = Assignment(VIDEO_SLOTS)
        self._audio = Assignment(AUDIO_SLOTS)
        self._wishes: dict[str, Wish] = {}
        self._told: dict[str, Wish] = {}
        self._receivers: Mapping[str, ShowsTile] = {}
        self._another_voice: Callable[[str], None] = lambda slot: None

    @property
    def audio(self) -> dict[str, UnitPath]:
        """The sites in the slots of sound."""
        return self._audio.sites

    @property
    def pictures(self) -> dict[str, tuple[UnitPath, int]]:
        """The sites whose picture is on its way to the screen, with their lines, by slot."""
        return {
            slot: (wish.site, wish.height)
            for slot, wish in self._wishes.items()
            if slot in VIDEO_SLOTS and wish.site is not None and not wish.paused
        }

    def connected(self, receivers: Mapping[str, ShowsTile], another_voice: Callable[[str], None]) -> None:
        """Over a new connection nothing was told yet. `another_voice` hears of each slot of sound that is switched."""
        self._receivers = receivers
        self._another_voice = another_voice
        self._told = {}  # another one: what is still under way over the old connection counts for that alone
        for slot, site in self._video.sites.items():
            if slot in receivers:
                receivers[slot].show(self._tile(site))

    def arrange(self, shown: Iterable[UnitPath], speakers: frozenset[UnitPath], fit: Fit) -> None:
        """Give slots: of pictures to the sites whose tiles are seen, the largest first; of sound to the speakers,
        and to those that are shown, so that a floor opens at once."""
        sites = list(shown)
        heard = [site for site in sites if site not in speakers and presenter_of(site) is None]
        self._audio.want([*sorted(speakers), *heard])
        tiles = {site: self._tile(site).slot.wanted for site in sites}
        seen = sorted((site for site in sites if min(tiles[site]) > 0), key=lambda site: -tiles[site][1])
        held = set(self._video.sites.values())
        self._video.want([*seen, *(site for site in sites if site in held)])
        lines = fit([(site, lines_for(tiles[site][1])) for site in seen if self._video.slot_of(site) is not None])
        wishes = {slot: Wish() for slot in self._told}
        for slot, site in self._audio.sites.items():
            wishes[slot] = Wish(site)
        for slot, site in self._video.sites.items():
            height = lines.get(site, 0)
            wishes[slot] = Wish(site, height, height == 0)
        self._wishes = wishes  # as a whole: `pictures` is read on other threads

    async def tell(self) -> bool:
        """Tell the engine what changed; False where it has to be tried again."""
        told = self._told
        changed = [(slot, wish) for slot, wish in self._wishes.items() if told.get(slot, Wish()) != wish]
        done = await asyncio.gather(*(self._change(told, slot, wish) for slot, wish in changed))
        return all(done)

    async def _change(self, told: dict[str, Wish], slot: str, wish: Wish) -> bool:
        before = told.get(slot, Wish())
        try:
            if wish.site != before.site or (wish.height != before.height and not wish.paused):
                await self._switch(slot, before, wish)
                before = told[slot] = Wish(wish.site, wish.height, before.paused)
            if wish.paused != before.paused:
                async with asyncio.timeout(SIGNAL_WITHIN):
                    await self._signal.pause(slot, wish.paused)
            told[slot] = wish
        except (ConnectionError, PeerFault, HostFault, TimeoutError) as err:
            log.info("slot %s was not changed: %s", slot, err)
            return False
        return True

    async def _switch(self, slot: str, before: Wish, wish: Wish) -> None:
        receiver = self._receivers.get(slot)
        tile = self._tile(wish.site) if wish.site is not None else None
        anew = receiver if wish.site != before.site else None
        if anew is not None:
            # A slot that showed another site drops what is still under way from it.
            anew.show(tile if before.site is None else None)
        async with asyncio.timeout(SIGNAL_WITHIN):
            await self._signal.switch(slot, wish.site, wish.height)
        if slot in AUDIO_SLOTS:
            self._another_voice(slot)
        if anew is not None and before.site is not None and anew is self._receivers.get(slot):
            anew.show(tile)
