"""A center that enrols, and terminals that want to be enrolled."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette

from desktop_app.domain.faults import Fault
from desktop_app.domain.ids import DeviceId, UnitPath, derived_id
from desktop_app.domain.principal import Role
from sync.identity.activation import CodeBook
from sync.identity.authority import Authority
from sync.identity.device import DeviceKey, is_enrolled
from sync.identity.enrolment import Enrolled, enrol
from sync.identity.enrolment_desk import EnrolmentDesk
from sync.identity.keystore import KeyStore, Stretch, open_keystore
from sync.identity.registry import Registry

HUIDONG, BOLUO = UnitPath("100000/440000/441300/441323/"), UnitPath("100000/440000/441300/441322/")
CHEAP = Stretch(1, 64, 1)


class HandClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
        self.elapsed = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.elapsed


class BookOffice:
    """An office that keeps its people in a dictionary."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.places: dict[UnitPath, UnitPath] = {}
        """Where units are now that were moved."""

    def unit(self, unit_path: UnitPath) -> Mapping[str, Any]:
        return {"pk": "441323", "name": "惠东县政协", "unit_path": self.places.get(unit_path, unit_path)}

    def operators(self, unit_path: UnitPath) -> list[Mapping[str, Any]]:
        return [row for row in self.people.values() if row["unit_path"] == unit_path]

    def admit(self, unit_path: UnitPath, name: str, roles: frozenset[Role], device: DeviceId) -> str:
        pk = derived_id("operator", unit_path, name)
        self.people[pk] = {
            "pk": pk,
            "name": name,
            "unit_path": unit_path,
            "roles": sorted(roles),
            "is_active": True,
        }
        return pk


@contextmanager
def serving(app: Any, context: ssl.SSLContext) -> Iterator[str]:
    """An ASGI app behind TLS on a free port, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="off")
    config.load()
    config.ssl = context
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class Stage:
    """One server for the whole module; what it serves changes from test to test."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.app: Any = None
        self.url = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def authority_in(folder: Path) -> Authority:
    return Authority.open(folder, open_keystore(folder, passphrase="center phrase", stretch=CHEAP))


class Center:
    """The parts of a center that enrol."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.clock = HandClock()
        self.authority = authority
        self.key = DeviceKey.generate()
        self.registry = Registry(folder, self.key.derive("store"))
        self.codes = CodeBook(self.registry, self.key)
        self.office = BookOffice()
        self.desk = EnrolmentDesk(
            self.registry,
            self.codes,
            key=self.key,
            ca_pem=self.authority.ca_pem,
            office=self.office,
            clock=self.clock,
        )
        self.app = Starlette(routes=self.desk.routes())
        self.url = ""

    def code(self, unit: UnitPath = HUIDONG, lifetime: timedelta = timedelta(days=3)) -> str:
        return str(self.codes.issue(unit, frozenset({Role.HOST, Role.CLERK}), self.clock.at, lifetime))


class Terminal:
    """A machine that wants to enrol; its clock may be off."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys: KeyStore = open_keystore(folder, passphrase="terminal phrase", stretch=CHEAP)
        self.clock = HandClock()

    def enrol(self, url: str, code: str, name: str = "惠东操作员") -> Enrolled:
        return enrol(url, code, self.folder, keys=self.keys, person_name=name, clock=self.clock)

    def refusal(self, url: str, code: str) -> Fault:
        with pytest.raises(Fault) as caught:
            self.enrol(url, code)
        assert not is_enrolled(self.folder)
        return caught.value


def question(code: str, key: DeviceKey) -> dict[str, Any]:
    """What a terminal with this key asks first: it names the code by its public part alone."""
    return {
        "version": 1,
        "locator": code[:4],
        "device_key": base64.b64encode(key.public).decode(),
        "nonce": base64.b64encode(bytes(32)).decode(),
    }
