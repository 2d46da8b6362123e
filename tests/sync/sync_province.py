"""A province on one desk: a center and terminals with real stores, keys and clocks that the test owns."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from desktop_app.domain.clock import stamp, unix_ms
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath, uuid7
from desktop_app.domain.principal import Actor, Principal
from sync.center.routes import routes
from sync.center.store import CenterStore
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.store import cipher
from sync.store.store import Store
from sync.terminal.records import Records, Write

PROVINCE = UnitPath("100000/440000/")
HUIZHOU = UnitPath("100000/440000/441300/")
HUIDONG = UnitPath("100000/440000/441300/441323/")
BOLUO = UnitPath("100000/440000/441300/441322/")
SHANWEI = UnitPath("100000/440000/441500/")
NATION = UnitPath("100000/")


class TestClock:
    """Time that stands still until it is told to go on."""

    __test__ = False

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def go_on(self, **by: float) -> None:
        self.time += timedelta(**by)


def opened_file(store: Store, file: str = "") -> Any:
    """A store's file, opened beside the program by somebody who has its key."""
    return cipher.connect(store.folder / (file or store.STORE_FILE), store.identity.store_key)


@dataclass
class KnownDevice:
    public_key: bytes
    unit_path: UnitPath


@dataclass
class Province:
    """The center, its terminals, and what a person would do by hand."""

    folder: Path
    clock: TestClock
    database: str = ""
    """The center's, where it is not a file."""
    devices: dict[DeviceId, KnownDevice] = field(default_factory=dict)
    opened: list[Callable[[], None]] = field(default_factory=list)
    center: CenterStore = field(init=False)

    def __post_init__(self) -> None:
        self.key = DeviceKey.generate()
        self.identity = DeviceIdentity.of_center(self.key, unit_path=PROVINCE, ca_pem="", url="")
        self.open_center()

    @property
    def actor(self) -> Actor:
        return Actor(PersonId(""), self.key.id)

    def open_center(self) -> CenterStore:
        self.center = CenterStore.open(
            self.folder / "center",
            identity=self.identity,
            clock=self.clock,
            devices=self.devices.get,
            database=self.database,
        )
        self.opened.append(self.center.close)
        return self.center

    def enrol(self, unit_path: UnitPath) -> DeviceIdentity:
        key = DeviceKey.generate()
        self.devices[key.id] = KnownDevice(key.public, unit_path)
        return DeviceIdentity(key, unit_path, self.key.id, self.key.public, "", "")

    def terminal(self, unit_path: UnitPath, *, clock: TestClock | None = None) -> Records:
        return self.open_terminal(self.enrol(unit_path), clock=clock)

    def open_terminal(
        self, identity: DeviceIdentity, *, folder: Path | None = None, clock: TestClock | None = None
    ) -> Records:
        where = folder or self.folder / identity.device
        records = Records.open(where, identity=identity, clock=clock or self.clock)
        records.act_as(PersonId(f"person of {identity.unit_path}"))
        self.opened.append(records.close)
        return records

    def push(self, terminal: Records) -> int:
        """Push until everything is acknowledged; how many batches it took."""
        batches = 0
        while (batch := terminal.next_batch()) is not None:
            terminal.acknowledge(self.center.receive(terminal.device, batch))
            batches += 1
        return batches

    def push_on(self, terminal: Records) -> None:
        """Push as the lanes do: where the center stands elsewhere, go on from there."""
        while True:
            try:
                self.push(terminal)
                return
            except PeerFault as refused:
                if refused.id not in ("chain-fork", "chain-gap"):
                    raise
                at = refused.values
                terminal.go_on_from(at["epoch"], at["seq"], bytes.fromhex(at["head_hash"]))

    def pull(self, terminal: Records, limit: int = 1000) -> int:
        """Pull until there is no more; how many changes came."""
        principal = Principal(terminal.device, terminal.unit_path)
        came = 0
        while True:
            at = terminal.pull_position()
            raw = self.center.page(principal, at.cursor, limit, known_feed=at.feed, own_head=(at.epoch, at.seq))
            page = terminal.take_page(raw)
            came += len(page.changes())
            if not page.more:
                return came

    def sync(self, *terminals: Records) -> None:
        for terminal in terminals:
            self.push(terminal)
        for terminal in terminals:
            self.pull(terminal)

    def meeting(self, terminal: Records, *invited: UnitPath, title: str = "协商会") -> str:
        pk = uuid7(unix_ms(self.clock.now()))
        fields = {"title": title, "convener_unit": terminal.unit_path, "invited": list(invited), "state": "planned"}
        terminal.write(Write("meeting", pk, fields))
        return pk

    def sign_in(self, terminal: Records, meeting: str, member: str) -> str:
        pk = uuid7(unix_ms(self.clock.now()))
        signature = {
            "meeting": meeting,
            "member": member,
            "member_name": f"委员{member}",
            "site": terminal.unit_path,
            "status": "present",
            "method": "manual",
            "signed_at": stamp(self.clock.now()),
        }
        terminal.write(Write("sign_in", pk, signature))
        return pk

    def account(self, terminal: Records, *roles: str) -> None:
        """The center makes an account for whoever sits at this terminal."""
        fields = {"unit_path": terminal.unit_path, "name": "操作员", "roles": list(roles), "is_active": True}
        self.center.append(Write("operator", terminal.person, fields), actor=self.actor)

    def routes(self) -> list[Route]:
        """What the center answers."""
        return routes(self.center)

    def app(self) -> ASGIApp:
        """The center's lanes as an application; the device is named by a header instead of a signature."""

        async def healthz(_request: object) -> JSONResponse:
            return JSONResponse({"now": stamp(self.clock.now())})

        inner = Starlette(routes=[Route("/healthz", healthz), *self.routes()])

        async def authenticated(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"] != "/healthz":
                device = DeviceId(dict(scope["headers"])[b"test-device"].decode())
                scope["principal"] = Principal(device, self.devices[device].unit_path)
            await inner(scope, receive, send)

        return authenticated


class HeaderSigner:
    """Names the device where the real one signs."""

    def __init__(self, device: DeviceId) -> None:
        self._device = device

    def headers(self, method: str, target: str, body: bytes = b"", *, now: datetime) -> dict[str, str]:
        return {"test-device": self._device}


class Line(httpx.AsyncBaseTransport):
    """The network between a terminal and the center's application, as bad as a test wants it."""

    def __init__(self, app: Callable[[], ASGIApp]) -> None:
        self._app = app
        self.cut = False
        self.lose_answers = 0
        """The next so many pushes arrive, and their answers do not."""
        self.pushes = 0
        self.healed = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            await self.healed.wait()
            raise httpx.ReadTimeout("silence", request=request)
        response = await httpx.ASGITransport(app=self._app()).handle_async_request(request)
        body = await response.aread()
        if request.method == "POST":
            self.pushes += 1
            if self.lose_answers > 0:
                self.lose_answers -= 1
                raise httpx.ReadTimeout("the answer was lost", request=request)
        return httpx.Response(response.status_code, headers=response.headers, content=body)

    async def aclose(self) -> None:
        self.healed.set()
