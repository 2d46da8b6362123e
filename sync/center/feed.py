"""What the center tells: one numbered feed, read by each terminal through the scope of its unit.

The cursor is given in the one write lane, so a reader that has seen N has seen all up to N that it may see. A unit
that is invited later, or into whose charge a record moves, is told those changes again, for itself alone, before
anything newer; from a unit that may not see records any more they are revoked.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

import sqlalchemy as sa

from desktop_app.domain.ids import UnitPath, uuid7
from desktop_app.domain.units import Level, governs, level_of, parent_of
from sync.blobs.tables import blob_holder, upload
from sync.center.admission import invited
from sync.entities import ENTITIES, Reach
from sync.log.envelope import Change, Verdict
from sync.log.write import Write
from sync.merge.places import relocate
from sync.merge.projection import Key, Move, Projection
from sync.store.driver import Insert
from sync.store.rows import SELECT_CHANGES, change_of
from sync.store.store import Transaction
from sync.store.tables import change, feed, participant, record

PAGE_BYTES = 4 * 1024 * 1024
"""Payload bytes after which a page ends."""
OF_THE_MEETING = ("agenda_item", "meeting_event")
"""Records that are in the charge of whoever convenes their meeting, whoever wrote them."""
REVOKED_AT_ONCE = 2_000
NARROWEST, WIDEST = 1_000, 16_000
"""Cursors that one statement looks through: a database without statistics would sort all that are left for each page.
"""
_INSERT = Insert(feed, ("change_id", "reach", "owner_path", "meeting", "released"))
PLACED = (feed.c.owner_path, feed.c.only_path, upload.c.unit_path)
Way = tuple[str, str, str, str]
"""Of records that were moved: their entity, their meeting, whose they were and whose they are."""
KEYED_BY_PLACE = (participant, blob_holder)
"""What names units by their places, besides the records themselves: columns, and tables in whose key the place is."""


def tell(transaction: Transaction, changes: Iterable[Change], *, released: bool = False) -> None:
    """Append applied changes to the feed, and to that of units they invite or move records to what those missed.

    What a unit may not see any more is revoked by changes of the center's own, which the transaction then has.
    """
    projection = transaction.projection
    listed = list(changes)
    moves, projection.moves_to_tell = projection.moves_to_tell, []
    _relocate(transaction, moves)
    for pk in {each.pk: None for each in listed if each.entity == "meeting"}:
        _keep_participants(transaction, pk)
    _INSERT.many(transaction.connection, [_row(projection, each, released) for each in listed])
    for way, keys in _moved(projection, {(each.entity, each.pk): None for each in listed}).items():
        for at in range(0, len(keys), REVOKED_AT_ONCE):
            _move(transaction, way, keys[at : at + REVOKED_AT_ONCE])
    for move in moves:
        _move_unit(transaction, move)


def _row(projection: Projection, each: Change, released: bool) -> tuple[str, str, str, str, bool]:
    state = projection.state(each.entity, each.pk)
    owner = state.owner_path
    if each.entity in OF_THE_MEETING:
        owner = owner_of(projection, each.entity, each.pk, each.meeting)
    return each.change_id, ENTITIES[each.entity].reach.value, owner, each.meeting or state.meeting, released


def owner_of(projection: Projection, entity: str, pk: str, meeting: str = "") -> str:
    """The unit in whose charge a record is; agenda and log of a meeting are its convener's."""
    state = projection.state(entity, pk)
    if entity in OF_THE_MEETING:
        return projection.state("meeting", meeting or state.meeting).owner_path or state.owner_path
    return state.owner_path


def _keep_participants(transaction: Transaction, meeting: str) -> None:
    connection, projection = transaction.connection, transaction.projection
    fields = projection.state("meeting", meeting).fields
    named = {*invited(fields), str(fields.get("convener_unit") or "")} - {""}
    wanted = {projection.places.now(path) for path in named}
    present = set(
        connection.execute(sa.select(participant.c.unit_path).where(participant.c.meeting == meeting)).scalars()
    )
    for path in sorted(present - wanted):
        connection.execute(
            participant.delete().where(participant.c.meeting == meeting, participant.c.unit_path == path)
        )
        _uninvite(transaction, meeting, UnitPath(path))
    for path in sorted(wanted - present):
        connection.execute(participant.insert().values(meeting=meeting, unit_path=path))
        _tell_again(connection, path, sa.and_(feed.c.meeting == meeting, feed.c.reach == Reach.MEETING.value))


def _tell_again(connection: sa.Connection, path: str, which: "sa.ColumnElement[bool]") -> None:
    """Tell one unit what it has missed, its own changes too, in the order in which all others were told."""
    missed = (
        sa.select(feed.c.change_id, sa.literal(path), feed.c.reach, feed.c.owner_path, feed.c.meeting, sa.true())
        .where(feed.c.only_path.is_(None), which)
        .order_by(feed.c.cursor)
    )
    columns = ["change_id", "only_path", "reach", "owner_path", "meeting", "released"]
    connection.execute(feed.insert().from_select(columns, missed))


