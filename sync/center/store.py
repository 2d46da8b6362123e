"""The center's store: its own log, what terminals push, and the feed they pull.

The center is an origin like a terminal: what it writes by itself goes through the same log under its own device.
Everything that returns is committed and on the disk.
"""

import dataclasses
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from desktop_app.domain.clock import Clock, unix_ms
from desktop_app.domain.faults import OperatorError, PeerFault
from desktop_app.domain.ids import DeviceId, UnitPath, uuid7
from desktop_app.domain.limits import BATCH_CHANGES
from desktop_app.domain.principal import Actor, Principal
from desktop_app.domain.units import governs
from sync.center import feed, quarantine
from sync.center.admission import open_ahead
from sync.center.intake import KnownDevice, Position, position, replayed, take_in
from sync.center.moves import UnitMove, move_unit
from sync.center.release import release
from sync.entities import ENTITIES, Reach
from sync.identity.device import verify
from sync.identity.registry import Registry
from sync.log.audit import AuditKind, audit_event
from sync.log.envelope import Change
from sync.log.signing import Origin, page_message
from sync.log.write import Write
from sync.replication.batch import read_batch
from sync.replication.heads import Heads, pack_heads, sums_of
from sync.replication.page import FEED_BYTES, Page, pack_items, pack_page
from sync.replication.part import Part, pack_part
from sync.store.engine import host_faults, reading, uncollected
from sync.store.postgres import is_database
from sync.store.reader import Row, Rows
from sync.store.rows import erase_payloads, upsert
from sync.store.store import Store, Touched, Transaction
from sync.store.tables import IN_QUARANTINE, change, document, projector_cursor, property_

__all__ = ["CenterStore", "CenterTransaction", "Row", "Write"]

PART_CHANGES = 2_500
"""Changes in one part of a snapshot: a quarter of what a terminal takes, so that a crowd of them holds little here."""
DeviceBook = Callable[[DeviceId], KnownDevice | None]
"""Looks up an enrolled terminal; None for a stranger."""


class CenterTransaction:
    """Several writes and a cursor that are committed together."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def append(self, *writes: Write, actor: Actor) -> list[str]:
        """As `CenterStore.append`, committed when the transaction ends."""
        tx = self._transaction
        tx.projection.load({(each.entity, each.pk) for each in writes})
        return [tx.put(each, person=actor.person, device=actor.device).change_id for each in writes]

    def retract(self, entity: str, pk: str, *, meeting: str, actor: Actor) -> str:
        tx = self._transaction
        return tx.retract(entity, pk, meeting=meeting, person=actor.person, device=actor.device).change_id

    def save_update(self, minutes: str, update: bytes, *, meeting: str, actor: Actor) -> str:
        tx = self._transaction
        return tx.update(minutes, update, meeting=meeting, person=actor.person, device=actor.device).change_id

    def get(self, entity: str, pk: str) -> Row | None:
        return self._transaction.get(entity, pk)

    def list(self, entity: str, **equal: object) -> Rows:
        return self._transaction.list(entity, **equal)

    def cursor(self, name: str) -> int:
        """A projector's cursor; 0 before it was ever set."""
        return _cursor(self._transaction.connection, name)

    def set_cursor(self, name: str, value: int) -> None:
        upsert(self._transaction.connection, projector_cursor, [{"name": name, "value": value}])


