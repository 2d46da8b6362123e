"""会议记录 as a document: blocks with ids, each bound to an agenda item, a speaker and a time, written by many hands.

In pycrdt it is a root array `blocks` of maps with the keys of `Block`, of which `text` is a text. The document
lives in one thread; only bytes cross to others. What is typed here comes out of `take_update` as one update per
batch; what others wrote goes in through `apply`, and listeners hear what changed on the screen.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from pycrdt import Array, Doc, Map, Text, TransactionEvent, UndoManager, merge_updates

from desktop_app.domain.ids import uuid7
from sync.documents.deletions import Spans, gone_from, minus, seen_by, union
from sync.documents.positions import byte_length, bytes_before, clean, units_before, utf16_length
from sync.documents.updates import apply_update

LOCAL = "silian-local"
"""The origin of what is typed here: only that is undone here."""
BOUND = ("agenda_item", "member", "member_name", "site", "at")
CAPTURE_MS = 500
"""Typing within this time is undone in one step."""


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph of the minutes: who said it, where, when, to which agenda item, and the words."""

    id: str
    agenda_item: str
    member: str
    member_name: str
    site: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class TextEdit:
    """One replacement in one block, in UTF-16 positions, to be made in order."""

    block: str
    start: int
    removed: int
    text: str


@dataclass(frozen=True, slots=True)
class DocumentChange:
    """What somebody else's update, an undo or a redo did to the document.

    `structure`: blocks came, went or were bound anew; then the view reads `blocks()` again, and `edits` is empty.
    """

    structure: bool
    edits: tuple[TextEdit, ...] = ()


Listener = Callable[[DocumentChange], None]


