"""A person's choice between two texts of one passage: the document takes it up, and the choice is kept."""

import json
from typing import Any, Protocol

from sync.documents.minutes import BOUND, MinutesDocument, utf16_length
from sync.log.write import Write


class Settled(Protocol):
    """What is needed of the records."""

    def get(self, entity: str, pk: str) -> dict[str, Any] | None: ...
    def minutes_state(self, minutes: str) -> bytes | None: ...
    def save_update(self, minutes: str, update: bytes, *, meeting: str, seen: bytes | None = None) -> str: ...
    def write(self, *writes: Write) -> list[str]: ...


def settle_text(records: Settled, pk: str, chosen: str) -> None:
    """Make `chosen` the text of the disputed block, and settle the dispute. OperatorError `minutes-approved`.

    Empty where one side had taken the whole block out: it goes.
    """
    row = records.get("text_conflict", pk)
    if row is None:
        return
    minutes, meeting, block = str(row["minutes"]), str(row["meeting"]), str(row["block"])
    state = records.minutes_state(minutes)
    document = MinutesDocument.from_updates([state] if state else [])
    texts = {each.id: each.text for each in document.blocks()}
    if block in texts and not chosen and row.get("removed"):
        document.remove_block(block)
    elif block in texts and texts[block] != chosen:
        document.replace(block, 0, utf16_length(texts[block]), chosen)
    elif block not in texts and chosen:  # one of the two had taken it out: it comes back where it stood
        after, bound = str(row.get("after") or ""), json.loads(row.get("bound") or "{}")
        known = {name: str(bound[name]) for name in BOUND if name in bound}
        document.add_block(after if after in texts else None, text=chosen, **known)
    update = document.take_update()
    if update is not None:
        records.save_update(minutes, update, meeting=meeting, seen=document.seen)
    records.write(Write("text_conflict", pk, {"state": "settled", "chosen": chosen}, meeting))
