"""A center that runs in this process, and one request to it as ASGI sees it."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from desktop_app.center.app import Center
from desktop_app.center.authentication import Authentication
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath
from desktop_app.domain.principal import Actor, Role
from desktop_app.settings import load_settings
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.keystore import Stretch, open_keystore
from sync.identity.registry import Device
from sync.log.write import Write

HUIDONG, BOLUO = UnitPath("100000/440000/441300/441323/"), UnitPath("100000/440000/441300/441322/")
PERSON = PersonId("0190a8f0-0000-7000-8000-000000000001")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class HandClock:
    def __init__(self) -> None:
        self.at = NOON
        self.elapsed = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.elapsed


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def id(self) -> str:
        """The stable id of a refusal."""
        return str(json.loads(self.body)["id"])


class OpenCenter:
    """A whole center without its server: nothing listens, and no hub is started."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        keys = open_keystore(folder, passphrase="center phrase", stretch=Stretch(1, 64, 1))
        settings = load_settings(folder / "none.toml", {}, {"center.folder": str(folder)})
        self.center = Center.open(folder, keys, settings, self.clock)
        self.registry = self.center.keys.registry

    def enrolled(self, unit: UnitPath = HUIDONG, person: str = PERSON) -> DeviceIdentity:
        key, center = DeviceKey.generate(), self.center.keys.identity
        self.registry.add(Device(key.id, key.public, unit, "a terminal", self.clock.at))
        fields = {"unit_path": unit, "name": "惠东操作员", "roles": [Role.HOST], "is_active": True}
        self.center.store.append(Write("operator", person, fields), actor=Actor(PersonId(""), center.device))
        return DeviceIdentity(key, unit, center.device, center.public_key, "", "")

    def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"", *, pieces: int = 1
    ) -> Answer:
        """One request (`WS` for a WebSocket's handshake), and what came back before the body of a socket."""
        return asyncio.run(self._ask(method, target, headers, body, pieces))

    async def _ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes, pieces: int) -> Answer:
        socket = method == "WS"
        scope = _scope(method, target, headers)
        size = -(-len(body) // pieces) or 1
        parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
        incoming: list[dict[str, Any]] = (
            [{"type": "websocket.connect"}]
            if socket
            else [
                {"type": "http.request", "body": part, "more_body": number < len(parts)}
                for number, part in enumerate(parts, start=1)
            ]
        )
        incoming.append({"type": "websocket.disconnect", "code": 1000} if socket else {"type": "http.disconnect"})
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return incoming.pop(0) if len(incoming) > 1 else incoming[0]

        async def send(message: Any) -> None:
            sent.append(message)

        await self.center.app(scope, receive, send)
        if sent[0]["type"] == "websocket.accept":
            return Answer(101, b"")
        whole = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(int(sent[0]["status"]), whole)

    def hold_socket(self, target: str, headers: Mapping[str, str], meanwhile: Callable[[], None]) -> list[str]:
        """A socket behind the center's gate, held open while something happens, then a word; what was sent on it."""

        async def echo(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] != "websocket.disconnect":
                if message["type"] == "websocket.receive":
                    await send({"type": "websocket.send", "text": "heard"})

        async def held() -> list[str]:
            sent: list[str] = []
            incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            for message in ({"type": "websocket.connect"}, {"type": "websocket.receive", "text": "one"}):
                incoming.put_nowait(message)
            answered = asyncio.Event()

            async def send(message: Any) -> None:
                sent.append(f"{message['type']} {message.get('reason') or ''}".strip())
                if message["type"] == "websocket.send":
                    answered.set()

            gate = Authentication(
                echo, verifier=self.center.verifier, clock=self.clock, was_revoked=self.registry.was_revoked
            )
            serving = asyncio.ensure_future(gate(_scope("WS", target, headers), incoming.get, send))
            await asyncio.wait_for(answered.wait(), 5)
            meanwhile()
            incoming.put_nowait({"type": "websocket.receive", "text": "two"})
            incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
            await asyncio.wait_for(serving, 5)
            return sent

        return asyncio.run(held())

    def close(self) -> None:
        self.center.close()


def _scope(method: str, target: str, headers: Mapping[str, str]) -> dict[str, Any]:
    path, _, query = target.partition("?")
    socket = method == "WS"
    return {
        "type": "websocket" if socket else "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "wss" if socket else "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8443),
        "extensions": {"websocket.http.response": {}},
    }


def other_device() -> DeviceId:
    return DeviceKey.generate().id