class MinutesDocument:
    """Not thread-safe: it belongs to the thread that made it."""

    def __init__(
        self,
        *,
        new_id: Callable[[], str] | None = None,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._new_id = new_id or (lambda: uuid7(now_ms(), random_bytes))
        self._doc: Doc[Any] = Doc()
        self._array: Array[Any] = self._doc.get("blocks", type=Array)
        self._order: list[str] = []
        self._maps: dict[str, Map[Any]] = {}
        self._texts: dict[str, str] = {}
        self._entries = 0
        self._updates: list[bytes] = []
        self._began = b""
        self.seen = b""
        """What this hand had of the document when it began the update that was taken last: see `deletions.seen_by`."""
        self._told: Spans = {}
        """What of the deletions this hand has told of, or made."""
        self._since: Spans = {}
        """What others deleted since the update that is under way began."""
        self._listeners: list[Listener] = []
        self._applying = False
        self._edits: list[tuple[int, list[dict[str, Any]]]] = []
        self._restructured = False
        self._undo = UndoManager(scopes=[self._array], capture_timeout_millis=CAPTURE_MS, timestamp=now_ms)
        self._undo.include_origin(LOCAL)
        # Subscriptions last as long as these references.
        self._subscriptions = (self._doc.observe(self._on_transaction), self._array.observe_deep(self._on_events))

    @classmethod
    def from_updates(cls, updates: Iterable[bytes]) -> "MinutesDocument":
        """A document that all these updates make; PeerFault `update-unreadable`."""
        document = cls()
        for update in updates:
            document.apply(update)
        return document

    # Reading

    def blocks(self) -> list[Block]:
        """In order. What another program made of a block that is none is left out."""
        return [self._block(block_id) for block_id in self._order]

    def block(self, block_id: str) -> Block:
        """KeyError where there is none."""
        if block_id not in self._maps:
            raise KeyError(block_id)
        return self._block(block_id)

    def _block(self, block_id: str) -> Block:
        entry = self._maps[block_id]
        bound = {name: _as_text(entry.get(name)) for name in BOUND}
        return Block(id=block_id, text=self._texts[block_id], **bound)

    def blocks_json(self) -> list[dict[str, str]]:
        """The blocks as plain values."""
        return [asdict(block) for block in self.blocks()]

    def canonical_json(self) -> str:
        """JSON of the blocks with sorted keys, no spaces and no escapes: equal documents give equal text."""
        return json.dumps(self.blocks_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def sha256(self) -> str:
        """SHA-256 of `canonical_json` in UTF-8, as hex."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()

    def state(self) -> bytes:
        """All of the document as one update."""
        return bytes(self._doc.get_update())

    # Writing

    def add_block(
        self,
        after: str | None = None,
        *,
        agenda_item: str = "",
        member: str = "",
        member_name: str = "",
        site: str = "",
        at: str = "",
        text: str = "",
    ) -> str:
        """A new block behind `after` (None: at the end); its id. KeyError where `after` is not there."""
        index = len(self._order) if after is None else self._order.index(self.block(after).id) + 1
        block_id = self._new_id()
        bound = {"agenda_item": agenda_item, "member": member, "member_name": member_name, "site": site, "at": at}
        with self._typing():
            self._array.insert(self._array_index(index), Map({"id": block_id, **bound, "text": Text(clean(text))}))
        return block_id

    def bind(self, block_id: str, **bound: str) -> None:
        """Name another speaker, agenda item, site or time (the fields of `Block` but id and text)."""
        unknown = bound.keys() - set(BOUND)
        if unknown:
            raise ValueError(f"a block is not bound to {', '.join(sorted(unknown))}")
        entry = self._maps[self.block(block_id).id]
        with self._typing():
            for name, value in bound.items():
                entry[name] = value

    def replace(self, block_id: str, start_utf16: int, removed_utf16: int, text: str) -> None:
        """Replace code units of a block's text, as Qt's `contentsChange` tells them. Positions outside are cut."""
        before = self.block(block_id).text
        inserted = clean(text)
        start = bytes_before(before, start_utf16)
        end = max(start, bytes_before(before, start_utf16 + removed_utf16))
        if start == end and not inserted:
            return
        entry: Text = self._maps[block_id]["text"]
        with self._typing(structure=False):
            if end > start:
                del entry[start:end]
            if inserted:
                entry.insert(start, inserted)
        self._texts[block_id] = str(entry)

    def remove_block(self, block_id: str) -> None:
        """KeyError where there is none."""
        index = self._order.index(self.block(block_id).id)
        with self._typing():
            del self._array[self._array_index(index)]

    def undo(self) -> bool:
        """Take back the last thing typed here; whether there was one."""
        self._begin()
        return self._hear(self._undo.undo)

    def redo(self) -> bool:
        self._begin()
        return self._hear(self._undo.redo)

    @property
    def can_undo(self) -> bool:
        return self._undo.can_undo()

    @property
    def can_redo(self) -> bool:
        return self._undo.can_redo()

    # Updates in and out

    def take_update(self) -> bytes | None:
        """What was typed here since the last call, as one update; None where nothing was."""
        updates, self._updates = self._updates, []
        self.seen = self._began
        if not updates:
            return None
        self._told, self._since = minus(gone_from(self._doc), self._since), {}
        return updates[0] if len(updates) == 1 else bytes(merge_updates(*updates))

    def apply(self, update: bytes) -> None:
        """Take in another hand's update, once or many times; PeerFault `update-unreadable`.

        Updates come in the order in which the store keeps them: a hand's later word after its earlier one.
        """
        self._applying = True
        before = gone_from(self._doc) if self._updates else None
        try:
            self._hear(lambda: apply_update(self._doc, update))
        finally:
            self._applying = False
            if before is not None:
                self._since = union(self._since, minus(gone_from(self._doc), before))

    def observe(self, listener: Listener) -> Callable[[], None]:
        """Hear what `apply`, `undo` and `redo` changed, after they have; the answer ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # Inside

    def _begin(self) -> None:
        if not self._updates:
            self._began = seen_by(bytes(self._doc.get_state()), minus(gone_from(self._doc), self._told))

    @contextmanager
    def _typing(self, *, structure: bool = True) -> Iterator[None]:
        self._begin()
        with self._doc.transaction(origin=LOCAL):
            yield
        self._edits.clear()
        self._restructured = False
        if structure:
            self._read_structure()

    def _hear(self, act: Callable[[], Any]) -> bool:
        """Do something that this view did not type, and tell the listeners what it came to."""
        try:
            done = bool(act())
        finally:
            edits, self._edits = self._edits, []
            restructured, self._restructured = self._restructured, False
            change = None
            if restructured or len(self._array) != self._entries:
                self._read_structure()
                change = DocumentChange(structure=True)
            else:
                told = [edit for index, delta in edits for edit in self._text_edits(index, delta)]
                told += self._untold_edits()
                change = DocumentChange(structure=False, edits=tuple(told)) if told else None
        if change is not None:
            for listener in tuple(self._listeners):
                listener(change)
        return done

    def _on_transaction(self, event: TransactionEvent) -> None:
        if not self._applying:
            self._updates.append(bytes(event.update))

    def _on_events(self, events: list[Any]) -> None:
        for event in events:
            path = event.path
            if len(path) == 2 and path[1] == "text" and isinstance(event.target, Text):
                self._edits.append((path[0], [dict(step) for step in event.delta]))
            else:
                self._restructured = True

    def _text_edits(self, index: int, delta: list[dict[str, Any]]) -> Iterator[TextEdit]:
        """A delta, counted in bytes of the text before, as edits counted in UTF-16."""
        entry = self._array[index]
        block_id = entry.get("id") if isinstance(entry, Map) else None
        if block_id not in self._maps:
            return
        text = self._texts[block_id]
        at = 0
        for step in delta:
            if "retain" in step:
                at += step["retain"]
                continue
            removed = step.get("delete", 0)
            inserted = step.get("insert", "")
            start, end = units_before(text, at), units_before(text, at + removed)
            yield TextEdit(block_id, start, end - start, inserted)
            raw = text.encode()
            text = (raw[:at] + inserted.encode() + raw[at + removed :]).decode(errors="replace")
            at += byte_length(inserted)
        self._texts[block_id] = text

    def _untold_edits(self) -> Iterator[TextEdit]:
        """What changed without an event: pycrdt tells none when an update that came too early fits in at last."""
        for block_id, entry in self._maps.items():
            now, before = str(entry["text"]), self._texts[block_id]
            if now != before:
                yield TextEdit(block_id, 0, utf16_length(before), now)
                self._texts[block_id] = now

    def _read_structure(self) -> None:
        self._order, self._maps, self._texts = [], {}, {}
        self._entries = len(self._array)
        for entry in self._array:
            block_id = entry.get("id") if isinstance(entry, Map) else None
            text = entry.get("text") if isinstance(block_id, str) else None
            if not isinstance(block_id, str) or not isinstance(text, Text) or block_id in self._maps:
                continue
            self._order.append(block_id)
            self._maps[block_id] = entry
            self._texts[block_id] = str(text)

    def _array_index(self, index: int) -> int:
        """Where the block at `index` of our order stands in the array, which may hold entries that are no blocks."""
        if index >= len(self._order):
            return len(self._array)
        if len(self._array) == len(self._order):
            return index
        wanted = self._order[index]
        listed = (each.get("id") if isinstance(each, Map) else None for each in self._array)
        return next(position for position, block_id in enumerate(listed) if block_id == wanted)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


__all__ = ["Block", "DocumentChange", "MinutesDocument", "TextEdit", "utf16_length"]
