"""A store's own chain: the changes it writes itself, numbered, timed, hashed, one after another."""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.faults import HostFault, OperatorError
from sync.entities import ENTITIES, SCHEMA_VERSION, Merge, Type
from sync.log.envelope import GENESIS, SALT_BYTES, Change, Op, change_hash, payload_digest
from sync.log.hlc import ID_BYTES, HybridClock, change_id
from sync.log.payload import RETRACTED, UPDATE, Payload, seal_payload
from sync.log.signing import Origin
from sync.merge.projection import Projection, bases_of
from sync.store.driver import fetch, run
from sync.store.rows import insert_change, insert_changes, upsert
from sync.store.tables import origin, property_

GIVEN = "rows-given"
"""The property that says how many rows `change` had been given when the row of a terminal's chain was written."""
_HEAD = (
    "SELECT epoch, seq, head_hash, acknowledged, hlc, (SELECT value FROM property WHERE name = ?)"
    " FROM origin WHERE terminal = ?"
)
_GIVEN_NOW = "SELECT seq FROM sqlite_sequence WHERE name = 'change'"
_LAST = (
    "SELECT seq, hash, hlc FROM change WHERE terminal = ? AND epoch = ? AND seq > ? AND hash IS NOT NULL"
    " ORDER BY seq DESC LIMIT 1"
)
_ADVANCE = "UPDATE origin SET epoch = ?, seq = ?, head_hash = ?, acknowledged = ?, hlc = ? WHERE terminal = ?"
_PYTHON = {Type.TEXT: str, Type.INTEGER: int, Type.BOOLEAN: bool, Type.TIME: str, Type.TEXTS: list}


@dataclasses.dataclass(slots=True)
class Head:
    """Where a chain ends."""

    epoch: int = 1
    seq: int = 0
    head_hash: bytes = GENESIS
    acknowledged: int = 0
    hlc: int = 0
    given: int | None = None
    """How many rows the table `change` has ever been given, if that is what tells the end: see `chain_end`."""

    def copy(self) -> "Head":
        return Head(self.epoch, self.seq, self.head_hash, self.acknowledged, self.hlc, self.given)


def rows_given(connection: sa.Connection) -> int:
    """How many rows the table `change` of a file has ever been given: SQLite counts them in each commit."""
    found = fetch(connection, _GIVEN_NOW)
    return int(found[0][0]) if found else 0


def written_end(connection: sa.Connection, device: str) -> Head | None:
    """The row of a chain's end as it was written, and `given` with it; None where there is none."""
    found = fetch(connection, _HEAD, (GIVEN, device))
    if not found:
        return None
    epoch, seq, head_hash, acknowledged, hlc, given = found[0]
    return Head(epoch, seq, head_hash, acknowledged, hlc, None if given is None else int(given))


def chain_end(connection: sa.Connection, device: str) -> Head | None:
    """Where the own chain of a store ends; None where it has none yet.

    What a terminal appends to its chain leaves the row of the end as it is: the end is told by the last change, and
    that none is missing by the number of rows that SQLite has given. HostFault `store-damaged` where some are.
    """
    head = written_end(connection, device)
    if head is None or head.given is None:
        return head
    given = rows_given(connection)
    appended = given - head.given
    last = fetch(connection, _LAST, (device, head.epoch, head.seq)) if appended > 0 else []
    if (last[0][0] if last else head.seq) != head.seq + appended:
        raise HostFault("store-damaged")
    for seq, head_hash, hlc in last:
        head = dataclasses.replace(head, seq=seq, head_hash=head_hash, hlc=max(head.hlc, hlc), given=given)
    return head


def load_head(connection: sa.Connection, device: str) -> Head:
    """The head of this store's own chain; HostFault `store-foreign` where the store belongs to another device."""
    head = chain_end(connection, device)
    if head is None:
        own = connection.execute(sa.text("SELECT value FROM property WHERE name = 'device'")).scalar()
        if own is not None and own != device:
            raise HostFault("store-foreign", device=own)
        connection.execute(sa.text("INSERT INTO property VALUES ('device', :device)"), {"device": device})
        connection.execute(origin.insert().values(terminal=device, epoch=1, seq=0, head_hash=GENESIS))
        return Head()
    return head


