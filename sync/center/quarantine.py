"""已隔离 at the center: what was held or refused, told without its content, and judged again when a person asks.

Nothing is dropped and nothing is forced: judging again asks the same rules, in the records as they are now.
"""

import dataclasses
from collections.abc import Callable
from contextlib import closing
from itertools import islice

import sqlalchemy as sa

from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import governs
from sync.center.admission import judge
from sync.center.feed import tell
from sync.center.release import release, tell_refusal
from sync.log.envelope import Change, Verdict
from sync.log.hlc import wall_ms
from sync.store.rows import SELECT_CHANGES, change_of
from sync.store.store import Transaction
from sync.store.tables import IN_QUARANTINE, change

MOST = 200
FOR_GOOD = frozenset({"id-taken"})
"""Reasons that another look cannot mend."""


@dataclasses.dataclass(frozen=True, slots=True)
class Quarantined:
    """One change that is held or refused. Never its content."""

    change_id: str
    terminal: str
    unit_path: str
    person: str
    entity: str
    op: str
    meeting: str
    verdict: str
    reason: str
    at_ms: int
    """By the writer's clock."""
    received_ms: int


def quarantined(
    connection: sa.Connection, unit_path: UnitPath, place_of: Callable[[UnitPath], UnitPath], limit: int = MOST
) -> list[Quarantined]:
    """What was held or refused of the units in a unit's charge, newest first; `place_of` says where units are now."""
    rows = connection.execute(
        SELECT_CHANGES.where(IN_QUARANTINE, change.c.verdict.in_([Verdict.HELD.value, Verdict.REFUSED.value]))
        .order_by(change.c.position.desc())
        .execution_options(yield_per=1000)
    )
    with closing(rows):
        told = (_told(change_of(tuple(row))) for row in rows)
        return list(islice((each for each in told if governs(unit_path, place_of(UnitPath(each.unit_path)))), limit))


def _told(each: Change) -> Quarantined:
    return Quarantined(
        change_id=each.change_id,
        terminal=each.terminal,
        unit_path=each.unit_path,
        person=each.person,
        entity=each.entity,
        op=each.op,
        meeting=each.meeting,
        verdict=str(each.verdict),
        reason=each.reason,
        at_ms=wall_ms(each.hlc),
        received_ms=each.received_ms or 0,
    )


def find(connection: sa.Connection, change_id: str) -> Change | None:
    """The change, whatever became of it."""
    row = connection.execute(SELECT_CHANGES.where(change.c.change_id == change_id)).first()
    return None if row is None else change_of(tuple(row))


def judge_again(transaction: Transaction, each: Change, unit_path: UnitPath) -> tuple[Verdict, str]:
    """Judge a held or refused change anew; `unit_path` is that of its terminal. What is applied now is told to all."""
    if each.verdict == Verdict.APPLIED or each.reason in FOR_GOOD:
        return Verdict(each.verdict), each.reason
    transaction.projection.load({(each.entity, each.pk), ("meeting", each.meeting)})
    verdict, reason, payload = judge(each, transaction.projection, unit_path)
    transaction.connection.execute(
        change.update().where(change.c.change_id == each.change_id).values(verdict=verdict.value, reason=reason)
    )
    if verdict is Verdict.REFUSED and (each.verdict, each.reason) != (verdict, reason):
        tell_refusal(transaction, each, reason)
    if payload is not None:
        freed = dataclasses.replace(each, verdict=Verdict.APPLIED.value, reason="")
        transaction.projection.apply(freed, payload)
        tell(transaction, [freed], released=True)
        release(transaction, sa.and_(change.c.entity == each.entity, change.c.pk == each.pk))
    return verdict, reason
