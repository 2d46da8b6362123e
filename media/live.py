"""The live meeting as a terminal holds it: control and media joined, on the media thread, callable from any thread.

Control is the truth and media follows it: which sites are shown, who is heard, whether this room's sound is sent. When
control comes back after a cut and the media did not, the media connections are made anew. A local mute never leaves
this room, and always wins.
"""

import asyncio
import concurrent.futures
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any, Protocol

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.capture.sources import PictureSource
from media.content.sharing import ContentMedia, ContentSignal
from media.engine.content import content_of, presenter_of
from media.engine.layers import FULL_HEIGHT, Demand, Layer
from media.frames import FrameSource
from media.meeting.client import MeetingClient, Timings
from media.meeting.commands import Command
from media.meeting.events import Event
from media.meeting.health import Health, Healths
from media.meeting.link import Connect
from media.meeting.model import MeetingPhase, MeetingState
from media.meeting.picture import polled, shown
from media.meeting.seals import TerminalSigner, new_nonce, read_seal, sealed, write_seal
from media.peers.ladder import Step
from media.peers.seams import MediaListener, MediaSignal, MediaStats, RoomMedia
from media.sound_loss import SoundLoss
from media.thread import MediaThread
from media.transport.relay import Relay, read_relay

log = logging.getLogger(__name__)

MEDIA_STOP_SECONDS = 2.0
"""What a device may take to close; nobody waits longer for it."""

POLLING_LOOK = 1.0

MakeMedia = Callable[[MediaSignal, MediaListener], RoomMedia]
"""Builds the room's media over the way to the engine; called once, on the media thread or the caller's."""


class LiveListener(Protocol):
    """Told on the media thread; must return at once."""

    def on_state(self, state: MeetingState, event: Event | None) -> None:
        """After each event; with None after a catch-up of any length."""
        ...

    def on_link(self, online: bool) -> None:
        """The center is heard, or no longer (within 4 s)."""
        ...

    def on_media(self, up: bool) -> None:
        """Sound and picture flow, or they do not."""
        ...

    def on_fault(self, fault: Fault) -> None:
        """Joining was refused, the center refuses to talk, or a device is missing. Nothing has ended by it."""
        ...


MakeContent = Callable[[ContentSignal, Callable[[Fault], object]], ContentMedia]
"""Builds what carries this room's shared screen."""


