"""The process that takes in what terminals push, beside the center: see `sync.center.intake_process` and docs/adr/0017.

It has a connection of its own to the center's store and writes only when the center gives it the turn. It is told its
place and its key over standard input, and ends when that ends. Nothing of it is on the disk.
"""

import gc
import logging
import os
import struct
import sys
from pathlib import Path
from typing import IO, Any

import msgpack

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import Fault, HostFault
from desktop_app.domain.ids import DeviceId, UnitPath
from sync.center.intake import KnownDevice
from sync.center.store import CenterStore
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.replication.batch import read_batch
from sync.store.store import Touched

log = logging.getLogger("silian.intake")
READY, TAKEN, REFUSED, FAILED, BUG = "ready", "taken", "refused", "failed", "bug"
_LENGTH = struct.Struct(">I")


class Known:
    """An enrolled terminal, as the center knows it."""

    def __init__(self, public_key: bytes, unit_path: str) -> None:
        self.public_key = public_key
        self.unit_path = UnitPath(unit_path)


class IntakeStore(CenterStore):
    """The center's store, open a second time beside the center that has it to itself."""

    ALONE = False


def write_frame(stream: IO[bytes], *values: Any) -> None:
    """OSError where nobody reads any more."""
    raw = msgpack.packb(values, default=str)
    stream.write(_LENGTH.pack(len(raw)) + raw)
    stream.flush()


def read_frame(stream: IO[bytes]) -> list[Any] | None:
    """The next values; None at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    raw = stream.read(_LENGTH.unpack(head)[0])
    if len(raw) < _LENGTH.unpack(head)[0]:
        return None
    values: list[Any] = msgpack.unpackb(raw)
    return values


class Worker:
    """Takes in one push after another."""

    def __init__(self, folder: Path, seed: bytes, unit_path: str, database: str) -> None:
        identity = DeviceIdentity.of_center(DeviceKey(seed), unit_path=UnitPath(unit_path), ca_pem="", url="")
        self._known: dict[DeviceId, KnownDevice] = {}
        self._touched: set[tuple[str, str]] = set()
        self._store = IntakeStore.open(
            folder, identity=identity, clock=SystemClock(), devices=self._known.get, database=database
        )
        self._store.subscribe(self._note)

    def _note(self, touched: Touched) -> None:
        self._touched |= touched

    def take(self, device: str, public_key: bytes, unit_path: str, batch: bytes, again: bool) -> tuple[Any, ...]:
        """What is to be answered. `again`: it may have been taken in, and nobody was told."""
        self._known.clear()
        self._known[DeviceId(device)] = Known(public_key, unit_path)
        self._touched.clear()
        try:
            receipts = self._store.receive(DeviceId(device), batch)
            if again:
                opened = read_batch(batch)
                self._touched |= {(each.entity, each.pk) for each, _ in opened.chain()}
            return TAKEN, receipts, sorted(self._touched)
        except HostFault as fault:
            return FAILED, fault.id, fault.values
        except Fault as fault:
            return REFUSED, fault.id, fault.values
        except Exception:
            log.exception("a push met a bug")
            return (BUG,)

    def close(self) -> None:
        self._store.close()


def main() -> int:
    """Until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what anything prints is no answer
    asked = sys.stdin.buffer
    told = read_frame(asked)
    if told is None:
        return 1
    folder, seed, unit_path, database = told
    worker = Worker(Path(folder), seed, unit_path, database)
    try:
        gc.freeze()
        write_frame(answers, READY)
        while (push := read_frame(asked)) is not None:
            write_frame(answers, *worker.take(*push))
    except OSError:
        return 0  # the center is gone
    finally:
        worker.close()
    return 0
