"""Mistakes in how changes travel, and in what is said of them. See `tests.simulation.mutants`."""

import dataclasses
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.faults import PeerFault
from sync.center import feed, intake, store
from sync.log.envelope import Verdict
from sync.store.engine import writing
from sync.store.tables import change
from sync.store.tables import feed as feed_table
from sync.terminal import healing, inbox, outbox, records
from tests.simulation.planted import mutant


class _Undone(Exception):
    pass


@mutant("acknowledge before commit")
def _() -> None:
    receive = store.CenterStore.receive
    waiting: list[tuple[Any, bytes]] = []

    def early(self: store.CenterStore, device: Any, batch: bytes) -> bytes:
        while waiting:
            receive(self, *waiting.pop())
        answer = b""
        try:
            with self._writing():
                answer = receive(self, device, batch)
                raise _Undone
        except _Undone:
            waiting.append((device, batch))
        return answer

    store.CenterStore.receive = early  # type: ignore[method-assign]


@mutant("acknowledge without head hash")
def _() -> None:
    acknowledge, go_on = outbox.acknowledge, outbox.go_on_from

    def fresh(_connection: Any, held: intake.Position, batch: Any, chain: Any) -> Any:
        if batch.epoch < held.epoch:
            raise held.fault("epoch-old")
        if batch.epoch > held.epoch:
            return chain
        if batch.first_seq > held.seq + 1:
            raise held.fault("chain-gap")
        return chain[held.seq - batch.first_seq + 1 :]

    def replayed(connection: Any, batch: Any) -> bytes | None:
        known = intake.receipts_for(connection, batch)
        return intake.pack_receipts(known) if known and known[-1].last_seq >= batch.last_seq else None

    def believed(transaction: Any, identity: Any, receipts: Any) -> None:
        taken = []
        for each in receipts:
            seq = min(each.last_seq, transaction.journal.head.seq)
            ours = outbox._hash_at(transaction.connection, identity, each.epoch, seq)
            taken.append(dataclasses.replace(each, last_seq=seq, head_hash=ours or b""))
        acknowledge(transaction, identity, taken)

    def anywhere(transaction: Any, identity: Any, epoch: int, seq: int, _head_hash: bytes) -> None:
        ours = outbox._hash_at(transaction.connection, identity, epoch, seq) or bytes(32)
        go_on(transaction, identity, epoch, seq, ours)

    intake._fresh, outbox.acknowledge, outbox.go_on_from = fresh, believed, anywhere
    intake.replayed = store.replayed = replayed  # type: ignore[attr-defined]


@mutant("racing pull cursor")
def _() -> None:
    """Some changes have their cursor, and are committed after others that have a later one."""
    tell, page = feed.tell, store.CenterStore.read_page
    late: dict[str, list[Any]] = {}
    tells, reads = [0], [0]

    def racing(transaction: Any, changes: Any, **named: Any) -> None:
        connection = transaction.connection
        tells[0] += 1
        if tells[0] % 3 == 0 and (rows := late.pop(str(connection.engine.url), [])):
            connection.execute(feed_table.insert(), rows)
        before = feed.end_of(connection)
        tell(transaction, changes, **named)
        mine = sa.and_(feed_table.c.cursor > before, feed_table.c.only_path.is_(None))
        rows = [dict(row._mapping) for row in connection.execute(sa.select(feed_table).where(mine))]
        if rows and tells[0] % 3 == 1:
            connection.execute(feed_table.delete().where(mine))
            late[str(connection.engine.url)] = rows

    def read_page(self: Any, *asked: Any, **named: Any) -> Any:
        reads[0] += 1
        if reads[0] % 12 == 0 and (rows := late.pop(str(self.engine.url), [])):
            with writing(self.engine) as connection:
                connection.execute(feed_table.insert(), rows)
        return page(self, *asked, **named)

    store.CenterStore.read_page = read_page  # type: ignore[method-assign]
    feed.tell = intake.tell = racing  # type: ignore[attr-defined]


@mutant("epoch reused")
def _() -> None:
    real = outbox.open_epoch

    def reused(transaction: Any, identity: Any, *, above: int, again: Any = ()) -> None:
        head = transaction.journal.head
        wanted = max(head.epoch, above)
        real(transaction, identity, above=above, again=again)
        connection = transaction.connection
        taken = connection.execute(
            sa.select(sa.func.max(change.c.seq)).where(
                change.c.terminal == identity.device, change.c.epoch == wanted, change.c.seq > 0
            )
        ).scalar()
        if taken is None:
            connection.execute(
                change.update()
                .where(change.c.terminal == identity.device, change.c.epoch == head.epoch)
                .values(epoch=wanted)
            )
            head.epoch = wanted

    outbox.open_epoch = inbox.open_epoch = healing.open_epoch = reused  # type: ignore[attr-defined]


