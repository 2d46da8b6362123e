"""A center's records put back from a backup.

The backup is proven first, and what was there is kept beside it. Readers count by a new feed, so they begin anew; the
center's own chain goes on in a new epoch, so no place in it is given twice. What terminals had delivered since the
backup they still have, and send again: the center says where their chains end here.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from desktop_app.domain.clock import Clock, unix_ms
from desktop_app.domain.faults import HostFault, OperatorError
from sync.log.envelope import GENESIS
from sync.log.signing import Origin
from sync.merge.places import UNIT, Places
from sync.store import cipher, postgres
from sync.store.engine import as_one_file, check, host_faults, reading, store_engine, writing
from sync.store.lock import StoreLock
from sync.store.proof import Keys, Proof, prove
from sync.store.schema import upgrade
from sync.store.tables import origin, property_, record
from sync.store.transfer import fill_database

DRAFT = ".restoring"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and where the records that were there before are kept: a file beside it, or a schema of the
    database (empty: there were none)."""

    proof: Proof
    aside: str


def restore(
    folder: Path, name: str, backup: Path, *, identity: Origin, clock: Clock, keys: Keys, database: str = ""
) -> Restored:
    """Make `folder/name`, or the store in `database`, what `backup` is. Until the last moment the old one is there.

    OperatorError `backup-missing`, `backup-foreign` for another center's; HostFault `store-in-use` while the center
    runs, `history-altered` and its kin where the backup does not prove, `store-damaged`, `disk-full`, `disk-failing`.
    """
    if not backup.is_file():
        raise OperatorError("backup-missing", file=str(backup))
    lock = StoreLock(folder)
    draft = folder / f"{name}{DRAFT}"
    try:
        _copy(backup, draft)
        proof = begin_anew(draft, identity, keys, unix_ms(clock.now()))
        if database:
            return Restored(proof, _into(database, draft, identity, clock))
        aside = _take_its_place(draft, folder / name, clock)
        return Restored(proof, "" if aside is None else str(aside))
    finally:
        for suffix in ("", "-wal", "-shm"):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)
        lock.close()


def _copy(backup: Path, draft: Path) -> None:
    try:
        shutil.copyfile(backup, draft)
    except OSError as err:
        raise HostFault("disk-failing", folder=str(draft.parent)) from err


def begin_anew(draft: Path, identity: Origin, keys: Keys, now_ms: int) -> Proof:
    """Prove a store's file, and let its center go on where no place and no cursor is given twice.

    The new epoch is the hour's: one backup may be put back several times.
    """
    try:
        engine = store_engine(draft, _key_of(draft, identity))
        check(engine)
    except HostFault as fault:
        if fault.id == "store-foreign":
            raise OperatorError("backup-foreign", file=draft.name) from fault
        raise
    try:
        upgrade(engine)
        with writing(engine) as connection:
            own = connection.execute(sa.select(property_.c.value).where(property_.c.name == "device")).scalar()
            if own != identity.device:
                raise OperatorError("backup-foreign", file=draft.name)
            proof = prove(connection, own, identity.center_key, keys)
            connection.execute(property_.delete().where(property_.c.name == "feed"))
            _know_every_unit(connection)
            connection.execute(
                origin.update()
                .where(origin.c.terminal == own)
                .values(epoch=_later(origin.c.epoch, now_ms), seq=0, head_hash=GENESIS, acknowledged=0)
            )
        as_one_file(engine)
    finally:
        engine.dispose()
    return proof


def _later(epoch: "sa.ColumnElement[int]", now_ms: int) -> "sa.ColumnElement[int]":
    return sa.case((epoch < now_ms, now_ms), else_=epoch + 1)


def _know_every_unit(connection: sa.Connection) -> None:
    """Terminals may have heard of moves that this backup knows nothing of: each path is read by its code."""
    places = Places.load(connection)
    rows = connection.execute(sa.select(record.c.pk, record.c.owner_path).where(record.c.entity == UNIT))
    for code, path in rows.all():
        places.move(code, path)
    places.keep(connection)


def _into(database: str, draft: Path, identity: Origin, clock: Clock) -> str:
    """HostFault `store-in-use` while a center runs on it, `database-away`."""
    engine = postgres.database_engine(database)
    source = store_engine(draft, _key_of(draft, identity))
    try:
        with host_faults():
            lock = postgres.DatabaseLock(engine)
        try:
            with reading(source) as rows:
                return fill_database(engine, rows, clock.now())
        finally:
            lock.close()
    finally:
        source.dispose()
        engine.dispose()


def _key_of(draft: Path, identity: Origin) -> bytes | None:
    return None if cipher.is_plain(draft) else identity.store_key


def _take_its_place(draft: Path, store: Path, clock: Clock) -> Path | None:
    aside = store.with_name(f"{store.name}.before-{clock.now():%Y%m%d-%H%M%S}")
    there = store.exists()
    try:
        for suffix in ("-wal", "-shm"):
            log = store.with_name(store.name + suffix)
            if log.exists():
                os.replace(log, aside.with_name(aside.name + suffix))
        if there:
            os.replace(store, aside)
        os.replace(draft, store)
    except OSError as err:
        raise HostFault("disk-failing", folder=str(store.parent)) from err
    return aside if there else None
