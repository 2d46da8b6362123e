"""What a screen tells of the files of one record: which there are, and how far each has come."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from sync.blobs.attachments import ENTITY
from sync.blobs.tables import blob
from sync.store.rows import from_json
from sync.store.tables import record


class FileState(StrEnum):
    """How far a file has come."""

    SENT = "sent"
    """Here, and at the center."""
    WAITING = "waiting"
    """Here; it goes to the center after the changes."""
    REFUSED = "refused"
    """Here; the center did not take it, and is asked again."""
    AWAY = "away"
    """At the center, or still at the terminal that has it."""
    COMING = "coming"
    """It is being fetched."""


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """One file of a record."""

    attachment: str
    """The pk of its record."""
    sha256: str
    file_name: str
    mime: str
    length: int
    owner_path: str
    """The unit whose terminal attached it."""
    state: FileState
    done: int = 0
    """Bytes that are across, of one that is waiting or coming."""
    reason: str = ""
    """The fault for which the center did not take it."""


def files_of(
    connection: sa.Connection, owner_kind: str, owner_id: str, *, here: Callable[[str], bool], moving: Mapping[str, int]
) -> list[AttachedFile]:
    """In the order in which they were attached. `here` tells which contents are on this machine, `moving` how far one
    on the way has come."""
    rows = connection.execute(
        sa.select(record.c.pk, record.c.owner_path, record.c.fields)
        .where(
            record.c.entity == ENTITY,
            record.c.retracted.is_(False),
            record.c.fields.contains(f'"owner_id":"{owner_id}"', autoescape=True),
        )
        .order_by(record.c.pk)
    ).all()
    found = []
    for pk, owner_path, text in rows:
        fields = from_json(text)
        if (fields.get("owner_kind"), fields.get("owner_id")) != (owner_kind, owner_id):
            continue
        sha256 = str(fields.get("sha256") or "")
        noted = connection.execute(sa.select(blob).where(blob.c.sha256 == sha256)).first()
        state, reason = FileState.AWAY, ""
        if here(sha256):
            sent = noted is None or noted.at_center
            reason = "" if noted is None else noted.reason
            state = FileState.SENT if sent else FileState.REFUSED if reason else FileState.WAITING
        elif sha256 in moving:
            state = FileState.COMING
        name, mime = str(fields.get("file_name") or ""), str(fields.get("mime") or "")
        length = int(fields.get("bytes") or 0)
        done = moving.get(sha256, 0) if state in (FileState.WAITING, FileState.COMING) else 0
        found.append(AttachedFile(pk, sha256, name, mime, length, owner_path, state, done, reason))
    return found
