"""需要核对 in minutes: the center sees where two terminals rewrote one passage unseen by each other, and says so.

Both texts are kept in a record of the center's own (`text_conflict`), which goes to all whom the minutes concern; the
document goes on as Yjs merged it. A person's choice is a change of that record and of the document.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import reduce

import sqlalchemy as sa

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import derived_id
from sync.documents.collisions import collisions, is_covered
from sync.documents.deletions import Spans, gone_by, minus, read_seen, union
from sync.documents.minutes import BOUND
from sync.log.envelope import Change, Op, Verdict
from sync.log.hlc import wall_ms
from sync.log.payload import SEEN, open_payload
from sync.log.signing import Origin
from sync.log.write import Write
from sync.merge.fold import update_bytes
from sync.store.rows import SELECT_CHANGES, change_of, to_json
from sync.store.store import Transaction
from sync.store.tables import change

ENTITY, OPEN = "text_conflict", "open"
LOOKED_AT = 50
"""The log is read backwards in steps of so many updates, until a whole step had been seen."""


def note_disputes(transaction: Transaction, identity: Origin, stored: Sequence[Change]) -> None:
    """After a push was stored: say where its minutes collide with what its terminal had not seen."""
    for pk in {each.pk: None for each in stored if _is_update(each)}:
        _note(transaction, identity, pk, [each for each in stored if each.pk == pk and _is_update(each)])


def _is_update(each: Change) -> bool:
    return each.entity == "minutes" and each.op == Op.UPDATE and each.verdict == Verdict.APPLIED and bool(each.payload)


def _update(each: Change) -> bytes:
    return update_bytes(open_payload(each.payload or b""))


def _note(transaction: Transaction, identity: Origin, pk: str, pushed: list[Change]) -> None:
    seen = open_payload(pushed[0].payload or b"").fields.get(SEEN)
    if not isinstance(seen, bytes):
        return  # of a terminal that does not say what it had seen
    try:
        unseen = _unseen(transaction.connection, pk, pushed, seen)
    except PeerFault:
        return
    if not unseen:
        return
    apart = {each.change_id for each in (*pushed, *unseen)}
    before = [_update(each) for each in _updates(transaction.connection, pk) if each.change_id not in apart]
    try:
        found = collisions(before, [_update(each) for each in pushed], [_update(each) for each in unseen])
    except PeerFault:
        return
    mine, theirs = pushed[-1], unseen[-1]
    for one in found:
        fields = {
            "meeting": mine.meeting,
            "unit_path": transaction.projection.state("minutes", pk).owner_path,
            "minutes": pk,
            "block": one.block.id,
            "base": one.block.text,
            "mine": one.mine or "",
            "theirs": one.theirs or "",
            "removed": "mine" if one.mine is None else "theirs" if one.theirs is None else "",
            "after": one.after,
            "bound": to_json({name: getattr(one.block, name) for name in BOUND}),
            "state": OPEN,
        }
        for side, writer in (("mine", mine), ("theirs", theirs)):
            fields |= {
                f"{side}_terminal": writer.terminal,
                f"{side}_unit": writer.unit_path,
                f"{side}_person": writer.person,
                f"{side}_at": stamp(datetime.fromtimestamp(wall_ms(writer.hlc) / 1000, UTC)),
            }
        write = Write(ENTITY, derived_id(ENTITY, pk, one.block.id), fields, mine.meeting)
        transaction.settle(write, person="", device=identity.device)


def _unseen(connection: sa.Connection, pk: str, pushed: list[Change], seen: bytes) -> list[Change]:
    """Others' updates that the writer did not have, oldest first.

    What it knew of others' deletions it says once, in its next update: so all that it can have known of an update is
    in what it wrote after that.
    """
    state, gone = read_seen(seen)
    if gone is not None:
        gone = reduce(union, (gone_by(_update(each)) for each in pushed), gone)
    just_pushed = {each.change_id for each in pushed}
    found: list[Change] = []
    step: list[Change] = []
    with closing(_updates(connection, pk, newest_first=True)) as others:
        for each in others:
            if each.terminal == pushed[0].terminal:
                if gone is not None and each.change_id not in just_pushed:
                    gone = union(gone, _known_gone(each))
                continue
            step.append(each)
            update = _update(each)
            if not is_covered(update, state) or (gone is not None and minus(gone_by(update), gone)):
                found.append(each)
            if len(step) == LOOKED_AT:
                if not any(one in found for one in step):
                    break
                step = []
    found.reverse()
    return found


def _known_gone(each: Change) -> Spans:
    """What an update's writer knew to be deleted, or deleted by it."""
    seen = open_payload(each.payload or b"").fields.get(SEEN)
    told = read_seen(seen)[1] if isinstance(seen, bytes) else None
    return union(told or {}, gone_by(_update(each)))


def _updates(connection: sa.Connection, pk: str, *, newest_first: bool = False) -> Generator[Change, None, None]:
    rows = connection.execute(
        SELECT_CHANGES.where(
            change.c.entity == "minutes",
            change.c.pk == pk,
            change.c.op == Op.UPDATE.value,
            change.c.verdict == Verdict.APPLIED.value,
            change.c.payload.is_not(None),
        ).order_by(change.c.position.desc() if newest_first else change.c.position)
    )
    try:
        for row in rows:
            yield change_of(tuple(row))
    finally:
        rows.close()
