"""The terminal's records: what the screens read and write, offline as well as online.

Every write is one transaction with its change, on the disk when the call returns. What was written and is not yet
acknowledged by the center is pending, whatever happens to the program.
"""

import dataclasses
import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import PersonId
from sync.documents.tables import live_update
from sync.documents.updates import check_update
from sync.log.audit import ENTITY as AUDIT
from sync.log.envelope import Verdict
from sync.log.hlc import wall_ms
from sync.log.signing import Origin
from sync.log.write import Write
from sync.merge.fold import RecordState
from sync.replication.client import PullPosition
from sync.replication.page import Page
from sync.replication.part import Part
from sync.store.engine import reading
from sync.store.journal import Head
from sync.store.reader import Row
from sync.store.rows import upsert
from sync.store.store import Store, Transaction
from sync.store.tables import change
from sync.terminal import healing, inbox, outbox, salvage
from sync.terminal.delivery import Delivery, delivery_of
from sync.terminal.status import Receipt, SyncStatus, in_quarantine, read_status
from sync.terminal.watch import LOW_DISK, ClockWatch, free_bytes

__all__ = ["Receipt", "Records", "Row", "SyncStatus", "Write"]

log = logging.getLogger("silian.sync")
APPROVED = "approved"


class Records(Store):
    """Thread-safe; one writer at a time. Reading: see `StoreReader`."""

    TOLD_BY_ROWS = True
    _person = PersonId("")
    _made: tuple[bytes, outbox.End] = (b"", (0, 0))
    """The push that was made last, and where it ends."""
    salvaged: salvage.Salvaged | None = None
    """What `salvage` came to, where this store was made by it."""

    @classmethod
    def open(cls, folder: Path, *, identity: Origin, clock: Clock) -> "Records":
        """Open or make `folder/store.db`; for the faults see `Store`."""
        return cls(folder, identity, clock)

    @classmethod
    def salvage(cls, folder: Path, *, identity: Origin, clock: Clock) -> "Records":
        """Make the store anew where `open` said `store-damaged`; the damaged file is kept beside it.

        What can be read of the own changes that are not receipted waits in it; all else comes from the center.
        """
        stamp = clock.now().strftime("%Y%m%d-%H%M%S")
        aside = salvage.put_aside(folder, cls.STORE_FILE, stamp)
        saved = salvage.pending_in(aside, identity)
        records = cls.open(folder, identity=identity, clock=clock)
        with records._writing() as transaction:
            outbox.take_over(transaction, identity, saved)
        records.salvaged = salvage.Salvaged(len(saved), aside)
        log.warning("%d changes were saved out of %s; the rest comes from the center", len(saved), aside.name)
        return records

    def act_as(self, person: PersonId) -> None:
        """From now on what is written is written by this person; empty: nobody, and nothing can be written."""
        self._person = person

    @property
    def person(self) -> PersonId:
        return self._person

    def write(self, *writes: Write) -> list[str]:
        """Write records in one transaction; the change ids. OperatorError `person-missing`, `fact-exists`."""
        return self._each(writes, Transaction.put)

    def note(self, write: Write) -> str:
        """Write a security event, also while nobody has shown who they are; its change id."""
        if write.entity != AUDIT:
            raise ValueError("only a security event has no author")
        with self._writing() as transaction:
            return transaction.put(write, person=self._person, device=self.device).change_id

    def settle(self, write: Write) -> str:
        """Write a person's decision over a conflict: it supersedes every value of the fields it names."""
        return self._each([write], Transaction.settle)[0]

    def _each(self, writes: Sequence[Write], act: Any) -> list[str]:
        person = self._acting()
        with self._writing() as transaction:
            if len(writes) > 1:
                transaction.projection.load({(each.entity, each.pk) for each in writes})
            return [act(transaction, each, person=person, device=self.device).change_id for each in writes]

    def retract(self, entity: str, pk: str, *, meeting: str) -> str:
        """Take a record back; the change id. OperatorError `record-missing` where there is none."""
        person = self._acting()
        with self._writing() as transaction:
            if not self._present(transaction.projection.state(entity, pk)):
                raise OperatorError("record-missing", entity=entity, pk=pk)
            return transaction.retract(entity, pk, meeting=meeting, person=person, device=self.device).change_id

    def save_update(self, minutes: str, update: bytes, *, meeting: str, seen: bytes | None = None) -> str:
        """Keep a pycrdt update of a document as a change; its id. `seen` is `MinutesDocument.seen`.

        OperatorError `minutes-approved` where the minutes are signed off, PeerFault `update-unreadable`.
        """
        person = self._acting()
        with self._writing() as transaction:
            if transaction.projection.state("minutes", minutes).fields.get("state") == APPROVED:
                raise OperatorError("minutes-approved", minutes=minutes)
            made = transaction.update(minutes, update, meeting=meeting, person=person, device=self.device, seen=seen)
            return made.change_id

    def keep_live(self, change_id: str, minutes: str, update: bytes) -> None:
        """Keep what a socket brought of an open document until the pull lane brings the same change.

        It is no change of this store's yet: no watermark and no cursor moves. PeerFault `update-unreadable`.
        """
        check_update(update)
        with self._writing() as transaction:
            connection = transaction.connection
            known = sa.select(change.c.position).where(change.c.change_id == change_id)
            if connection.execute(known).first() is None:
                upsert(connection, live_update, [{"change_id": change_id, "pk": minutes, "payload": update}])
                transaction.projection.told.add(("minutes", minutes))

    def _acting(self) -> PersonId:
        if not self._person:
            raise OperatorError("person-missing")
        return self._person

    @staticmethod
    def _present(state: RecordState) -> bool:
        return state.exists and not state.retracted

    def status(self) -> SyncStatus:
        """How far the records have come."""
        with reading(self._engine) as connection:
            counted = read_status(connection, self.device)
        free = self.free_bytes(self.folder)
        return dataclasses.replace(
            counted,
            clock_off_seconds=self.clock_watch.off_seconds,
            clock_jumped_seconds=self.clock_watch.jumped_seconds,
            disk_low_mib=free >> 20 if free is not None and free < LOW_DISK else None,
        )

    def delivery(self, entity: str, pk: str) -> Delivery:
        """Whether all that this terminal wrote of a record is at the center, and by which receipt."""
        return delivery_of(self._engine, self.device, entity, pk)

    def pending(self, limit: int = 200) -> list[Row]:
        """What waits for the center, oldest first: change_id, entity, pk, op, meeting, at (ms since 1970), bytes."""
        with self._reading() as connection:
            head = self._known_head(connection)
        query = (
            sa.select(
                change.c.change_id,
                change.c.entity,
                change.c.pk,
                change.c.op,
                change.c.meeting,
                change.c.hlc,
                sa.func.coalesce(sa.func.length(change.c.payload), 0),
            )
            .where(
                change.c.terminal == self.device,
                change.c.epoch == head.epoch,
                change.c.seq > head.acknowledged,
            )
            .order_by(change.c.seq)
            .limit(limit)
        )
        keys = ("change_id", "entity", "pk", "op", "meeting", "at", "bytes")
        with reading(self._engine) as connection:
            rows = [dict(zip(keys, row, strict=True)) for row in connection.execute(query)]
        return [row | {"at": wall_ms(row["at"])} for row in rows]

    def quarantine(self, limit: int = 200) -> list[Row]:
        """What the center (or this program) holds or refuses: change_id, entity, pk, op, meeting, verdict, reason."""
        names = ("change_id", "entity", "pk", "op", "meeting", "terminal", "verdict", "reason")
        query = (
            sa.select(*(change.c[name] for name in names))
            .where(in_quarantine())
            .order_by(change.c.position)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            rows = [dict(zip(names, row, strict=True)) for row in connection.execute(query)]
        held = {"verdict": Verdict.HELD.value}  # applied here, and held by the center
        return [row | held if row["verdict"] == Verdict.APPLIED else row for row in rows]

    # The lanes

    free_bytes = staticmethod(free_bytes)

    @cached_property
    def clock_watch(self) -> ClockWatch:
        """The heartbeat looks at it; `status` says what it saw."""
        return ClockWatch(self.clock)

    def _on_open(self, connection: sa.Connection) -> None:
        transaction = Transaction(connection, self.identity, self._head, 0, self.STAMPED)
        inbox.release_understood(transaction)
        transaction.projection.flush()

    def next_batch(self) -> bytes | None:
        """The next push, signed; None where everything is acknowledged."""
        with self._reading() as connection:
            return self._run_after(connection, self._known_head(connection))

    def batch_after(self, batch: bytes) -> bytes | None:
        """The push after one that is not acknowledged yet, if the chain goes on behind it."""
        with self._reading() as connection:
            made, end = self._made
            if made != batch:
                end = outbox.end_of(batch)
            return self._run_after(connection, outbox.head_after(self._known_head(connection), end))

    def _run_after(self, connection: sa.Connection, head: Head) -> bytes | None:
        run = outbox.next_batch(connection, self.identity, head)
        if run is not None:
            self._made = run
        return None if run is None else run[0]

    def pending_batches(self) -> list[bytes]:
        """All pushes that wait, one after the other, without an answer in between: what a USB package carries."""
        batches = []
        with self._reading() as connection:
            head = self._known_head(connection)
            while (run := outbox.next_batch(connection, self.identity, head)) is not None:
                batches.append(run[0])
                head = outbox.head_after(head, run[1])
        return batches

    def acknowledge(self, answer: bytes) -> list[Receipt]:
        """Keep the center's answer to a push. PeerFault `receipt-unreadable`, `receipt-forged`, `receipt-foreign`."""
        receipts = outbox.read_receipts(answer, self.identity)
        with self._writing() as transaction:
            outbox.acknowledge(transaction, self.identity, receipts)
        return receipts

    def go_on_from(self, epoch: int, seq: int, head_hash: bytes) -> None:
        """Go on where the center says this chain ends there."""
        with self._writing() as transaction:
            outbox.go_on_from(transaction, self.identity, epoch, seq, head_hash)

    def pull_position(self) -> PullPosition:
        """Where the next pull begins."""
        with self._reading() as connection:
            return inbox.pull_position(connection, self._known_head(connection))

    def take_page(self, raw: bytes) -> Page:
        """Verify and store a page. PeerFault `page-forged`, `page-malformed`, `page-misplaced`."""
        page = inbox.verified_page(raw, self.identity)
        with self._writing() as transaction:
            inbox.take_in(transaction, self.identity, page)
        return page

    def snapshot_position(self) -> inbox.SnapshotPosition | None:
        """Where the snapshot goes on; None once this store has been filled and pulls."""
        with self._reading() as connection:
            return inbox.snapshot_position(connection)

    def take_part(self, raw: bytes) -> Part:
        """Verify and store a part of the snapshot. PeerFault `page-forged`, `part-malformed`, `page-misplaced`."""
        part = inbox.verified_part(raw, self.identity)
        with self._writing() as transaction:
            inbox.take_part(transaction, self.identity, part)
        return part

    # Healing

    def differing(self, raw: bytes) -> list[str] | None:
        """The buckets in which this store and the center hold different changes; None where it cannot be told now.

        `raw` is the center's heads. PeerFault `page-forged`, `heads-malformed`.
        """
        heads = healing.verified_heads(raw, self.identity)
        with self._reading() as connection:
            return healing.differing_buckets(connection, self.identity, self._known_head(connection), heads)

    def heal(self, raws: Sequence[bytes], asked: PullPosition) -> int:
        """Make buckets equal to the center's; how many changes differed.

        `raws` are their parts, all of them, and `asked` where this store stood when they were asked for.
        """
        parts = [inbox.verified_part(raw, self.identity) for raw in raws]
        with self._writing() as transaction:
            return healing.heal(transaction, self.identity, parts, asked)
