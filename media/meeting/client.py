"""The terminal's side of a meeting: it stays connected by itself and knows the state, resumed by sequence number.

A link that silently discards everything (no FIN, no RST) is noticed within 4 s by unanswered pings. A command that was
sent and not answered before the link went is sent again with the same id, so that it happens once.
"""

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from desktop_app.domain.clock import Clock, moment
from desktop_app.domain.faults import Fault, OperatorError, PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from desktop_app.domain.limits import CONTROL_MESSAGE
from media.engine.layers import Demand
from media.meeting.apply import apply
from media.meeting.commands import Command, Join, Leave
from media.meeting.events import Event, log_mark
from media.meeting.health import Health
from media.meeting.link import Connect, Connection, Retry, reach
from media.meeting.model import MeetingPhase, MeetingState
from media.meeting.wire import (
    PING,
    read_healths,
    read_message,
    read_number,
    read_raw_text,
    read_seq,
    read_state,
    read_stored,
    read_text,
    write_command,
    write_health,
    write_message,
)

log = logging.getLogger(__name__)

SNAPSHOT_PARTS = 1_000


class ClientListener(Protocol):
    """Told on the client's loop."""

    def on_state(self, state: MeetingState, event: Event | None) -> None:
        """After each event; with None after a catch-up of any length."""
        ...

    def on_link(self, online: bool) -> None:
        """The center is heard and the state is current, or nothing is heard any more."""
        ...

    def on_fault(self, fault: Fault) -> None:
        """Joining was refused, or the center refuses to talk; the client goes on trying where that can help."""
        ...


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds."""

    ping_every: float = 1.0
    say_every: float = 2.0
    """How often a ping says how the room is: the center tells whoever conducts no more often."""
    silent_after: float = 3.0
    look_every: float = 0.25
    patience: float = 10.0
    """How long a command waits for its answer, reconnections included."""
    retry: Retry = Retry()
    rejoin: float = 3.0


class MeetingClient:
    """One site's place in one meeting. Everything runs on the loop that runs `run`."""

    def __init__(
        self,
        *,
        meeting_id: MeetingId,
        site_name: str,
        connect: Connect,
        listener: ClientListener,
        clock: Clock,
        jitter: Random,
        timings: Timings | None = None,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        on_demand: Callable[[Demand], None] = lambda demand: None,
    ) -> None:
        """`on_demand`: what the other sites show of this one's picture now."""
        self.state = MeetingState(meeting_id)
        self.online = False
        self._meeting, self._site_name = meeting_id, site_name
        self._connect, self._listener, self._clock, self._jitter = connect, listener, clock, jitter
        self._timings, self._new_id, self._on_demand = timings or Timings(), new_id, on_demand
        self._mark = ""
        self._parts: list[str] = []
        self._offset = timedelta()
        self._pending: dict[str, tuple[str, asyncio.Future[None]]] = {}
        self._asked: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._unasked: dict[str, str] = {}
        """Questions to the media engine that wait until this site has joined over the link in use."""
        self._link: Connection | None = None
        self._head = 0
        self._heard = 0.0
        self._joining: asyncio.Task[None] | None = None
        self._site = UnitPath("")
        self._left = False
        self._may_speak = False
        self._last_fault = ""
        self._pinged_at: float | None = None
        self.round_trip_ms = 0
        """Of the last ping that was answered; 0 before the first."""
        self.own_health: Callable[[], Health] = Health
        """What is said of this room with each ping."""
        self.healths: dict[UnitPath, Health] = {}
        """How the others are, where this site conducts; a new mapping with each news."""

    def now(self) -> datetime:
        """The center's time as far as it is known here; turns and agenda items are measured by it."""
        return self._clock.now() + self._offset

    async def run(self) -> None:
        """Stay in the meeting until cancelled or `leave` was called."""
        try:
            while not self._left:
                try:
                    link = await reach(self._connect, self._timings.retry, self._jitter)
                except Fault as fault:
                    self._tell_fault(fault)
                    await asyncio.sleep(self._timings.retry.most)
                    continue
                try:
                    await self._serve(link)
                except ConnectionError as err:
                    log.info("the link to meeting %s is gone: %s", self._meeting, err)
                except Fault as fault:
                    self._tell_fault(fault)
                    await asyncio.sleep(self._timings.retry.most * self._jitter.uniform(0.7, 1.0))
                finally:
                    self._lose_link()
                    link.abort()
        finally:
            if self._joining is not None:
                self._joining.cancel()

    async def send(self, command: Command) -> None:
        """Have the meeting follow a command. Raises OperatorError with the refusal's id, or `center-silent` after
        `patience`; whether the center still follows it then shows in the state."""
        command_id = self._new_id()
        text = write_message({"t": "command", "id": command_id, "command": write_command(command)})
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending[command_id] = (text, done)
        try:
            async with asyncio.timeout(self._timings.patience):
                if self._link is not None and (self._may_speak or (self.online and isinstance(command, Join))):
                    with contextlib.suppress(ConnectionError):
                        await self._link.send(text)
                await done
        except TimeoutError:
            raise OperatorError("center-silent") from None
        finally:
            self._pending.pop(command_id, None)

    async def ask_media(self, op: str, **fields: Any) -> Mapping[str, Any]:
        """One question to the media engine through the center, asked as soon as this site has joined.

        Raises ConnectionError where control is away or does not answer, PeerFault where the engine refuses.
        """
        link = self._link
        if link is None or not self.online:
            raise ConnectionError("control is away")
        ask_id = self._new_id()
        done: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[ask_id] = done
        try:
            text = write_message({"t": "media", "id": ask_id, "op": op, **fields})
            async with asyncio.timeout(self._timings.patience):
                if self._may_speak:
                    await link.send(text)
                else:
                    self._unasked[ask_id] = text
                return await done
        except TimeoutError:
            raise ConnectionError("the media engine does not answer") from None
        finally:
            self._asked.pop(ask_id, None)
            self._unasked.pop(ask_id, None)

    async def leave(self) -> None:
        """Leave on purpose: tell the center if it can be heard, and end `run`."""
        self._left = True
        if self._joining is not None:
            self._joining.cancel()
        if self.online and self._link is not None:
            with contextlib.suppress(Fault, TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.send(Leave())
        if self._link is not None:
            await self._link.close()

    def dial_again(self) -> None:
        """Go on over a new connection. The center asks each one who sits here: somebody else does now."""
        link = self._link
        if link is not None:
            self._lose_link()
            link.abort()

    async def _serve(self, link: Connection) -> None:
        self._link, self._heard = link, self._clock.monotonic()
        self._head = -1
        self._parts = []
        hello = {"t": "hello", "since": self.state.seq, "mark": self._mark, "snapshot": True}
        await link.send(write_message(hello))
        watching = asyncio.create_task(self._watch(link))
        try:
            while True:
                text = await link.receive()
                self._heard = self._clock.monotonic()
                self._take(read_message(text, limit=1 << 20))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, link: Connection) -> None:
        """Ping, and give the link up when nothing at all comes back."""
        timings = self._timings
        looked = pinged = self._clock.monotonic()
        said = float("-inf")
        while True:
            await asyncio.sleep(timings.look_every)
            now = self._clock.monotonic()
            if now - looked > timings.silent_after / 2:  # this loop itself was stuck: hear first what has come
                self._heard = max(self._heard, now - timings.silent_after / 2)
            looked = now
            if now - self._heard >= timings.silent_after:
                log.info("nothing heard in meeting %s for %.1f s", self._meeting, now - self._heard)
                self._lose_link()
                link.abort()
                return
            if now - pinged >= timings.ping_every:
                pinged = now
                if self._pinged_at is None:  # else the one before is not answered yet, and its trip goes on
                    self._pinged_at = now
                ping = PING
                if now - said >= timings.say_every:
                    said = now
                    health = replace(self.own_health(), delay_ms=self.round_trip_ms)
                    ping = write_message({"t": "ping", "health": write_health(health)})
                try:
                    async with asyncio.timeout(timings.look_every):
                        await link.send(ping)
                except (TimeoutError, ConnectionError):
                    continue

    def _lose_link(self) -> None:
        self._link = self._pinged_at = None
        self._may_speak = False
        self.healths = {}
        self._unasked.clear()
        for done in self._asked.values():
            if not done.done():
                done.set_exception(ConnectionError("control is away"))
        if self.online:
            self.online = False
            self._listener.on_link(False)

    def _tell_fault(self, fault: Fault) -> None:
        """Told once, not at every attempt."""
        if fault.id != self._last_fault:
            self._last_fault = fault.id
            self._listener.on_fault(fault)

    # what the center says

    def _take(self, message: dict[str, Any]) -> None:
        match message["t"]:
            case "welcome":
                since = read_number(message.get("since"), high=1 << 53)
                self._head = read_number(message.get("head"), high=1 << 53)
                self._learn_time(message)
                if since != self.state.seq:
                    self._start_over()
                self._site = UnitPath(read_text(message.get("site", ""), 40))
                if self._head <= self.state.seq:
                    self._caught_up()
            case "snapshot":
                self._take_snapshot(message)
            case "events":
                self._take_events(message.get("events"))
            case "result":
                self._take_result(message)
            case "media":
                self._take_media(message)
            case "demand":
                main = read_number(message.get("main"), low=0, high=1 << 16)
                self._on_demand(Demand(main, message.get("thumb") is True))
            case "pong":
                if self._pinged_at is not None:
                    trip = round((self._clock.monotonic() - self._pinged_at) * 1000)
                    self.round_trip_ms, self._pinged_at = max(1, min(trip, 60_000)), None
                self._learn_time(message)
            case "health":
                self.healths = {**self.healths, **read_healths(message.get("sites"))}
            case "fault":
                fault = PeerFault(read_text(message.get("id")))
                if fault.id in _ENDINGS:
                    raise fault
                self._tell_fault(fault)

    def _take_events(self, events: object) -> None:
        if not isinstance(events, list) or self._head < 0:
            raise PeerFault("message-unreadable")
        for value in events:
            event = self._take_event(value)
            if self.state.seq > self._head and self.online:
                self._listener.on_state(self.state, event)
        if not self.online and self.state.seq >= self._head:
            self._caught_up()
        elif self._may_speak and self._is_counted_as_gone():
            self._settle()

    def _take_snapshot(self, message: dict[str, Any]) -> None:
        """The state instead of a long history; it comes in parts, in order, before the events that follow it."""
        part, parts = (
            read_number(message.get("part"), low=1),
            read_number(message.get("parts"), low=1, high=SNAPSHOT_PARTS),
        )
        if part != len(self._parts) + 1 or self._head < 0:
            raise PeerFault("message-unreadable")
        self._parts.append(read_raw_text(message.get("text"), CONTROL_MESSAGE))
        if part < parts:
            return
        text, self._parts = "".join(self._parts), []
        try:
            state = read_state(json.loads(text))
        except (ValueError, RecursionError) as err:
            raise PeerFault("message-unreadable") from err
        if state.meeting_id != self._meeting or state.seq != read_seq(message.get("seq")):
            raise PeerFault("event-misplaced", seq=state.seq)
        self.state, self._mark = state, read_text(message.get("mark"), 16)
        if not self.online and self.state.seq >= self._head:
            self._caught_up()

    def _take_event(self, value: Any) -> Event | None:
        try:
            try:
                stored = read_stored(value)
            except PeerFault as fault:
                if fault.id != "kind-unknown":
                    raise
                self.state = replace(self.state, seq=self.state.seq + 1)  # of a newer center: nothing here knows it
                self._mark = log_mark(self._mark, write_message(value))
                return None
            if stored.seq != self.state.seq + 1:
                raise PeerFault("event-misplaced", seq=stored.seq)
            self.state = apply(self.state, stored.event)
            self._mark = log_mark(self._mark, write_message(value))
        except PeerFault:
            self._start_over()
            raise
        return stored.event

    def _start_over(self) -> None:
        """What is held here is not the center's history: take it from the beginning."""
        self.state, self._mark = MeetingState(self._meeting), ""

    def _caught_up(self) -> None:
        self.online = True
        self._last_fault = ""
        self._listener.on_state(self.state, None)
        self._listener.on_link(True)
        self._settle()

    def _is_counted_as_gone(self) -> bool:
        """The center gave this site up for lost a moment before it was heard again."""
        site = self.state.sites.get(self._site)
        return site is not None and not site.online and self.state.phase is not MeetingPhase.ENDED

    def _settle(self) -> None:
        self._may_speak = False
        if self._joining is not None:
            self._joining.cancel()
        if not self._left:
            self._joining = asyncio.create_task(self._settle_in())

    async def _settle_in(self) -> None:
        """Join first; then whatever waits for an answer is said again."""
        await self._join()
        self._may_speak = True
        waiting, self._unasked = self._unasked, {}
        for text in [*(text for text, _ in self._pending.values()), *waiting.values()]:
            if self._link is not None:
                with contextlib.suppress(ConnectionError):
                    await self._link.send(text)

    async def _join(self) -> None:
        while self.state.phase is not MeetingPhase.ENDED:
            try:
                await self.send(Join(self._site_name))
                return
            except OperatorError as fault:
                if fault.id not in _JOIN_LATER:
                    self._listener.on_fault(fault)
                    return
                self._tell_fault(fault)
                await asyncio.sleep(self._timings.rejoin)

    def _take_result(self, message: dict[str, Any]) -> None:
        waiting = self._pending.get(read_text(message.get("id"), 64))
        if waiting is None or waiting[1].done():
            return
        if message.get("ok") is True:
            waiting[1].set_result(None)
        else:
            waiting[1].set_exception(_fault(OperatorError, message.get("refused")))

    def _take_media(self, message: dict[str, Any]) -> None:
        done = self._asked.get(read_text(message.get("id"), 64))
        if done is None or done.done():
            return
        if "fault" in message:
            done.set_exception(_fault(PeerFault, message["fault"]))
        else:
            done.set_result(message)

    def _learn_time(self, message: dict[str, Any]) -> None:
        try:
            self._offset = moment(read_text(message.get("now"), 40)) - self._clock.now()
        except (ValueError, OverflowError) as err:
            raise PeerFault("field-invalid", field="now") from err


_ENDINGS = frozenset(
    {"meeting-unknown", "replaced", "too-many-messages", "too-silent", "too-slow", "center-stopping", "hello-missing"}
    | {"message-too-large", "log-not-stored", "site-removed"}
)
"""Faults after which the center closes the socket."""
_JOIN_LATER = frozenset({"site-in-use", "center-silent", "log-not-stored"})


def _fault(kind: type[Fault], value: object) -> Fault:
    if not isinstance(value, dict):
        return PeerFault("message-unreadable")
    values = value.get("values")
    known = values if isinstance(values, dict) else {}
    return kind(read_text(value.get("id")), **{str(name): item for name, item in known.items()})
