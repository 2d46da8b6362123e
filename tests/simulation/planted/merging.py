"""Mistakes in what many changes make of one record. See `tests.simulation.mutants`."""

import dataclasses
import hashlib
from typing import Any

from sync.center import admission
from sync.entities import ENTITIES
from sync.log.payload import open_payload
from sync.merge import fold, projection
from sync.store import journal, reader
from sync.terminal import outbox
from tests.simulation.planted import mutant


@mutant("tie-break by chain hash")
def _() -> None:
    def order(each: Any) -> Any:
        place = f"{each.terminal}{each.epoch}{each.seq}".encode()
        return fold.capped(each.hlc, each.received_ms), hashlib.sha256(place).hexdigest(), each.change_id

    fold.order = order


@mutant("conflict dropped: the last writer wins silently")
def _() -> None:
    real = fold._fold_fields

    def silent(state: Any, ordered: Any) -> None:
        real(state, ordered)
        state.conflicts.clear()

    fold._fold_fields = silent


@mutant("conflict dropped: whoever comes last supersedes")
def _() -> None:
    fold._saw_all = lambda state, payload: bool(payload.bases)


@mutant("conflict dropped: an ordinary edit settles it")
def _() -> None:
    def all_heads(state: Any, names: Any) -> Any:
        return {name: tuple(state.clocks[name]) for name in names if state.clocks.get(name)}

    journal.bases_of = all_heads  # type: ignore[attr-defined]


@mutant("clock not capped")
def _() -> None:
    fold.capped = lambda hlc, _received: hlc  # type: ignore[attr-defined]


@mutant("a capped change is not merged again at its writer")
def _() -> None:
    outbox._merge_capped = lambda *_asked: None


@mutant("a retraction does nothing")
def _() -> None:
    real = fold._fold_fact

    def stubborn(state: Any, ordered: Any) -> None:
        real(state, ordered)
        state.retracted = False

    fold._fold_fact = stubborn


@mutant("a field that is not known is not forwarded")
def _() -> None:
    def narrow(raw: bytes) -> Any:
        payload = open_payload(raw)
        known = {name for entity in ENTITIES.values() for name in entity.fields} | {"_retracted", "update"}
        return dataclasses.replace(payload, fields={k: v for k, v in payload.fields.items() if k in known})

    projection.open_payload = admission.open_payload = narrow  # type: ignore[attr-defined]


@mutant("minutes forget what was compacted")
def _() -> None:
    def latest(connection: Any, pk: str) -> Any:
        updates, position = reader.updates_since(connection, pk, 0)
        return (updates[-1] if updates else None), position

    reader.document_state = latest
    import tests.simulation.shown as shown

    shown.document_state = latest


@mutant("what others deleted counts as seen")
def _() -> None:
    from sync.center import disputes

    disputes.gone_by = lambda _update: {}  # type: ignore[attr-defined]


@mutant("an edit is taken for a first word")
def _() -> None:
    projection._as_edit = lambda _state: {}
