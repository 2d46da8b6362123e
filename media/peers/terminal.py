"""A terminal's media in one meeting: devices, both connections, slots. It heals itself.

Both connections are watched: the engine lets each hear something every second, so three seconds of silence mean a dead
path, and new connections are made as soon as signalling allows. The old ones stay until the new ones carry packets.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from dataclasses import replace

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import UnitPath
from media.capture.capture import Capture
from media.capture.encodings import VOICE
from media.capture.sources import PICTURE_SIZE
from media.engine.layers import Demand, Layer
from media.frames import FrameSource
from media.peers import ladder
from media.peers.connection import Connection, open_relay
from media.peers.decoding import PictureThread, Tile
from media.peers.publishing import Publishing
from media.peers.receiving import Receiving
from media.peers.seams import SIGNAL_WITHIN, MediaConfig, MediaListener, MediaSignal, MediaStats, SiteStats
from media.peers.sites import Sites
from media.peers.slots import Slots
from media.playout.playout import Playout
from media.transport.path import resolve

log = logging.getLogger(__name__)

TRY_AGAIN = (0.25, 1.0)
"""Seconds between two tries: the first pause and the longest."""
TICK = 0.03
BEAT = 0.25
"""Seconds between two signs of life to an engine behind a line that loses much."""


class TerminalMedia:
    """See `media.peers.seams.RoomMedia` for what may be called from where."""

    def __init__(
        self,
        *,
        signal: MediaSignal,
        capture: Capture,
        playout: Playout,
        listener: MediaListener,
        clock: Clock,
        config: MediaConfig,
    ) -> None:
        self._signal = signal
        self._capture = capture
        self._playout = playout
        self._listener = listener
        self._clock = clock
        self._config = config
        self._pictures = PictureThread()
        self._sites = Sites(playout, self._on_want)
        self._slots = Slots(signal, self._tile)
        self._shown: tuple[UnitPath, ...] = ()
        self._speakers: frozenset[UnitPath] = frozenset()
        self._demand = Demand(PICTURE_SIZE[1])
        """Until the center says otherwise both pictures are sent."""
        self._standby = True
        self._fitting = ladder.Receiving()
        self._sharing = ladder.Sending()
        self._told_layers: frozenset[Layer] | None = None
        """What the engine was told of the pictures sent over the connection in use."""
        self._assigning = False
        self._connection: Connection | None = None
        self._connections = 0
        self._through_relay = config.relay == "always"
        self._restart = False
        self._taking_over = False
        """New connections are being made."""
        self._up = False
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Open devices and keep both connections up until `stop`; returns at once. May follow a `stop`."""
        if self._tasks:
            return
        self._loop = asyncio.get_running_loop()
        self._pictures = PictureThread()
        self._pictures.start()
        self._capture.open(self)
        self._playout.open(self.on_fault)
        self._assign()
        self._tasks = [asyncio.ensure_future(self._keep_up()), asyncio.ensure_future(self._tick())]

    async def stop(self) -> None:
        """Close connections and devices. Idempotent."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._use(None)
        if self._closing:
            await asyncio.wait(self._closing, timeout=3)
        if tasks:
            await asyncio.to_thread(self._close_devices)

    async def restart(self) -> None:
        """Make new connections now; the old ones are closed when the new ones are up."""
        self._restart = True
        self._wake.set()

    def show(self, sites: Iterable[UnitPath]) -> None:
        self._shown = tuple(sites)
        self._assign()

    def set_speakers(self, sites: frozenset[UnitPath]) -> None:
        self._speakers = sites
        self._assign()

    def set_on_air(self, on_air: bool) -> None:
        self._capture.sound.on_air = on_air

    def set_local_mute(self, muted: bool) -> None:
        self._capture.sound.muted = muted

    def set_demand(self, demand: Demand, *, standby: bool) -> None:
        if (demand, standby) != (self._demand, self._standby):
            self._demand, self._standby = demand, standby
            self._plan()

    def source(self, site: UnitPath) -> FrameSource:
        return self._sites.tile(site).slot

    def local_source(self) -> FrameSource:
        return self._capture.preview

    def stats(self) -> MediaStats:
        now = self._clock.monotonic()
        uplink = self._connection.publishing.uplink if self._connection is not None else None
        return MediaStats(
            at=now,
            up=self._up,
            sites=self._site_stats(now),
            restarts=max(0, self._connections - 1),
            sent_fps=self._capture.picture.fps,
            sent_audio=self._capture.sound.sent,
            local_level=self._capture.sound.level,
            local_speaking=self._capture.sound.voice.speaking,
            round_trip=uplink.round_trip if uplink is not None else None,
            sent_loss=uplink.loss if uplink is not None else 0.0,
            sending=self._sharing.step,
            receiving=self._fitting.step,
            bears_up=self._sharing.bits,
            bears_down=self._fitting.bits,
        )

    @property
    def line(self) -> ladder.Step:
        return max(self._sharing.step, self._fitting.step)

    def _site_stats(self, now: float) -> dict[UnitPath, SiteStats]:
        found = self._sites.stats(now)
        connection, steps = self._connection, self._fitting.steps
        readings = dict(connection.receiving.readings) if connection is not None else {}
        for slot, (site, _) in self._slots.pictures.items():
            if site in found and (reading := readings.get(slot)) is not None:
                loss, jitter, bits = reading.loss, reading.jitter, reading.bits
                found[site] = replace(found[site], loss=loss, jitter=jitter, bitrate=bits)
        return {site: replace(each, step=steps.get(site, ladder.Step.MAIN)) for site, each in found.items()}

    # What the capture threads say.

    def on_picture(self, layer: Layer, frame: bytes, timestamp: int) -> None:
        self._soon(self._send_picture, layer, frame, timestamp)

    def on_sound(self, packet: bytes, timestamp: int, first: bool) -> None:
        self._soon(self._send_sound, packet, timestamp, first)

    def on_fault(self, fault: Fault) -> None:
        self._soon(self._listener.on_fault, fault)

    def _soon(self, fn: object, *args: object) -> None:
        if self._loop is not None and not self._loop.is_closed() and callable(fn):
            with contextlib.suppress(RuntimeError):  # the loop closed just now
                self._loop.call_soon_threadsafe(fn, *args)

    def _send_picture(self, layer: Layer, frame: bytes, timestamp: int) -> None:
        if self._connection is not None:
            self._connection.publishing.send_picture(frame, timestamp, layer)

    def _plan(self) -> None:
        """What is sent of the own picture: what is wanted, as far as the line bears it."""
        now = self._clock.monotonic()
        connection = self._connection
        if connection is not None:
            self._sharing.bits = connection.publishing.uplink.bits(now)
            self._sharing.main_bits = connection.publishing.uplink.main_bits(now)
        before, picture = self._capture.picture.plan, self._capture.picture
        self._sharing.left_out = picture.left_out
        plan = self._sharing.look(self._demand, self._standby, now)
        if plan != before:
            picture.plan = plan
            self._wake.set()
        if connection is not None:
            borne = self._sharing.bits
            pacer = connection.publishing.pacer
            pacer.expect(ladder.bits_of(plan), None if borne is None else max(VOICE, borne - VOICE))
            picture.is_held = pacer.is_full

    @property
    def _sent_layers(self) -> frozenset[Layer]:
        plan = self._capture.picture.plan
        return frozenset(layer for layer, each in ((Layer.MAIN, plan.main), (Layer.THUMB, plan.thumb)) if each)

    def _send_sound(self, packet: bytes, timestamp: int, first: bool) -> None:
        if self._connection is not None:
            self._connection.publishing.send_sound(packet, timestamp, first)

    # Connections.

    async def _keep_up(self) -> None:
        pause = TRY_AGAIN[0]
        while True:
            self._wake.clear()
            self._look()
            if self._connection is None or self._restart or not self._up:
                if await self._connect():
                    pause = TRY_AGAIN[0]
                else:
                    await asyncio.sleep(pause)
                    pause = min(TRY_AGAIN[1], pause * 1.5)
                    continue
            if not await self._tell():
                await asyncio.sleep(TRY_AGAIN[0])
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):  # not wait_for: 3.11's may swallow the cancellation of `stop`
                    await self._wake.wait()

    async def _connect(self) -> bool:
        """Make both connections and use them; False where that did not work."""
        try:
            relay = await open_relay(self._signal, self._config.center_host) if self._through_relay else None
            address = await resolve(self._config.center_host)
            capture = self._capture
            publishing = Publishing(
                address, self._clock, capture.picture.want_keyframe, relay, capture.sound.expect_loss
            )
            receiving = Receiving(address, self._clock, self._pictures, self._playout, relay)
        except OSError as err:
            log.info("no way to the center: %s", err)
            return False
        fresh = Connection(publishing, receiving)
        self._taking_over = True
        try:
            await fresh.open(self._signal)
        except (ConnectionError, PeerFault, HostFault, TimeoutError, OSError) as err:
            log.info("media did not connect: %s", err)
            self._close_later(fresh)
            if self._config.relay == "auto":
                self._through_relay = not self._through_relay
            return False
        except asyncio.CancelledError:
            self._close_later(fresh)
            raise
        finally:
            self._taking_over = False
        self._restart = False
        self._connections += 1
        self._use(fresh)
        return True

    def _use(self, connection: Connection | None) -> None:
        """Let this connection take over from the one before."""
        old, self._connection = self._connection, connection
        self._told_layers = None
        self._fitting.bits = None  # another line, perhaps
        if old is not None:
            self._close_later(old)
        self._capture.picture.sending = self._capture.sound.sending = connection is not None
        if connection is not None:
            self._slots.connected(connection.receiving.video, connection.receiving.another_voice)
            self._assign()
        self._set_up(connection is not None)

    def _close_later(self, connection: Connection) -> None:
        task = asyncio.ensure_future(connection.close())
        self._closing.add(task)
        task.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled() and (err := task.exception()) is not None:
            log.error("a connection did not close cleanly", exc_info=err)

    def _look(self) -> None:
        """Notice a dead path, and one that came back by itself."""
        connection = self._connection
        if connection is not None:
            silent = self._clock.monotonic() - connection.heard_at()
            # The engine says goodbye to the old connection as soon as the new one stands.
            ended = connection.ended() and not (self._up and self._taking_over)
            self._set_up(silent < self._config.silent_after and not ended)

    def _set_up(self, up: bool) -> None:
        if up != self._up:
            self._up = up
            self._listener.on_media(up)

    async def _tick(self) -> None:
        """Repairs every 30 ms, reports every second."""
        report_at = beat_at = self._clock.monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = self._clock.monotonic()
            self._look()
            connection = self._connection
            if connection is not None:
                if connection.receiving.tick():
                    self._fitting.bits = connection.receiving.line.budget.bits
                    self._fitting.is_fine = connection.receiving.is_exact
                    self._assign()
                self._plan()
                if now >= beat_at:
                    beat_at = now + BEAT
                    connection.beat()
            if now >= report_at:
                report_at = now + 1.0
                self._sites.clear_silent(now)
                if not self._up:
                    self._wake.set()
                if connection is not None:
                    connection.publishing.report()
                    connection.receiving.report()

    # Slots.

    def _assign(self) -> None:
        """What is wanted of the slots now: from control, from the tiles on the screen."""
        self._assigning = False
        self._slots.arrange(self._shown, self._speakers, self._fitting.fit)
        if self._connection is not None:
            self._connection.receiving.line.budget.enough = self._fitting.enough
        self._sites.listen(self._slots.audio, self._speakers)
        self._wake.set()

    def _tile(self, site: UnitPath) -> Tile:
        return self._sites.tile(site)

    def _on_want(self) -> None:
        """A tile was shown, hidden or resized; from any thread."""
        if not self._assigning and self._loop is not None:
            self._assigning = True
            self._soon(self._assign)

    async def _tell(self) -> bool:
        """Tell the engine what changed, in the slots and in what is sent; False where it has to be tried again."""
        done = await self._slots.tell()
        sent = self._sent_layers
        if self._told_layers != sent and self._connection is not None:
            connection = self._connection
            try:
                async with asyncio.timeout(SIGNAL_WITHIN):
                    await self._signal.offer_layers(sent)
            except (ConnectionError, PeerFault, HostFault, TimeoutError) as err:
                log.info("what is sent was not told: %s", err)
                return False
            if connection is self._connection:
                self._told_layers = sent
        return done

    def _close_devices(self) -> None:
        self._capture.close()
        self._playout.close()
        self._pictures.stop()