@mutant("receipt not verified")
def _() -> None:
    outbox.verify = lambda *_asked: True  # type: ignore[attr-defined]


@mutant("page not verified")
def _() -> None:
    inbox.verify = lambda *_asked: True  # type: ignore[attr-defined]


@mutant("update applied twice")
def _() -> None:
    real = intake._store

    def twice(transaction: Any, device: Any, fresh: Any, *others: Any) -> Any:
        known = {
            each.change_id
            for each, _ in fresh
            if transaction.connection.execute(
                sa.select(change.c.change_id).where(change.c.change_id == each.change_id)
            ).scalar()
        }
        renamed = [
            (dataclasses.replace(each, change_id=f"{each.change_id[:-4]}{each.epoch:04x}"), at)
            if each.change_id in known
            else (each, at)
            for each, at in fresh
        ]
        return real(transaction, device, renamed, *others)

    intake._store = twice


@mutant("quarantine that blocks the lane")
def _() -> None:
    real = intake.judge

    def strict(*asked: Any) -> Any:
        judgement = real(*asked)
        if judgement[0] is Verdict.HELD:
            raise PeerFault("batch-malformed")
        return judgement

    intake.judge = strict  # type: ignore[attr-defined]


@mutant("what is held is dropped")
def _() -> None:
    real = intake.insert_changes

    def choosy(connection: Any, changes: Any) -> None:
        real(connection, [pair for pair in changes if pair[0].verdict != Verdict.HELD])

    intake.insert_changes = choosy  # type: ignore[attr-defined]


@mutant("what was refused stays in the records")
def _() -> None:
    real = outbox._apply_verdicts

    def forgiving(transaction: Any, identity: Any, each: Any) -> None:
        real(transaction, identity, dataclasses.replace(each, verdicts=()))

    outbox._apply_verdicts = forgiving


@mutant("a new epoch forgets what waits")
def _() -> None:
    real = outbox.open_epoch

    def short(transaction: Any, identity: Any, *, above: int, again: Any = ()) -> None:
        transaction.journal.head.acknowledged = transaction.journal.head.seq
        real(transaction, identity, above=above, again=again)

    outbox.open_epoch = inbox.open_epoch = healing.open_epoch = short  # type: ignore[attr-defined]


@mutant("what a restored center lacks is not sent again")
def _() -> None:
    healing._give_back = lambda *_asked: None


@mutant("the cursor is kept before the changes are")
def _() -> None:
    real = records.Records.take_page

    def hasty(self: records.Records, raw: bytes) -> Any:
        page = inbox.verified_page(raw, self.identity)
        with self._writing() as transaction:
            here = inbox.pull_position(transaction.connection, transaction.journal.head)
            if here.feed == page.feed and here.cursor == page.since:
                inbox._keep(transaction.connection, {inbox.CURSOR: str(page.following)})
        with self._writing() as transaction:
            if here.feed == page.feed and here.cursor == page.since:
                inbox.take_changes(transaction, self.identity, page.changes())
                return page
        return real(self, raw)

    records.Records.take_page = hasty  # type: ignore[method-assign]


@mutant("a snapshot tells what was told again where it was told first")
def _() -> None:
    real = feed.part

    def first(*asked: Any) -> Any:
        told, cursor, ended = real(*asked)
        return sorted(told, key=lambda each: each.received_ms or 0), cursor, ended

    feed.part = first


@mutant("a restored center goes on in the epoch of its backup")
def _() -> None:
    from sync.center import restoration

    restoration._later = lambda epoch, _now_ms: epoch


@mutant("a refusal after a hold is not told to its writer")
def _() -> None:
    inbox.ACTS.pop("refusal")


@mutant("a receipt that says held undoes a refusal that came before it")
def _() -> None:
    real = outbox._apply_verdicts

    def undo(transaction: Any, identity: Any, receipt: Any) -> None:
        real(transaction, identity, receipt)
        for seq, verdict, reason in receipt.verdicts:
            at = (change.c.terminal == identity.device, change.c.epoch == receipt.epoch, change.c.seq == seq)
            values = {"verdict": Verdict.APPLIED.value, "reason": reason}
            if verdict == Verdict.HELD:
                transaction.connection.execute(change.update().where(*at).values(**values))

    outbox._apply_verdicts = undo


@mutant("an old receipt takes back what was told since")
def _() -> None:
    real = outbox._apply_verdicts

    def undo(transaction: Any, identity: Any, receipt: Any) -> None:
        real(transaction, identity, dataclasses.replace(receipt, received_ms=-1))  # the stamp of no change

    outbox._apply_verdicts = undo


@mutant("what was refused is never held again")
def _() -> None:
    outbox._refused_ms = lambda *_asked: 1 << 62  # later than every receipt
