"""`python -m tests.simulation.mutants`: plant one mistake after another in the real code; each must be caught.

A mutant lives in the memory of a process of its own. The swarm plays days there until something is not true any more.
Prints a table; exits with 1 when a mutant survives.
"""

import argparse
import dataclasses
import hashlib
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from desktop_app.domain.faults import PeerFault
from sync.center import admission, feed, intake, store
from sync.entities import ENTITIES
from sync.log.envelope import Verdict
from sync.log.payload import PayloadReader
from sync.merge import fold, projection
from sync.store import journal, reader
from sync.store.engine import writing
from sync.store.journal import Head
from sync.store.store import Store
from sync.store.tables import change
from sync.store.tables import feed as feed_table
from sync.terminal import healing, inbox, outbox, records
from tests.simulation.swarm import play_one

DAYS = 150
SEEN_BY = {
    "what is told to one unit is told to all": "tests/sync/test_scope_changes.py",
    "a late guest gets only what is new": "tests/sync/test_scope_changes.py",
    "clock not capped": "tests/simulation/test_ahead.py",
    "a capped change is not merged again at its writer": "tests/simulation/test_ahead.py",
    "who was above a moved unit keeps what was its own": "tests/sync/test_unit_moves.py",
    "who is above a moved unit now gets only what is new": "tests/sync/test_unit_moves.py",
    "the places of a moved unit are not read anew": "tests/sync/test_unit_moves.py",
    "what others deleted counts as seen": "tests/sync/test_disputed_passages.py",
    "what waits in a damaged store is not saved": "tests/sync/test_rebuilding.py",
    "a snapshot tells what was told again where it was told first": "tests/sync/test_snapshot_and_healing.py",
    "a restored center goes on in the epoch of its backup": "tests/sync/test_restoration.py",
}
"""The test that is run first, of what a swarm sees too seldom."""
SECONDS = 150.0
"""Of the processor, for one mutant."""
PATIENCE = 20
"""How many times that the clock on the wall may take, on a machine that has other work."""
Plant = Callable[[], None]
MUTANTS: dict[str, Plant] = {}


def mutant(name: str) -> Callable[[Plant], Plant]:
    def keep(plant: Plant) -> Plant:
        MUTANTS[name] = plant
        return plant

    return keep


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


@mutant("tie-break by chain hash")
def _() -> None:
    def order(each: Any) -> Any:
        place = f"{each.terminal}{each.epoch}{each.seq}".encode()
        return fold.capped(each.hlc, each.received_ms), hashlib.sha256(place).hexdigest(), each.change_id

    fold.order = order


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


def _blind(name: str) -> None:
    real, visible = getattr(feed, name), feed.visible

    def told(*asked: Any, **named: Any) -> Any:
        feed.visible = lambda _unit: sa.true()
        try:
            return real(*asked, **named)
        finally:
            feed.visible = visible

    setattr(feed, name, told)


@mutant("scope check skipped on pull")
def _() -> None:
    _blind("read")


@mutant("scope check skipped on snapshot")
def _() -> None:
    _blind("part")


@mutant("scope check skipped on heads")
def _() -> None:
    _blind("all_visible")


@mutant("scope check skipped on push")
def _() -> None:
    admission._check_scope = lambda *_asked: None


@mutant("what is told to one unit is told to all")
def _() -> None:
    again = feed._tell_again

    def to_all(connection: Any, path: str, which: Any) -> None:
        again(connection, path, which)
        connection.execute(feed_table.update().where(feed_table.c.only_path == path).values(reach="everyone"))

    feed._tell_again = to_all


@mutant("conflict dropped: the last writer wins silently")
def _() -> None:
    real = fold._fold_fields

    def silent(state: Any, ordered: Any) -> None:
        real(state, ordered)
        state.conflicts.clear()

    fold._fold_fields = silent


