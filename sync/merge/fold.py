"""The merge, pure: the same set of changes gives the same record, in whatever order and however often they came.

Facts: the first one written stands; a retraction takes it back for good. Structured records, per field: a change that
named another's clock among its bases supersedes it; what nobody superseded is a head. One head is the value. Several
heads with different values are a conflict: the latest (clock capped by the center's receive stamp, then terminal,
then change id) is shown for the time being, and all of them are kept until a person's decision supersedes them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.entities import Entity, Merge
from sync.log.envelope import PUT, UPDATE_OF_DOCUMENT, Change, Op
from sync.log.hlc import capped
from sync.log.payload import RETRACTED, UPDATE, Payload

OWNER_FIELDS = {
    "unit": "unit_path",
    "operator": "unit_path",
    "member": "unit_path",
    "meeting": "convener_unit",
    "roster_entry": "site",
    "sign_in": "site",
    "departure": "site",
    "duty_event": "unit_path",
    "self_test": "unit_path",
    "site_contact": "unit_path",
    "speech": "site",
    "minutes": "unit_path",
    "opinion": "site",
    "clue": "unit_path",
    "proposal": "unit_path",
    "reply": "unit_path",
    "look_back": "unit_path",
    "audit_event": "unit_path",
    "text_conflict": "unit_path",
    "refusal": "unit_path",
    "refusal_seen": "unit_path",
    "revocation": "unit_path",
    "erasure": "unit_path",
}
"""The field by which a record names the unit that owns it; of an entity that is not here its writer's unit does."""
FACT = ""
"""The clock name under which a fact keeps the change that wrote it."""


@dataclass(slots=True)
class RecordState:
    """One record as all stores show it."""

    fields: dict[str, Any] = field(default_factory=dict)
    clocks: dict[str, list[str]] = field(default_factory=dict)
    """Per field the change ids of its heads, the one shown first."""
    retracted: bool = False
    person: str = ""
    """Who wrote the record first."""
    meeting: str = ""
    owner_path: str = ""
    conflicts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether anything was ever said about the record: whoever says something has a unit."""
        return bool(self.owner_path)


Opened = tuple[Change, Payload]
"""A change with its payload opened (an erased one says nothing)."""


def order(change: Change) -> tuple[int, str, str]:
    """Which of two concurrent changes is the later one, at every store alike."""
    return capped(change.hlc, change.received_ms), change.terminal, change.change_id


def fold(entity: Entity, changes: Iterable[Opened]) -> RecordState:
    """The record that these applied changes of one (entity, pk) make."""
    ordered = sorted(changes, key=lambda opened: order(opened[0]))
    state = RecordState()
    puts = [opened for opened in ordered if opened[0].op == Op.PUT]
    roots = [opened for opened in puts if not opened[1].bases]
    told = [change for change, _ in roots or puts or ordered]
    if told:
        state.person, state.owner_path = told[0].person, told[0].unit_path
        state.meeting = next((change.meeting for change in told if change.meeting), "")
    if entity.merge is Merge.FACT:
        _fold_fact(state, ordered)
    else:
        _fold_fields(state, ordered)
    state.owner_path = named_owner(entity, state.fields) or state.owner_path
    if puts and all(change.payload is None for change, _ in puts):
        state.retracted = True  # all that was said was erased
    return state


def _fold_fact(state: RecordState, ordered: list[Opened]) -> None:
    for change, payload in ordered:
        if change.op == Op.RETRACT:
            state.retracted = True
        elif change.op == Op.PUT and FACT not in state.clocks:
            state.clocks[FACT] = [change.change_id]
            state.fields = dict(payload.fields)


def _fold_fields(state: RecordState, ordered: list[Opened]) -> None:
    writers: dict[str, dict[str, Any]] = {}
    superseded: dict[str, set[str]] = {}
    for change, payload in ordered:
        if change.op == Op.UPDATE:
            continue
        for name, value in payload.fields.items():
            writers.setdefault(name, {})[change.change_id] = value
            others = (base for base in payload.bases.get(name, ()) if base != change.change_id)
            superseded.setdefault(name, set()).update(others)
    for name, values in writers.items():
        heads = [each for each in values if each not in superseded[name]] or list(values)
        heads.reverse()  # the latest first
        _set_field(state, name, values[heads[0]], heads)
        if any(values[each] != values[heads[0]] for each in heads[1:]):
            state.conflicts[name] = heads


def _set_field(state: RecordState, name: str, value: Any, heads: list[str]) -> None:
    state.clocks[name] = heads
    if name == RETRACTED:
        state.retracted = bool(value)
    else:
        state.fields[name] = value


def extend(entity: Entity, state: RecordState, change: Change, payload: Payload) -> bool:
    """Fold one more change into `state` where its place is plain; False where only `fold` over the log can tell.

    Plain is: the first word on a record, or a writer who saw exactly what this store shows now.
    """
    if change.op == UPDATE_OF_DOCUMENT:
        return bool(state.clocks)
    if change.op != PUT or change.payload is None:
        return False
    if not state.exists:
        if payload.bases:
            return False
        _begin(entity, state, change, payload)
        return True
    if entity.merge is Merge.FACT or not _saw_all(state, payload):
        return False
    state.meeting = state.meeting or change.meeting
    for name, value in payload.fields.items():
        _set_field(state, name, value, [change.change_id])
        state.conflicts.pop(name, None)
    state.owner_path = named_owner(entity, payload.fields) or state.owner_path
    return True


def _begin(entity: Entity, state: RecordState, change: Change, payload: Payload) -> None:
    """The first word on a record."""
    state.person, state.meeting = change.person, change.meeting
    state.fields = dict(payload.fields)
    state.owner_path = named_owner(entity, state.fields) or change.unit_path
    if entity.merge is Merge.FACT:
        state.clocks[FACT] = [change.change_id]
        return
    heads = [change.change_id]
    state.clocks = dict.fromkeys(state.fields, heads)
    if RETRACTED in state.fields:
        state.retracted = bool(state.fields.pop(RETRACTED))


def _saw_all(state: RecordState, payload: Payload) -> bool:
    """Whether the writer's bases are the heads of every field it wrote, and it saw the record at all."""
    if not payload.bases:
        return False
    for name in payload.fields:
        heads = state.clocks.get(name, [])
        bases = payload.bases.get(name, ())
        if len(heads) != len(bases) or set(heads) != set(bases):
            return False
    return True


def named_owner(entity: Entity, fields: Mapping[str, Any]) -> str:
    """The unit that a record names as its own; empty where it names none, and the first writer's unit owns it."""
    named = fields.get(OWNER_FIELDS.get(entity.name, ""))
    return named if isinstance(named, str) else ""


def update_bytes(payload: Payload) -> bytes:
    """The pycrdt update of an `update`; empty where there is none."""
    update = payload.fields.get(UPDATE)
    return update if isinstance(update, bytes) else b""
