"""The simulated center: its store while it runs, its disk for ever, and what it answers to whom."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from desktop_app.domain.clock import stamp, unix_ms
from desktop_app.domain.ids import DeviceId
from sync.blobs.routes import routes as blob_routes
from sync.blobs.store import BlobStore
from sync.blobs.uploads import Quota, Uploads
from sync.center import routes as center_routes
from sync.center.restoration import begin_anew
from sync.center.store import CenterStore
from tests.simulation.machines import BLOB_KEY, Identity, Killed, Machine, MachineClock
from tests.simulation.promises import Broken, check_always, check_scope
from tests.simulation.shown import ids_of

if TYPE_CHECKING:
    from tests.simulation.world import Province


class Center(Machine):
    """See the module."""

    def __init__(self, province: "Province", folder: Path, identity: Identity, clock: MachineClock) -> None:
        super().__init__(folder, province.templates[CenterStore.STORE_FILE], CenterStore.STORE_FILE)
        self._province = province
        self.identity, self.clock = identity, clock
        self.store: CenterStore | None = None
        self.uploads: Uploads | None = None
        self._down: asyncio.Future[None] = province.loop.create_future()

    def start(self) -> None:
        """Switch it on; nothing where it runs."""
        if self.store is not None:
            return
        try:
            with self.perils(CenterStore):
                self.store = CenterStore.open(
                    self.folder, identity=self.identity, clock=self.clock, devices=self._province.devices.get
                )
        except Killed:
            self._province.counts["center died in its opening"] += 1
            return
        self._down = self._province.loop.create_future()
        self.uploads = Uploads(self.store.engine, BlobStore(self.folder, BLOB_KEY), self.clock, Quota(reserve=0))
        self.uploads.tidy()
        self._province.relocate()
        self.watch(self.store)
        health = Route("/healthz", self._healthz)
        blobs = blob_routes(self.uploads, self.clock)
        self._app = Starlette(routes=[health, *center_routes.routes(self.store), *blobs])

    async def _healthz(self, _request: object) -> JSONResponse:
        return JSONResponse({"now": stamp(self.clock.now())})

    def stop(self) -> None:
        """The power goes, if it has not gone yet."""
        if self.store is None:
            return
        self.keep_disk()
        self.luck = None
        if self.uploads is not None:
            self.uploads.close()
        self.bury(self.store)
        self.store = self.uploads = None
        if not self._down.done():
            self._down.set_result(None)

    def restore(self) -> bool:
        """Exchange it for its last backup; False where there is none."""
        while self.store is None:
            self.start()
        province = self._province
        check_always(province)
        before = set(ids_of(self.store))
        self.stop()
        found = self.put_back()
        if found:
            province.restored = True
            begin_anew(self.folder / CenterStore.STORE_FILE, self.identity, self._key_of, unix_ms(self.clock.now()))
        while self.store is None:
            self.start()
        province.forgotten |= before - set(ids_of(self.store))
        return found

    def _key_of(self, device: str) -> bytes | None:
        known = self._province.devices.get(DeviceId(device))
        return self.identity.public_key if known is None else known.public_key

    # Its door

    async def carry(self, request: httpx.Request, body: bytes) -> httpx.Response:
        """What it answers, as long as it lives."""
        if self.store is None or self.dead:
            raise httpx.ConnectError("nobody there", request=request)
        down = self._down
        answering = asyncio.get_running_loop().create_task(self._ask(request, body))
        await asyncio.wait({answering, down}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            answering.cancel()
            raise httpx.ReadError("it died", request=request)
        error = answering.exception()
        if isinstance(error, Killed):
            raise httpx.ReadError("it died", request=request)
        response = answering.result()
        if self.dead:
            raise httpx.ReadError("it died", request=request)
        check_scope(self._province, request, response)
        return response

    async def _ask(self, request: httpx.Request, body: bytes) -> httpx.Response:
        sent: list[dict[str, Any]] = []
        bodies = [{"type": "http.request", "body": body, "more_body": False}]
        device = request.headers.get("sim-device", "")

        async def receive() -> dict[str, Any]:
            if bodies:
                return bodies.pop()
            await asyncio.get_running_loop().create_future()
            raise Broken("nobody hangs up here")

        async def send(message: Any) -> None:
            sent.append(message)

        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
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
            scope["principal"] = self._province.principal(DeviceId(device))
        await self._app(scope, receive, send)
        content = b"".join(each.get("body", b"") for each in sent[1:])
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content)
