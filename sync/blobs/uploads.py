"""Uploads at the center: who may send what, how far it is, and when it becomes a blob. Blocking; no HTTP here.

A content is taken only where an attachment of the sender's unit names it, so that nothing lies here that nobody can
find. One whose change the center holds is enough: what it waits for may be long in coming. It counts as held by a unit
once that unit has sent all of it, or could read it anyway.
"""

import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.clock import Clock, unix_ms
from desktop_app.domain.faults import HostFault, PeerFault
from desktop_app.domain.ids import UnitPath, uuid7
from desktop_app.domain.limits import BLOB
from desktop_app.domain.principal import Principal
from sync.blobs.attachments import Named, held_naming, may_read, naming, unnamed
from sync.blobs.kinds import fits, kind_of
from sync.blobs.partial import Partial, sealed_size
from sync.blobs.store import BlobReader, BlobStore, is_sha256
from sync.blobs.tables import blob, blob_holder, upload
from sync.store.engine import reading, writing

OPEN_PARTIALS = 64
"""Files that are kept open between two pieces."""
STALE_MS = 14 * 24 * 3600 * 1000
"""An upload that nobody went on with for so long is given up."""
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Quota:
    """Bytes."""

    unit: int = 20_480 * MEBIBYTE
    """What one unit may keep here."""
    reserve: int = 512 * MEBIBYTE
    """What is left to the records on this disk."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An upload and how far it is."""

    id: str
    offset: int
    length: int


