"""Terminals that bring what they wrote without a network, in a process of their own: they are other machines.

What such a terminal does for its push (its keys, its TLS) takes none of the time of the sites that are measured.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from desktop_app.domain.clock import SystemClock, stamp, unix_ms
from desktop_app.domain.ids import DeviceId, MeetingId, PersonId, UnitPath, uuid7
from desktop_app.simulate.center import Seating
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.requests import RequestSigner
from sync.log.write import Write
from sync.replication.client import CenterClient
from sync.terminal.records import Records


@dataclass(frozen=True)
class Terminal:
    """One of them, as it travels to its process."""

    seed: bytes
    unit_path: UnitPath
    person: PersonId
    center: DeviceId
    center_key: bytes

    @classmethod
    def of(cls, seating: Seating) -> "Terminal":
        known = seating.identity
        return cls(known.key.seed, known.unit_path, seating.person, known.center_device, known.center_key)

    @property
    def identity(self) -> DeviceIdentity:
        return DeviceIdentity(DeviceKey(self.seed), self.unit_path, self.center, self.center_key, "", "")


class Terminals:
    """Their process; `write` first, then `push`."""

    def __init__(self, seatings: Sequence[Seating]) -> None:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        self._terminals = [Terminal.of(one) for one in seatings]

    def write(self, folder: Path, meeting: MeetingId, each: int) -> None:
        """So many signatures of members at each of them."""
        self._pool.submit(_write, folder, self._terminals, meeting, each).result()

    def push(self, url: str, ca_pem: str) -> "Future[list[float]]":
        """All of them at once; the seconds until each was acknowledged that was not refused."""
        return self._pool.submit(_push, url, ca_pem)

    def close(self) -> None:
        self._pool.shutdown()


@contextmanager
def terminals(seatings: Sequence[Seating]) -> Iterator[Terminals]:
    made = Terminals(seatings)
    try:
        yield made
    finally:
        made.close()


# In the process of their own

_batches: list[tuple[Terminal, DeviceIdentity, bytes]] = []


def _write(folder: Path, wanted: Sequence[Terminal], meeting: MeetingId, each: int) -> None:
    clock = SystemClock()
    for one in wanted:
        identity = one.identity
        records = Records.open(folder / identity.device, identity=identity, clock=clock)
        records.act_as(one.person)
        at = {"status": "present", "method": "manual", "signed_at": stamp(clock.now()), "site": one.unit_path}
        names = [uuid7(unix_ms(clock.now())) for _ in range(each)]
        records.write(
            *(
                Write("sign_in", name, {**at, "meeting": meeting, "member": name, "member_name": "委员"}, meeting)
                for name in names
            )
        )
        batch = records.next_batch()
        records.close()
        if batch is not None:
            _batches.append((one, identity, batch))


def _push(url: str, ca_pem: str) -> list[float]:
    return asyncio.run(_push_all(url, ca_pem))


async def _push_all(url: str, ca_pem: str) -> list[float]:
    began = time.monotonic()
    taken: list[float] = []

    async def push(one: Terminal, identity: DeviceIdentity, batch: bytes) -> None:
        client = CenterClient(url, ca_pem, Personal(RequestSigner(identity), one.person), SystemClock())
        await client.push(identity.device, batch)
        await client.close()
        taken.append(time.monotonic() - began)

    await asyncio.gather(*(push(*each) for each in _batches), return_exceptions=True)
    return taken


@dataclass(frozen=True)
class Personal:
    """A signer in the name of one person."""

    signer: RequestSigner
    person: PersonId

    def headers(self, method: str, target: str, body: bytes = b"", *, now: datetime) -> dict[str, str]:
        return self.signer.headers(method, target, body, now=now, person=self.person)
