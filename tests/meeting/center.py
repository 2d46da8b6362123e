"""A center with meetings, real WebSockets over uvicorn on loopback; its log and its engine belong to the test."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect

from desktop_app.center.meetings import CenterMeetings
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import HostFault, PeerFault
from desktop_app.domain.ids import DeviceId, MeetingId, PersonId, UnitPath
from desktop_app.domain.principal import Actor, Principal, Role
from media.engine.layers import FULL_HEIGHT, Demand, Layer, demands
from media.engine.trouble import Behaviour
from media.meeting import commands as cmd
from media.meeting.commands import Command
from media.meeting.decide import Rules
from media.meeting.events import StoredEvent
from media.meeting.link import Connect, dialer
from media.meeting.seams import MeetingPlan
from media.meeting.server import MeetingServer
from media.meeting.wire import write_command
from tests.meeting.rooms import CENTER_SIGNER, MEETING, NAMES, device_of, schedule

PATIENCE = 15.0


async def until(holds: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until it holds."""
    async with asyncio.timeout(seconds):
        while not (value := holds()):  # noqa: ASYNC110 - what it waits for belongs to other parts
            await asyncio.sleep(0.005)
        return value


class DiskOfTheTest:
    """An event store whose disk may fill up, and that remembers what was on it at each moment."""

    def __init__(self) -> None:
        self.lines: dict[str, list[StoredEvent]] = {}
        self.is_full = False
        self.fails_after_commit = False
        self.actors: list[Actor] = []

    def append(self, meeting: MeetingId, first_seq: int, events: Sequence[StoredEvent], actor: Actor) -> None:
        log = self.lines.setdefault(meeting, [])
        if self.is_full:
            raise HostFault("disk-full")
        assert first_seq == len(log) + 1
        assert [line.seq for line in events] == list(range(first_seq, first_seq + len(events)))
        log.extend(events)
        self.actors.append(actor)
        if self.fails_after_commit:
            self.fails_after_commit = False
            raise HostFault("disk-gone")

    def load(self, meeting: MeetingId, since: int = 0) -> list[StoredEvent]:
        return list(self.lines.get(meeting, []))[since:]


class DirectoryOfTheTest:
    def __init__(self, plan: MeetingPlan | None = None) -> None:
        asked = schedule()
        self.plans = {
            MEETING: plan
            or MeetingPlan(MEETING, asked.title, asked.mode, asked.host, asked.invited, asked.agenda, NAMES)
        }
        self.open: list[MeetingId] = []

    def find(self, meeting: MeetingId) -> MeetingPlan | None:
        return self.plans.get(meeting)

    def open_meetings(self) -> list[MeetingId]:
        return self.open


class EngineOfTheTest:
    """Writes down what it is asked; may be away."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.on_air: frozenset[UnitPath] = frozenset()
        self.shown: dict[UnitPath, int] = {}
        self.found: dict[UnitPath, Behaviour] | None = None
        """What it tells of the sites; None: all that are asked for are connected, and nothing is wrong."""
        self.is_away = False

    def _note(self, *call: Any) -> None:
        if self.is_away:
            raise HostFault("hub-unreachable")
        self.calls.append(call)

    async def create_room(self, meeting: MeetingId) -> None:
        self._note("create_room")

    async def close_room(self, meeting: MeetingId) -> None:
        self._note("close_room")

    async def publish(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        if offer == "nonsense":
            raise PeerFault("sdp-unreadable")
        self._note("publish", site)
        return "answer to " + offer

    async def subscribe(self, meeting: MeetingId, site: UnitPath, offer: str) -> str:
        self._note("subscribe", site)
        return "answer to " + offer

    async def switch(
        self, meeting: MeetingId, site: UnitPath, slot: str, source: UnitPath | None, height: int = FULL_HEIGHT
    ) -> None:
        self._note("switch", site, slot, source)
        if source is not None:
            self.shown = {source: height}

    async def offer_layers(self, meeting: MeetingId, site: UnitPath, layers: frozenset[Layer]) -> None:
        self._note("offer_layers", site, layers)

    async def demand(self, meeting: MeetingId) -> Mapping[UnitPath, Demand]:
        return demands(self.shown.items())

    async def pause(self, meeting: MeetingId, site: UnitPath, slot: str, paused: bool) -> None:
        self._note("pause", site, slot, paused)

    async def keyframe(self, meeting: MeetingId, site: UnitPath) -> None:
        self._note("keyframe", site)

    async def set_on_air(self, meeting: MeetingId, sites: frozenset[UnitPath]) -> None:
        self._note("set_on_air", sites)
        self.on_air = sites

    async def leave(self, meeting: MeetingId, site: UnitPath) -> None:
        self._note("leave", site)

    async def behaviours(self, meeting: MeetingId) -> Mapping[UnitPath, Behaviour]:
        if self.is_away:
            raise HostFault("hub-unreachable")
        return {unit: Behaviour(True, True) for unit in NAMES} if self.found is None else self.found

    async def stats(self, meeting: MeetingId) -> dict[str, Any]:
        return {}


class _Knows:
    """Stands where the authentication stands: takes the site from a header of the test."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            unit = UnitPath(headers["x-unit"])
            roles = frozenset({Role.PROVINCIAL_OPERATOR} if "x-provincial" in headers else ())
            device = device_of(unit, spare="x-spare" in headers)
            person = PersonId(headers.get("x-person", "person-of-" + unit))
            scope["principal"] = Principal(device, unit, person, roles=roles)
        await self._app(scope, receive, send)


