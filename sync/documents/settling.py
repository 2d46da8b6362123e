"""A person's choice between two texts of one passage: the document takes it up, and the choice is kept."""

from typing import Any, Protocol

from sync.documents.minutes import MinutesDocument, utf16_length
from sync.log.write import Write


class Settled(Protocol):
    """What is needed of the records."""

    def get(self, entity: str, pk: str) -> dict[str, Any] | None: ...
    def minutes_state(self, minutes: str) -> bytes | None: ...
    def save_update(self, minutes: str, update: bytes, *, meeting: str, seen: bytes | None = None) -> str: ...
    def write(self, *writes: Write) -> list[str]: ...


def settle_text(records: Settled, pk: str, chosen: str) -> None:
    """Make `chosen` the text of the disputed block, and settle the dispute. OperatorError `minutes-approved`."""
    row = records.get("text_conflict", pk)
    if row is None:
        return
    minutes, meeting, block = str(row["minutes"]), str(row["meeting"]), str(row["block"])
    state = records.minutes_state(minutes)
    document = MinutesDocument.from_updates([state] if state else [])
    texts = {each.id: each.text for each in document.blocks()}
    if block in texts and texts[block] != chosen:
        document.replace(block, 0, utf16_length(texts[block]), chosen)
        records.save_update(minutes, document.take_update() or b"", meeting=meeting, seen=document.seen)
    records.write(Write("text_conflict", pk, {"state": "settled", "chosen": chosen}, meeting))
