"""What the center tells: one numbered feed, read by each terminal through the scope of its unit.

The cursor is given in the one write lane, so a reader that has seen N has seen all up to N that it may see. A unit
that is invited later is told that meeting's changes again, for itself alone, before anything newer.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import Level, level_of
from sync.center.admission import invited
from sync.entities import ENTITIES, Reach
from sync.log.envelope import Change, Verdict
from sync.merge.projection import Projection
from sync.store.rows import SELECT_CHANGES, change_of
from sync.store.tables import change, feed, participant

PAGE_BYTES = 4 * 1024 * 1024
"""Payload bytes after which a page ends."""


def tell(
    connection: sa.Connection, projection: Projection, changes: Iterable[Change], *, released: bool = False
) -> None:
    """Append applied changes to the feed, and to that of units they invite what they missed."""
    listed = list(changes)
    for pk in {each.pk: None for each in listed if each.entity == "meeting"}:
        _keep_participants(connection, projection, pk)
    rows = []
    for each in listed:
        state = projection.state(each.entity, each.pk)
        reach = ENTITIES[each.entity].reach
        owner = state.owner_path
        if reach is Reach.MEETING and each.entity in ("agenda_item", "meeting_event"):
            owner = projection.state("meeting", each.meeting).owner_path or owner
        rows.append(
            {
                "change_id": each.change_id,
                "reach": reach.value,
                "owner_path": owner,
                "meeting": each.meeting or state.meeting,
                "released": released,
            }
        )
    if rows:
        connection.execute(feed.insert(), rows)


def _keep_participants(connection: sa.Connection, projection: Projection, meeting: str) -> None:
    fields = projection.state("meeting", meeting).fields
    wanted = {*invited(fields), str(fields.get("convener_unit") or "")} - {""}
    present = set(
        connection.execute(sa.select(participant.c.unit_path).where(participant.c.meeting == meeting)).scalars()
    )
    for path in sorted(present - wanted):
        connection.execute(
            participant.delete().where(participant.c.meeting == meeting, participant.c.unit_path == path)
        )
    for path in sorted(wanted - present):
        connection.execute(participant.insert().values(meeting=meeting, unit_path=path))
        missed = (
            sa.select(feed.c.change_id, sa.literal(path), feed.c.reach, feed.c.owner_path, feed.c.meeting, sa.false())
            .where(feed.c.meeting == meeting, feed.c.only_path.is_(None), feed.c.reach == Reach.MEETING.value)
            .order_by(feed.c.cursor)
        )
        columns = ["change_id", "only_path", "reach", "owner_path", "meeting", "released"]
        connection.execute(feed.insert().from_select(columns, missed))


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
    query = _told(sa.and_(feed.c.cursor > since, visible(unit_path), sa.not_(has_it)))
    told, cursor, ended = _bounded(connection.execute(query.limit(limit)), since, limit)
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
    query = _told(sa.and_(feed.c.cursor > after, feed.c.cursor <= until, visible(unit_path)))
    if bucket:
        query = query.where(sa.func.substr(change.c.change_id, 35, 2) == bucket)
    told, cursor, ended = _bounded(connection.execute(query.limit(limit)), after, limit)
    once = {each.change_id: each for each in told}
    return list(once.values()), until if ended else cursor, ended


def all_visible(connection: sa.Connection, unit_path: UnitPath) -> Iterator[Change]:
    """Every change that a unit may see now, each once."""
    ids = sa.select(feed.c.change_id).where(visible(unit_path))
    rows = connection.execution_options(yield_per=1000).execute(SELECT_CHANGES.where(change.c.change_id.in_(ids)))
    return (change_of(tuple(row)) for row in rows)


def _told(which: "sa.ColumnElement[bool]") -> "sa.Select[Any]":
    return (
        sa.select(feed.c.cursor, *SELECT_CHANGES.selected_columns)
        .join(change, change.c.change_id == feed.c.change_id)
        .where(which, change.c.verdict == Verdict.APPLIED.value)
        .order_by(feed.c.cursor)
    )


def _bounded(rows: "sa.CursorResult[Any]", since: int, limit: int) -> tuple[list[Change], int, bool]:
    """As many as one message carries: (changes, the last one's cursor, whether these were all)."""
    told: list[Change] = []
    size = 0
    cursor = since
    with closing(rows):
        for row in rows:
            each = change_of(tuple(row)[1:])
            size += len(each.payload or b"")
            if told and size > PAGE_BYTES:
                return told, cursor, False
            cursor = row[0]
            told.append(each)
    return told, cursor, len(told) < limit
