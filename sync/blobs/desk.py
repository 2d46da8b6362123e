"""附件 at a terminal: attach a file to a record, offline as well as online, and open what is here."""

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

import sqlalchemy as sa

from desktop_app.domain.clock import Clock, unix_ms
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath, uuid7
from desktop_app.domain.limits import BLOB, FILE_NAME
from sync.blobs import disk
from sync.blobs.attachments import ENTITY, naming, unnamed, unnoted
from sync.blobs.kinds import Kind, fits, kind_of
from sync.blobs.store import BlobReader, BlobStore, file_sha256, is_sha256
from sync.blobs.tables import blob
from sync.blobs.waiting import Waiting, waiting
from sync.log.write import Write
from sync.store.engine import reading, writing
from sync.store.reader import Row
from sync.store.rows import upsert
from sync.store.tables import property_

MEBIBYTE = 1024 * 1024
FEED, OFFERED = "pull-feed", "blob-feed"
"""Properties of the store: the center's numbering as it is pulled, and as it was when contents were last offered."""


class AttachmentRecords(Protocol):
    """What is needed of a terminal's `Records`."""

    @property
    def engine(self) -> sa.Engine: ...
    @property
    def unit_path(self) -> UnitPath: ...
    def write(self, *writes: Write) -> list[str]: ...
    def get(self, entity: str, pk: str) -> Row | None: ...


