"""What must be true, said again in other words than the program's: scope, order, merge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.entities import ENTITIES, Entity, Merge, Reach
from sync.log.envelope import Change
from sync.log.payload import open_payload

NATIONAL_DEPTH = 1
CONVENERS = ("agenda_item", "meeting_event")


@dataclass
class Told:
    """One record as its applied changes make it."""

    fields: dict[str, Any] = field(default_factory=dict)
    heads: dict[str, frozenset[str]] = field(default_factory=dict)
    conflicts: frozenset[str] = frozenset()
    retracted: bool = False


def merged(entity: Entity, changes: Iterable[Change]) -> Told:
    """Facts: the first stands. Fields: whoever was not superseded, and of these the latest is shown."""
    told = Told()
    said = [(each, open_payload(each.payload)) for each in changes if each.payload is not None and each.op != "update"]
    if entity.merge is Merge.FACT:
        puts = [(_when(each), payload) for each, payload in said if each.op == "put"]
        if puts:
            told.fields = min(puts, key=lambda pair: pair[0])[1].fields
        told.retracted = any(each.op == "retract" for each, _ in said)
        return told
    for name in {name for _, payload in said for name in payload.fields}:
        writers = {each.change_id: (each, payload) for each, payload in said if name in payload.fields}
        seen = {
            base for each, payload in writers.values() for base in payload.bases.get(name, ()) if base != each.change_id
        }
        heads = [writers[one] for one in writers if one not in seen]
        values = [payload.fields[name] for _, payload in heads]
        told.heads[name] = frozenset(each.change_id for each, _ in heads)
        shown = max(heads, key=lambda pair: _when(pair[0]))[1].fields[name]
        if any(value != shown for value in values):
            told.conflicts |= {name}
        if name == "_retracted":
            told.retracted = bool(shown)
        else:
            told.fields[name] = shown
    return told


def _when(change: Change) -> tuple[int, str, str]:
    """A clock that runs ahead of the center's is taken at the moment in which the center received it."""
    latest = change.hlc if change.received_ms is None else min(change.hlc, (change.received_ms << 16) + 65535)
    return latest, change.terminal, change.change_id


Tree = Mapping[str, str]
"""By code the path of each unit."""


def now(tree: Tree, path: str) -> str:
    """Where the unit is that a path once named: its own code says it, or that of the nearest one above it."""
    codes = [code for code in path.split("/") if code]
    for place in reversed(range(len(codes))):
        if codes[place] in tree:
            return tree[codes[place]] + "".join(f"{code}/" for code in codes[place + 1 :])
    return path


def in_charge(unit: str, path: str) -> bool:
    """Whether a record of `path` lies in the unit's own work."""
    if unit.count("/") == NATIONAL_DEPTH:
        return unit == path
    return path[: len(unit)] == unit


def may_see(unit: str, entity: str, owner: str, meeting: Mapping[str, Any] | None, tree: Tree) -> bool:
    """`meeting` is the record of the meeting it belongs to; `owner` the unit in whose charge it is, in `tree`."""
    reach = ENTITIES[entity].reach
    if reach is Reach.EVERYONE or in_charge(unit, owner):
        return True
    if reach is Reach.MEETING and meeting is not None:
        parties = [*(meeting.get("invited") or []), meeting.get("convener_unit") or ""]
        return unit in [now(tree, path) for path in parties]
    return False