class CenterStore(Store):
    """Thread-safe; one writer at a time. Reading: see `StoreReader`."""

    STORE_FILE = "center.db"
    STAMPED = True
    SHARED = True

    def __init__(
        self, folder: Path, identity: Origin, clock: Clock, devices: DeviceBook | None, database: str = ""
    ) -> None:
        super().__init__(folder, identity, clock, database)
        self._intake = threading.RLock()
        """Held by the push that keeps the interpreter busy; not any more by one that waits for disk or database."""
        self._devices: DeviceBook = Registry(folder, identity.store_key).device if devices is None else devices

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        identity: Origin,
        clock: Clock,
        devices: DeviceBook | None = None,
        database: str = "",
    ) -> "CenterStore":
        """Open or make `folder/center.db`, or the store in `database`, a URL of PostgreSQL.

        `devices` is the folder's registry where it is not given.

        For the faults see `Store`.
        """
        return cls(folder, identity, clock, devices, database)

    def _on_open(self, connection: sa.Connection) -> None:
        row = connection.execute(sa.select(property_.c.value).where(property_.c.name == "feed")).scalar()
        if row is None:
            row = secrets.token_hex(FEED_BYTES)
            connection.execute(property_.insert().values(name="feed", value=row))
        self._feed = bytes.fromhex(row)
        transaction = Transaction(connection, self.identity, self._head, unix_ms(self.clock.now()), self.STAMPED)
        release(transaction, IN_QUARANTINE)
        self._finish(transaction, [])
        transaction.projection.flush()
        self._head = transaction.journal.head

    def _finish(self, transaction: Transaction, written: Sequence[Change]) -> None:
        feed.tell(transaction, written)
        while revoked := transaction.journal.written:
            transaction.journal.store(transaction.connection)
            feed.tell(transaction, revoked)

    # The center's own changes

    @contextmanager
    def transaction(self) -> Iterator[CenterTransaction]:
        """Writes and cursors that are committed together when the block ends, or not at all."""
        with self._writing() as transaction:
            yield CenterTransaction(transaction)

    def append(self, *writes: Write, actor: Actor) -> list[str]:
        """Write the center's own changes in one transaction; the change ids.

        Within `transaction()` of the same thread it is part of that. OperatorError `fact-exists`.
        """
        with self.transaction() as transaction:
            return transaction.append(*writes, actor=actor)

    def retract(self, entity: str, pk: str, *, meeting: str, actor: Actor) -> str:
        with self.transaction() as transaction:
            return transaction.retract(entity, pk, meeting=meeting, actor=actor)

    def save_update(self, minutes: str, update: bytes, *, meeting: str, actor: Actor) -> str:
        with self.transaction() as transaction:
            return transaction.save_update(minutes, update, meeting=meeting, actor=actor)

    def erase(self, entity: str, pk: str, *, ground: str, actor: Actor) -> int:
        """Erase all that was ever said of a record, here and at every terminal that has it; how many changes.

        `ground` says on which lawful request. The history goes on to verify. OperatorError `record-missing`.
        """
        with self._writing() as transaction:
            connection, projection = transaction.connection, transaction.projection
            said = sa.and_(change.c.entity == entity, change.c.pk == pk, change.c.payload.is_not(None))
            ids = connection.execute(sa.select(change.c.change_id).where(said)).scalars().all()
            if not ids or entity not in ENTITIES or ENTITIES[entity].reach is Reach.EVERYONE:
                raise OperatorError("record-missing", entity=entity, pk=pk)
            meeting = projection.state(entity, pk).meeting
            fields = {
                "unit_path": feed.owner_of(projection, entity, pk),
                "meeting": meeting,
                "record": f"{entity}:{pk}",
                "changes": list(ids),
                "ground": ground,
            }
            told = audit_event(AuditKind.RECORD_ERASED, self.unit_path, actor, transaction.now_ms, f"{entity} {ground}")
            for write in (Write("erasure", uuid7(transaction.now_ms), fields, meeting), told):
                transaction.put(write, person=actor.person, device=actor.device)
            erase_payloads(connection, ids)
            connection.execute(document.delete().where(document.c.pk == pk))
            projection.forget(entity, pk)
        if self._engine.dialect.name == "sqlite":
            with host_faults(), closing(self._engine.raw_connection()) as raw:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the old pages are in the write-ahead log
        return len(ids)

    def move_unit(self, code: str, under: str, *, ground: str, actor: Actor) -> UnitMove:
        """Move a unit, with all below it, under another one: see `sync.center.moves`."""
        with self._writing() as transaction:
            return move_unit(transaction, code, under, ground=ground, actor=actor, own=self.unit_path)

    # The quarantine

    def quarantined(self, unit_path: UnitPath) -> list[quarantine.Quarantined]:
        """What was held or refused of the units in a unit's charge, newest first."""
        with reading(self._engine) as connection:
            return quarantine.quarantined(connection, unit_path, self.place_of)

    def judge_again(self, change_id: str, unit_path: UnitPath) -> tuple[str, str]:
        """Judge a held or refused change of a unit anew: (verdict, reason). OperatorError `change-unknown`."""
        with self._writing() as transaction:
            each = quarantine.find(transaction.connection, change_id)
            if each is None or not governs(unit_path, self.place_of(UnitPath(each.unit_path))):
                raise OperatorError("change-unknown")
            known = self._devices(DeviceId(each.terminal))
            own = known.unit_path if known is not None else UnitPath(each.unit_path)
            verdict, reason = quarantine.judge_again(transaction, each, own)
        return verdict.value, reason

    def cursor(self, name: str) -> int:
        """A projector's cursor; 0 before it was ever set."""
        with reading(self._engine) as connection:
            return _cursor(connection, name)

    def meetings_touched(self, entities: Sequence[str], since: int) -> tuple[list[str], int]:
        """The meetings of which a record of these kinds was written or taken back after position `since` of this store.

        With them the position to ask from next time.
        """
        with reading(self._engine) as connection:
            end = int(connection.execute(sa.select(sa.func.max(change.c.position))).scalar() or 0)
            later = sa.and_(change.c.position > since, change.c.position <= end)
            rows = connection.execute(sa.select(change.c.entity, change.c.meeting).where(later).distinct())
            return sorted({row.meeting for row in rows if row.meeting and row.entity in entities}), max(end, since)

    def place_of(self, path: UnitPath) -> UnitPath:
        """Where the unit of a path is now; the path itself where it was never moved."""
        return UnitPath(self._places.now(path))

    # The lanes

    def known(self, device: DeviceId) -> KnownDevice:
        """An enrolled terminal; PeerFault `device-unknown`."""
        known = self._devices(device)
        if known is None:
            raise PeerFault("device-unknown")
        return known

    def second_turn(self) -> AbstractContextManager[None]:
        """The turn to write, after whoever else waits for it."""
        return self._lock.second()

    def heard(self, touched: Touched) -> None:
        """Tell the listeners what another process has written."""
        self._tell(touched)

    def receive(self, device: DeviceId, batch: bytes) -> bytes:
        """Take in a push of an enrolled terminal; its receipts (`msgpack [[body, signature], ...]`). Idempotent.

        PeerFault: `message-unreadable`, `message-too-large`, `batch-malformed`, `device-unknown`, `device-mismatch`,
        `signature-bad`, `chain-broken`, and with the center's (epoch, seq, head_hash) `epoch-old`, `chain-gap`,
        `chain-fork`. Then nothing of it is stored.
        """
        known = self.known(device)
        with uncollected(), ExitStack() as intake:
            intake.enter_context(self._intake)
            return self._receive(device, known, batch, intake.close)

    def _receive(
        self, device: DeviceId, known: KnownDevice, batch: bytes, next_may_be_opened: Callable[[], None]
    ) -> bytes:
        opened = read_batch(batch)
        if opened.terminal != device:
            raise PeerFault("device-mismatch")
        with reading(self._engine) as connection:
            answer = replayed(connection, opened)
        if answer is not None:
            return answer
        if not verify(known.public_key, opened.message(), opened.signature):
            raise PeerFault("signature-bad")
        chain = opened.chain()
        payloads = open_ahead(change for change, _ in chain)
        in_file, in_database = (None, next_may_be_opened) if is_database(self._engine) else (next_may_be_opened, None)
        with self._writing(in_file) as transaction:
            transaction.projection.opened = payloads
            return take_in(transaction, self.identity, known, opened, chain, in_database)

    def position(self, device: DeviceId) -> Position:
        """Where a terminal's chain ends here."""
        with reading(self._engine) as connection:
            return position(connection, device)

    def page(
        self,
        principal: Principal,
        since: int,
        limit: int,
        *,
        known_feed: bytes = b"",
        own_head: tuple[int, int] = (0, 0),
    ) -> bytes:
        """What a terminal may see after cursor `since`, countersigned for it.

        `known_feed` is the feed it counts by (empty: it has not read yet); where that is another one, it starts at 0.
        """
        return pack_page(self.read_page(principal, since, limit, known_feed=known_feed, own_head=own_head)[0])

    def read_page(
        self,
        principal: Principal,
        since: int,
        limit: int,
        *,
        known_feed: bytes,
        own_head: tuple[int, int],
        pushed_after: tuple[int, int] | None = None,
    ) -> tuple[Page, bool]:
        """As `page`, before it is packed, and whether there is anything in it; for `pushed_after` see `feed.read`."""
        if known_feed not in (b"", self._feed):
            since = 0
        with reading(self._engine) as connection:
            changes, following, more = feed.read(
                connection,
                principal.device,
                self.place_of(principal.unit_path),
                since,
                max(1, min(limit, BATCH_CHANGES)),
                own_head,
                pushed_after,
            )
        items = pack_items(changes, principal.device)
        now_ms = unix_ms(self.clock.now())
        message = page_message(principal.device, self._feed, since, following, now_ms, items)
        page = Page(self._feed, since, following, more, now_ms, items, self.identity.sign(message))
        return page, bool(changes)

    def snapshot(
        self, principal: Principal, *, bucket: str = "", after: int = 0, until: int = 0, known_feed: bytes = b""
    ) -> bytes:
        """The next part of all that a terminal may see, countersigned for it: see `sync.replication.part`.

        `until` is that of the first part (0: this is the first); where `known_feed` is another one, it starts anew.
        """
        if known_feed not in (b"", self._feed):
            after, until = 0, 0
        with reading(self._engine) as connection:
            until = until or feed.end_of(connection)
            unit_path = self.place_of(principal.unit_path)
            changes, following, done = feed.part(connection, unit_path, bucket, after, until, PART_CHANGES)
        items = pack_items(changes, principal.device)
        part = Part(self._feed, bucket, until, after, following, done, unix_ms(self.clock.now()), items)
        signature = self.identity.sign(part.message(principal.device))
        return pack_part(dataclasses.replace(part, signature=signature))

    def heads(self, principal: Principal, cursor: int, own_head: tuple[int, int], *, known_feed: bytes) -> bytes:
        """The checksums of all that a terminal may see, if it has been told all of it: see `sync.replication.heads`.

        `own_head` is (epoch, seq) of its own chain as far as it is acknowledged. PeerFault `chain-gap` with the
        center's (epoch, seq, head_hash) where this store was restored and lacks some of that, `chain-fork` where it
        has more: an answer is on its way, or the terminal was restored and somebody brought what it had written.
        """
        with reading(self._engine) as connection:
            unit_path = self.place_of(principal.unit_path)
            changes = feed.read(connection, principal.device, unit_path, cursor, 1, own_head)[0]
            at = position(connection, principal.device)
            if at.lacks(own_head):
                raise at.fault("chain-gap")
            if (at.epoch, at.seq) > own_head:
                raise at.fault("chain-fork")
            acknowledged = (at.epoch, at.seq) == own_head or own_head[1] == 0
            settled = known_feed == self._feed and acknowledged and not changes
            sums = sums_of(feed.all_visible(connection, unit_path)) if settled else b""
        heads = Heads(self._feed, cursor, settled, sums, b"")
        return pack_heads(dataclasses.replace(heads, signature=self.identity.sign(heads.message(principal.device))))


def _cursor(connection: sa.Connection, name: str) -> int:
    value = connection.execute(sa.select(projector_cursor.c.value).where(projector_cursor.c.name == name)).scalar()
    return 0 if value is None else int(value)