class LiveMeeting:
    """One meeting on this terminal, from `start` to `stop`. Every method may be called from any thread."""

    def __init__(
        self,
        *,
        thread: MediaThread,
        meeting_id: MeetingId,
        unit_path: UnitPath,
        site_name: str,
        connect: Connect,
        signer: TerminalSigner,
        media: MakeMedia,
        listener: LiveListener,
        clock: Clock,
        jitter: Random | None = None,
        timings: Timings | None = None,
        content: MakeContent | None = None,
    ) -> None:
        """Without `content` this room shares no screen."""
        self._thread, self._unit_path, self._listener = thread, unit_path, listener
        self._ears = _Ears(self)
        self._client = MeetingClient(
            meeting_id=meeting_id,
            site_name=site_name,
            connect=connect,
            listener=self._ears,
            clock=clock,
            jitter=jitter or Random(),
            timings=timings,
            on_demand=self._on_demand,
        )
        signal = ControlSignal(self._client, meeting_id, signer, self._ears.on_fault)
        self._media = media(signal, self._ears)
        self._content = content(signal, self._ears.on_fault) if content is not None else None
        self._to_share: PictureSource | None = None
        self._is_sharing = False
        self._demand: Demand | None = None
        self._media_wanted = False
        self._media_lane = asyncio.Lock()
        self._share_lane = asyncio.Lock()
        self._media_up = False
        self._running: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._polling: asyncio.Task[None] | None = None
        self._local_muted = False
        self._devices = Health()
        self._loss = SoundLoss(self._media.stats)
        self._client.own_health = lambda: self.health

    @property
    def state(self) -> MeetingState:
        """The latest state; an immutable value."""
        return self._client.state

    @property
    def online(self) -> bool:
        """Whether the center is heard."""
        return self._client.online

    @property
    def local_muted(self) -> bool:
        return self._local_muted

    def now(self) -> datetime:
        """The center's time: turns and agenda items are measured by it."""
        return self._client.now()

    def start(self) -> None:
        """Enter the meeting and stay in it."""
        self._thread.run(self._start())

    def stop(self) -> "concurrent.futures.Future[None]":
        """Leave on purpose and end the media; done after 3 s at most, whatever the link does."""
        return self._thread.run(self._stop())

    def send(self, command: Command) -> "concurrent.futures.Future[None]":
        """Ask the meeting for something; the future raises OperatorError with the refusal's id."""
        return self._thread.run(self._client.send(command))

    def dial_again(self) -> None:
        """Somebody else sits here now: control goes on over a connection of theirs. Sound and picture stay."""
        self._thread.call(self._client.dial_again)

    def source(self, unit_path: UnitPath) -> FrameSource:
        """The picture of another site."""
        return self._media.source(unit_path)

    def local_source(self) -> FrameSource:
        """This room's own picture as it is sent."""
        return self._media.local_source()

    def content_source(self, presenter: UnitPath) -> FrameSource:
        """What another site shares of its screen."""
        return self._media.source(content_of(presenter))

    def share(self, what: PictureSource | None) -> None:
        """This screen or window is sent while the meeting shows what this room shares (`PointSlide`); None: nothing."""
        self._thread.call(self._set_share, what)

    @property
    def shared_pictures(self) -> int:
        """Pictures of the shared screen that were sent."""
        return self._content.sent if self._content is not None else 0

    def set_local_mute(self, muted: bool) -> None:
        """Close this room's microphone here, whatever the chair does."""
        self._local_muted = muted
        self._thread.call(self._media.set_local_mute, muted)

    @property
    def line(self) -> Step:
        """What the line left of the pictures, in the direction that is worse off."""
        return self._media.line

    def stats(self) -> MediaStats:
        return self._media.stats()

    @property
    def healths(self) -> Healths:
        """How the other sites are, where this one conducts; a new mapping with each news."""
        return self._client.healths

    def note_devices(self, devices: Health) -> None:
        """How this room's devices are, as far as it was tried; it goes to whoever conducts."""
        self._devices = devices

    @property
    def health(self) -> Health:
        """How this room and its line are now."""
        stats = self._media.stats()
        shown = [site for site in stats.sites.values() if site.fps > 0]
        return replace(
            self._devices,
            delay_ms=self._client.round_trip_ms,
            loss_permille=self._loss.permille(),
            concealed_permille=self._loss.concealed_permille(),
            picture_loss_permille=round(1000 * max((site.loss for site in shown), default=0.0)),
            jitter_ms=round(1000 * max((site.jitter for site in shown), default=0.0)),
            fps=round(min((site.fps for site in shown), default=0.0)),
            kbps=sum(site.bitrate for site in shown) // 1000,
            step=int(max(stats.sending, stats.receiving)),
        )

    async def _start(self) -> None:
        if self._running is None:
            self._running = asyncio.create_task(self._client.run(), name="meeting control")
            self._running.add_done_callback(_tell_bug)

    async def _stop(self) -> None:
        await self._client.leave()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None
        if self._polling is not None:
            self._polling.cancel()
            self._polling = None
        self._media_wanted = False
        if self._content is not None:
            await self._content.stop()
        await self._settle_media()

    # on the media thread, told by control and by the media

    def _on_state(self, state: MeetingState, event: Event | None) -> None:
        own = state.sites.get(self._unit_path)
        on_air = state.sites_on_air
        self._media.set_on_air(self._unit_path in on_air)
        if state.phase is MeetingPhase.ENDED:
            self._want_media(False)
        else:
            self._arrange(state)
            self._tell_demand()
            self._media.set_speakers(on_air - {self._unit_path})
        if state.phase is MeetingPhase.OPEN and own is not None and own.online:
            self._want_media(True)
        self._follow_share(state)
        self._listener.on_state(state, event)

    def _on_demand(self, demand: Demand) -> None:
        self._demand = demand
        self._tell_demand()

    def _tell_demand(self) -> None:
        """In a consultation the thumb is always sent, so that it can be shown at once; in a lecture only if it is."""
        if self._demand is not None:
            self._media.set_demand(self._demand, standby=self.state.mode is not MeetingMode.LECTURE)

    def _arrange(self, state: MeetingState) -> None:
        """Who is shown first: what the meeting or this room chose, the speaker, the chair, then the others."""
        first = shown(state, self._unit_path, self.now())
        turn = state.speaking
        order = (first, None if turn is None else turn.unit_path, state.chair)
        rank = {path: place for place, path in reversed(list(enumerate(order)))}
        others = [site for path, site in state.sites.items() if path != self._unit_path and site.online]
        others.sort(key=lambda site: (rank.get(site.unit_path, len(order)), site.unit_path))
        shared = [content_of(state.shares)] if state.shares not in (None, self._unit_path) else []
        self._media.show([*shared, *(site.unit_path for site in others)])
        if state.polling is not None and self._polling is None:
            self._polling = asyncio.get_running_loop().create_task(self._follow_polling())
            self._polling.add_done_callback(_tell_bug)

    async def _follow_polling(self) -> None:
        """Polling makes no events: look each second whose turn it is."""
        seen: UnitPath | None = None
        while (state := self.state).polling is not None and state.phase is MeetingPhase.OPEN:
            if (now_shown := polled(state, self.now())) != seen:
                seen = now_shown
                self._arrange(state)
            await asyncio.sleep(POLLING_LOOK)
        self._polling = None

    def _set_share(self, what: PictureSource | None) -> None:
        self._to_share = what
        if what is None or self._is_sharing:  # what was sent is over, or another window follows it
            self._is_sharing = False
            self._do(self._settle_share())
        self._follow_share(self.state)

    def _follow_share(self, state: MeetingState) -> None:
        wanted = self._to_share is not None and state.shares == self._unit_path and state.phase is MeetingPhase.OPEN
        if wanted is not self._is_sharing:
            self._is_sharing = wanted
            self._do(self._settle_share())

    async def _settle_share(self) -> None:
        """Send or stop, whatever is wanted when it is this errand's turn."""
        async with self._share_lane:
            if self._content is None:
                return
            if self._is_sharing and self._to_share is not None:
                await self._content.start(self._to_share)
            else:
                await self._content.stop()

    def _on_link(self, online: bool) -> None:
        if online and self._media_wanted and not self._media_up:
            self._do(self._restart_media())
        self._listener.on_link(online)

    def _on_media(self, up: bool) -> None:
        self._media_up = up
        self._listener.on_media(up)

    def _on_fault(self, fault: Fault) -> None:
        if fault.id == "site-removed":  # until the chair admits it again, nothing of this room is sent
            self._want_media(False)
        self._listener.on_fault(fault)

    def _want_media(self, wanted: bool) -> None:
        if wanted != self._media_wanted:
            self._media_wanted = wanted
            self._do(self._settle_media())

    def _do(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        task.add_done_callback(_tell_bug)

    async def _settle_media(self) -> None:
        """Start or stop, whatever is wanted when it is this errand's turn."""
        async with self._media_lane:
            if self._media_wanted:
                self._media.set_local_mute(self._local_muted)
                await self._media.start()
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(MEDIA_STOP_SECONDS):
                        await self._media.stop()
                self._media_up = False

    async def _restart_media(self) -> None:
        async with self._media_lane:
            if self._media_wanted and not self._media_up:
                await self._media.restart()


class ControlSignal:
    """The way to the media engine, over the meeting's socket (`media.peers.seams.MediaSignal`).

    An answer that the center did not sign for this very offer raises PeerFault (answer-unproven). That, and an offer
    that reached the center changed (sdp-unsigned), is told to the person once: somebody sits in the middle.
    """

    def __init__(
        self, client: MeetingClient, meeting: MeetingId, signer: TerminalSigner, on_fault: Callable[[Fault], None]
    ) -> None:
        self._client, self._meeting, self._signer, self._on_fault = client, meeting, signer, on_fault
        self._is_told = False

    async def publish(self, offer: str) -> str:
        return await self._negotiate("publish", offer)

    async def subscribe(self, offer: str) -> str:
        return await self._negotiate("subscribe", offer)

    async def publish_content(self, offer: str) -> str:
        return await self._negotiate("content", offer)

    async def switch(self, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT) -> None:
        presenter = presenter_of(source) if source is not None else None
        wish: dict[str, Any] = {"slot": slot, "source": presenter or source, "height": max(1, height)}
        if presenter is not None:
            wish["content"] = True
        await self._client.ask_media("switch", **wish)

    async def offer_layers(self, layers: frozenset[Layer]) -> None:
        await self._client.ask_media("layers", sent=sorted(layers))

    async def pause(self, slot: str, paused: bool) -> None:
        await self._client.ask_media("pause", slot=slot, paused=paused)

    async def relay(self) -> Relay | None:
        return read_relay((await self._client.ask_media("relay")).get("relay"))

    async def _negotiate(self, op: str, offer: str) -> str:
        try:
            return await self._proven(op, offer)
        except PeerFault as fault:
            if fault.id in ("answer-unproven", "sdp-unsigned") and not self._is_told:
                self._is_told = True
                self._on_fault(fault)
            raise

    async def _proven(self, op: str, offer: str) -> str:
        nonce = new_nonce()
        seal = write_seal(self._signer.sign(sealed("offer", self._meeting, op, nonce, offer)))
        told = await self._client.ask_media(op, sdp=offer, nonce=nonce, seal=seal)
        answer = str(told.get("sdp", ""))
        signature = read_seal(told.get("seal"))
        if not self._signer.is_of_center(sealed("answer", self._meeting, op, nonce, answer), signature):
            raise PeerFault("answer-unproven")
        return answer


class _Ears:
    """Hears control and media, and keeps a bug in a screen from ending the meeting."""

    def __init__(self, live: LiveMeeting) -> None:
        self._live = live

    def on_state(self, state: MeetingState, event: Event | None) -> None:
        with _logged():
            self._live._on_state(state, event)

    def on_link(self, online: bool) -> None:
        with _logged():
            self._live._on_link(online)

    def on_media(self, up: bool) -> None:
        with _logged():
            self._live._on_media(up)

    def on_fault(self, fault: Fault) -> None:
        with _logged():
            self._live._on_fault(fault)


class _logged(contextlib.AbstractContextManager[None]):
    def __exit__(self, kind: object, err: BaseException | None, trace: object) -> bool:
        if isinstance(err, Exception):
            log.error("a listener of the live meeting failed", exc_info=err)
            return True
        return False


def _tell_bug(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("the live meeting stumbled", exc_info=task.exception())
