"""Other people's software at the doors: who may come in, and a real browser that publishes and watches."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import PersonId, UnitPath
from desktop_app.domain.principal import Principal, Role
from media.doors.routes import Doors
from media.doors.tokens import DoorRole, DoorTokens
from media.engine.room import MediaEngine
from media.meeting.commands import Join
from media.meeting.server import MeetingServer
from tests.media.engine_stage import HubStage, JanusStage, Stage
from tests.media.janus_rig import needs_janus, own_network
from tests.media.rig import MEETING, EngineSignal, Terminal, until
from tests.meeting.center import DirectoryOfTheTest, DiskOfTheTest
from tests.meeting.rooms import AGENDA, BOLUO, CENTER_SIGNER, HUIDONG, NAMES, PROVINCE, at, device_of, schedule

PAGE = Path(__file__).with_name("door_page.html")
KEY = b"k" * 32
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STUDIO = PROVINCE
"""The unit whose studio comes in by WHIP; HUIDONG is the host."""
FLAGS = """
--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync
--disable-component-update --use-fake-ui-for-media-stream --use-fake-device-for-media-stream
--allow-loopback-in-peer-connection --autoplay-policy=no-user-gesture-required --disable-dev-shm-usage
"""
needs_chromium = pytest.mark.skipif(
    shutil.which("chromium") is None or sys.platform != "linux",
    reason="chromium is not installed (sh installer/setup.sh test, as root)",
)


class Knows:
    """Stands where the authentication stands."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            unit = UnitPath(headers.get(b"x-unit", b"").decode())
            if unit:
                roles = frozenset({Role(headers.get(b"x-role", b"host").decode())})
                scope["principal"] = Principal(device_of(unit), unit, PersonId("p"), roles=roles)
        await self._app(scope, receive, send)


class House:
    """A center with doors, without its gate: an open meeting over a real engine, and a page that a browser may open."""

    def __init__(self, engine: MediaEngine) -> None:
        self.engine = engine
        self.told: list[dict[str, Any]] = []
        self.order = ""
        asked = schedule(host=HUIDONG)
        directory = DirectoryOfTheTest()
        plan = directory.plans.popitem()[1]
        directory.plans[MEETING] = type(plan)(
            MEETING, asked.title, asked.mode, asked.host, asked.invited, AGENDA, NAMES
        )
        self.meetings = MeetingServer(
            store=DiskOfTheTest(), directory=directory, engine=engine, signer=CENTER_SIGNER, clock=SystemClock()
        )
        self.doors = Doors(self.meetings, engine, KEY, SystemClock())
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def open(self) -> None:
        async def told(request: Request) -> PlainTextResponse:
            self.told.append(json.loads(await request.body()))
            return PlainTextResponse(self.order)

        async def page(_: Request) -> FileResponse:
            return FileResponse(PAGE)

        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            async with self.meetings.running(), self.doors.running():
                yield

        routes = [*self.doors.routes(), Route("/page", page), Route("/told", told, methods=["POST"])]
        config = uvicorn.Config(Knows(Starlette(routes=routes, lifespan=lifespan)), log_level="error")
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=[self._socket])
        self.room, _ = await self.meetings.entrance(MEETING)
        await self.room.do(at(HUIDONG), Join(NAMES[HUIDONG]))
        self._host = asyncio.ensure_future(self._host_stays())

    async def _host_stays(self) -> None:
        while True:
            self.room.heard(at(HUIDONG))
            await asyncio.sleep(0.5)

    async def close(self) -> None:
        self._host.cancel()
        await self._server.shutdown(sockets=[self._socket])
        self._socket.close()

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.request(method, self.url + path, **more)

    async def token(self, role: str, unit: UnitPath = HUIDONG, **more: Any) -> str:
        body = {"role": role, "unit_path": STUDIO, **more}
        answer = await self.ask("POST", f"/v1/meetings/{MEETING}/doors", json=body, headers={"x-unit": unit})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    def step(self, name: str) -> list[dict[str, Any]]:
        return [each for each in self.told if each["step"] == name]


class NoEngine:
    """An engine that nobody gets to."""

    async def leave(self, *_: object) -> None: ...

    async def create_room(self, *_: object) -> None: ...

    async def set_on_air(self, *_: object) -> None: ...


@pytest.fixture
async def empty_house() -> AsyncIterator[House]:
    house = House(NoEngine())  # type: ignore[arg-type]
    await house.open()
    yield house
    await house.close()


def test_a_token_opens_its_own_door_until_its_hour_and_nothing_else():
    tokens = DoorTokens(KEY)
    token = tokens.issue(MEETING, DoorRole.STUDIO, STUDIO, NOON + timedelta(minutes=5))
    grant = tokens.read(token, DoorRole.STUDIO, NOON)
    assert (grant.meeting, grant.role, grant.unit_path) == (MEETING, DoorRole.STUDIO, STUDIO)
    refused = {
        "door-token-elsewhere": (tokens, token, DoorRole.OBSERVER, NOON),
        "door-token-expired": (tokens, token, DoorRole.STUDIO, NOON + timedelta(minutes=5)),
        "door-token-invalid": (DoorTokens(b"another"), token, DoorRole.STUDIO, NOON),
    }
    for fault, (book, given, role, now) in refused.items():
        with pytest.raises(PeerFault) as caught:
            book.read(given, role, now)
        assert caught.value.id == fault
    for wrong in ("", ".", "a.b", token[:-1], "x" + token, token.replace(".", ".."), "é" * 10, "a" * 5000):
        with pytest.raises(PeerFault) as caught:
            tokens.read(wrong, DoorRole.STUDIO, NOON)
        assert caught.value.id == "door-token-invalid"


