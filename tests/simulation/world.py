"""The province that is simulated: its machines, its people, what is always true of it, and what at the end."""

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import httpx
from pycrdt import Doc
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from desktop_app.domain import ids
from desktop_app.domain.clock import stamp, unix_ms
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath, uuid7
from desktop_app.domain.principal import Actor, Principal
from desktop_app.domain.units import unit_code
from sync.center import routes as center_routes
from sync.center.restoration import begin_anew
from sync.center.store import CenterStore
from sync.documents import minutes
from sync.documents.minutes import MinutesDocument
from sync.entities import ENTITIES
from sync.identity.device import DeviceKey
from sync.log.hlc import HybridClock
from sync.log.write import Write
from sync.replication.client import CenterClient
from sync.store.engine import reading, store_engine
from sync.store.journal import Journal
from sync.store.rows import SELECT_CHANGES
from sync.store.schema import upgrade
from sync.terminal.lanes import Pace, SyncLoop
from sync.terminal.records import Records
from tests.simulation import model
from tests.simulation.machines import STORE_KEY, Identity, Killed, Machine, MachineClock
from tests.simulation.network import Line
from tests.simulation.promises import Broken, check_always, check_calm, check_saved, check_scope
from tests.simulation.shown import ids_of, records_of
from tests.simulation.virtual_time import VirtualLoop

PROVINCE = UnitPath("100000/440000/")
UNITS = tuple(
    UnitPath(path)
    for path in (
        "100000/440000/441300/441323/",
        "100000/440000/441300/441322/",
        "100000/440000/441300/",
        "100000/440000/441500/",
        "100000/",
        "100000/440000/",
    )
)
PACE = Pace(heartbeat=20.0, answer=8.0, first_heads=120.0, heads=300.0, refused_retry=6.0, wait=20)
LATEST = 900.0
"""Seconds of calm in which everything must have come to everybody."""


class HeaderSigner:
    """Names the device where the real one signs."""

    def __init__(self, device: DeviceId) -> None:
        self._device = device

    def headers(self, method: str, target: str, body: bytes = b"", *, now: object) -> dict[str, str]:
        return {"sim-device": self._device}


class InOrder:
    """A set that is looked through in the order in which it was filled, in every run alike."""

    def __init__(self) -> None:
        self._items: dict[Any, None] = {}

    def add(self, item: Any) -> None:
        self._items[item] = None

    def discard(self, item: Any) -> None:
        self._items.pop(item, None)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._items))


@contextmanager
def seeded(rng: Random) -> Iterator[None]:
    """Every salt, id and key of the program comes from `rng`, and nothing runs on another thread."""

    def document() -> Any:
        return Doc(client_id=rng.getrandbits(31))

    async def here(func: Callable[..., Any], *args: Any, **named: Any) -> Any:
        await asyncio.sleep(0)
        return func(*args, **named)

    with (
        mock.patch.object(secrets, "token_hex", lambda count: rng.randbytes(count).hex()),
        mock.patch.object(Journal.__init__, "__defaults__", (rng.randbytes,)),
        mock.patch.object(HybridClock.__init__, "__defaults__", (rng.randbytes,)),
        mock.patch.object(ids.uuid7, "__defaults__", (rng.randbytes,)),
        mock.patch.object(center_routes, "run_in_threadpool", here),
        mock.patch.object(minutes, "Doc", document),
        mock.patch.dict(MinutesDocument.__init__.__kwdefaults__, random_bytes=rng.randbytes, now_ms=lambda: 0),
        mock.patch.dict(ENTITIES),
    ):
        yield


class Terminal(Machine):
    """A terminal: its store and its lanes while it runs, its disk for ever."""

    def __init__(self, folder: Path, template: Path, identity: Identity, clock: MachineClock, line: Line) -> None:
        super().__init__(folder, template, Records.STORE_FILE)
        self.identity, self.clock, self.line = identity, clock, line
        self.person = PersonId(f"clerk of {identity.unit_path}")
        self.store: Records | None = None
        self.lanes: asyncio.Task[None] | None = None
        self.returned: set[str] = set()
        """What this terminal told a person is saved."""
        self.documents: dict[str, MinutesDocument] = {}
        self.unit = identity.unit_path
        """Where its unit was when it was started last."""
        self.stick: list[bytes] = []
        """The pushes, and later the receipts, that somebody carries between it and the center."""