@mutant("conflict dropped: whoever comes last supersedes")
def _() -> None:
    fold._saw_all = lambda state, payload: bool(payload.bases)


@mutant("conflict dropped: an ordinary edit settles it")
def _() -> None:
    def all_heads(state: Any, names: Any) -> Any:
        return {name: tuple(state.clocks[name]) for name in names if state.clocks.get(name)}

    journal.bases_of = all_heads  # type: ignore[attr-defined]


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


@mutant("clock not capped")
def _() -> None:
    fold.capped = lambda hlc, _received: hlc  # type: ignore[attr-defined]


@mutant("update applied twice")
def _() -> None:
    real = intake._store

    def twice(transaction: Any, device: Any, fresh: Any, received_ms: int) -> Any:
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
        return real(transaction, device, renamed, received_ms)

    intake._store = twice


@mutant("projection outside the transaction")
def _() -> None:
    flush, tell = projection.Projection.flush, Store._tell
    pending: list[Any] = []

    def later(self: projection.Projection) -> None:
        pending[:] = [self]

    def told(self: Store, touched: Any) -> None:
        if pending:
            one = pending.pop()
            if not getattr(self._engine, "dead", False):
                with writing(self._engine) as connection:
                    one._connection = connection
                    flush(one)
        tell(self, touched)

    projection.Projection.flush = later  # type: ignore[method-assign]
    Store._tell = told  # type: ignore[method-assign]


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


@mutant("a failed commit is taken for undone")
def _() -> None:
    Store._head_uncertain = property(lambda _self: False, lambda _self, _value: None)  # type: ignore[assignment]


@mutant("a late guest gets only what is new")
def _() -> None:
    feed._tell_again = lambda *_asked: None


@mutant("who is uninvited keeps the records")
def _() -> None:
    inbox.ACTS.pop("revocation")


@mutant("what was refused stays in the records")
def _() -> None:
    real = outbox._apply_verdicts

    def forgiving(transaction: Any, identity: Any, each: Any) -> None:
        real(transaction, identity, dataclasses.replace(each, verdicts=()))

    outbox._apply_verdicts = forgiving


@mutant("a capped change is not merged again at its writer")
def _() -> None:
    outbox._merge_capped = lambda *_asked: None


@mutant("a restarted terminal forgets what waits")
def _() -> None:
    real = journal.load_head

    def forgetful(connection: Any, device: str) -> Head:
        head = real(connection, device)
        return dataclasses.replace(head, acknowledged=head.seq)

    import sync.store.store as stores

    stores.load_head = forgetful  # type: ignore[attr-defined]


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


@mutant("a retraction does nothing")
def _() -> None:
    real = fold._fold_fact

    def stubborn(state: Any, ordered: Any) -> None:
        real(state, ordered)
        state.retracted = False

    fold._fold_fact = stubborn


@mutant("a field that is not known is not forwarded")
def _() -> None:
    class Narrow(PayloadReader):
        def open(self, raw: bytes) -> Any:
            payload = super().open(raw)
            known = {name for entity in ENTITIES.values() for name in entity.fields} | {"_retracted", "update"}
            return dataclasses.replace(payload, fields={k: v for k, v in payload.fields.items() if k in known})

    projection.PayloadReader = Narrow  # type: ignore[attr-defined]


@mutant("minutes forget what was compacted")
def _() -> None:
    def latest(connection: Any, pk: str) -> Any:
        updates, position = reader.updates_since(connection, pk, 0)
        return (updates[-1] if updates else None), position

    reader.document_state = latest
    import tests.simulation.shown as shown

    shown.document_state = latest


@mutant("a receive stamp may go back")
def _() -> None:
    from sync.log.hlc import HybridClock

    HybridClock.stamp = lambda _self, now_ms: now_ms - now_ms % 3_600_000  # type: ignore[method-assign]


