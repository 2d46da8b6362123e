"""The whole projection made anew from the log: when the rules of the merge changed, or when a person asks for it.

Records, conflicts and documents are folded again, one record at a time; whoever reads meanwhile sees the old ones. The
property `projection` says by which rules a store's records were made.
"""

from itertools import groupby

import sqlalchemy as sa

from sync.entities import ENTITIES
from sync.log.envelope import Change, Verdict
from sync.merge.projection import Key, Projection
from sync.store.rows import SELECT_CHANGES, change_of, upsert
from sync.store.tables import change, conflict, document, property_, record

RULES = "1"
"""Of this program's fold. Whoever changes what it makes of the same changes makes this another one."""
STAMP = "projection"
AT_ONCE = 500


def is_current(connection: sa.Connection) -> bool:
    """Whether the records were made by this program's rules; of a store without any record they were."""
    stamp = connection.execute(sa.select(property_.c.value).where(property_.c.name == STAMP)).scalar()
    if stamp is None and connection.execute(sa.select(change.c.position).limit(1)).first() is None:
        put_stamp(connection)
        return True
    return stamp == RULES


def put_stamp(connection: sa.Connection) -> None:
    upsert(connection, property_, [{"name": STAMP, "value": RULES}])


def rebuild(connection: sa.Connection) -> list[Key]:
    """Make every record again from the log; the keys of those that were not what the log says."""
    for made in (document, conflict):
        connection.execute(made.delete())
    differing: list[Key] = []
    names = sa.select(change.c.entity, change.c.pk).where(
        change.c.verdict == Verdict.APPLIED.value, change.c.entity.in_(list(ENTITIES))
    )
    wanted = {(row.entity, row.pk) for row in connection.execute(names.distinct())}
    known = record.c.entity.in_(list(ENTITIES))  # what a later version wrote stays as it made it
    held = connection.execute(sa.select(record.c.entity, record.c.pk).where(known)).all()
    strays = sorted({(row.entity, row.pk) for row in held} - wanted)
    differing += strays
    everything = [*sorted(wanted), *strays]
    for at in range(0, len(everything), AT_ONCE):
        projection = Projection(connection)
        keys = everything[at : at + AT_ONCE]
        before = _rows(connection, keys)
        projection.make_again(keys, _changes(connection, keys))
        projection.flush()
        after = _rows(connection, keys)
        differing += [key for key in keys if before.get(key) != after.get(key) and key not in strays]
    put_stamp(connection)
    return differing


def _changes(connection: sa.Connection, keys: list[Key]) -> dict[Key, list[Change]]:
    told: dict[Key, list[Change]] = {}
    for entity, group in groupby(keys, key=lambda key: key[0]):
        query = SELECT_CHANGES.where(
            change.c.entity == entity,
            change.c.pk.in_([pk for _, pk in group]),
            change.c.verdict == Verdict.APPLIED.value,
        )
        for row in connection.execute(query):
            each = change_of(tuple(row))
            told.setdefault((each.entity, each.pk), []).append(each)
    return told


def _rows(connection: sa.Connection, keys: list[Key]) -> dict[Key, tuple[object, ...]]:
    found: dict[Key, tuple[object, ...]] = {}
    for entity, group in groupby(keys, key=lambda key: key[0]):
        query = sa.select(record).where(record.c.entity == entity, record.c.pk.in_([pk for _, pk in group]))
        found.update({(row.entity, row.pk): tuple(row) for row in connection.execute(query)})
    return found