class Attachments:
    """Blocking; thread-safe."""

    def __init__(self, records: AttachmentRecords, store: BlobStore, clock: Clock) -> None:
        self._records = records
        self._store = store
        self._clock = clock
        self._clear_up()

    @property
    def store(self) -> BlobStore:
        return self._store

    def _clear_up(self) -> None:
        """What was being taken in when the program ended, and contents that no record names any more.

        What is being fetched goes on where it was.
        """
        with reading(self._records.engine) as connection:
            gone = unnamed(connection)
        for sha256 in gone:
            self._store.delete(sha256)
            with writing(self._records.engine) as connection:
                connection.execute(blob.delete().where(blob.c.sha256 == sha256))
        for name in self._store.partials():
            if name.startswith("in-"):
                with suppress(OSError):
                    self._store.partial_path(name).unlink()

    def attach(self, path: Path, *, owner_kind: str, owner_id: str, meeting: str) -> str:
        """Take a file into the store and attach it to a record of a meeting; the attachment's pk.

        The content is sealed on the disk before its record is written; it is sent after the changes. OperatorError
        `attachment-missing`, `-empty`, `-too-large`, `-kind`, `-name`, `file-changed`, `person-missing`; HostFault
        `disk-full`, `disk-failing`: then nothing is attached.
        """
        name = path.name
        if not name.isprintable() or len(name) > FILE_NAME:
            raise OperatorError("attachment-name", file=name[:FILE_NAME])
        try:
            with path.open("rb") as source:
                length = os.fstat(source.fileno()).st_size
                kind = _checked(source, name, length)
                sha256 = file_sha256(source)
                self._store.take_in(source, sha256, length)
        except FileNotFoundError:
            raise OperatorError("attachment-missing", file=name) from None
        except OSError as err:
            raise OperatorError("attachment-unreadable", file=name, reason=err.strerror or "") from err
        self._note(sha256, length, at_center=False)
        pk = uuid7(unix_ms(self._clock.now()))
        fields = {
            "owner_kind": owner_kind,
            "owner_id": owner_id,
            "file_name": name,
            "mime": kind.mime,
            "bytes": length,
            "sha256": sha256,
            "meeting": meeting,
        }
        self._records.write(Write(ENTITY, pk, fields, meeting=meeting))
        return pk

    def _note(self, sha256: str, length: int, *, at_center: bool) -> None:
        """Note a content that is here. What is attached is offered to the center also where that has it: this unit
        must be known to hold it."""
        with writing(self._records.engine) as connection:
            noted = connection.execute(blob.update().where(blob.c.sha256 == sha256).values(at_center=at_center))
            if noted.rowcount == 0:
                now = unix_ms(self._clock.now())
                row = {"sha256": sha256, "bytes": length, "stored_ms": now, "at_center": at_center}
                connection.execute(blob.insert().values(**row))

    def has(self, attachment: str) -> bool:
        """Whether its content is here."""
        return self._store.has(self._row(attachment)["sha256"])

    def open(self, attachment: str) -> BlobReader:
        """Its content; HostFault `blob-missing` until it was fetched, OperatorError `attachment-unknown`."""
        return self._store.open(self._row(attachment)["sha256"])

    def save_as(self, attachment: str, target: Path) -> Path:
        """Write a plain copy where a person wants it. HostFault `disk-full`, `disk-failing`, `blob-damaged`."""
        draft = target.with_name(target.name + ".new")
        with self.open(attachment) as content, disk.disk_faults(target):
            try:
                with draft.open("wb") as file:
                    for piece in content.pieces():
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(draft, target)
            except BaseException:
                with suppress(OSError):
                    draft.unlink(missing_ok=True)
                raise
        return target

    def _row(self, attachment: str) -> Row:
        row = self._records.get(ENTITY, attachment)
        if row is None:
            raise OperatorError("attachment-unknown")
        return row

    def content_of(self, attachment: str) -> tuple[str, int]:
        """SHA-256 and length as its record says them; OperatorError `attachment-unknown`."""
        row = self._row(attachment)
        return str(row["sha256"]), int(row["bytes"])

    # For the lane

    def waiting(self) -> list[Waiting]:
        self._offer_again()
        with reading(self._records.engine) as connection:
            return waiting(connection)

    def _offer_again(self) -> None:
        """A center that counts anew was restored from a backup: what this unit sent since may not be there.

        A store that was made anew does not know which contents are here, nor which of them the center has.
        """
        with reading(self._records.engine) as connection:
            rows = connection.execute(
                sa.select(property_.c.name, property_.c.value).where(property_.c.name.in_([FEED, OFFERED]))
            )
            feeds = {row.name: row.value for row in rows}
            if feeds.get(FEED, "") == feeds.get(OFFERED, ""):
                return
            sent = connection.execute(sa.select(blob.c.sha256).where(blob.c.at_center)).scalars().all()
            own = self._records.unit_path
            again = [each for each in sent if any(one.owner_path == own for one in naming(connection, each))]
            unknown = [one for one in unnoted(connection, own) if is_sha256(one[0]) and self._store.has(one[0])]
        for sha256, length in unknown:
            self._note(sha256, length, at_center=False)
        with writing(self._records.engine) as connection:
            if OFFERED in feeds and again:
                connection.execute(blob.update().where(blob.c.sha256.in_(again)).values(at_center=False, upload=""))
            upsert(connection, property_, [{"name": OFFERED, "value": feeds[FEED]}])

    def note_upload(self, sha256: str, upload: str) -> None:
        """Where the upload of a content stands at the center; empty where it has to begin anew."""
        self._update(sha256, upload=upload)

    def note_refusal(self, sha256: str, reason: str) -> None:
        self._update(sha256, reason=reason)

    def note_sent(self, sha256: str) -> None:
        """The center has it."""
        self._update(sha256, at_center=True, upload="", reason="")

    def note_fetched(self, sha256: str, length: int) -> None:
        self._note(sha256, length, at_center=True)

    def _update(self, sha256: str, **values: object) -> None:
        with writing(self._records.engine) as connection:
            connection.execute(blob.update().where(blob.c.sha256 == sha256).values(**values))


def _checked(source: BinaryIO, name: str, length: int) -> Kind:
    if length == 0:
        raise OperatorError("attachment-empty", file=name)
    if length > BLOB:
        raise OperatorError("attachment-too-large", file=name, limit_mb=BLOB // MEBIBYTE)
    kind = kind_of(source, length)
    if kind is None:
        raise OperatorError("attachment-kind", file=name)
    if not fits(kind, name):
        raise OperatorError("attachment-name", file=name)
    return kind
