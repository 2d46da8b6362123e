"""What a terminal still has to send: contents that are here, are named by its records, and are not at the center."""

from dataclasses import dataclass

import sqlalchemy as sa

from sync.blobs.attachments import ENTITY, naming
from sync.blobs.tables import blob
from sync.store.rows import from_json
from sync.store.tables import record


@dataclass(frozen=True, slots=True)
class Waiting:
    """One content that waits; `reason` is the fault for which the center did not take it last time."""

    sha256: str
    length: int
    upload: str
    reason: str
    file_name: str = ""
    meeting: str = ""


def waiting(connection: sa.Connection) -> list[Waiting]:
    """In the order in which they came in. A content whose attachment was taken back does not wait."""
    rows = connection.execute(
        sa.select(blob).where(blob.c.at_center.is_(False)).order_by(blob.c.stored_ms, blob.c.sha256)
    ).all()
    found = []
    for row in rows:
        named = next(naming(connection, row.sha256), None)
        if named is not None:
            found.append(Waiting(row.sha256, row.bytes, row.upload, row.reason, named.file_name, named.meeting))
    return found


def waiting_count(connection: sa.Connection) -> tuple[int, int]:
    """How many contents wait, and their bytes: for a status that is asked often."""
    rows = connection.execute(sa.select(blob.c.sha256, blob.c.bytes).where(blob.c.at_center.is_(False))).all()
    if not rows:
        return 0, 0
    texts = connection.execute(
        sa.select(record.c.fields).where(record.c.entity == ENTITY, record.c.retracted.is_(False))
    ).scalars()
    named = {from_json(text).get("sha256") for text in texts}
    sizes = [row.bytes for row in rows if row.sha256 in named]
    return len(sizes), sum(sizes)
