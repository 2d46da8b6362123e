"""At the terminal: write what waits into a package, and take the center's receipt file in."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

from desktop_app.domain.clock import Clock, unix_ms
from desktop_app.domain.faults import HostFault, OperatorError, PeerFault
from desktop_app.domain.limits import UPLOAD_PIECE
from sync.blobs.desk import Attachments
from sync.identity.device import DeviceIdentity
from sync.identity.exchange import opening_key, sealing_key
from sync.replication.batch import read_batch
from sync.terminal.outbox import read_receipts
from sync.terminal.records import Records
from sync.usb.package import (
    NUMBER,
    PACKAGE,
    RECEIPT,
    Frame,
    Header,
    PackageReader,
    PackageWriter,
    package_file,
)
from sync.usb.writing import whole_file

SMALL = 8 * 1024 * 1024
"""Contents up to this size go into a package; larger ones wait for the network."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What a package holds."""

    path: Path
    changes: int
    attachments: int


class UsbDesk:
    """Blocking; thread-safe."""

    def __init__(self, records: Records, attachments: Attachments, identity: DeviceIdentity, clock: Clock) -> None:
        self._records = records
        self._attachments = attachments
        self._identity = identity
        self._clock = clock

    def pack(self, path: Path, *, largest: int = SMALL) -> Packed:
        """Write all that waits, and the contents up to `largest` bytes (0: none), into `path`.

        Nothing here changes by it: what was packed goes on waiting until a receipt says otherwise. OperatorError
        `usb-nothing`, `usb-not-written`; HostFault `disk-full`.
        """
        batches = self._records.pending_batches()
        contents = [each for each in self._attachments.waiting() if each.length <= largest]
        if not batches and not contents:
            raise OperatorError("usb-nothing")
        identity = self._identity
        now_ms = unix_ms(self._clock.now())
        header = Header(PACKAGE, identity.center_device, identity.device, os.urandom(NUMBER), now_ms)
        packed = 0
        with whole_file(path) as file:
            writer = PackageWriter(file, header, sealing_key(identity.center_key), identity.sign)
            for batch in batches:
                writer.add(Frame.CHANGES, batch)
            for each in contents:
                packed += self._add_content(writer, each.sha256)
            writer.close()
        return Packed(path, sum(len(read_batch(batch).items) for batch in batches), packed)

    def _add_content(self, writer: PackageWriter, sha256: str) -> int:
        try:
            content = self._attachments.store.open(sha256)
        except HostFault as fault:
            self._attachments.note_refusal(sha256, fault.id)
            return 0
        with content:
            writer.add(Frame.BLOB, msgpack.packb([bytes.fromhex(sha256), content.length]))
            for at in range(0, content.length, UPLOAD_PIECE):
                writer.add(Frame.CONTENT, content.read_at(at, UPLOAD_PIECE))
        return 1

    def take_receipts(self, path: Path) -> int:
        """Take in the center's receipt file: how many changes it delivered that were not known as delivered.

        OperatorError `file-unreadable`, those of `PackageReader`, `usb-not-receipt`, `usb-other-center`,
        `usb-other-terminal`, `usb-receipt-known`, `usb-receipt-older`, `usb-receipt-early`; PeerFault
        `receipt-forged`, `receipt-foreign`. Then nothing was taken from it.
        """
        with package_file(path) as file:
            reader = PackageReader(file, path.name)
            header = reader.header
            if header.kind != RECEIPT:
                raise reader.fault("usb-not-receipt")
            if header.center != self._identity.center_device:
                raise reader.fault("usb-other-center")
            if header.terminal != self._identity.device:
                raise reader.fault("usb-other-terminal")
            reader.verify(self._identity.center_key)
            frames = list(reader.frames(opening_key(self._identity.key)))
        answers = [content for kind, content in frames if kind == Frame.RECEIPTS]
        newly = sum(self._note_blobs(content) for kind, content in frames if kind == Frame.BLOBS)
        moved = self._acknowledge(reader, answers) if answers else 0
        if not moved and not newly:
            raise reader.fault(self._why_nothing(answers))
        return moved

    def _acknowledge(self, reader: PackageReader, answers: list[bytes]) -> int:
        before = self._records.pull_position()
        for answer in answers:
            listed = read_receipts(answer, self._identity)
            now = self._records.pull_position()
            new = [each for each in listed if each.epoch == now.epoch and each.last_seq > now.seq]
            if new and min(each.first_seq for each in new) > now.seq + 1:
                raise reader.fault("usb-receipt-early")
            self._records.acknowledge(answer)
        after = self._records.pull_position()
        return after.seq - before.seq if after.epoch == before.epoch else 0

    def _why_nothing(self, answers: list[bytes]) -> str:
        at = self._records.pull_position()
        listed = [each for answer in answers for each in read_receipts(answer, self._identity)]
        last = max(((each.epoch, each.last_seq) for each in listed), default=(at.epoch, at.seq))
        return "usb-receipt-known" if last >= (at.epoch, at.seq) else "usb-receipt-older"

    def _note_blobs(self, content: bytes) -> int:
        """Note what became of the contents; how many of them were not known to be at the center."""
        waits = {each.sha256 for each in self._attachments.waiting()}
        newly = 0
        for sha256, reason in _blobs(content):
            if sha256 not in waits:
                continue
            if reason:
                self._attachments.note_refusal(sha256, reason)
            else:
                self._attachments.note_sent(sha256)
                newly += 1
        return newly


def _blobs(content: bytes) -> Iterator[tuple[str, str]]:
    try:
        listed: list[Any] = msgpack.unpackb(content, strict_map_key=True)
        pairs = [(bytes(sha256).hex(), str(reason)) for sha256, reason in listed]
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as err:
        raise PeerFault("receipt-unreadable") from err
    yield from pairs
