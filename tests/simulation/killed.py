"""Terminals and a center, each a program of its own that works as fast as it can, until somebody kills it.

A terminal notes in its file what it was told is saved (`saved ID`) and acknowledged (`acknowledged ID`), each after it
was told. The center's door is a socket of this machine: a request ends in the middle when either of the two dies.
"""

import os
import threading
import time
from collections.abc import Callable
from itertools import count
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, Protocol

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import DeviceId, PersonId, uuid7
from desktop_app.domain.principal import Principal
from sync.center.store import CenterStore
from sync.identity.device import DeviceKey
from sync.log.write import Write
from sync.terminal.records import Records
from tests.simulation.machines import Identity
from tests.simulation.world import PROVINCE, UNITS

CENTER = "center"
TERMINALS = tuple(f"terminal-{number}" for number in range(3))
"""Two counties and the city above one of them."""
AGAIN = 0.005
"""Seconds until a terminal knocks again at a door that nobody opens."""


class Gone(Exception):
    """The center died before it answered."""


class Above(Protocol):
    """What a terminal asks of the center."""

    def receive(self, device: DeviceId, batch: bytes) -> bytes: ...
    def page(self, principal: Principal, since: int, limit: int, **named: Any) -> bytes: ...


_CENTER_KEY = DeviceKey(bytes(32))
_IDENTITIES = {
    name: Identity(DeviceKey(bytes([1 + number]) * 32), UNITS[number], _CENTER_KEY.id, _CENTER_KEY.public)
    for number, name in enumerate(TERMINALS)
}


def open_center(folder: Path) -> CenterStore:
    """The center's store, with the key that it always has."""
    own = Identity(_CENTER_KEY, PROVINCE, _CENTER_KEY.id, _CENTER_KEY.public)
    book = {each.device: each for each in _IDENTITIES.values()}
    return CenterStore.open(folder / CENTER, identity=own, clock=SystemClock(), devices=book.get)


def open_terminal(folder: Path, name: str) -> Records:
    """A terminal's store, with the key that it always has."""
    records = Records.open(folder / name, identity=_IDENTITIES[name], clock=SystemClock())
    records.act_as(PersonId("clerk"))
    return records


def push(records: Records, center: Above) -> None:
    """As the lane does it."""
    while (batch := records.next_batch()) is not None:
        try:
            answer = center.receive(records.device, batch)
        except PeerFault as fault:
            where = fault.values
            records.go_on_from(where["epoch"], where["seq"], bytes.fromhex(where["head_hash"]))
            continue
        records.acknowledge(answer)


def pull(records: Records, center: Above) -> None:
    at, principal = records.pull_position(), Principal(records.device, records.unit_path)
    records.take_page(center.page(principal, at.cursor, 1000, known_feed=at.feed, own_head=(at.epoch, at.seq)))


# The center's program


def run_center(folder: Path) -> None:
    """Answer everybody, until it is killed."""
    center = open_center(folder)
    with Listener(("127.0.0.1", 0), backlog=16) as listener:
        draft = folder / "door.new"
        draft.write_text(str(listener.address[1]), "ascii")
        draft.replace(folder / "door")
        while True:
            try:
                caller = listener.accept()
            except (EOFError, OSError):
                continue  # whoever knocked is dead already
            threading.Thread(target=_serve, args=(center, caller), daemon=True).start()


def _serve(center: CenterStore, caller: "Connection[Any, Any]") -> None:
    with caller:
        while True:
            try:
                name, asked, named = caller.recv()
                try:
                    told: Any = getattr(center, name)(*asked, **named)
                except PeerFault as fault:
                    told = (fault.id, fault.values)
                caller.send(told)
            except (EOFError, OSError):
                return


# The terminal's program


class FarCenter:
    """The center behind its door."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._line: Connection[Any, Any] | None = None

    def receive(self, device: DeviceId, batch: bytes) -> bytes:
        return self._ask("receive", device, batch)

    def page(self, principal: Principal, since: int, limit: int, **named: Any) -> bytes:
        return self._ask("page", principal, since, limit, **named)

    def _ask(self, name: str, *asked: Any, **named: Any) -> bytes:
        """PeerFault as the center's; `Gone` where it died."""
        try:
            if self._line is None:
                self._line = Client(("127.0.0.1", int((self._folder / "door").read_text("ascii"))))
            self._line.send((name, asked, named))
            told = self._line.recv()
        except (OSError, EOFError, ValueError) as err:
            if self._line is not None:
                self._line.close()
            self._line = None
            raise Gone from err
        if isinstance(told, tuple):
            raise PeerFault(told[0], **told[1])
        return bytes(told)


def run_terminal(folder: Path, name: str) -> None:
    """Write, send and read, until it is killed."""
    records, center = open_terminal(folder, name), FarCenter(folder)
    notes = os.open(folder / f"{name}.told", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    meeting = f"01939c3e-7a00-7000-8000-00000000000{TERMINALS.index(name)}"
    if records.get("meeting", meeting) is None:
        fields = {"title": "会", "convener_unit": records.unit_path, "invited": [], "state": "planned"}
        records.write(Write("meeting", meeting, fields))
    for number in count():
        rows = [Write("opinion", uuid7(number), {"meeting": meeting, "text": f"{number}.{at}" * 50}) for at in range(3)]
        ids = records.write(*rows)
        _note(notes, "saved", ids)
        _until_answered(push, records, center)
        _note(notes, "acknowledged", ids)
        _until_answered(pull, records, center)


def _until_answered(act: Callable[[Records, Above], None], records: Records, center: Above) -> None:
    while True:
        try:
            return act(records, center)
        except Gone:
            time.sleep(AGAIN)


def _note(notes: int, word: str, ids: list[str]) -> None:
    os.write(notes, "".join(f"{word} {each}\n" for each in ids).encode())
