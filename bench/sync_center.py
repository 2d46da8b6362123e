"""The center's lanes in a process of their own, for the benchmark: `python -m bench.sync_center FOLDER PORT DATABASE`.

Batches and receipts are signed and verified as always. There is no TLS and no signature on the request itself: the
peer has neither.
"""

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import DeviceId, UnitPath
from desktop_app.domain.principal import Principal
from sync.center.routes import routes
from sync.center.store import CenterStore
from sync.identity.device import DeviceIdentity, DeviceKey

UNIT = UnitPath("100000/440000/441300/441323/")
CENTER = DeviceKey(bytes(32))
PROVINCE = UnitPath("100000/440000/")


def terminal(number: int) -> DeviceIdentity:
    """The terminals that this center knows."""
    return DeviceIdentity(DeviceKey(number.to_bytes(32, "big")), UNIT, CENTER.id, CENTER.public, "", "")


def center(folder: Path, database: str = "") -> CenterStore:
    known = {each.device: each for each in map(terminal, range(1, 200))}
    identity = DeviceIdentity.of_center(CENTER, unit_path=PROVINCE, ca_pem="", url="")
    return CenterStore.open(folder, identity=identity, clock=SystemClock(), devices=known.get, database=database)


def app(store: CenterStore) -> ASGIApp:
    inner = Starlette(routes=list(routes(store)))

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            device = dict(scope["headers"]).get(b"bench-device", b"").decode()
            scope["principal"] = Principal(DeviceId(device), UNIT)
        await inner(scope, receive, send)

    return named


if __name__ == "__main__":
    uvicorn.run(
        app(center(Path(sys.argv[1]), sys.argv[3] if len(sys.argv) > 3 else "")),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_level="warning",
    )
