"""What a store holds and shows, read past the program: for the simulation's promises."""

from typing import Any

import sqlalchemy as sa

from sync.documents.minutes import MinutesDocument
from sync.documents.updates import merged
from sync.entities import ENTITIES
from sync.store.engine import reading
from sync.store.reader import document_state
from sync.store.rows import from_json
from sync.store.store import Store
from sync.store.tables import change, conflict, origin, receipt, record
from tests.simulation import model

Shown = dict[tuple[str, str], dict[str, Any]]
Marks = dict[tuple[str, str, str], list[str]]


def visible(records: Shown, unit: str, entity: str, pk: str, meeting: str) -> bool:
    """Whether the model lets a unit see a record, as the center's records are now."""
    if entity not in ENTITIES:
        return False
    row = records.get((entity, pk))
    of = records.get(("meeting", meeting or (row["meeting"] if row else "")))
    owner = row["owner"] if row else ""
    if entity in model.CONVENERS and of is not None:
        owner = of["owner"]
    tree = places(records)
    parties = of["fields"] if of else None
    return row is not None and model.may_see(model.now(tree, unit), entity, owner, parties, tree)


def places(records: Shown) -> model.Tree:
    """Where the units are by the center's word."""
    return {pk: str(row["fields"].get("unit_path")) for (entity, pk), row in records.items() if entity == "unit"}


def text_of(connection: sa.Connection, pk: str) -> str:
    state = document_state(connection, pk)[0]
    return "" if state is None else MinutesDocument.from_updates([state]).sha256()


def stamps_of(connection: sa.Connection) -> list[int]:
    """The receive stamps of all receipts, in the order of their numbers."""
    return list(connection.execute(sa.select(receipt.c.received_ms).order_by(receipt.c.number)).scalars())


def text_of_all(updates: list[bytes]) -> str:
    """The minutes that these updates make, as `text_of` tells them."""
    return MinutesDocument.from_updates([merged(updates)]).sha256()


def records_of(connection: sa.Connection) -> Shown:
    return {
        (row.entity, row.pk): {
            "fields": from_json(row.fields),
            "clocks": from_json(row.clocks),
            "retracted": bool(row.retracted),
            "meeting": row.meeting,
            "owner": row.owner_path,
            "person": row.person,
        }
        for row in connection.execute(sa.select(record))
    }


def conflicts_of(connection: sa.Connection) -> Marks:
    rows = connection.execute(sa.select(conflict))
    return {(row.entity, row.pk, row.field): from_json(row.heads) for row in rows}


def ids_of(store: Store) -> dict[str, str]:
    """Every change id, and whose it is."""
    with reading(store.engine) as connection:
        rows = connection.execute(sa.select(change.c.change_id, change.c.terminal))
        return {row.change_id: row.terminal for row in rows}


def acknowledged(store: Store, device: str) -> list[str]:
    """The own changes that this store takes for received."""
    with reading(store.engine) as connection:
        head = connection.execute(sa.select(origin).where(origin.c.terminal == device)).one()
        pending = sa.and_(change.c.epoch == head.epoch, change.c.seq > head.acknowledged)
        mine = sa.select(change.c.change_id).where(change.c.terminal == device, sa.not_(pending))
        return list(connection.execute(mine).scalars())
