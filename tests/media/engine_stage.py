"""An engine as a process that can be killed, the center's end of it, and terminals in one of its rooms."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import httpx
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from bench.link import Link
from desktop_app.domain.ids import DeviceId, MeetingId, UnitPath
from desktop_app.domain.principal import Principal
from media.engine.hub_engine import HubEngine
from media.engine.janus_engine import JanusEngine
from media.engine.room import RoomEngine
from media.engine.trial import MediaTrials
from media.sdp import read_description, write_description
from tests.media.janus_rig import Janus
from tests.media.rig import MEETING, CableSignal, EngineSignal, Terminal, TwoWay, until
from tests.media.test_hub_process import Launcher


class Engine(RoomEngine, Protocol):
    async def open(self) -> None: ...

    async def close(self) -> None: ...

    @property
    def connected(self) -> bool: ...

    async def adopted(self) -> list[MeetingId]: ...


class Stage(Protocol):
    """An engine's process, and the center's end of it."""

    def center(self) -> Engine: ...

    async def kill(self) -> None: ...

    async def start(self) -> None: ...

    async def end(self) -> None: ...


class HubStage:
    def __init__(self, folder: Path) -> None:
        self.launcher = Launcher(folder)

    def center(self) -> HubEngine:
        return self.launcher.engine()

    async def start(self) -> None:
        self.launcher.settings.announce.unlink(missing_ok=True)
        await self.launcher.start()

    async def kill(self) -> None:
        self.launcher.started[-1].kill()
        await self.launcher.started[-1].wait()

    async def end(self) -> None:
        await self.launcher.end()


class JanusStage:
    def __init__(self, folder: Path) -> None:
        self.janus = Janus(folder)

    def center(self) -> JanusEngine:
        return self.janus.engine(remembers=True)

    async def start(self) -> None:
        await self.janus.start()

    async def kill(self) -> None:
        await self.janus.kill()

    async def end(self) -> None:
        await self.janus.kill()


class Meeting:
    """Terminals in one room of an engine."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.engine = stage.center()
        self.terminals: list[Terminal] = []
        self._cables: list[CableSignal] = []

    async def open(self) -> None:
        await self.stage.start()
        await self.engine.open()
        await until(lambda: self.engine.connected)
        await self.engine.create_room(MEETING)

    async def join(self, *names: str, silent_after: float = 3.0) -> list[Terminal]:
        return [
            await self._joined(EngineSignal(self.engine, UnitPath(name)), UnitPath(name), silent_after)
            for name in names
        ]

    async def join_by_cable(self, name: str) -> tuple[Terminal, CableSignal]:
        signal = CableSignal(self.engine, UnitPath(name))
        self._cables.append(signal)
        return await self._joined(signal, UnitPath(name), 1.6), signal

    async def _joined(self, signal: EngineSignal, site: UnitPath, silent_after: float) -> Terminal:
        terminal = Terminal(site, signal, silent_after=silent_after)
        await terminal.media.start()
        self.terminals.append(terminal)
        return terminal

    async def talk(self) -> tuple[Terminal, CableSignal, TwoWay]:
        """One behind a cable and one beside the engine see and hear each other."""
        far, cable = await self.join_by_cable("a/")
        (near,) = await self.join("b/", silent_after=1.6)
        talk = TwoWay(far, near)
        await self.engine.set_on_air(MEETING, frozenset({far.site, near.site}))
        for here, there in talk.ways:
            here.see(there)
            here.media.set_speakers(frozenset({there.site}))
            here.media.set_on_air(True)
        await talk.is_back()
        return far, cable, talk

    async def replace_center(self) -> None:
        """The center ends without a word to its engine, and comes back."""
        for terminal in self.terminals:
            terminal.signal.broken = True
        await self.engine.close()
        self.engine = self.stage.center()
        await self.engine.open()
        await until(lambda: self.engine.connected)
        for terminal in self.terminals:
            assert isinstance(terminal.signal, EngineSignal)
            terminal.signal.engine = self.engine
            terminal.signal.broken = False

    async def put_on_air(self, speaker: Terminal) -> None:
        await self.engine.set_on_air(MEETING, frozenset({speaker.site}))
        for terminal in self.terminals:
            if terminal is not speaker:
                terminal.media.set_speakers(frozenset({speaker.site}))
        speaker.media.set_on_air(True)

    async def gone(self, terminal: Terminal) -> None:
        """Wait until the engine knows that this one no longer publishes."""
        async with asyncio.timeout(10):
            while terminal.site in (await self.engine.stats(MEETING))["publishers"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        for terminal in self.terminals:
            await terminal.media.stop()
        for cable in self._cables:
            cable.close()
        with contextlib.suppress(Exception):
            await self.engine.close()


class TrialCenter:
    """A center's trial over HTTP. Where it `blocks`, a line that is cut stands before the engine."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.blocks = False
        self.links: list[Link] = []

    async def ask(self, offer: str) -> tuple[str, None]:
        answer = (await self.client.post("/v1/media-trial", json={"sdp": offer})).json()["sdp"]
        if self.blocks:
            link, description = Link(), read_description(answer)
            self.links.append(link)
            number = await link.open(description.candidates[0])
            link.cut = True
            answer = write_description(replace(description, candidates=(("127.0.0.1", number),)))
        return answer, None


@contextlib.asynccontextmanager
async def center_with(trials: MediaTrials) -> AsyncIterator[TrialCenter]:
    app = Starlette(routes=trials.routes())

    async def with_principal(scope: Scope, receive: Receive, send: Send) -> None:
        principal = Principal(DeviceId("d" * 32), UnitPath("100000/440000/"))
        await app({**scope, "principal": principal}, receive, send)

    transport = httpx.ASGITransport(with_principal)
    async with httpx.AsyncClient(transport=transport, base_url="http://center") as client:
        center = TrialCenter(client)
        yield center
        for link in center.links:
            link.close()