class Journal:
    """Adds to the own chain within one transaction; `head` is what to remember once that is committed."""

    def __init__(
        self,
        identity: Origin,
        head: Head,
        now_ms: int,
        random_bytes: Callable[[int], bytes] = os.urandom,
        *,
        told_by_rows: bool = False,
    ) -> None:
        """`told_by_rows`: where it only appends, the rows tell where the chain ends (see `chain_end`)."""
        self._stored = head
        self._told_by_rows = told_by_rows
        self.head = head.copy()
        self.clock = HybridClock(head.hlc)
        self._identity = identity
        self._now_ms = now_ms
        self._random_bytes = random_bytes
        self._written: list[tuple[Change, bytes | None]] = []

    @property
    def written(self) -> list[Change]:
        return [change for change, _ in self._written]

    def add(
        self,
        projection: Projection,
        entity: str,
        pk: str,
        op: Op,
        fields: Mapping[str, Any],
        *,
        meeting: str,
        person: str,
        device: str,
        stamped: bool,
        bases: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Change:
        """Write one change into the chain and into the projection. `stamped`: this is the center's own log.

        ValueError for what the registry does not allow (a bug of the caller); OperatorError `fact-exists`.
        """
        known = ENTITIES.get(entity)
        if known is None:
            raise ValueError(f"no such entity: {entity}")
        state = projection.state(entity, pk)
        seen = bases
        if op is Op.PUT:
            check_fields(entity, fields)
            if known.merge is Merge.FACT and state.exists:
                raise OperatorError("fact-exists", entity=entity, pk=pk)
        if known.merge is Merge.FACT or op is Op.UPDATE:
            seen = {}
        elif seen is None:
            seen = bases_of(state, fields)
        payload = seal_payload(fields, seen)
        drawn = self._random_bytes(SALT_BYTES + ID_BYTES)
        salt = drawn[:SALT_BYTES]
        hlc = self.clock.tick(self._now_ms)
        change = Change(
            change_id(hlc, drawn[SALT_BYTES:]),
            self._identity.device,
            self.head.epoch,
            self.head.seq + 1,
            hlc,
            entity,
            pk,
            op.value,
            SCHEMA_VERSION,
            person,
            device,
            projection.places.now(self._identity.unit_path),
            meeting or _meeting_of(entity, pk, fields) or state.meeting,
            salt,
            payload,
            payload_digest(salt, payload),
            hlc >> 16 if stamped else None,
        )
        self.head.seq = change.seq
        self.head.head_hash = change_hash(change, self.head.head_hash)
        self._written.append((change, self.head.head_hash))
        projection.apply(change, Payload(dict(fields), dict(seen)))
        return change

    def store(self, connection: sa.Connection) -> None:
        """Append what was added, and the new head where the rows do not tell it."""
        added, self._written = self._written, []
        head = self.head
        head.hlc = self.clock.last
        head.given = self._append(connection, added)
        if not self._only_appended(added):
            if head.given is not None:
                upsert(connection, property_, [{"name": GIVEN, "value": str(head.given)}])
            ends = (head.epoch, head.seq, head.head_hash, head.acknowledged, head.hlc)
            run(connection, _ADVANCE, (*ends, self._identity.device))
        self._stored = head.copy()

    def _append(self, connection: sa.Connection, added: Sequence[tuple[Change, bytes | None]]) -> int | None:
        """How many rows `change` was given with these, where that tells the end."""
        if not self._told_by_rows:
            insert_changes(connection, added)
            return None
        if len(added) == 1:
            return insert_change(connection, *added[0])
        insert_changes(connection, added)
        return rows_given(connection)

    def _only_appended(self, added: Sequence[tuple[Change, bytes | None]]) -> bool:
        """Whether the rows that were added, no others among them, are all that came to the chain and its clock."""
        before, head, count = self._stored, self.head, len(added)
        return (
            head.given is not None
            and before.given is not None
            and head.given == before.given + count
            and (head.epoch, head.acknowledged) == (before.epoch, before.acknowledged)
            and head.seq == before.seq + count
            and head.hlc == (added[-1][0].hlc if added else before.hlc)
        )


def retraction(entity: str) -> dict[str, Any]:
    """What a retraction says: nothing for a fact, the reserved field for a structured record."""
    return {} if ENTITIES[entity].merge is Merge.FACT else {RETRACTED: True}


def check_fields(entity: str, fields: Mapping[str, Any]) -> None:
    """ValueError for a field the registry does not know or a value of another type; None empties a field."""
    known = ENTITIES[entity].fields
    for name, value in fields.items():
        kind = known.get(name)
        if kind is None or name == UPDATE:
            raise ValueError(f"{entity} has no field {name}")
        wanted = _PYTHON[kind]
        if value is None or type(value) is wanted or (isinstance(value, wanted) and not isinstance(value, bool)):
            continue
        raise ValueError(f"{entity}.{name} is {kind.value}")


def _meeting_of(entity: str, pk: str, fields: Mapping[str, Any]) -> str:
    if entity == "meeting":
        return pk
    named = fields.get("meeting")
    return named if isinstance(named, str) else ""
