"""The projection of one transaction: loads the records its changes touch, folds them, writes them back at its end.

It lives inside the transaction that stores the changes, and `flush` ends its work. What it holds can always be made
again from the log (`rebuild`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from sync.entities import ENTITIES
from sync.log.envelope import UPDATE_OF_DOCUMENT, Change, Op, Verdict
from sync.log.payload import EDIT, Payload, open_payload
from sync.merge.fold import Opened, RecordState, extend, fold
from sync.merge.places import UNIT, Places, relocate
from sync.store.driver import AMONG, WITHIN, Found, Insert, among, fetch, fetch_all, perhaps_there, run_many
from sync.store.rows import (
    SELECT_CHANGES,
    change_of,
    clocks_to_json,
    fields_to_json,
    from_json,
    to_json,
    upsert_text,
)
from sync.store.tables import change, conflict, record

Key = tuple[str, str]
NOTHING = Payload({})
GROUNDS = frozenset({UNIT, "operator", "meeting"})
"""Entities whose records say who may write what."""
COLUMNS = ("entity", "pk", "meeting", "owner_path", "person", "retracted", "fields", "clocks")
_INSERT = Insert(record, COLUMNS)
_REPLACE = upsert_text(record, COLUMNS)
_RECORDS = (
    f"SELECT pk, fields, clocks, retracted, person, meeting, owner_path FROM record WHERE entity = ? AND pk {AMONG}"
)
_PKS = f"SELECT pk FROM record WHERE entity = ? AND pk {WITHIN}"
_CONFLICTS = f"SELECT pk, field, heads FROM conflict WHERE entity = ? AND pk {AMONG}"
_RECORD, _CONFLICT = _RECORDS.replace(AMONG, "= ?"), _CONFLICTS.replace(AMONG, "= ?")
Move = tuple[str, str, str]
"""A unit's code, where it was and where it is now."""