def _uninvite(transaction: Transaction, meeting: str, path: UnitPath) -> None:
    """Revoke a meeting's records from a unit, but for those in its own charge."""
    projection = transaction.projection
    projection.flush()
    of_meeting = sa.select(record.c.entity, record.c.pk).where(record.c.meeting == meeting).order_by(record.c.pk)
    keys = [(row.entity, row.pk) for row in transaction.connection.execute(of_meeting)]
    projection.load([*keys, ("meeting", meeting)])
    _revoke(transaction, path, [key for key in keys if not governs(path, owner_of(projection, *key))])


def _moved(projection: Projection, keys: Iterable[Key]) -> dict[Way, list[Key]]:
    """The records that went from one unit's charge into another's, together where they went the same way: a statement
    that looks for what was told of them looks through the whole feed."""
    ways: dict[Way, list[Key]] = {}
    for key in keys:
        before = projection.owner_before(key)
        if before:
            state = projection.state(*key)
            ways.setdefault((key[0], state.meeting, before, state.owner_path), []).append(key)
    return ways


def _move(transaction: Transaction, way: Way, keys: Sequence[Key]) -> None:
    """Records went from one unit's charge into another's: gainers get all of them, losers a revocation."""
    connection, projection = transaction.connection, transaction.projection
    entity, meeting, before, after = way
    pks, let_go = [pk for _, pk in keys], list(keys)
    of_records = sa.select(change.c.change_id).where(change.c.entity == entity, change.c.pk.in_(pks))
    which: sa.ColumnElement[bool] = feed.c.change_id.in_(of_records)
    if entity == "meeting":
        projection.flush()
        theirs = sa.and_(record.c.meeting.in_(pks), record.c.entity.in_(OF_THE_MEETING))
        rows = connection.execute(sa.select(record.c.entity, record.c.pk).where(theirs).order_by(record.c.pk))
        let_go += [(row.entity, row.pk) for row in rows]
        of_meetings = sa.select(change.c.change_id).where(
            change.c.meeting.in_(pks), change.c.entity.in_(OF_THE_MEETING)
        )
        which = sa.or_(which, feed.c.change_id.in_(of_meetings))
    connection.execute(feed.update().where(which).values(owner_path=after))
    if ENTITIES[entity].reach is Reach.EVERYONE:
        return
    parties = set(
        connection.execute(sa.select(participant.c.unit_path).where(participant.c.meeting == meeting)).scalars()
    )
    kept = parties if ENTITIES[entity].reach is Reach.MEETING else set()
    for path in sorted(_in_charge(after) - _in_charge(before) - kept):
        _tell_again(connection, path, which)
    for path in sorted(_in_charge(before) - _in_charge(after) - kept):
        _revoke(transaction, UnitPath(path), let_go)


def _relocate(transaction: Transaction, moves: Sequence[Move]) -> None:
    connection = transaction.connection
    for code, before, after in moves:
        for column in PLACED:
            relocate(connection, column, code, after)
        for table in KEYED_BY_PLACE:
            there = sa.func.substr(table.c.unit_path, 1, len(before)) == before
            rows = [dict(row._mapping) for row in connection.execute(sa.select(table).where(there))]
            connection.execute(table.delete().where(there))
            for row in rows:
                row["unit_path"] = after + row["unit_path"][len(before) :]
                key = (column == row[column.name] for column in table.primary_key)
                connection.execute(table.delete().where(*key))  # who was named by both places
            if rows:
                connection.execute(table.insert(), rows)


def _move_unit(transaction: Transaction, move: Move) -> None:
    """A unit came under another one: who is above it now gets all that is in its charge, who was lets go of it."""
    _, before, after = move
    connection = transaction.connection
    below = sa.and_(feed.c.reach != Reach.EVERYONE.value, sa.func.substr(feed.c.owner_path, 1, len(after)) == after)
    above, was_above = _in_charge(parent_of(after)), _in_charge(parent_of(before))
    for path in sorted(above - was_above):
        _tell_again(connection, path, below)
    for path in sorted(was_above - above):
        parties = sa.select(participant.c.meeting).where(participant.c.unit_path == path)
        seen = sa.and_(feed.c.reach == Reach.MEETING.value, feed.c.meeting.in_(parties))
        rows = connection.execute(
            sa.select(change.c.entity, change.c.pk)
            .join(feed, feed.c.change_id == change.c.change_id)
            .where(below, sa.not_(seen))
            .distinct()
            .order_by(change.c.entity, change.c.pk)
        )
        _revoke(transaction, UnitPath(path), [(row.entity, row.pk) for row in rows])


def _in_charge(path: str) -> set[str]:
    """The units that see what a unit owns: itself and all above it, but for the national level."""
    codes = path.rstrip("/").split("/")
    above = {"".join(f"{code}/" for code in codes[:depth]) for depth in range(2, len(codes) + 1)}
    return above or {path}


