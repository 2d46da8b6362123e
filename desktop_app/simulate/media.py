"""Real sound and picture for some simulated sites: a plain card, silence, and a loudspeaker that nobody hears.

Each of them shows the chair as a terminal would, over the same signed signalling, and sends what the others want.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import MeetingId
from desktop_app.domain.meetings import MeetingMode
from desktop_app.simulate.sites import SimulatedSite
from media.capture.capture import make_capture
from media.capture.sources import PICTURE_SIZE, CaptureChoice
from media.engine.layers import Demand
from media.live import ControlSignal
from media.meeting.model import MeetingState
from media.meeting.seals import TerminalSigner
from media.peers.seams import MediaConfig, MediaStats
from media.peers.terminal import TerminalMedia
from media.playout.outputs import SilentOutput
from media.playout.playout import Playout
from sync.identity.device import verify

log = logging.getLogger(__name__)

BAR = 8
"""Lines of the bar that moves over the card, so that no picture is like the one before."""


class PlainCard:
    """A card of one colour with a moving bar."""

    def __init__(self) -> None:
        self._painted = 0

    def paint(self, width: int, height: int, now: datetime) -> bytes:
        self._painted += 1
        at = self._painted * BAR // 2 % (height - BAR)
        line, bar = bytes((150, 110, 70, 255)) * width, bytes((255, 255, 255, 255)) * width
        return line * at + bar * BAR + line * (height - BAR - at)


class SiteMedia:
    """The media of one simulated site, from `start` to `stop`; `shows` is whose picture it wants.

    `up_after` is how many seconds both connections took, None until they are there.
    """

    def __init__(self, site: SimulatedSite, shows: SimulatedSite, meeting: MeetingId, clock: Clock) -> None:
        self.site, self.shows = site, shows
        self.up_after: float | None = None
        self._began = 0.0
        identity = site.identity
        signer = TerminalSigner(identity.sign, lambda message, seal: verify(identity.center_key, message, seal))
        self._media = TerminalMedia(
            signal=ControlSignal(site.client, meeting, signer, self.on_fault),
            capture=make_capture(CaptureChoice("card", "silence"), card=PlainCard(), clock=clock),
            playout=Playout(SilentOutput(), clock),
            listener=self,
            clock=clock,
            config=MediaConfig(center_host=urlsplit(site.center_url).hostname or ""),
        )

    async def start(self) -> None:
        """Open card and silence, and connect; returns at once."""
        self._began = time.monotonic()
        self._media.source(self.shows.unit_path).want(*PICTURE_SIZE)
        self._media.show([self.shows.unit_path])
        self.site.followers.append(self._follow)
        self.site.wanted.append(self._want)
        self._follow(self.site.state)
        if self.site.demand is not None:
            self._want(self.site.demand)
        await self._media.start()

    async def stop(self) -> None:
        await self._media.stop()

    def stats(self) -> MediaStats:
        return self._media.stats()

    @property
    def fps(self) -> float:
        """Pictures of `shows` that were decoded in a second."""
        found = self.stats().sites.get(self.shows.unit_path)
        return 0.0 if found is None else found.fps

    def on_media(self, up: bool) -> None:
        if up and self.up_after is None:
            self.up_after = time.monotonic() - self._began

    def on_fault(self, fault: Fault) -> None:
        log.warning("media of %s: %s", self.site.unit_path, fault)

    def _follow(self, state: MeetingState) -> None:
        on_air = state.sites_on_air
        self._media.set_on_air(self.site.unit_path in on_air)
        self._media.set_speakers(on_air - {self.site.unit_path})

    def _want(self, demand: Demand) -> None:
        self._media.set_demand(demand, standby=self.site.state.mode is not MeetingMode.LECTURE)


class Watch:
    """Real media for the chair and some guests, and what the guests saw of the chair. Use as an async context."""

    def __init__(self, chair: SimulatedSite, guests: Sequence[SimulatedSite], meeting: MeetingId, clock: Clock) -> None:
        self.guests = [SiteMedia(site, chair, meeting, clock) for site in guests]
        self._all = [SiteMedia(chair, guests[0], meeting, clock), *self.guests] if guests else []
        self.fps: list[float] = []
        """What each guest saw in each second in which all of it was connected."""
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Watch":
        for each in self._all:
            await each.start()
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await asyncio.gather(*(each.stop() for each in self._all))

    @property
    def is_seen(self) -> bool:
        """Every guest is connected and has the chair's picture."""
        return all(each.up_after is not None and each.fps > 0 for each in self.guests)

    @property
    def up_after(self) -> list[float]:
        """Seconds until sound and picture were connected, of each that is."""
        return [each.up_after for each in self._all if each.up_after is not None]

    @property
    def restarts(self) -> int:
        """Connections that had to be made anew, of sites whose link was never cut."""
        return sum(each.stats().restarts for each in self._all if not each.site.was_cut)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self.fps += [each.fps for each in self.guests if each.up_after is not None and not each.site.was_cut]