async def test_only_who_conducts_the_meeting_opens_its_doors(empty_house: House):
    path = f"/v1/meetings/{MEETING}/doors"

    async def refusal(unit: UnitPath, **body: Any) -> tuple[int, str]:
        headers = {"x-unit": unit, "x-role": body.pop("who", "host")}
        answer = await empty_house.ask("POST", path, json=body, headers=headers)
        return answer.status_code, answer.json()["id"]

    assert await refusal(BOLUO, role="observer") == (403, "door-not-yours")
    assert await refusal(HUIDONG, role="observer", who="clerk") == (403, "door-not-yours")
    assert (await refusal(UnitPath("100000/450000/"), role="observer"))[1] == "meeting-unknown"
    elsewhere = await refusal(UnitPath("100000/450000/"), role="observer", who="provincial_operator")
    assert elsewhere == (404, "meeting-unknown"), "an operator conducts what the own province holds"
    assert (await refusal(HUIDONG, role="king"))[1] == "field-invalid"
    assert (await refusal(HUIDONG, role="observer", minutes=0))[1] == "field-invalid"
    assert (await refusal(HUIDONG, role="studio", unit_path="100000/450000/"))[1] == "not-invited"


async def test_what_must_not_get_through_a_door_is_refused_by_name(empty_house: House):
    whip, whep = await empty_house.token("studio"), await empty_house.token("observer")
    sdp = {"Content-Type": "application/sdp"}

    async def knock(method: str, path: str, token: str = "", **more: Any) -> tuple[int, str]:
        headers = {**sdp, **more.pop("headers", {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = await empty_house.ask(method, path, headers=headers, **more)
        return answer.status_code, answer.json()["id"]

    assert await knock("POST", "/v1/whip") == (401, "door-token-missing")
    assert await knock("POST", "/v1/whip", "made.up") == (401, "door-token-invalid")
    assert await knock("POST", "/v1/whip", whep) == (403, "door-token-elsewhere")
    assert await knock("POST", "/v1/whep", whip) == (403, "door-token-elsewhere")
    assert await knock("POST", "/v1/whip", whip, headers={"Content-Type": "text/html"}) == (415, "door-offer-type")
    assert await knock("POST", "/v1/whip", whip, content=b"v=0") == (400, "sdp-unsupported")
    assert await knock("PATCH", "/v1/whip", whip) == (405, "door-trickle")
    assert await knock("DELETE", "/v1/whip?session=none", whip) == (404, "door-session-unknown")
    assert STUDIO not in empty_house.room.state.sites
    preflight = await empty_house.ask("OPTIONS", "/v1/whip")
    assert (preflight.status_code, preflight.headers["accept-post"]) == (204, "application/sdp")


@contextlib.contextmanager
def browser(url: str, folder: Path, *more: str) -> Iterator[None]:
    """A headless Chromium with a fake camera and microphone, which it also uses on loopback; `more` are its flags."""
    flags = [*FLAGS.split(), *more]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with (folder / "chromium.log").open("wb") as log:
        child = subprocess.Popen(
            ["chromium", *flags, f"--user-data-dir={folder / 'profile'}", url],
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
        try:
            yield
        finally:
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


async def play(stage: Stage, folder: Path) -> None:
    """A browser publishes as the province's studio and watches the host, whose terminal sees the studio."""
    await stage.start()
    engine = stage.center()
    await engine.open()
    await until(lambda: engine.connected)
    house = House(engine)  # type: ignore[arg-type]
    await house.open()
    host = Terminal(HUIDONG, EngineSignal(engine, HUIDONG))
    try:
        await engine.create_room(MEETING)
        await host.media.start()
        host.media.source(STUDIO).want(320, 180)
        host.media.show([STUDIO])
        host.media.set_on_air(True)
        whip, whep = await house.token("studio"), await house.token("observer")
        with browser(f"{house.url}/page?whip={whip}&whep={whep}", folder):
            await until(lambda: house.step("failed") or host.media.source(STUDIO).latest() is not None, within=30)
            assert not house.step("failed"), house.step("failed")
            assert house.room.state.sites[STUDIO].name == NAMES[STUDIO]
            await until(lambda: host.media.stats().sites[STUDIO].frames > 25)
            await until(lambda: house.step("seen")[-1:] and house.step("seen")[-1]["frames"] > 25, within=20)
            await until(lambda: house.step("seen")[-1]["sound"] > 25)
            assert house.step("seen")[-1]["width"] == 640
            assert house.room.state.sites[STUDIO].online
            house.order = "leave"
            await until(lambda: bool(house.step("left")), within=20)
            assert house.step("left")[0]["status"] == 200
            assert not house.room.state.sites[STUDIO].online
    finally:
        await host.media.stop()
        await house.close()
        await engine.close()


@needs_chromium
@pytest.mark.processes
async def test_a_browser_joins_by_whip_and_watches_by_whep_over_the_hub(tmp_path: Path):
    stage = HubStage(tmp_path)
    try:
        await play(stage, tmp_path)
    finally:
        await stage.end()


@needs_chromium
@needs_janus
@pytest.mark.processes
async def test_a_browser_joins_by_whip_and_watches_by_whep_over_janus(tmp_path: Path):
    with own_network("10.77.0.1"):
        stage = JanusStage(tmp_path)
        try:
            await play(stage, tmp_path)
        finally:
            await stage.end()
