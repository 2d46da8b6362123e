"""At the center: take a package in, once or often, and write the receipts for it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgpack

from desktop_app.domain.clock import Clock, unix_ms
from desktop_app.domain.faults import HostFault, OperatorError, PeerFault
from desktop_app.domain.ids import DeviceId, UnitPath
from sync.blobs.partial import Partial
from sync.blobs.store import is_sha256
from sync.blobs.uploads import Uploads
from sync.center.store import CenterStore
from sync.identity.device import DeviceIdentity
from sync.identity.exchange import opening_key, sealing_key
from sync.identity.registry import Device
from sync.replication.batch import read_batch
from sync.usb.package import PACKAGE, RECEIPT, Frame, Header, PackageReader, PackageWriter, package_file
from sync.usb.writing import whole_file

PACKAGE_SUFFIX, RECEIPT_SUFFIX = ".silian-sync", ".silian-receipt"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a package."""

    device: DeviceId
    unit_path: UnitPath
    changes: int
    new: int
    """How many of the changes were not here before; 0 for a package that was imported already."""
    attachments: int
    refused: int
    """Contents that were not taken; the receipt says why."""
    receipt: Path


class UsbOffice:
    """Blocking. One package at a time is enough; two are no harm."""

    def __init__(
        self,
        store: CenterStore,
        uploads: Uploads,
        identity: DeviceIdentity,
        devices: Callable[[DeviceId], Device | None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._uploads = uploads
        self._identity = identity
        self._devices = devices
        self._clock = clock

    def take_in(self, path: Path, receipt: Path | None = None) -> Imported:
        """Import a package and write its receipt file (beside it where no place is given). Idempotent.

        OperatorError `file-unreadable`, those of `PackageReader`, `usb-not-package`, `usb-other-center`, `usb-gap`,
        `usb-older`, `usb-fork`, `usb-not-written`; PeerFault `device-unknown`, `device-revoked`, and those of a push;
        HostFault `disk-full`, `disk-failing`. What was imported before the fault stays, and counts at the next attempt.
        """
        target = receipt or path.with_suffix(RECEIPT_SUFFIX)
        with package_file(path) as file:
            reader = PackageReader(file, path.name)
            header = reader.header
            if header.kind != PACKAGE:
                raise reader.fault("usb-not-package")
            if header.center != self._identity.device:
                raise reader.fault("usb-other-center")
            device = self._devices(DeviceId(header.terminal))
            if device is None:
                raise PeerFault("device-unknown")
            if device.revoked_at is not None:
                raise PeerFault("device-revoked")
            reader.verify(device.public_key)
            taking = _Taking(self._store, self._uploads, device, reader)
            for kind, content in reader.frames(opening_key(self._identity.key)):
                taking.add(kind, content)
            taking.end()
        self._write(target, header, device, taking)
        refused = sum(1 for _, reason in taking.blobs if reason)
        counts = taking.changes, taking.new, len(taking.blobs) - refused, refused
        return Imported(device.device, device.unit_path, *counts, target)

    def _write(self, target: Path, package: Header, device: Device, taking: "_Taking") -> None:
        now_ms = unix_ms(self._clock.now())
        header = Header(RECEIPT, self._identity.device, package.terminal, package.number, now_ms)
        with whole_file(target) as file:
            writer = PackageWriter(file, header, sealing_key(device.public_key), self._identity.sign)
            for answer in taking.answers:
                writer.add(Frame.RECEIPTS, answer)
            writer.add(Frame.BLOBS, msgpack.packb([[bytes.fromhex(sha256), why] for sha256, why in taking.blobs]))
            writer.close()


class _Taking:
    """One package being taken in, frame by frame."""

    def __init__(self, store: CenterStore, uploads: Uploads, device: Device, reader: PackageReader) -> None:
        self._store = store
        self._uploads = uploads
        self._device = device
        self._reader = reader
        self._partial: Partial | None = None
        self._passed_over = False
        self.answers: list[bytes] = []
        self.blobs: list[tuple[str, str]] = []
        self.changes = 0
        self.new = 0

    def add(self, kind: int, content: bytes) -> None:
        if kind == Frame.CHANGES:
            self._changes(content)
        elif kind == Frame.BLOB:
            self.end()
            self._begin(content)
        elif kind == Frame.CONTENT:
            self._content(content)

    def _changes(self, batch: bytes) -> None:
        before = self._store.position(self._device.device)
        opened = read_batch(batch)
        try:
            self.answers.append(self._store.receive(self._device.device, batch))
        except PeerFault as fault:
            raise self._told(fault) from fault
        after = self._store.position(self._device.device)
        self.changes += len(opened.items)
        self.new += after.seq - before.seq if after.epoch == before.epoch else after.seq

    def _told(self, fault: PeerFault) -> OperatorError | PeerFault:
        seq = fault.values.get("seq", 0)
        ids = {"chain-gap": "usb-gap", "epoch-old": "usb-older", "chain-fork": "usb-fork"}
        return self._reader.fault(ids[fault.id], seq=seq) if fault.id in ids else fault

    def _begin(self, content: bytes) -> None:
        sha256, length = _blob(content, self._reader)
        if self._uploads.holds(self._device.unit_path, sha256):
            self.blobs.append((sha256, ""))
            self._passed_over = True
            return
        try:
            self._uploads.acceptable(self._device.unit_path, sha256, length)
        except PeerFault as fault:
            self.blobs.append((sha256, fault.id))
            self._passed_over = True
            return
        self._passed_over = False
        self._partial = self._uploads.store.partial(f"usb-{self._device.device}-{sha256}", sha256, length)
        if self._partial.offset:  # of an attempt that was cut off: it is all here again
            self._partial.discard()
            self._partial = self._uploads.store.partial(self._partial.path.name, sha256, length)

    def _content(self, content: bytes) -> None:
        if self._partial is None:
            if not self._passed_over:
                raise self._reader.fault("usb-tampered")
            return
        try:
            self._partial.append(content)
        except ValueError as err:
            raise self._reader.fault("usb-tampered") from err

    def end(self) -> None:
        """Finish the content that is under way."""
        partial, self._partial = self._partial, None
        if partial is None:
            return
        try:
            self._uploads.admit(self._device.unit_path, partial)
            self._uploads.put(self._device.unit_path, partial.sha256)
            self.blobs.append((partial.sha256, ""))
        except PeerFault as fault:
            partial.discard()
            self.blobs.append((partial.sha256, fault.id))
        except HostFault:
            partial.discard()
            raise


def _blob(content: bytes, reader: PackageReader) -> tuple[str, int]:
    try:
        raw, length = msgpack.unpackb(content, strict_map_key=True)
        sha256 = bytes(raw).hex()
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as err:
        raise reader.fault("usb-tampered") from err
    if not is_sha256(sha256) or not isinstance(length, int) or length <= 0:
        raise reader.fault("usb-tampered")
    return sha256, length
