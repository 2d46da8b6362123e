"""What a terminal's store and the center's have in common: opening, one writer at a time, listeners."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.clock import Clock, unix_ms
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import DeviceId, UnitPath
from sync.documents.updates import check_update
from sync.log.envelope import Change, Op
from sync.log.payload import SEEN, UPDATE
from sync.log.signing import Origin
from sync.log.write import Write
from sync.merge.places import Places
from sync.merge.projection import Key, Projection, heads_of
from sync.merge.rebuilding import is_current, rebuild
from sync.store import cipher, postgres, reader
from sync.store.engine import WriteLane, check, host_faults, reading, store_engine, uncollected, writing
from sync.store.journal import Head, Journal, load_head, retraction
from sync.store.lock import StoreLock
from sync.store.rows import upsert
from sync.store.schema import upgrade
from sync.store.tables import document
from sync.store.turns import Turns

log = logging.getLogger("silian.sync")
Touched = frozenset[tuple[str, str]]
"""(entity, pk) of the records that a transaction touched."""
Listener = Callable[[Touched], None]
COMPACT_AFTER = 200
"""Updates of one document after which its snapshot is made anew."""


class Transaction:
    """One write transaction: what it writes is committed together, or not at all."""

    def __init__(
        self,
        connection: sa.Connection,
        identity: Origin,
        head: Head,
        now_ms: int,
        stamped: bool,
        places: Places | None = None,
        *,
        told_by_rows: bool = False,
    ) -> None:
        self.connection = connection
        self.projection = Projection(connection, places)
        self.journal = Journal(identity, head, now_ms, told_by_rows=told_by_rows)
        self.now_ms = now_ms
        self.device = identity.device
        self._stamped = stamped

    def get(self, entity: str, pk: str) -> reader.Row | None:
        """As the store's, with what this transaction has written."""
        self.projection.flush()
        return reader.get(self.connection, entity, pk)

    def list(self, entity: str, **equal: Any) -> reader.Rows:
        """As the store's, with what this transaction has written."""
        self.projection.flush()
        return reader.listed(self.connection, entity, equal)

    def put(self, write: Write, *, person: str, device: str) -> Change:
        fields = {name: list(value) if isinstance(value, tuple) else value for name, value in write.fields.items()}
        return self.journal.add(
            self.projection,
            write.entity,
            write.pk,
            Op.PUT,
            fields,
            meeting=write.meeting,
            person=person,
            device=device,
            stamped=self._stamped,
        )

    def settle(self, write: Write, *, person: str, device: str) -> Change:
        """Write a person's decision: it supersedes every head of the fields it names."""
        state = self.projection.state(write.entity, write.pk)
        return self.journal.add(
            self.projection,
            write.entity,
            write.pk,
            Op.PUT,
            write.fields,
            meeting=write.meeting,
            person=person,
            device=device,
            stamped=self._stamped,
            bases=heads_of(state, write.fields),
        )

    def retract(self, entity: str, pk: str, *, meeting: str, person: str, device: str) -> Change:
        return self.journal.add(
            self.projection,
            entity,
            pk,
            Op.RETRACT,
            retraction(entity),
            meeting=meeting,
            person=person,
            device=device,
            stamped=self._stamped,
        )

    def update(
        self, minutes: str, update: bytes, *, meeting: str, person: str, device: str, seen: bytes | None = None
    ) -> Change:
        """`seen`: what its writer had of the document. PeerFault `update-unreadable` for bytes that are no update."""
        check_update(update)
        fields = {UPDATE: update} if seen is None else {UPDATE: update, SEEN: seen}
        return self.journal.add(
            self.projection,
            "minutes",
            minutes,
            Op.UPDATE,
            fields,
            meeting=meeting,
            person=person,
            device=device,
            stamped=self._stamped,
        )


