"""What terminals push is taken in by a process of its own, so that a meeting's command never waits for it.

The center asks one push at a time, and only when nobody of its own waits to write (`sync.store.turns`). A process that
dies is started again, and what it was at is asked once more: a push that is here already is answered as it was.
"""

import logging
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from desktop_app.domain.faults import HostFault, PeerFault
from desktop_app.domain.ids import DeviceId
from sync.center.intake_worker import BUG, FAILED, READY, REFUSED, read_frame, write_frame
from sync.center.store import CenterStore

log = logging.getLogger("silian.intake")
END_SECONDS = 5.0
Start = Callable[[], "subprocess.Popen[bytes]"]
"""Starts the process with pipes for its standard input and output; OSError where it cannot."""


class IntakeProcess:
    """Thread-safe. `open` before the first push, `close` at the end."""

    def __init__(self, store: CenterStore, seed: bytes, database: str, start: Start) -> None:
        self._store = store
        self._told = (str(store.folder), seed, store.identity.unit_path, database)
        self._start = start
        self._child: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._closed = False

    @property
    def pid(self) -> int:
        """0 while there is none."""
        return 0 if self._child is None else self._child.pid

    def open(self) -> "subprocess.Popen[bytes]":
        """Have it running and ready; OSError where it cannot be."""
        with self._starting:
            if self._closed:
                raise OSError("it was ended")
            if self._child is None or self._child.poll() is not None:
                self._drop(self._child)
                child = self._start()
                try:
                    _ask(child, *self._told)
                except OSError:
                    child.kill()
                    child.wait()
                    raise
                self._child = child
            return self._child

    def receive(self, device: DeviceId, batch: bytes) -> bytes:
        """As `CenterStore.receive`."""
        known = self._store.known(device)
        for again in (False, True):
            child = None
            try:
                child = self.open()
                with self._store.second_turn():
                    said = _ask(child, device, known.public_key, known.unit_path, batch, again)
            except OSError as err:
                log.error("the intake process has to be started again: %r", err)
                self._drop(child)
                continue
            return self._answer(said)
        with self._store.second_turn():  # whatever ails the process, the terminals' work comes in
            return self._store.receive(device, batch)

    def _answer(self, said: list[Any]) -> bytes:
        kind, *rest = said
        if kind == REFUSED:
            raise PeerFault(rest[0], **rest[1])
        if kind == FAILED:
            raise HostFault(rest[0], **rest[1])
        if kind == BUG:
            raise RuntimeError("the intake process met a bug; its log has it")
        receipts, touched = rest
        self._store.heard(frozenset((entity, pk) for entity, pk in touched))
        return bytes(receipts)

    def _drop(self, child: "subprocess.Popen[bytes] | None") -> None:
        if child is None:
            return
        if self._child is child:
            self._child = None
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def close(self) -> None:
        """Let it finish what it is at, and end it."""
        with self._store.second_turn(), self._starting:
            self._closed = True
            self._drop(self._child)


def _ask(child: "subprocess.Popen[bytes]", *values: Any) -> list[Any]:
    """Its answer; OSError where there is none."""
    if child.stdin is None or child.stdout is None:
        raise OSError("a process without pipes")
    try:
        write_frame(child.stdin, *values)
        said = read_frame(child.stdout)
    except ValueError as err:  # somebody else found it dead, and closed the pipes
        raise OSError("its pipes are closed") from err
    if not said:
        raise OSError("it ended")
    return said


__all__ = ["READY", "IntakeProcess", "Start"]
