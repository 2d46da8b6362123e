"""One meeting as the center holds it: the log, the state, who listens. Stores before it tells anybody.

All commands of a meeting pass through one task in the order of their arrival, so that two of them never decide on the
same state. A caller that gives up waiting does not stop a command that has begun.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from desktop_app.domain.clock import Clock, moment, stamp
from desktop_app.domain.faults import Fault, HostFault, PeerFault
from desktop_app.domain.ids import DeviceId, MeetingId, UnitPath
from desktop_app.domain.principal import Actor
from media.engine.trouble import Trouble
from media.meeting.apply import apply
from media.meeting.case import Case
from media.meeting.commands import Command, Join, Leave, Tick
from media.meeting.decide import CENTER, Refusal, Rules, SiteActor, decide
from media.meeting.events import SiteJoined, StoredEvent, log_mark
from media.meeting.health import Health, WeakLines
from media.meeting.model import MeetingPhase, MeetingState
from media.meeting.seams import EventStore, MeetingDirectory, MeetingPlan
from media.meeting.wire import write_message, write_state, write_stored

log = logging.getLogger(__name__)

_T = TypeVar("_T")

SILENT_AFTER = 4.0
"""Seconds without a word after which a site counts as lost: all are told within 5 s, of ten at once too. A terminal
gives its link up after 3."""
EVENTS_AT_ONCE = 48 * 1024
"""Bytes of one message with events."""
RETURN_AFTER_RESTART = 10.0
"""Seconds a site has to come back after the center itself was away."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state as it travels: the JSON text of what the events up to `seq` made, and the log's mark there."""

    seq: int
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class _Job:
    actors: Sequence[SiteActor]
    command: Command
    command_id: str
    done: asyncio.Future[Refusal | int]