def _revoke(transaction: Transaction, path: UnitPath, keys: Sequence[Key]) -> None:
    for at in range(0, len(keys), REVOKED_AT_ONCE):
        named = [f"{entity}:{pk}" for entity, pk in keys[at : at + REVOKED_AT_ONCE]]
        write = Write("revocation", uuid7(transaction.now_ms), {"unit_path": path, "records": named})
        transaction.put(write, person="", device=transaction.device)


def read(
    connection: sa.Connection,
    reader: str,
    unit_path: UnitPath,
    since: int,
    limit: int,
    own_head: tuple[int, int],
    pushed_after: tuple[int, int] | None = None,
) -> tuple[list[Change], int, bool]:
    """The next changes for a reader: (changes, the cursor to ask from next, whether there are more).

    `own_head` is (epoch, seq) of the reader's own chain: what is acknowledged up to there it has, and is not told
    again; nor is what it pushed after its place `pushed_after`, while it waited for this page.
    """
    end = end_of(connection)
    acknowledged = sa.and_(change.c.epoch == own_head[0], change.c.seq <= own_head[1])
    if pushed_after is not None:
        epoch, seq = pushed_after
        just_pushed = sa.or_(change.c.epoch > epoch, sa.and_(change.c.epoch == epoch, change.c.seq > seq))
        acknowledged = sa.or_(acknowledged, just_pushed)
    has_it = sa.and_(change.c.terminal == reader, acknowledged, sa.not_(feed.c.released))
    told, cursor, ended = _told(connection, sa.and_(visible(unit_path), sa.not_(has_it)), since, end, limit)
    if ended:
        return told, max(end, since), False
    return told, cursor, cursor < end


def end_of(connection: sa.Connection) -> int:
    """The last cursor given."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(feed.c.cursor), 0))).scalar_one())


def visible(unit_path: UnitPath) -> "sa.ColumnElement[bool]":
    """Which rows of the feed a unit may see, as things are now."""
    parties = sa.select(participant.c.meeting).where(participant.c.unit_path == unit_path)
    subtree = (
        feed.c.owner_path == unit_path
        if level_of(unit_path) is Level.NATIONAL
        else sa.func.substr(feed.c.owner_path, 1, len(unit_path)) == unit_path
    )
    party = sa.and_(feed.c.reach == Reach.MEETING.value, feed.c.meeting.in_(parties))
    scope = sa.or_(feed.c.reach == Reach.EVERYONE.value, subtree, party)
    return sa.and_(sa.or_(feed.c.only_path.is_(None), feed.c.only_path == unit_path), scope)


def part(
    connection: sa.Connection, unit_path: UnitPath, bucket: str, after: int, until: int, limit: int
) -> tuple[list[Change], int, bool]:
    """The next changes of a snapshot up to cursor `until`, each once: (changes, where to go on, whether it is over)."""
    which = visible(unit_path)
    if bucket:
        which = sa.and_(which, sa.func.substr(change.c.change_id, 35, 2) == bucket)
    told, cursor, ended = _told(connection, which, after, until, limit)
    once: dict[str, Change] = {}
    for each in told:  # where it was told last: a revocation may lie between
        once.pop(each.change_id, None)
        once[each.change_id] = each
    return list(once.values()), until if ended else cursor, ended


def all_visible(connection: sa.Connection, unit_path: UnitPath) -> Iterator[Change]:
    """Every change that a unit may see now, each once."""
    ids = sa.select(feed.c.change_id).where(visible(unit_path))
    rows = connection.execution_options(yield_per=1000).execute(SELECT_CHANGES.where(change.c.change_id.in_(ids)))
    return (change_of(tuple(row)) for row in rows)


def _told(
    connection: sa.Connection, which: "sa.ColumnElement[bool]", since: int, until: int, limit: int
) -> tuple[list[Change], int, bool]:
    """As many as one message carries: (changes, the last one's cursor, whether these were all up to `until`)."""
    query = (
        sa.select(feed.c.cursor, *SELECT_CHANGES.selected_columns)
        .join(change, change.c.change_id == feed.c.change_id)
        .where(which, change.c.verdict == Verdict.APPLIED.value)
        .order_by(feed.c.cursor)
    )
    told: list[Change] = []
    size, cursor = 0, since
    looked_at, width = since, max(limit, NARROWEST)
    while looked_at < until:
        within = sa.and_(feed.c.cursor > looked_at, feed.c.cursor <= min(looked_at + width, until))
        with closing(connection.execute(query.where(within).limit(limit - len(told)))) as rows:
            for row in rows:
                each = change_of(tuple(row)[1:])
                size += len(each.payload or b"")
                if told and size > PAGE_BYTES:
                    return told, cursor, False
                cursor = row[0]
                told.append(each)
        if len(told) == limit:
            return told, cursor, False
        looked_at, width = looked_at + width, min(width * 2, WIDEST)
    return told, cursor, True
