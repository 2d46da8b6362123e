"""What the center holds, judged again: when the record or the meeting comes for which it waited, or when asked to.

Whoever wrote it hears of it: what is applied now is in the feed, and what is refused now is told as a `refusal`.
"""

import dataclasses
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa

from desktop_app.domain.ids import UnitPath, uuid7
from sync.center.admission import RECORD_AWAITED, judge
from sync.center.feed import tell
from sync.entities import ENTITIES
from sync.log.envelope import Change, Verdict
from sync.log.write import Write
from sync.merge.projection import Key
from sync.store.driver import fetch, run_many
from sync.store.rows import SELECT_CHANGES, change_of
from sync.store.store import Transaction
from sync.store.tables import change

_AWAITED = (
    "SELECT DISTINCT entity, pk FROM change"
    f" WHERE (verdict <> 'applied' OR reason <> '') AND verdict = 'held' AND reason = '{RECORD_AWAITED}'"
)
"""As the index `change_quarantine` has it: the more is held, the longer it takes."""
_JUDGED = "UPDATE change SET verdict = ?, reason = ? WHERE change_id = ?"


def awaited_among(connection: sa.Connection, records: Sequence[Key]) -> set[Key]:
    """At least those of these records for which something waits that is held."""
    return {(str(entity), str(pk)) for entity, pk in fetch(connection, _AWAITED)} if records else set()


def release_awaiting(transaction: Transaction, new_records: set[Key], awaited: set[Key]) -> None:
    """Judge again what had waited for these records, or for a meeting among them."""
    meetings = sorted(pk for entity, pk in new_records if entity == "meeting")
    if meetings:
        release(transaction, change.c.meeting.in_(meetings))
    for entity, keys in groupby(sorted(new_records & awaited), key=itemgetter(0)):
        release(transaction, sa.and_(change.c.entity == entity, change.c.pk.in_([pk for _, pk in keys])))


def release(transaction: Transaction, which: "sa.ColumnElement[bool]") -> None:
    """Judge again what is held; what is applied now is told to everybody in scope, its writer too."""
    while _released(transaction, which):
        continue  # what is applied now may be the record for which another one waits


def _released(transaction: Transaction, which: "sa.ColumnElement[bool]") -> bool:
    """Whether any of what is held is applied now."""
    connection, projection = transaction.connection, transaction.projection
    rows = connection.execute(
        SELECT_CHANGES.where(change.c.verdict == Verdict.HELD.value, which).order_by(change.c.position)
    ).all()
    held = [change_of(tuple(row)) for row in rows]
    projection.load({(each.entity, each.pk) for each in held if each.entity in ENTITIES})
    freed: list[Change] = []
    judged: list[tuple[str, str, str]] = []
    for each in held:
        verdict, reason, payload = judge(each, projection, UnitPath(each.unit_path))
        if verdict is Verdict.HELD:
            continue
        judged.append((verdict.value, reason, each.change_id))
        if payload is None:
            tell_refusal(transaction, each, reason)
            continue
        freed.append(dataclasses.replace(each, verdict=Verdict.APPLIED.value, reason=""))
        projection.apply(freed[-1], payload)
    if judged:
        run_many(connection, _JUDGED, judged)
    tell(transaction, freed, released=True)
    return bool(freed)


def tell_refusal(transaction: Transaction, each: Change, reason: str) -> None:
    """Tell the writer of a change, whose receipt says that it is held, that it is refused now."""
    fields = {"unit_path": each.unit_path, "changes": [each.change_id], "reason": reason}
    write = Write("refusal", uuid7(transaction.now_ms), fields)
    transaction.put(write, person="", device=transaction.device)