@mutant("who was above a moved unit keeps what was its own")
def _() -> None:
    real = feed._move_unit

    def kept(transaction: Any, move: Any) -> None:
        revoke, feed._revoke = feed._revoke, lambda *_asked: None
        try:
            real(transaction, move)
        finally:
            feed._revoke = revoke

    feed._move_unit = kept


@mutant("who is above a moved unit now gets only what is new")
def _() -> None:
    real = feed._move_unit

    def late(transaction: Any, move: Any) -> None:
        again, feed._tell_again = feed._tell_again, lambda *_asked: None
        try:
            real(transaction, move)
        finally:
            feed._tell_again = again

    feed._move_unit = late


@mutant("the places of a moved unit are not read anew")
def _() -> None:
    from sync.merge.places import Places

    Places.now = lambda _self, path: path  # type: ignore[method-assign]


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


@mutant("what others deleted counts as seen")
def _() -> None:
    from sync.center import disputes

    disputes.gone_by = lambda _update: {}  # type: ignore[attr-defined]


@mutant("what waits in a damaged store is not saved")
def _() -> None:
    from sync.terminal import salvage

    salvage.rows_in = lambda _pages: iter(())  # type: ignore[attr-defined]


@mutant("scope check skipped on attachments")
def _() -> None:
    from sync.blobs import uploads

    uploads.may_read = lambda *_asked: True  # type: ignore[attr-defined]


@mutant("what a restored center lost of attachments is not offered again")
def _() -> None:
    from sync.blobs.desk import Attachments

    Attachments._offer_again = lambda _self: None  # type: ignore[method-assign]


@mutant("a piece is added wherever the upload stands")
def _() -> None:
    from sync.blobs.uploads import Uploads

    real = Uploads.add

    def anywhere(self: Any, who: Any, upload_id: str, _offset: int, content: bytes) -> Any:
        standing = self.standing(who, upload_id)
        return real(self, who, upload_id, standing.offset, content[: standing.length - standing.offset])

    Uploads.add = anywhere  # type: ignore[method-assign]


def hunt(name: str, days: int = DAYS, seconds: float = SECONDS) -> int:
    """Play days with this mutant planted; 0 when it was caught."""
    logging.disable(logging.CRITICAL)
    MUTANTS[name]()
    began = time.process_time()
    if name in SEEN_BY and pytest.main(["-q", "-p", "no:cacheprovider", SEEN_BY[name]]) == pytest.ExitCode.TESTS_FAILED:
        print(f"-\t{SEEN_BY[name]}")
        return 0
    for seed in range(days):
        day = play_one(seed)
        if day.fault:
            last = day.fault.strip().splitlines()[-1]
            print(f"{seed}\t{last[:110]}")
            return 0
        if time.process_time() - began > seconds:
            break
    print(f"-\tsurvived {seed + 1} days")
    return 1


def _child(name: str) -> tuple[str, bool, str, float]:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation.mutants", "--plant", name],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS * PATIENCE,
    )
    lines = (done.stdout.strip() or done.stderr.strip() or "no word").splitlines()
    return name, done.returncode == 0 and "\t" in lines[-1], lines[-1], time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plant", metavar="NAME", help="only this one, in this process")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="how many processes (default: 2)")
    parser.add_argument("names", nargs="*", help="only those with one of these words in their name")
    options = parser.parse_args()
    if options.plant:
        return hunt(options.plant)
    wanted = [name for name in MUTANTS if not options.names or any(word in name for word in options.names)]
    survivors = 0
    width = max(map(len, wanted), default=0)
    with ThreadPoolExecutor(options.at_once) as pool:
        for name, caught, said, seconds in pool.map(_child, wanted):
            survivors += not caught
            seed, _, how = said.partition("\t")
            print(
                f"{name:<{width}}  {'caught' if caught else 'SURVIVES':<8}  {seconds:5.0f} s  {seed:>4}  {how}",
                flush=True,
            )
    print(f"{len(wanted)} mutants, {survivors} survive")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
