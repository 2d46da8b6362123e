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
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from desktop_app.domain import ids
from desktop_app.domain.clock import stamp, unix_ms
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath, uuid7
from desktop_app.domain.principal import Actor, Principal
from sync.center import routes as center_routes
from sync.center.store import CenterStore
from sync.documents.minutes import MinutesDocument
from sync.entities import ENTITIES
from sync.identity.device import DeviceKey
from sync.log.envelope import Change
from sync.log.hlc import HybridClock
from sync.log.payload import open_payload
from sync.log.write import Write
from sync.replication.client import CenterClient
from sync.replication.page import read_items, read_page
from sync.replication.part import read_part
from sync.store.engine import reading, store_engine
from sync.store.journal import Journal
from sync.store.reader import document_state
from sync.store.rows import SELECT_CHANGES, change_of, from_json
from sync.store.schema import upgrade
from sync.store.store import Store
from sync.store.tables import change, conflict, origin, property_, record
from sync.terminal.healing import CENTER_LACKS
from sync.terminal.lanes import Pace, SyncLoop
from sync.terminal.records import Records
from tests.simulation import model
from tests.simulation.machines import STORE_KEY, Identity, Killed, Machine, MachineClock
from tests.simulation.network import Line
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


class Broken(AssertionError):
    """Something that must always be true is not."""


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

    async def here(func: Callable[..., Any], *args: Any, **named: Any) -> Any:
        await asyncio.sleep(0)
        return func(*args, **named)

    with (
        mock.patch.object(secrets, "token_hex", lambda count: rng.randbytes(count).hex()),
        mock.patch.object(Journal.__init__, "__defaults__", (rng.randbytes,)),
        mock.patch.object(HybridClock.__init__, "__defaults__", (rng.randbytes,)),
        mock.patch.object(ids.uuid7, "__defaults__", (rng.randbytes,)),
        mock.patch.object(center_routes, "run_in_threadpool", here),
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

    @property
    def unit(self) -> UnitPath:
        return self.identity.unit_path


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
        self.start_center()

    # Machines

    def start_center(self) -> None:
        if self.center is not None:
            return
        self._down = self.loop.create_future()
        self.center = CenterStore.open(
            self.machine.folder, identity=self.identity, clock=self.clock, devices=self.devices.get
        )
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
        if self.center is None:
            self.start_center()
        assert self.center is not None
        self.check_always()
        before = set(_ids(self.center))
        self.stop_center()
        found = self.machine.put_back()
        if found:
            self.restored = True
            _renew_feed(self.machine.folder / CenterStore.STORE_FILE)
        self.start_center()
        self.forgotten |= before - set(_ids(self.center))
        return found

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
            terminal.store = Records.open(terminal.folder, identity=terminal.identity, clock=terminal.clock)
            terminal.store.act_as(terminal.person)
            terminal.watch(terminal.store)
            self._count_healing(terminal.store)
            self._check_saved(terminal)
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
        self.check_always()

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
            self._check_scope(request, response)
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

    # What must be true

    def check_always(self) -> None:
        """Whatever a terminal takes for received is on the center's disk, and nothing came amiss on the way."""
        if self.unexplained:
            raise Broken(f"{self.unexplained} changes had come amiss, and checksums had to mend them")
        for terminal in self.terminals:
            if terminal.store is not None and not terminal.dead:
                for change_id in _acknowledged(terminal.store, terminal.identity.device):
                    self.acknowledged[change_id] = terminal.identity.device
        if self.center is not None and not self.machine.dead:
            held = _ids(self.center)
            self.forgotten -= set(held)
            for change_id, writer in self.acknowledged.items():
                if held.get(change_id) != writer and change_id not in self.forgotten:
                    raise Broken(f"acknowledged, and not at the center: {change_id} {self.written.get(change_id, '')}")

    def _check_saved(self, terminal: Terminal) -> None:
        """Whatever a person was told is saved is in the store after the power came back."""
        assert terminal.store is not None
        gone = terminal.returned - set(_ids(terminal.store))
        if gone:
            raise Broken(f"said to be saved, and lost with the power: {sorted(gone)}")

    def _check_scope(self, request: httpx.Request, response: httpx.Response) -> None:
        """Nothing leaves the center that its reader may not see."""
        path, device = request.url.path, request.headers.get("sim-device", "")
        if path not in ("/v1/changes", "/v1/snapshot") or self.center is None:
            return
        raw = response.content
        items = read_page(raw).items if path == "/v1/changes" else read_part(raw).items
        unit = self.devices[DeviceId(device)].unit_path
        seen = {(each.entity, each.pk, each.meeting) for each in read_items(items, 10_000) if each.terminal != device}
        if seen:
            with reading(self.center.engine) as connection:
                records = _records(connection)
            for entity, pk, meeting in sorted(seen):
                if not visible(records, unit, entity, pk, meeting):
                    raise Broken(f"told to {unit}, which may not see it: {entity} {pk}")

    async def calm(self) -> None:
        """No more bad luck: everything comes to everybody, and nothing is missing, doubled, wrong or another's."""
        self.start_center()
        self.machine.luck = None
        for terminal in self.terminals:
            terminal.luck = None
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
        self.check_calm()

    def image(self) -> str:
        """A digest of the center's log and records."""
        assert self.center is not None
        with reading(self.center.engine) as connection:
            log = [tuple(row) for row in connection.execute(SELECT_CHANGES)]
            return hashlib.sha256(repr((log, sorted(_records(connection).items()))).encode()).hexdigest()

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

    def check_calm(self) -> None:
        assert self.center is not None
        with reading(self.center.engine) as connection:
            log = [change_of(tuple(row)) for row in connection.execute(SELECT_CHANGES)]
            records = _records(connection)
            conflicts = _conflicts(connection)
        self._check_once(log)
        self._check_writers(log, records)
        self._check_merge(log, records, conflicts)
        for terminal in self.terminals:
            self._check_terminal(terminal, {each.change_id for each in log}, records, conflicts)

    def _check_once(self, log: list[Change]) -> None:
        """Everything that was acknowledged or is at its writer's is at the center, once."""
        said: Counter[tuple[str, str, str]] = Counter()
        for each in log:
            if each.payload is not None and each.op == "put" and each.terminal in self.devices:
                said[each.entity, each.pk, repr(sorted(open_payload(each.payload).fields.items()))] += 1
        for what, count in said.items():
            if count > 1:
                raise Broken(f"at the center {count} times: {what}")
        held = {each.change_id: each for each in log}
        for change_id, text in self.written.items():
            each = held.get(change_id)
            if each is not None and each.payload is not None and text.encode() not in each.payload:
                raise Broken(f"not what was written: {change_id} was to say {text}")
        for each in log:
            if each.payload is not None and each.op == "put" and each.change_id not in self.settled:
                for name, bases in open_payload(each.payload).bases.items():
                    if len(bases) > 1:
                        raise Broken(f"a conflict was settled by nobody: {each.entity} {name} {each.change_id}")

    def _check_writers(self, log: list[Change], records: "Shown") -> None:
        """Nobody wrote into another unit's records, but the convener into those of its meeting."""
        for each in log:
            if each.verdict != "applied" or each.terminal not in self.devices or (each.entity, each.pk) in self.erased:
                continue
            unit, row = self.devices[DeviceId(each.terminal)].unit_path, records.get((each.entity, each.pk))
            if row is None or each.entity not in ("meeting", "sign_in", "opinion"):
                continue
            of = records.get(("meeting", row["meeting"]), row)
            if not model.in_charge(unit, row["owner"]) and of["owner"] != unit:
                raise Broken(f"{unit} wrote into a record of {row['owner']}: {each.entity} {each.pk}")

    def _check_merge(self, log: list[Change], records: "Shown", conflicts: "Marks") -> None:
        """The center's records are what the applied changes make, and every conflict is shown as one."""
        of_record: dict[tuple[str, str], list[Change]] = {}
        for each in log:
            if each.verdict == "applied":
                of_record.setdefault((each.entity, each.pk), []).append(each)
        if extra := set(records) - set(of_record):
            raise Broken(f"records of nothing: {sorted(extra)[:3]}")
        for key, changes in of_record.items():
            if key in self.erased:
                continue
            told = model.merged(ENTITIES[key[0]], changes)
            shown = records.get(key)
            if shown is None:
                raise Broken(f"not projected: {key}")
            if (shown["fields"], shown["retracted"]) != (told.fields, told.retracted):
                raise Broken(f"{key} is shown as {shown}, and should be {told}")
            marked = {name: frozenset(heads) for (*_, name), heads in conflicts.items() if (*_,) == key}
            if marked != {name: told.heads[name] for name in told.conflicts}:
                raise Broken(f"{key} shows the conflicts {marked}, and has {told}")

    def _check_terminal(self, terminal: Terminal, at_center: set[str], records: "Shown", conflicts: "Marks") -> None:
        """A terminal shows what it may see as the center does, and nothing else."""
        assert terminal.store is not None
        assert self.center is not None
        with reading(terminal.store.engine) as connection, reading(self.center.engine) as above:
            log = [change_of(tuple(row)) for row in connection.execute(SELECT_CHANGES)]
            shown, marks = _records(connection), _conflicts(connection)
            own = {each.change_id for each in log if each.terminal == terminal.identity.device}
            if lost := own - at_center:
                raise Broken(f"{terminal.unit} has, and the center has not: {sorted(lost)}")
            held = {(each.entity, each.pk) for each in log if each.terminal in own or each.verdict == "held"}
            held |= {(each.entity, each.pk) for each in log if each.verdict == "applied" and each.reason}
            for each in log:
                if (
                    each.reason != CENTER_LACKS
                    and each.terminal != terminal.identity.device
                    and not visible(records, terminal.unit, each.entity, each.pk, each.meeting)
                ):
                    raise Broken(f"{terminal.unit} keeps what it may not see: {each.entity} {each.pk}")
            wanted = {key: row for key, row in records.items() if visible(records, terminal.unit, *key, row["meeting"])}
            for key in {*wanted, *shown} - held:
                if wanted.get(key) != shown.get(key):
                    raise Broken(f"{terminal.unit} shows {key} as {shown.get(key)}, the center as {wanted.get(key)}")
                here = {name: heads for (*at, name), heads in marks.items() if tuple(at) == key}
                there = {name: heads for (*at, name), heads in conflicts.items() if tuple(at) == key}
                if here != there:
                    raise Broken(f"{terminal.unit} has the conflicts {here} of {key}, the center {there}")
                if key[0] == "minutes" and _text(connection, key[1]) != _text(above, key[1]):
                    raise Broken(f"{terminal.unit} reads other minutes than the center: {key[1]}")


Shown = dict[tuple[str, str], dict[str, Any]]
Marks = dict[tuple[str, str, str], list[str]]


def visible(records: Shown, unit: str, entity: str, pk: str, meeting: str) -> bool:
    """Whether the model lets a unit see a record, as the center's records are now."""
    if entity not in ENTITIES:
        return False
    row = records.get((entity, pk))
    of = records.get(("meeting", meeting or (row["meeting"] if row else "")))
    owner = row["owner"] if row else ""
    if entity in model.CONVENERS and of is not None:
        owner = of["owner"]
    return row is not None and model.may_see(unit, entity, owner, of["fields"] if of else None)


def _text(connection: sa.Connection, pk: str) -> str:
    state = document_state(connection, pk)[0]
    return "" if state is None else MinutesDocument.from_updates([state]).sha256()


def _records(connection: sa.Connection) -> Shown:
    return {
        (row.entity, row.pk): {
            "fields": from_json(row.fields),
            "clocks": from_json(row.clocks),
            "retracted": bool(row.retracted),
            "meeting": row.meeting,
            "owner": row.owner_path,
            "person": row.person,
        }
        for row in connection.execute(sa.select(record))
    }


def _conflicts(connection: sa.Connection) -> Marks:
    rows = connection.execute(sa.select(conflict))
    return {(row.entity, row.pk, row.field): from_json(row.heads) for row in rows}


def _ids(store: Store) -> dict[str, str]:
    with reading(store.engine) as connection:
        rows = connection.execute(sa.select(change.c.change_id, change.c.terminal))
        return {row.change_id: row.terminal for row in rows}


def _acknowledged(store: Store, device: str) -> list[str]:
    """The own changes that this store takes for received."""
    with reading(store.engine) as connection:
        head = connection.execute(sa.select(origin).where(origin.c.terminal == device)).one()
        pending = sa.and_(change.c.epoch == head.epoch, change.c.seq > head.acknowledged)
        mine = sa.select(change.c.change_id).where(change.c.terminal == device, sa.not_(pending))
        return list(connection.execute(mine).scalars())


def _empty_store(path: Path) -> None:
    engine = store_engine(path, STORE_KEY)
    upgrade(engine)
    engine.dispose()


def _renew_feed(path: Path) -> None:
    """What restoring a center does besides putting back its file: its numbering is another one."""
    engine = store_engine(path, STORE_KEY)
    with engine.begin() as connection:
        connection.execute(property_.delete().where(property_.c.name == "feed"))
    engine.dispose()


__all__ = ["Broken", "HostFault", "PeerFault", "Province", "Terminal", "Write", "seeded", "uuid7"]
