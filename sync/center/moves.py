"""A unit comes under another one of the level above (a county that now belongs to another city), with all its own.

Its place and those of the units under it are written anew, and so is every record in work that names such a place:
accounts, members, meetings that are not over and what belongs to them. What is closed (facts, meetings that ended,
approved minutes) stays as it was written. In whose charge it is follows the unit (`sync.merge.places`): who is above it
now is told everything, from who was above it is revoked what it may not see any more (`sync.center.feed`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.principal import Actor
from desktop_app.domain.units import is_within, level_of, unit_code
from sync.center.admission import APPROVED
from sync.entities import ENTITIES, Merge
from sync.log.audit import AuditKind, audit_event
from sync.log.write import Write
from sync.merge.places import UNIT
from sync.store.rows import from_json
from sync.store.store import Transaction
from sync.store.tables import participant, record

OPEN, ENDED = "open", "ended"
DERIVED = frozenset({"speech", "roll_call_answer", "outage", "site_stay", "text_conflict"})
"""What tells what was, in the words of its time."""


@dataclass(frozen=True, slots=True)
class UnitMove:
    """What a move came to."""

    code: str
    before: UnitPath
    after: UnitPath
    units: int
    """How many units were moved, those below it included."""
    records: int
    """How many records name the new place now."""


def move_unit(transaction: Transaction, code: str, under: str, *, ground: str, actor: Actor, own: UnitPath) -> UnitMove:
    """Move the unit `code` under the unit `under`; `own` is the center's. All of it is one transaction.

    OperatorError `unit-unknown` (`code`), `unit-move-level` where `under` is not of the level above, `unit-move-own`
    for the center's own or one above it, `unit-move-nowhere` where it is there already, `unit-move-meeting` while one
    of its rooms sits in a meeting.
    """
    before, parent = _place(transaction, code), _place(transaction, under)
    after = UnitPath(f"{parent}{code}/")
    if level_of(parent) + 1 != level_of(before):
        raise OperatorError("unit-move-level", code=code, under=under)
    if is_within(own, before):
        raise OperatorError("unit-move-own", code=code)
    if after == before:
        raise OperatorError("unit-move-nowhere", code=code)
    _check_meetings(transaction, before)
    units = [row for row in transaction.list(UNIT) if is_within(str(row["unit_path"]), before)]
    units.sort(key=lambda row: (level_of(UnitPath(str(row["unit_path"]))), row["pk"]))
    writes = [Write(UNIT, row["pk"], {"unit_path": _moved(row["unit_path"], before, after)}) for row in units]
    writes += _of_records(transaction, before, after)
    writes.append(audit_event(AuditKind.UNIT_MOVED, own, actor, transaction.now_ms, f"{before} → {after} {ground}"))
    for write in writes:
        transaction.put(write, person=actor.person, device=actor.device)
    return UnitMove(code, before, after, len(units), len(writes) - len(units) - 1)


def _place(transaction: Transaction, code: str) -> UnitPath:
    row = transaction.get(UNIT, code)
    if row is None or unit_code(UnitPath(str(row["unit_path"]))) != code:
        raise OperatorError("unit-unknown", code=code)
    return UnitPath(str(row["unit_path"]))


def _check_meetings(transaction: Transaction, before: UnitPath) -> None:
    open_now = {row["pk"]: row for row in transaction.list("meeting", state=OPEN)}
    seats = sa.select(participant.c.meeting).where(sa.func.substr(participant.c.unit_path, 1, len(before)) == before)
    for meeting in transaction.connection.execute(seats).scalars():
        if meeting in open_now:
            raise OperatorError("unit-move-meeting", title=str(open_now[meeting].get("title") or ""))


def _of_records(transaction: Transaction, before: UnitPath, after: UnitPath) -> Iterator[Write]:
    """For each record in work the fields that name the old place."""
    connection = transaction.connection
    in_work = [
        name
        for name, entity in ENTITIES.items()
        if entity.merge is not Merge.FACT and name != UNIT and name not in DERIVED
    ]
    over = {row["pk"] for row in transaction.list("meeting", state=ENDED)}
    rows = connection.execute(
        sa.select(record.c.entity, record.c.pk, record.c.meeting, record.c.fields)
        .where(
            record.c.entity.in_(in_work),
            record.c.retracted.is_(False),
            record.c.fields.contains(before, autoescape=True),
        )
        .order_by(record.c.entity, record.c.pk)
    ).all()
    for row in rows:
        fields = from_json(row.fields)
        if row.meeting in over or (row.entity == "minutes" and fields.get("state") == APPROVED):
            continue
        changed = {name: _moved(value, before, after) for name, value in fields.items()}
        changed = {name: value for name, value in changed.items() if value != fields[name]}
        if changed:
            yield Write(row.entity, row.pk, changed, row.meeting)


def _moved(value: Any, before: str, after: str) -> Any:
    """A field's value with the old place replaced, where it is a place or a list of such."""
    if isinstance(value, list):
        return [_moved(each, before, after) for each in value]
    return after + value[len(before) :] if isinstance(value, str) and value.startswith(before) else value
