"""The attachments that name a content, and who may see them: what opens a blob, at the center."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import governs
from sync.blobs.tables import blob, blob_holder
from sync.log.envelope import Op, Verdict
from sync.log.payload import open_payload
from sync.merge.places import Places
from sync.store.rows import from_json
from sync.store.tables import IN_QUARANTINE, change, participant, record

ENTITY = "attachment"


@dataclass(frozen=True, slots=True)
class Named:
    """One attachment record."""

    pk: str
    owner_path: str
    """The unit whose terminal wrote it."""
    meeting: str
    file_name: str
    mime: str
    length: int


def naming(connection: sa.Connection, sha256: str) -> Iterator[Named]:
    """The attachments that name this content and were not taken back."""
    rows = connection.execute(
        sa.select(record.c.pk, record.c.owner_path, record.c.meeting, record.c.fields).where(
            record.c.entity == ENTITY,
            record.c.retracted.is_(False),
            record.c.fields.contains(f'"sha256":"{sha256}"', autoescape=True),
        )
    )
    for pk, owner_path, meeting, text in rows.all():
        fields: dict[str, Any] = from_json(text)
        if fields.get("sha256") == sha256:
            yield _named(pk, owner_path, meeting, fields)


def held_naming(connection: sa.Connection, sha256: str) -> Iterator[Named]:
    """Those that name this content and are no records yet: the center holds their change until it can be judged."""
    places = Places.load(connection)
    for row, fields in _in_quarantine(connection, Verdict.HELD):
        if fields.get("sha256") == sha256:
            yield _named(row.pk, places.now(row.unit_path), row.meeting, fields)


def _named(pk: str, owner_path: str, meeting: str, fields: dict[str, Any]) -> Named:
    name, mime, length = fields.get("file_name"), fields.get("mime"), fields.get("bytes")
    return Named(pk, owner_path, meeting, str(name or ""), str(mime or ""), int(length or 0))


def _in_quarantine(connection: sa.Connection, *verdicts: Verdict) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The rows of the first words on attachments that are held or refused here, each with what it says."""
    rows = connection.execute(
        sa.select(change.c.pk, change.c.unit_path, change.c.meeting, change.c.payload).where(
            IN_QUARANTINE,
            change.c.verdict.in_([each.value for each in verdicts]),
            change.c.entity == ENTITY,
            change.c.op == Op.PUT.value,
            change.c.payload.is_not(None),
        )
    )
    for row in rows.all():
        try:
            yield row, open_payload(row.payload).fields
        except PeerFault:  # that is why it is refused
            continue


def may_read(connection: sa.Connection, unit_path: UnitPath, sha256: str) -> bool:
    """Whether this content is here and an attachment of a unit that holds it is in the reader's scope."""
    if connection.execute(sa.select(blob.c.bytes).where(blob.c.sha256 == sha256)).first() is None:
        return False
    holders = set(
        connection.execute(sa.select(blob_holder.c.unit_path).where(blob_holder.c.sha256 == sha256)).scalars()
    )
    return any(each.owner_path in holders and _sees(connection, unit_path, each) for each in naming(connection, sha256))


def _sees(connection: sa.Connection, unit_path: UnitPath, attachment: Named) -> bool:
    """The scope of the feed: one's own subtree, and the meetings one's unit is party to."""
    if governs(unit_path, attachment.owner_path):
        return True
    party = sa.select(participant.c.meeting).where(
        participant.c.meeting == attachment.meeting, participant.c.unit_path == unit_path
    )
    return bool(attachment.meeting) and connection.execute(party).first() is not None


def unnamed(connection: sa.Connection) -> list[str]:
    """The contents that no attachment names any more, not even one that was taken back: erased, or let go of.

    What is held or refused may be applied yet, and keeps its content.
    """
    texts = connection.execute(sa.select(record.c.fields).where(record.c.entity == ENTITY)).scalars()
    named = {from_json(text).get("sha256") for text in texts}
    named |= {fields.get("sha256") for _, fields in _in_quarantine(connection, Verdict.HELD, Verdict.REFUSED)}
    here = connection.execute(sa.select(blob.c.sha256).order_by(blob.c.sha256)).scalars()
    return [sha256 for sha256 in here if sha256 not in named]


def unnoted(connection: sa.Connection, unit_path: str) -> list[tuple[str, int]]:
    """SHA-256 and length of what a unit's attachments name and this store has no note of, here or elsewhere."""
    own = sa.select(record.c.fields).where(
        record.c.entity == ENTITY, record.c.owner_path == unit_path, record.c.retracted.is_(False)
    )
    noted = set(connection.execute(sa.select(blob.c.sha256)).scalars())
    told = {
        str(each.get("sha256")): int(each.get("bytes") or 0)
        for each in map(from_json, connection.execute(own).scalars())
    }
    return [(sha256, length) for sha256, length in sorted(told.items()) if sha256 not in noted]
