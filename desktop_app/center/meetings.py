"""The meetings of a center, put together: control over the records, its projector, and the media engine."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from starlette.routing import BaseRoute

from desktop_app.center.duty import DutyBook, DutyLane
from desktop_app.center.line_book import LineBook
from desktop_app.center.meeting_log import RecordsDirectory, RecordsLog
from desktop_app.center.projector import Projector, ProjectorLane
from desktop_app.center.recordings import Recordings
from desktop_app.domain.clock import Clock
from desktop_app.domain.ids import DeviceId
from media.engine.room import RoomEngine
from media.engine.trial import MediaTrials
from media.meeting.room import grace_rules
from media.meeting.seals import CenterSigner
from media.meeting.server import MeetingServer
from media.transport.relay import RelayDesk
from sync.center.store import CenterStore


class CenterMeetings:
    """Mount `routes()` behind the authentication, and keep `running()` open while the center serves."""

    def __init__(
        self,
        store: CenterStore,
        engine: RoomEngine,
        signer: CenterSigner,
        clock: Clock,
        *,
        relays: RelayDesk | None = None,
        recordings: Recordings | None = None,
        grace_seconds: float = 180.0,
        revoked: Callable[[], frozenset[DeviceId]] = frozenset,
    ) -> None:
        self._lane = ProjectorLane(Projector(store))
        self._duty = DutyLane(DutyBook(store), store)
        self._directory = RecordsDirectory(store)
        self._recordings = recordings
        self._lines = LineBook(store, clock)
        self._trials = MediaTrials(engine, relays, clock)
        self.server = MeetingServer(
            store=RecordsLog(store, self._lane.poke),
            directory=self._directory,
            engine=engine,
            signer=signer,
            relays=relays,
            tapes=recordings,
            lines=self._lines,
            clock=clock,
            rules=grace_rules(grace_seconds),
            revoked=revoked,
        )

    def routes(self) -> list[BaseRoute]:
        return [*self.server.routes(), *self._trials.routes()]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """First the records catch up with the logs, then the meetings that were running are taken up again."""
        lane = self._lane.running()
        await asyncio.to_thread(lane.__enter__)
        try:
            recordings = contextlib.nullcontext() if self._recordings is None else self._recordings.running()
            with (
                self._directory.watch(self.server.plan_changed),
                self._duty.running(),
                self._lines.running(),
                recordings,
            ):
                async with self.server.running():
                    yield
        finally:
            await asyncio.to_thread(lane.__exit__, None, None, None)