class Projection:
    """Records by (entity, pk), as the transaction sees them."""

    def __init__(self, connection: sa.Connection, places: Places | None = None) -> None:
        """`places` are the transaction's own: it notes the moves of units there."""
        self._connection = connection
        self.places = Places.load(connection) if places is None else places
        self.opened: Mapping[bytes, Payload] = {}
        """Payloads that were opened before the transaction began."""
        self._states: dict[Key, RecordState] = {}
        self._conflicted: set[Key] = set()
        self._stored: set[Key] = set()
        """Those that have a row, of the ones that were loaded."""
        self._unwritten: dict[Key, None] = {}
        """Those whose row is not what they are, as they came: what comes in order is put in order at once."""
        self._fresh: dict[Key, list[Opened]] = {}
        self._owners: dict[Key, str] = {}
        """Of the records as they were loaded."""
        self.grounds = 0
        """Grows with each change of a record that says who may write what."""
        self.touched: set[Key] = set()
        self.told: set[Key] = set()
        """Records whose listeners hear of something that is not in the log."""
        self.updated: list[str] = []
        """The documents of the `update` operations folded in, one entry for each."""
        self.moves: list[Move] = []
        """The units that came under another one in this transaction, those above first."""
        self.moves_to_tell: list[Move] = []
        """Those of which nobody was told yet."""

    def load(self, keys: Iterable[Key]) -> None:
        """Fetch what is stored of these records, in few statements."""
        wanted: dict[str, set[str]] = {}
        for entity, pk in keys:
            if (entity, pk) not in self._states:
                wanted.setdefault(entity, set()).add(pk)
        if not wanted:
            return
        states = self._states
        ordered = {entity: sorted(pks) for entity, pks in wanted.items()}
        here: dict[str, list[str]] = {}
        there = perhaps_there(self._connection, [(_PKS, (entity,), pks) for entity, pks in ordered.items()])
        for entity, rows in self._rows(_RECORDS, dict(zip(ordered, there, strict=True))):
            for row in rows:
                self._take(entity, row)
                here.setdefault(entity, []).append(row[0])
        for entity, rows in self._rows(_CONFLICTS, here):
            for row in rows:
                self._take_conflict(entity, row)
        for entity, pks in ordered.items():
            for pk in pks:
                state = states.get((entity, pk))
                if state is None:
                    state = states[entity, pk] = RecordState()
                self._owners[entity, pk] = state.owner_path

    def _load_one(self, entity: str, pk: str) -> None:
        """As `load`, of the one record that most transactions are about."""
        for row in fetch(self._connection, _RECORD, (entity, pk)):
            self._take(entity, row)
            for heads in fetch(self._connection, _CONFLICT, (entity, pk)):
                self._take_conflict(entity, heads)
        state = self._states.setdefault((entity, pk), RecordState())
        self._owners[entity, pk] = state.owner_path

    def _take(self, entity: str, row: tuple[Any, ...]) -> None:
        pk, fields, clocks, retracted, person, meeting, owner = row
        self._states[entity, pk] = RecordState(
            from_json(fields), from_json(clocks), bool(retracted), person, meeting, self.places.now(owner)
        )
        self._stored.add((entity, pk))

    def _take_conflict(self, entity: str, row: tuple[Any, ...]) -> None:
        pk, name, heads = row
        self._conflicted.add((entity, pk))
        self._states[entity, pk].conflicts[name] = from_json(heads)

    def _rows(self, text: str, keys: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, Found]]:
        """By entity, what a SELECT that says AMONG finds of these of its records."""
        asked = [among(self._connection, text, (entity,), pks) for entity, pks in keys.items() if pks]
        return zip([entity for entity, pks in keys.items() if pks], fetch_all(self._connection, asked), strict=True)

    def open(self, each: Change) -> Payload:
        """What a change says; PeerFault `payload-unreadable`."""
        if each.payload is None:
            return NOTHING
        return self.opened.get(each.payload) or open_payload(each.payload)

    def state(self, entity: str, pk: str) -> RecordState:
        """The record now; empty where there is none."""
        found = self._states.get((entity, pk))
        if found is None:
            self._load_one(entity, pk)
            found = self._states[entity, pk]
        return found

    def apply(self, each: Change, payload: Payload | None = None) -> None:
        """Fold in one change of a known entity with verdict applied. It may or may not be in the log already."""
        entity = ENTITIES[each.entity]
        key = (each.entity, each.pk)
        opened = payload if payload is not None else self.open(each)
        state = self.state(*key)
        self._fresh.setdefault(key, []).append((each, opened))
        self._touch(key)
        if each.op == UPDATE_OF_DOCUMENT:
            self.updated.append(each.pk)
        before = state.owner_path
        if not extend(entity, state, each, opened):
            self.rebuild(*key)
            return
        if entity.name != UNIT:
            state.owner_path = self.places.now(state.owner_path)
        elif before:
            self._place(each.pk, before, state.owner_path)

    def _touch(self, key: Key) -> None:
        self.touched.add(key)
        self._unwritten[key] = None
        if key[0] in GROUNDS:
            self.grounds += 1

    def rebuild(self, entity: str, pk: str) -> None:
        """Make a record again from the log and from what this transaction adds to it."""
        key = (entity, pk)
        self.load([key])
        told = SELECT_CHANGES.where(
            change.c.entity == entity, change.c.pk == pk, change.c.verdict == Verdict.APPLIED.value
        )
        stored = self._connection.execute(told.where(change.c.op != Op.UPDATE.value)).all()
        if not stored:
            stored = self._connection.execute(told).all()
        log = [change_of(tuple(row)) for row in stored]
        opened = {each.change_id: (each, self.open(each)) for each in log}
        opened.update({each.change_id: (each, said) for each, said in self._fresh.get(key, [])})
        self._keep(key, list(opened.values()))

    def make_again(self, keys: Iterable[Key], told: Mapping[Key, Iterable[Change]]) -> None:
        """Make records again from all their applied changes; those without any are taken out."""
        listed = list(keys)
        self.load(listed)
        for key in listed:
            self._keep(key, [(each, self.open(each)) for each in told.get(key, ())])

    def _keep(self, key: Key, opened: list[Opened]) -> None:
        """A record as all its changes make it."""
        state = self._states[key] = fold(ENTITIES[key[0]], opened) if opened else RecordState()
        self._touch(key)
        if key[0] != UNIT:
            state.owner_path = self.places.now(state.owner_path)
            return
        said = [str(payload.fields["unit_path"]) for _, payload in opened if payload.fields.get("unit_path")]
        for before in dict.fromkeys(said):
            self._place(key[1], before, state.owner_path)

    def _place(self, code: str, before: str, after: str) -> None:
        """Take note of where a unit is, for all records that name it or what is under it."""
        if not after or self.places.now(before) == after:  # it came along with the one above it, or is known
            return
        self.places.move(code, after)
        self.moves.append((code, before, after))
        self.moves_to_tell.append((code, before, after))
        for state in self._states.values():
            state.owner_path = self.places.now(state.owner_path)
        self._owners = {key: self.places.now(path) for key, path in self._owners.items()}

    def forget(self, entity: str, pk: str) -> None:
        """Make a record again from the log alone, out of which some of its changes were taken."""
        self._fresh.pop((entity, pk), None)
        self.rebuild(entity, pk)

    def owner_before(self, key: Key) -> str:
        """Who owned a record until now, if that is another one than before; asked again it is settled."""
        before, now = self._owners.get(key, ""), self._states[key].owner_path
        self._owners[key] = now
        return before if now and before != now else ""

    def flush(self) -> None:
        """Write the touched records back."""
        for code, _, after in self.moves:
            relocate(self._connection, record.c.owner_path, code, after)
        if self.moves:
            self.places.keep(self._connection)
        rows: dict[bool, list[tuple[object, ...]]] = {True: [], False: []}
        gone: list[Key] = []
        marks = []
        ordered, self._unwritten = sorted(self._unwritten), {}
        before = self._conflicted.intersection(ordered)
        self._conflicted -= before
        for key in ordered:
            state = self._states[key]
            if not state.exists:
                gone.append(key)
                continue
            rows[key in self._stored].append(
                (
                    *key,
                    state.meeting,
                    state.owner_path,
                    state.person,
                    state.retracted,
                    fields_to_json(state.fields),
                    clocks_to_json(state.clocks),
                )
            )
            if state.conflicts:
                self._conflicted.add(key)
                for name, heads in state.conflicts.items():
                    marks.append({"entity": key[0], "pk": key[1], "field": name, "heads": to_json(heads)})
        for entity, pk in gone:
            self._connection.execute(record.delete().where(record.c.entity == entity, record.c.pk == pk))
        for entity, pk in before:
            self._connection.execute(conflict.delete().where(conflict.c.entity == entity, conflict.c.pk == pk))
        _INSERT.many(self._connection, rows[False])
        if rows[True]:
            run_many(self._connection, _REPLACE, rows[True])
        if marks:
            self._connection.execute(conflict.insert(), marks)
        self._stored.update(ordered)
        self._stored.difference_update(gone)


def bases_of(state: RecordState, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The clocks a writer saw: all heads of a settled field, and of a conflict only the one that is shown.

    So an ordinary edit never settles a conflict by accident; a person's decision names all heads (see `heads_of`).
    """
    seen: dict[str, tuple[str, ...]] = {}
    for name in names:
        heads = state.clocks.get(name)
        if heads:
            seen[name] = tuple(heads[:1] if name in state.conflicts else heads)
    return seen or _as_edit(state)


def heads_of(state: RecordState, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The clocks of all that a person's decision supersedes."""
    return {name: tuple(heads) for name in names if (heads := state.clocks.get(name))} or _as_edit(state)


def _as_edit(state: RecordState) -> dict[str, tuple[str, ...]]:
    """What no first word has: so a store that lacks the record can tell that this is none."""
    return {EDIT: ()} if state.clocks else {}