class Store(reader.StoreReader):
    """A store that is open for writing; `StoreReader` says how it is read. Thread-safe."""

    STORE_FILE = "store.db"
    STAMPED = False
    TOLD_BY_ROWS = False
    """Whether the rows tell where its own chain ends: see `sync.store.journal.chain_end`."""
    SHARED = False
    """Whether another process writes into it too: then where its own chain ends is asked in each transaction."""
    ALONE = True
    """Whether it has the store to itself, and sees to its schema; else one that does has it open already."""

    def __init__(self, folder: Path, identity: Origin, clock: Clock, database: str = "") -> None:
        """Open or make the store in `folder`, which is made where it is not there, or in a `database`.

        HostFault `store-in-use`, `store-damaged`, `store-newer`, `store-foreign`, `disk-full`, `disk-failing`,
        `database-away`; OperatorError `database-malformed`.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise HostFault("disk-failing", folder=str(folder)) from err
        self.folder = folder
        self.identity = identity
        self.clock = clock
        self._lock = Turns()
        self._listeners: list[Listener] = []
        self._updates: dict[str, int] = {}
        self._current: Transaction | None = None
        self._head_uncertain = False
        self._places = Places()
        self._store_lock = StoreLock(folder) if self.ALONE else None
        self._database_lock: postgres.DatabaseLock | None = None
        path, key = folder / self.STORE_FILE, identity.store_key
        try:
            engine = postgres.database_engine(database) if database else store_engine(path, key)
        except BaseException:
            if self._store_lock is not None:
                self._store_lock.close()
            raise
        super().__init__(engine, key)
        self._lane = WriteLane(engine)
        if not self.ALONE:
            self._head_uncertain = True
            return
        try:
            with host_faults():
                if database:
                    self._database_lock = postgres.DatabaseLock(engine)
                else:
                    cipher.seal(path, key)  # a store from before there was a key
            check(engine)
            upgrade(engine)
            with writing(engine) as connection:
                self._head = load_head(connection, identity.device)
                if not is_current(connection):
                    log.warning("the records are made again from the log: %d differed", len(rebuild(connection)))
                self._on_open(connection)
                self._places = Places.load(connection)
        except BaseException:
            self.close()
            raise

    @property
    def engine(self) -> sa.Engine:
        """For a part that has tables of its own in this store (`sync/blobs`)."""
        return self._engine

    @property
    def device(self) -> DeviceId:
        return self.identity.device

    @property
    def unit_path(self) -> UnitPath:
        """Where this unit is now, which may be another place than at its enrolment."""
        return UnitPath(self._places.now(self.identity.unit_path))

    def rebuild(self) -> list[Key]:
        """Make all records again from the log; the (entity, pk) of those that were not what the log says."""
        with self._lock, writing(self._engine) as connection:
            differing = rebuild(connection)
            self._places = Places.load(connection)
        self._tell(frozenset(differing))
        return differing

    def _on_open(self, connection: sa.Connection) -> None:
        """What a kind of store does in the transaction that opens it."""

    @contextmanager
    def _writing(self, only_commit_left: Callable[[], None] | None = None) -> Iterator[Transaction]:
        """One transaction at a time; listeners hear of it after the commit.

        `only_commit_left` is called when all is written, unless this is part of a transaction that goes on.
        """
        with self._lock:
            if self._current is not None:
                yield self._current  # part of the transaction that this thread is in
                return
            try:
                with uncollected(), self._lane as connection:
                    head = self._known_head(connection)
                    now_ms = unix_ms(self.clock.now())
                    transaction = Transaction(
                        connection,
                        self.identity,
                        head,
                        now_ms,
                        self.STAMPED,
                        self._places.copy(),
                        told_by_rows=self.TOLD_BY_ROWS,
                    )
                    self._current = transaction
                    yield transaction
                    written = transaction.journal.written
                    transaction.journal.store(connection)
                    self._finish(transaction, written)
                    transaction.projection.flush()
                    self._compact(transaction)
                    if only_commit_left is not None:
                        only_commit_left()
            except BaseException as err:
                self._head_uncertain = True  # a commit that failed may be on the disk all the same
                failed, self._current = self._current, None
                if isinstance(err, HostFault) and failed is not None:
                    self._tell(frozenset(failed.projection.touched))
                raise
            finally:
                self._current = None
            self._head = transaction.journal.head
            self._places = transaction.projection.places
        self._tell(frozenset(transaction.projection.touched | transaction.projection.told))

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        """A read transaction while nobody writes; inside of one that writes, what was before it."""
        with self._lock, reading(self._engine) if self._current is not None else self._lane.reading() as connection:
            yield connection

    def _known_head(self, connection: sa.Connection) -> Head:
        """Where the own chain ends; asked under the lock."""
        if self._head_uncertain or self.SHARED:
            self._head = load_head(connection, self.identity.device)
            self._places = Places.load(connection)
            self._head_uncertain = False
        return self._head

    def _finish(self, transaction: Transaction, written: Sequence[Change]) -> None:
        """What a kind of store adds before the commit."""

    def _compact(self, transaction: Transaction) -> None:
        connection = transaction.connection
        for pk in transaction.projection.updated:
            self._updates[pk] = self._updates.get(pk, 0) + 1
        for pk in [pk for pk, count in self._updates.items() if count >= COMPACT_AFTER]:
            state, position = reader.document_state(connection, pk)
            if state is not None:
                upsert(connection, document, [{"pk": pk, "state": state, "position": position}])
            del self._updates[pk]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of touched records, on the thread that wrote them, after the commit; the answer ends it."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def _tell(self, touched: Touched) -> None:
        if touched:
            for listener in tuple(self._listeners):
                listener(touched)

    def close(self) -> None:
        """Nothing is lost by not calling it."""
        if self._database_lock is not None:
            self._database_lock.close()
        with self._lock:
            self._lane.close()
        self._engine.dispose()
        if self._store_lock is not None:
            self._store_lock.close()