class Province:
    """One run. All of it happens on one virtual loop."""

    def __init__(self, folder: Path, rng: Random, loop: VirtualLoop) -> None:
        self.rng, self.loop = rng, loop
        self.folder = folder
        self.templates = {name: folder / f"empty-{name}" for name in (Records.STORE_FILE, CenterStore.STORE_FILE)}
        for path in self.templates.values():
            _empty_store(path)
        key = DeviceKey(rng.randbytes(32))
        self.identity = Identity(key, PROVINCE, key.id, key.public)
        self.liar = DeviceKey(rng.randbytes(32))
        self.devices: dict[DeviceId, Identity] = {}
        self.terminals: list[Terminal] = []
        self.machine = Machine(folder / "center", self.templates[CenterStore.STORE_FILE], CenterStore.STORE_FILE)
        self.clock = MachineClock(loop.time)
        self.center: CenterStore | None = None
        self._down: asyncio.Future[None] = loop.create_future()
        self.acknowledged: dict[str, str] = {}
        """Change ids that a terminal took for received, and whose."""
        self.written: dict[str, str] = {}
        """What each change was to say, by change id: a text that nothing else says."""
        self.settled: set[str] = set()
        self.restored = False
        self.unexplained = 0
        """Changes that checksums mended, though nobody was ever restored."""
        self.forgotten: set[str] = set()
        """What the center had when it was exchanged for an older one, and has not been sent again."""
        self.erased: set[tuple[str, str]] = set()
        self.numbers = 0
        self.counts: Counter[str] = Counter()
        self.trees: list[model.Tree] = []
        """Where units have been, one after the other."""
        self.start_center()
        self._found_units()

    # Machines

    def _found_units(self) -> None:
        paths = {unit_code(path): path for path in UNITS}
        writes = [Write("unit", code, {"unit_path": path, "name": code}) for code, path in paths.items()]
        assert self.center is not None
        self.center.append(*writes, actor=self.actor)
        self.trees.append(paths)

    def start_center(self) -> None:
        if self.center is not None:
            return
        try:
            with self.machine.perils(CenterStore):
                self.center = CenterStore.open(
                    self.machine.folder, identity=self.identity, clock=self.clock, devices=self.devices.get
                )
        except Killed:
            self.counts["center died in its opening"] += 1
            return
        self._down = self.loop.create_future()
        self.machine.watch(self.center)
        self.app = Starlette(routes=[Route("/healthz", self._healthz), *center_routes.routes(self.center)])

    async def _healthz(self, _request: object) -> JSONResponse:
        return JSONResponse({"now": stamp(self.clock.now())})

    def stop_center(self) -> None:
        """The power goes, if it has not gone yet."""
        if self.center is None:
            return
        self.machine.keep_disk()
        self.machine.luck = None
        self.machine.bury(self.center)
        self.center = None
        if not self._down.done():
            self._down.set_result(None)

    def restore_center(self) -> bool:
        """Exchange the center for its last backup; False where there is none."""
        while self.center is None:
            self.start_center()
        check_always(self)
        before = set(ids_of(self.center))
        self.stop_center()
        found = self.machine.put_back()
        if found:
            self.restored = True
            file, now_ms = self.machine.folder / CenterStore.STORE_FILE, unix_ms(self.clock.now())
            begin_anew(file, self.identity, self._key_of, now_ms)
        while self.center is None:
            self.start_center()
        self.forgotten |= before - set(ids_of(self.center))
        return found

    def _key_of(self, device: str) -> bytes | None:
        known = self.devices.get(DeviceId(device))
        return self.identity.public_key if known is None else known.public_key

    def enrol(self, unit: UnitPath) -> Terminal:
        key = DeviceKey(self.rng.randbytes(32))
        identity = Identity(key, unit, self.identity.device, self.identity.public_key)
        self.devices[key.id] = identity
        line = Line(self.carry, Random(self.rng.random()), self.forge)
        folder = self.folder / f"terminal-{len(self.terminals)}"
        template = self.templates[Records.STORE_FILE]
        terminal = Terminal(folder, template, identity, MachineClock(self.loop.time), line)
        self.terminals.append(terminal)
        self.start(terminal)
        return terminal

    def start(self, terminal: Terminal, pace: Pace = PACE) -> None:
        if terminal.store is None:
            try:
                with terminal.perils(Records):
                    terminal.store = self._opened(terminal)
            except Killed:
                self.counts["terminal died in its opening"] += 1
                return
            terminal.unit = terminal.store.unit_path
            terminal.store.act_as(terminal.person)
            terminal.watch(terminal.store)
            self._count_healing(terminal.store)
            check_saved(self, terminal)
        if terminal.lanes is not None:
            return
        client = CenterClient(
            "https://center", "", HeaderSigner(terminal.identity.device), terminal.clock, transport=terminal.line
        )
        lanes = SyncLoop(
            terminal.store,
            client,
            clock=terminal.clock,
            jitter=Random(self.rng.random()),
            on_link=lambda _link: None,
            on_progress=lambda _status: None,
            pace=pace,
        )
        lanes._requests = InOrder()  # type: ignore[assignment]
        terminal.lanes = self.loop.create_task(lanes.run())

    def _opened(self, terminal: Terminal) -> Records:
        """As the program opens it: a damaged store is made anew."""
        try:
            return Records.open(terminal.folder, identity=terminal.identity, clock=terminal.clock)
        except HostFault as fault:
            if fault.id != "store-damaged":
                raise
        self.counts["store salvaged"] += 1
        self.restored = True
        terminal.returned.clear()
        return Records.salvage(terminal.folder, identity=terminal.identity, clock=terminal.clock)

    def _count_healing(self, records: Records) -> None:
        heal = records.heal

        def counted(*asked: Any) -> int:
            mended = heal(*asked)
            if not self.restored:
                self.unexplained += mended
            return mended

        records.heal = counted  # type: ignore[method-assign]

    async def stop(self, terminal: Terminal) -> None:
        """The power goes, if it has not gone yet."""
        if terminal.store is None:
            return
        terminal.keep_disk()
        terminal.luck = None
        await self.stop_lanes(terminal)
        terminal.bury(terminal.store)
        terminal.store = None
        terminal.documents.clear()

    async def stop_lanes(self, terminal: Terminal) -> None:
        task, terminal.lanes = terminal.lanes, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()

    async def end(self) -> None:
        """Put everything away."""
        for terminal in self.terminals:
            await self.stop(terminal)
            for task in tuple(terminal.line.travelling):
                task.cancel()
        self.stop_center()

    async def after(self) -> None:
        """Let everything happen that needs no time, and clear away whoever died of it."""
        await self.loop.settled()
        if self.machine.dead and self.center is not None:
            self.stop_center()
        for terminal in self.terminals:
            if terminal.dead and terminal.store is not None:
                await self.stop(terminal)
            elif terminal.lanes is not None and terminal.lanes.done():
                raise Broken(f"the lanes ended by themselves: {terminal.lanes.exception()!r}")
        check_always(self)

    async def go_on(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.after()

    # The network

    async def carry(self, request: httpx.Request, body: bytes) -> httpx.Response:
        """What the center answers, as long as it lives."""
        if self.center is None or self.machine.dead:
            raise httpx.ConnectError("nobody there", request=request)
        down = self._down
        answering = self.loop.create_task(self._ask(request, body))
        await asyncio.wait({answering, down}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            answering.cancel()
            raise httpx.ReadError("it died", request=request)
        error = answering.exception()
        if isinstance(error, Killed):
            raise httpx.ReadError("it died", request=request)
        response = answering.result()
        if self.machine.dead:
            raise httpx.ReadError("it died", request=request)
        if response.status_code == 200:
            check_scope(self, request, response)
        return response

    async def _ask(self, request: httpx.Request, body: bytes) -> httpx.Response:
        sent: list[dict[str, Any]] = []
        bodies = [{"type": "http.request", "body": body, "more_body": False}]
        device = request.headers.get("sim-device", "")

        async def receive() -> dict[str, Any]:
            if bodies:
                return bodies.pop()
            await self.loop.create_future()
            raise Broken("nobody hangs up here")

        async def send(message: Any) -> None:
            sent.append(message)

        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": "https",
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "server": ("center", 443),
            "client": ("terminal", 1),
            "root_path": "",
        }
        if device:
            scope["principal"] = Principal(DeviceId(device), self.devices[DeviceId(device)].unit_path)
        await self.app(scope, receive, send)
        return httpx.Response(
            sent[0]["status"], headers=sent[0]["headers"], content=b"".join(each.get("body", b"") for each in sent[1:])
        )

    def forge(self, request: httpx.Request, body: bytes, response: httpx.Response) -> httpx.Response:
        """Somebody answers in the center's name: receipts for nothing, pages of his own."""
        from tests.simulation.liar import forged

        self.counts["forged"] += 1
        return forged(self.liar, request, body, response)

    # What people do

    def text(self) -> str:
        """Words that nobody else says."""
        self.numbers += 1
        return f"第{self.numbers}句"

    def now_ms(self, terminal: Terminal) -> int:
        return unix_ms(terminal.clock.now())

    def write(self, terminal: Terminal, act: Callable[[Records], Any], said: str = "") -> str | None:
        """Let a person do something at a terminal; the change id, None where it was not to be."""
        if terminal.store is None:
            return None
        try:
            answer = act(terminal.store)
        except Killed:
            return None
        except Fault as fault:
            self.counts[fault.id] += 1
            return None
        change_id = answer[0] if isinstance(answer, list) else str(answer)
        terminal.returned.add(change_id)
        if said:
            self.written[change_id] = said
        return change_id

    def at_center(self, act: Callable[[CenterStore], Any]) -> Any:
        if self.center is None:
            return None
        try:
            return act(self.center)
        except (Killed, Fault):
            return None

    @property
    def actor(self) -> Actor:
        return Actor(PersonId(""), self.identity.device)

    async def calm(self) -> None:
        """No more bad luck: everything comes to everybody, and nothing is missing, doubled, wrong or another's."""
        self.machine.opening = None
        self.start_center()
        self.machine.luck = None
        for terminal in self.terminals:
            terminal.luck = terminal.opening = None
            line = terminal.line
            line.cut, line.lost, line.doubled, line.slow, line.lies = False, 0.0, 0.0, 0.02, False
            await self.stop_lanes(terminal)
            self.start(terminal, Pace(20.0, 8.0, refused_retry=6.0, first_heads=20.0, heads=20.0))
        ended = self.loop.time() + LATEST
        while True:
            await self.go_on(30)
            waiting = self.waiting()
            if not waiting:
                break
            if self.loop.time() > ended:
                raise Broken(f"after {LATEST:.0f} s of calm there still waits: {waiting}")
        check_calm(self)

    def image(self) -> str:
        """A digest of the center's log and records."""
        assert self.center is not None
        with reading(self.center.engine) as connection:
            log = [tuple(row) for row in connection.execute(SELECT_CHANGES)]
            return hashlib.sha256(repr((log, sorted(records_of(connection).items()))).encode()).hexdigest()

    def waiting(self) -> str:
        """Who is not done yet; empty where all are."""
        assert self.center is not None
        for terminal in self.terminals:
            assert terminal.store is not None
            if pending := terminal.store.status().pending:
                return f"{terminal.unit} has {pending} changes to send"
            at = terminal.store.pull_position()
            principal = Principal(terminal.identity.device, terminal.unit)
            raw = self.center.heads(principal, at.cursor, (at.epoch, at.seq), known_feed=at.feed)
            differing = terminal.store.differing(raw)
            if differing is None:
                return f"{terminal.unit} has something to read"
            if differing:
                return f"{terminal.unit} differs in {differing}"
        return ""


def _empty_store(path: Path) -> None:
    engine = store_engine(path, STORE_KEY)
    upgrade(engine)
    engine.dispose()


__all__ = ["Broken", "HostFault", "PeerFault", "Province", "Terminal", "Write", "seeded", "uuid7"]
