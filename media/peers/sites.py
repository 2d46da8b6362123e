"""What is received from each site, over the whole meeting: its tile, its counts of sound."""

import threading
from collections.abc import Callable, Mapping

from desktop_app.domain.ids import UnitPath
from media.peers.decoding import Tile
from media.peers.seams import SiteStats
from media.playout.jitter import HeardCounts
from media.playout.playout import Playout


class Sites:
    """Callable from any thread."""

    def __init__(self, playout: Playout, on_want: Callable[[], None] = lambda: None) -> None:
        """`on_want` is called from any thread when a tile is shown, hidden or resized."""
        self._playout = playout
        self._on_want = on_want
        self._lock = threading.Lock()
        self._tiles: dict[UnitPath, Tile] = {}
        self._heard: dict[UnitPath, HeardCounts] = {}
        self._slots: dict[str, UnitPath] = {}
        """Audio slots and the sites in them."""

    def tile(self, site: UnitPath) -> Tile:
        with self._lock:
            return self._tiles.setdefault(site, Tile(self._on_want))

    def listen(self, slots: Mapping[str, UnitPath], speakers: frozenset[UnitPath]) -> None:
        """These sites are in these audio slots now; those of them that are on air are counted."""
        with self._lock:
            self._collect()
            for slot in self._slots.keys() - slots.keys():
                self._playout.set_on_air(slot, False)
            for slot, site in slots.items():
                if self._slots.get(slot) not in (None, site):
                    self._playout.set_on_air(slot, False)
                self._playout.set_on_air(slot, site in speakers)
            self._slots = dict(slots)

    def clear_silent(self, now: float) -> None:
        """Take the last picture away from a tile that no longer gets any."""
        with self._lock:
            tiles = list(self._tiles.values())
        for tile in tiles:
            if tile.fell_silent(now):
                tile.slot.put(None)

    def stats(self, now: float) -> dict[UnitPath, SiteStats]:
        with self._lock:
            self._collect()
            slots = {site: slot for slot, site in self._slots.items()}
            return {site: self._stats(site, slots.get(site), now) for site in {*self._tiles, *self._heard}}

    def _stats(self, site: UnitPath, slot: str | None, now: float) -> SiteStats:
        tile = self._tiles.get(site, Tile())
        heard = self._heard.get(site, HeardCounts())
        return SiteStats(
            fps=tile.fps(now),
            frames=tile.frames,
            first_frame_at=tile.first_at,
            audio_due=heard.due,
            audio_decoded=heard.decoded,
            audio_fec=heard.recovered,
            audio_concealed=heard.concealed,
            level=self._playout.level(slot) if slot is not None else 0.0,
            speaking=slot is not None and self._playout.speaking(slot),
            video_lost=tile.lost,
            keyframe_requests=tile.keyframe_requests,
            height=tile.height,
            longest_gap=tile.longest_gap(now),
        )

    def _collect(self) -> None:
        for slot, site in self._slots.items():
            fresh = self._playout.take(slot)
            total = self._heard.setdefault(site, HeardCounts())
            total.due += fresh.due
            total.decoded += fresh.decoded
            total.recovered += fresh.recovered
            total.concealed += fresh.concealed