class Room:
    """The authority over one meeting. Used on the center's loop only."""

    def __init__(
        self,
        meeting: MeetingId,
        *,
        store: EventStore,
        directory: MeetingDirectory,
        clock: Clock,
        rules: Rules,
        disk: Executor,
    ) -> None:
        self.meeting = meeting
        self.state = MeetingState(meeting)
        self.lines: list[str] = []
        """The log as it is sent: the wire text of event n is `lines[n - 1]`."""
        self.idle_since = clock.monotonic()
        self._marks = [""]
        self._sizes: list[int] = []
        self._parcel: tuple[int, int, str, int] | None = None
        self._snapshot: Snapshot | None = None
        self._names: dict[UnitPath, str] = {}
        self._plan: MeetingPlan | None = None
        self._answered: set[tuple[UnitPath, str]] = set()
        self._last_at: datetime | None = None
        self._heard: dict[UnitPath, float] = {}
        self.healths: dict[UnitPath, Health] = {}
        """What each site last said of itself with a ping, and whether its line is called weak."""
        self._weak = WeakLines()
        self._troubles: Mapping[UnitPath, Trouble] = {}
        self._troubled: set[UnitPath] = set()
        """Whoever was named once, so that it is told, too, when it is over."""
        self._listeners: list[Callable[[], None]] = []
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._store, self._directory, self._clock, self._rules, self._disk = store, directory, clock, rules, disk
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Rebuild the state from the log; sites that were in have `RETURN_AFTER_RESTART` seconds to come back."""
        self._take_in(await self._on_disk(self._store.load, self.meeting, 0))
        head_start = self._clock.monotonic() + RETURN_AFTER_RESTART - SILENT_AFTER
        present = (*self.state.sites.values(), *self.state.lobby.values())
        self._heard = {site.unit_path: head_start for site in present if site.online}
        self._task = asyncio.create_task(self._work(), name=f"meeting {self.meeting}")

    async def close(self) -> None:
        """Stop taking commands. A command being stored is finished first."""
        if self._task is not None:
            await self._jobs.join()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def refresh_plan(self) -> None:
        """Take over what the records say of the meeting: all of it before it opens, guests and agenda later too."""
        if self.state.phase is MeetingPhase.ENDED:
            return
        plan: MeetingPlan | None = await self._on_disk(self._directory.find, self.meeting)
        if plan is None or plan is self._plan:
            return
        self._names = dict(plan.names)
        answer = await self.do(CENTER, plan.schedule)
        if isinstance(answer, Refusal):
            log.warning("meeting %s runs already and keeps its host and mode (%s)", self.meeting, answer.id)
        self._plan = plan

    async def do(self, actor: SiteActor, command: Command, command_id: str = "") -> Refusal | int:
        """The sequence number up to which the command is in the log, or why it was refused.

        Raises HostFault("log-not-stored") where the disk cannot keep it; then nothing has happened.
        """
        return await self._do((actor,), command, command_id)

    async def _do(self, actors: Sequence[SiteActor], command: Command, command_id: str = "") -> Refusal | int:
        done: asyncio.Future[Refusal | int] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait(_Job(actors, command, command_id, done))
        return await done

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every stored event; returns what ends it."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
                self.idle_since = self._clock.monotonic()

        return stop

    def admits(self, actor: SiteActor) -> bool:
        """Whether this meeting exists for this site at all, before it opens and after it ended too."""
        case = Case(self.state, actor, self._now(), self._rules)
        return self.state.phase is not MeetingPhase.NONE and case.is_invited

    def is_operated_by(self, actor: SiteActor) -> bool:
        """Whether this is a provincial operator of the host's own province."""
        return Case(self.state, actor, self._now(), self._rules).is_provincial

    def knows(self, since: int, mark: str | None) -> bool:
        """Whether a client's history up to `since` is this log's; without a mark only the length tells."""
        return since < len(self._marks) and (mark is None or mark == self._marks[since])

    def removal(self, actor: SiteActor) -> PeerFault | None:
        """Why this site gets nothing of the meeting, where the chair removed it."""
        removal = self.state.removal(actor.unit_path)
        return None if removal is None else PeerFault("site-removed", reason=removal.reason)

    def parcel(self, told: int) -> tuple[str, int]:
        """The message with the events after `told`, and up to which it goes; made once for all who need the same."""
        head = len(self.lines)
        if self._parcel is None or self._parcel[:2] != (told, head):
            end, size = told, 0
            while end < head and (end == told or size + self._sizes[end] <= EVENTS_AT_ONCE):
                size += self._sizes[end]
                end += 1
            text = f'{{"events":[{",".join(self.lines[told:end])}],"t":"events"}}'
            self._parcel = (told, head, text, end)
        return self._parcel[2:]

    def snapshot(self) -> "Snapshot":
        """The state as it is now, to be sent instead of a long history; made once for all who need the same."""
        if self._snapshot is None or self._snapshot.seq != self.state.seq:
            text = write_message(write_state(self.state))
            self._snapshot = Snapshot(self.state.seq, self._marks[-1], text)
        return self._snapshot

    def heard(self, actor: SiteActor) -> None:
        """The site said something."""
        site = self.state.sites.get(actor.unit_path) or self.state.lobby.get(actor.unit_path)
        if site is not None and site.device == actor.device:
            self._heard[actor.unit_path] = self._clock.monotonic()

    def told_health(self, actor: SiteActor, health: Health) -> None:
        """A site that is in said how it is."""
        site = self.state.sites.get(actor.unit_path)
        if site is not None and site.online and site.device == actor.device:
            weak = self._weak.judge(actor.unit_path, health, self._clock.monotonic())
            self.healths[actor.unit_path] = replace(health, weak=weak, trouble=Trouble.NONE)

    def told_troubles(self, troubles: Mapping[UnitPath, Trouble]) -> None:
        """The sites that the engine limits or never saw, all of them."""
        for path in troubles:
            self.healths.setdefault(path, Health())  # of a terminal that says nothing of itself, too
        self._troubled |= troubles.keys()
        self._troubles = troubles

    def healths_for(self, actor: SiteActor) -> dict[UnitPath, Health]:
        """Of whom this site may know it: the chair and those above it of all, a sub-chair of the sites under it.

        Of itself every site knows why it is limited, and when that is over.
        """
        case, own = Case(self.state, actor, self._now(), self._rules), actor.unit_path
        if not case.is_joined:
            return {}
        told = {own: Health(trouble=self._troubles.get(own, Trouble.NONE))} if own in self._troubled else {}
        if case.conducts or case.is_sub_chair:
            told |= {path: one for path, one in self.online_healths().items() if case.leads(path)}
        return told

    def online_healths(self) -> dict[UnitPath, Health]:
        """Of the sites that are in."""
        sites = self.state.sites
        found = {path: one for path, one in self.healths.items() if path in sites and sites[path].online}
        named = {path: trouble for path, trouble in self._troubles.items() if path in found}
        return found | {path: replace(found[path], trouble=trouble) for path, trouble in named.items()}

    def grant_delay(self, seconds: float) -> None:
        """The center itself was stuck this long, so nobody's silence is counted against him."""
        self._heard = {path: heard + seconds for path, heard in self._heard.items()}

    async def sweep(self) -> None:
        """Let time do its work: silent sites are lost, all at once, and graces run out."""
        silent_since = self._clock.monotonic() - SILENT_AFTER
        silent = [
            SiteActor(path, site.device, center=True)
            for path, site in (*self.state.sites.items(), *self.state.lobby.items())
            if site.online and self._heard.get(path, 0.0) <= silent_since
        ]
        if silent:
            await self._do(silent, Leave(lost=True))
        if decide(self.state, Tick(), CENTER, self._now(), self._rules):
            await self.do(CENTER, Tick())

    def _now(self) -> datetime:
        """The clock as the log keeps it: whole milliseconds, and never before the last event."""
        now = moment(stamp(self._clock.now()))
        return now if self._last_at is None else max(now, self._last_at)

    async def _on_disk(self, fn: Callable[..., _T], *args: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, fn, *args)

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                answer = await self._perform(job)
            except Fault as fault:
                if not job.done.cancelled():
                    job.done.set_exception(fault)
            except Exception as bug:
                log.exception("a command of meeting %s failed", self.meeting)
                if not job.done.cancelled():
                    job.done.set_exception(HostFault("log-not-stored", why=type(bug).__name__))
            else:
                if not job.done.cancelled():
                    job.done.set_result(answer)
            finally:
                self._jobs.task_done()

    async def _perform(self, job: _Job) -> Refusal | int:
        """One command, of one actor or of several one after the other; what comes of it is stored together."""
        command, state = job.command, self.state
        stored: list[StoredEvent] = []
        refusal: Refusal | None = None
        for actor in job.actors:
            if job.command_id and (actor.unit_path, job.command_id) in self._answered:
                return self.state.seq
            if isinstance(command, Join):
                command = replace(command, site_name=self._names.get(actor.unit_path, command.site_name))
            decision = decide(state, command, actor, self._now(), self._rules, self.healths)
            if isinstance(decision, Refusal):
                refusal = decision
                continue
            by = UnitPath("") if actor.center else actor.unit_path
            for event in decision:
                state = apply(state, event)
                stored.append(StoredEvent(state.seq, event, job.command_id, by))
        if refusal is not None and not stored:
            return refusal
        if stored:
            first = job.actors[0]
            author = Actor(first.person, DeviceId("") if first.center else first.device)
            await self._keep(stored[0].seq, stored, author)
        for line in stored:
            if isinstance(line.event, SiteJoined):  # who is let in from the lobby has been silent here
                self._heard[line.event.unit_path] = self._clock.monotonic()
        if isinstance(command, Join):
            for actor in job.actors:
                self.heard(actor)
        return self.state.seq

    async def _keep(self, first: int, stored: Sequence[StoredEvent], actor: Actor) -> None:
        try:
            await self._on_disk(self._store.append, self.meeting, first, stored, actor)
        except Exception as err:
            log.exception("the log of meeting %s could not be stored", self.meeting)
            # Nobody can say from here whether it is on the disk: what the disk says is the truth.
            kept = await self._on_disk(self._store.load, self.meeting, self.state.seq)
            self._take_in(kept)
            if not kept:
                raise err if isinstance(err, HostFault) else HostFault("log-not-stored") from err
            return
        self._take_in(stored)

    def _take_in(self, stored: Sequence[StoredEvent]) -> None:
        for line in stored:
            self.state = apply(self.state, line.event)
            text = write_message(write_stored(line))
            self.lines.append(text)
            self._sizes.append(len(text.encode()))
            self._marks.append(log_mark(self._marks[-1], text))
            self._last_at = line.event.at
            if line.command_id:
                self._answered.add((line.by, line.command_id))
        for listener in list(self._listeners):
            listener()


def grace_rules(seconds: float) -> Rules:
    """Rules with this grace for an absent chair or speaker."""
    return Rules(grace=timedelta(seconds=seconds))