def _listen(port: int) -> socket.socket:
    """A listening socket whose connections buffer little, so that a client that does not read shows soon."""
    listening = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio turns Nagle off only where it knows that it is TCP
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    listening.bind(("127.0.0.1", port))
    listening.listen(64)
    return listening


class Center:
    """One center; `start` after `stop` is the same center again on the same disk."""

    def __init__(self) -> None:
        self.disk, self.directory, self.engine = DiskOfTheTest(), DirectoryOfTheTest(), EngineOfTheTest()
        self._socket = _listen(0)
        self.port: int = self._socket.getsockname()[1]
        self.rules = Rules()
        self.revoked: frozenset[DeviceId] = frozenset()

    @property
    def log(self) -> list[StoredEvent]:
        return self.disk.lines.get(MEETING, [])

    def make(self) -> MeetingServer | CenterMeetings:
        """What is mounted; a center over real records overrides it."""
        self.meetings = MeetingServer(
            store=self.disk,
            directory=self.directory,
            engine=self.engine,
            signer=CENTER_SIGNER,
            clock=SystemClock(),
            rules=self.rules,
            revoked=lambda: self.revoked,
        )
        return self.meetings

    async def start(self) -> None:
        mounted = self.make()

        @contextlib.asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            async with mounted.running():
                yield

        app = _Knows(Starlette(routes=mounted.routes(), lifespan=lifespan))
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, ws_max_size=1 << 18)
        config.load()
        self._uvicorn = uvicorn.Server(config)
        self._uvicorn.lifespan = config.lifespan_class(config)
        if self._socket.fileno() < 0:
            self._socket = _listen(self.port)
        await self._uvicorn.startup(sockets=[self._socket])

    async def stop(self) -> None:
        if self._socket.fileno() >= 0:
            await asyncio.wait_for(self._uvicorn.shutdown(sockets=[self._socket]), PATIENCE)
            self._socket.close()

    def url(self, meeting: str = MEETING) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/meetings/{meeting}"

    def dial(self, unit: UnitPath, *, port: int | None = None, **headers: str) -> Connect:
        url = self.url() if port is None else self.url().replace(str(self.port), str(port))
        return dialer(url, tls=None, server_name="silian-center", headers=lambda: {"x-unit": unit, **headers})

    @contextlib.asynccontextmanager
    async def raw(self, unit: UnitPath, meeting: str = MEETING, **headers: str) -> AsyncIterator["RawSocket"]:
        """A socket without any manners, as a stranger's program would have it."""
        known = {name.replace("_", "-"): value for name, value in headers.items()}
        plain = socket.create_connection(("127.0.0.1", self.port))
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        plain.setblocking(False)
        async with connect(
            self.url(meeting),
            sock=plain,
            additional_headers={"x-unit": unit, **known},
            compression=None,
            close_timeout=1,
        ) as connection:
            yield RawSocket(connection)


class RawSocket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.events: list[dict[str, Any]] = []
        self._number = 0

    async def say(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str) else json.dumps(message))

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this kind; events on the way are kept."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = json.loads(await self.connection.recv())
                if message["t"] == "events":
                    self.events += message["events"]
                if message["t"] == kind:
                    return message

    async def hello(self, since: int = 0, **more: Any) -> dict[str, Any]:
        await self.say({"t": "hello", "since": since, **more})
        return await self.hear("welcome")

    async def enter(self, name: str = "") -> None:
        """Say hello and join."""
        await self.hello()
        await self.command(cmd.Join(name))

    async def command(self, command: Command, command_id: str = "") -> dict[str, Any]:
        self._number += 1
        await self.say(
            {"t": "command", "id": command_id or f"c{id(self)}-{self._number}", "command": write_command(command)}
        )
        return await self.hear("result")