class Uploads:
    """Thread-safe; two pieces of one upload come one after the other."""

    def __init__(self, engine: sa.Engine, store: BlobStore, clock: Clock, quota: Quota | None = None) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._quota = quota or Quota()
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._open: OrderedDict[str, Partial] = OrderedDict()

    @property
    def store(self) -> BlobStore:
        return self._store

    def begin(self, who: Principal, sha256: str, length: int) -> Standing:
        """Make an upload, or find the one that this device has begun.

        PeerFault `upload-malformed`, `upload-too-large`, `upload-unnamed` (no attachment of the unit names it),
        `upload-differs` (the attachment says another length), `upload-quota`; HostFault `disk-full`.
        """
        if not is_sha256(sha256) or length <= 0:
            raise PeerFault("upload-malformed")
        if length > BLOB:
            raise PeerFault("upload-too-large", most=BLOB)
        self._give_up_stale()
        with reading(self._engine) as connection:
            named = _named_by(connection, who.unit_path, sha256)
            row = _of_device(connection, who, sha256)
            readable = may_read(connection, who.unit_path, sha256)
            kept = 0 if row is not None else _kept_bytes(connection, who.unit_path)
        if named.length != length:
            raise PeerFault("upload-differs", length=named.length)
        if row is not None:
            return self.standing(who, row.id)
        if kept + length > self._quota.unit:
            raise PeerFault("upload-quota", most=self._quota.unit // MEBIBYTE)
        if readable and self._store.has(sha256):
            return self._known(who, sha256, length)
        if shutil.disk_usage(_there(self._store)).free < sealed_size(length) + self._quota.reserve:
            raise HostFault("disk-full", folder=str(self._store.folder))
        return self._new(who, sha256, length)

    def _new(self, who: Principal, sha256: str, length: int) -> Standing:
        upload_id = uuid7(self._now())
        self._store.partial(upload_id, sha256, length).close()  # before its row: a row without a file was finished
        try:
            with writing(self._engine) as connection:
                connection.execute(upload.insert().values(**self._row(upload_id, who, sha256, length, done=False)))
        except sa.exc.IntegrityError:  # the same device asked twice at a time
            self._store.partial(upload_id, sha256, length).discard()
            with reading(self._engine) as connection:
                row = _of_device(connection, who, sha256)
            if row is None:
                raise
            upload_id = row.id
        return self.standing(who, upload_id)

    def _known(self, who: Principal, sha256: str, length: int) -> Standing:
        """The content is here and this unit may read it: it need not be sent."""
        upload_id = uuid7(self._now())
        with writing(self._engine) as connection:
            connection.execute(upload.insert().values(**self._row(upload_id, who, sha256, length, done=True)))
            self._hold(connection, who.unit_path, sha256, length)
        return Standing(upload_id, length, length)

    def _row(self, upload_id: str, who: Principal, sha256: str, length: int, *, done: bool) -> dict[str, object]:
        return {
            "id": upload_id,
            "device": who.device,
            "unit_path": who.unit_path,
            "sha256": sha256,
            "bytes": length,
            "done": done,
            "touched_ms": self._now(),
        }

    def standing(self, who: Principal, upload_id: str) -> Standing:
        """How far an upload of this device is. PeerFault `upload-unknown`."""
        with self._one(who, upload_id) as row:
            if row.done:
                if not self._store.has(row.sha256):  # the center was restored, its blobs were not
                    self._drop(row)
                    raise PeerFault("upload-unknown")
                return Standing(row.id, row.bytes, row.bytes)
            partial = self._partial(row)
            if partial is None or partial.complete:
                self._finish(who, row, partial)
                return Standing(row.id, row.bytes, row.bytes)
            self._put_aside(row.id, partial)
            return Standing(row.id, partial.offset, row.bytes)

    def add(self, who: Principal, upload_id: str, offset: int, content: bytes) -> Standing:
        """Add a piece at `offset`; the standing then. On the disk when this returns.

        PeerFault `upload-unknown`, `upload-offset` (`offset`: where it stands), `upload-too-large`; when it is
        complete also `blob-mismatch` and `blob-kind`, and then it is gone; HostFault `disk-full`, `disk-failing`.
        """
        with self._one(who, upload_id) as row:
            partial = None if row.done else self._partial(row)
            stands = row.bytes if partial is None else partial.offset
            if offset != stands or offset + len(content) > row.bytes:
                if partial is not None:
                    self._put_aside(row.id, partial)
                if offset != stands:
                    raise PeerFault("upload-offset", offset=stands)
                raise PeerFault("upload-too-large", most=row.bytes)
            if partial is None:
                return Standing(row.id, row.bytes, row.bytes)
            if content:
                partial.append(content)
            if partial.complete:
                self._finish(who, row, partial)
            else:
                self._put_aside(row.id, partial)
            return Standing(row.id, partial.offset, row.bytes)

    def give_up(self, who: Principal, upload_id: str) -> None:
        """Drop an upload and what came of it. PeerFault `upload-unknown`."""
        with self._one(who, upload_id) as row:
            self._drop(row)

    def read(self, who: Principal, sha256: str) -> BlobReader:
        """A blob for someone who may read it; PeerFault `blob-unknown` for everybody else."""
        if is_sha256(sha256):
            with reading(self._engine) as connection:
                readable = may_read(connection, who.unit_path, sha256)
            if readable and self._store.has(sha256):
                return self._store.open(sha256)
        raise PeerFault("blob-unknown")

    def put(self, unit_path: UnitPath, sha256: str) -> None:
        """Note a blob that came into the store by another way (a USB package) as held by a unit."""
        with self._store.open(sha256) as reader:
            length = reader.length
        with writing(self._engine) as connection:
            self._hold(connection, unit_path, sha256, length)

    def holds(self, unit_path: UnitPath, sha256: str) -> bool:
        """Whether a unit has shown this content, and it is here."""
        held = sa.select(blob_holder.c.sha256).where(
            blob_holder.c.sha256 == sha256, blob_holder.c.unit_path == unit_path
        )
        with reading(self._engine) as connection:
            found = connection.execute(held).first()
        return found is not None and self._store.has(sha256)

    def acceptable(self, unit_path: UnitPath, sha256: str, length: int) -> None:
        """Whether a unit may bring this content by another way; the faults of `begin`."""
        with reading(self._engine) as connection:
            named = _named_by(connection, unit_path, sha256)
            kept = _kept_bytes(connection, unit_path)
        if named.length != length:
            raise PeerFault("upload-differs", length=named.length)
        if kept + length > self._quota.unit:
            raise PeerFault("upload-quota", most=self._quota.unit // MEBIBYTE)

    def admit(self, unit_path: UnitPath, partial: Partial) -> None:
        """Check a complete partial and keep it; who holds it is noted after. PeerFault `blob-mismatch`, `blob-kind`."""
        partial.check()
        with reading(self._engine) as connection:
            named = _named_by(connection, unit_path, partial.sha256)
        with self._store.peek(partial) as content:
            kind = kind_of(content, partial.length)
        if kind is None or kind.mime != named.mime or not fits(kind, named.file_name):
            raise PeerFault("blob-kind", mime=named.mime)
        self._store.keep(partial)

    # One upload at a time

    @contextmanager
    def _one(self, who: Principal, upload_id: str) -> Iterator[sa.Row[Any]]:
        with self._lock:
            lock = self._locks.setdefault(upload_id, threading.Lock())
        with lock:
            with reading(self._engine) as connection:
                row = connection.execute(
                    sa.select(upload).where(upload.c.id == upload_id, upload.c.device == who.device)
                ).first()
            if row is None:
                with self._lock:
                    self._locks.pop(upload_id, None)
                raise PeerFault("upload-unknown")
            yield row

    def _partial(self, row: sa.Row[Any]) -> Partial | None:
        """The file of an upload; None where it is a blob already (the center died before it could note it)."""
        with self._lock:
            partial = self._open.pop(row.id, None)
        if partial is None and self._store.partial_path(row.id).is_file():
            partial = self._store.partial(row.id, row.sha256, row.bytes)
        return partial

    def _put_aside(self, upload_id: str, partial: Partial) -> None:
        """Keep a file open for the next piece."""
        with self._lock:
            self._open[upload_id] = partial
            if len(self._open) > OPEN_PARTIALS:
                self._open.popitem(last=False)[1].close()

    def _finish(self, who: Principal, row: sa.Row[Any], partial: Partial | None) -> None:
        if partial is not None:
            try:
                self.admit(who.unit_path, partial)
            except PeerFault:
                self._drop(row)
                raise
            finally:
                partial.close()
        elif not self._store.has(row.sha256):
            self._drop(row)
            raise PeerFault("upload-unknown")
        with writing(self._engine) as connection:
            connection.execute(upload.update().where(upload.c.id == row.id).values(done=True, touched_ms=self._now()))
            self._hold(connection, who.unit_path, row.sha256, row.bytes)

    def _hold(self, connection: sa.Connection, unit_path: str, sha256: str, length: int) -> None:
        now = self._now()
        if connection.execute(sa.select(blob.c.sha256).where(blob.c.sha256 == sha256)).first() is None:
            connection.execute(blob.insert().values(sha256=sha256, bytes=length, stored_ms=now, at_center=True))
        held = sa.and_(blob_holder.c.sha256 == sha256, blob_holder.c.unit_path == unit_path)
        if connection.execute(sa.select(blob_holder.c.sha256).where(held)).first() is None:
            connection.execute(
                blob_holder.insert().values(sha256=sha256, unit_path=unit_path, bytes=length, since_ms=now)
            )

    def _drop(self, row: sa.Row[Any]) -> None:
        with writing(self._engine) as connection:
            connection.execute(upload.delete().where(upload.c.id == row.id))
        with self._lock:
            partial = self._open.pop(row.id, None)
            self._locks.pop(row.id, None)
        if partial is not None:
            partial.close()
        self._store.partial_path(row.id).unlink(missing_ok=True)

    def _give_up_stale(self) -> None:
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(upload).where(upload.c.touched_ms < self._now() - STALE_MS)).all()
        for row in rows:
            path = self._store.partial_path(row.id)
            if row.done or not path.is_file() or self._now() - path.stat().st_mtime * 1000 > STALE_MS:
                self._drop(row)

    def tidy(self) -> None:
        """At the center's start: take away files that no upload knows, and contents that nothing names any more."""
        self._forget_unnamed()
        with reading(self._engine) as connection:
            known = set(connection.execute(sa.select(upload.c.id)).scalars())
        for name in self._store.partials():
            if name not in known:
                self._store.partial_path(name).unlink(missing_ok=True)

    def _forget_unnamed(self) -> None:
        with reading(self._engine) as connection:
            gone = unnamed(connection)
        for sha256 in gone:
            self._store.delete(sha256)
            with writing(self._engine) as connection:
                for table in (blob_holder, upload, blob):
                    connection.execute(table.delete().where(table.c.sha256 == sha256))

    def close(self) -> None:
        """Close the files that are still open."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def _now(self) -> int:
        return unix_ms(self._clock.now())


def _there(store: BlobStore) -> str:
    """A folder that exists already, on the disk of the blobs."""
    folder = store.folder
    while not folder.is_dir():
        folder = folder.parent
    return str(folder)


def _named_by(connection: sa.Connection, unit_path: str, sha256: str) -> Named:
    for each in chain(naming(connection, sha256), held_naming(connection, sha256)):
        if each.owner_path == unit_path:
            return each
    raise PeerFault("upload-unnamed")


def _of_device(connection: sa.Connection, who: Principal, sha256: str) -> sa.Row[Any] | None:
    return connection.execute(sa.select(upload).where(upload.c.device == who.device, upload.c.sha256 == sha256)).first()


def _kept_bytes(connection: sa.Connection, unit_path: str) -> int:
    """What a unit keeps here, and what it is sending."""
    held = sa.select(sa.func.coalesce(sa.func.sum(blob_holder.c.bytes), 0)).where(blob_holder.c.unit_path == unit_path)
    coming = sa.select(sa.func.coalesce(sa.func.sum(upload.c.bytes), 0)).where(
        upload.c.unit_path == unit_path, upload.c.done.is_(False)
    )
    return int(connection.execute(held).scalar_one()) + int(connection.execute(coming).scalar_one())
