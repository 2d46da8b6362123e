"""The audit page's source: every change this store holds, who made it and when, and the security events among them.

Nothing is kept twice: the change log is the record of who did what, and a security event is a change like any other, so
both are chained, signed, receipted by the center, and seen by the units above. Nothing here can alter or hide a line.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from desktop_app.domain.clock import Clock, moment, stamp, unix_ms
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import PersonId, uuid7
from sync.log.audit import ENTITY, AuditKind
from sync.log.hlc import COUNTER_BITS, wall_ms
from sync.log.payload import open_payload
from sync.log.write import Write
from sync.store.engine import reading
from sync.store.rows import RECEIVED
from sync.store.tables import change, record
from sync.terminal.records import Records, Row

log = logging.getLogger("silian.audit")
PAGE = 200
FAILURES = (AuditKind.PIN_WRONG, AuditKind.LOCKED_OUT)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One thing that somebody did. `act` is an `AuditKind` of a security event, else the operation of a change."""

    position: int
    change_id: str
    at: datetime
    """By the writer's own clock."""
    received_at: datetime | None
    """When the center had it; None while it waits."""
    person: str
    person_name: str
    device: str
    unit_path: str
    entity: str
    pk: str
    act: str
    meeting: str
    meeting_title: str
    verdict: str
    reason: str
    subject: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LastVisit:
    """What a person is told on coming in: when they were here last, and how often somebody failed as them since."""

    at: datetime | None = None
    failed: int = 0


class AuditBook:
    """Writes security events of one terminal, and reads the whole trail. Thread-safe."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def note(
        self, kind: AuditKind, *, subject: str = "", subject_name: str = "", meeting: str = "", detail: str = ""
    ) -> None:
        """Write a security event. A machine that cannot write says so in its log; whoever unlocks is not kept out."""
        now = self._clock.now()
        fields = {
            "unit_path": str(self._records.unit_path),
            "kind": str(kind),
            "at": stamp(now),
            "subject": subject,
            "subject_name": subject_name,
            "machine": str(self._records.device),
            "detail": detail,
        }
        write = Write(ENTITY, uuid7(unix_ms(now)), fields, meeting=meeting)
        try:
            self._records.note(write)
        except HostFault as fault:
            log.error("a security event (%s) could not be written: %s", kind, fault)

    def last_visit(self, person: PersonId) -> LastVisit:
        """Of this person, at any terminal of the unit as far as it is known here."""
        rows = self._records.list(ENTITY, subject=person)
        came = [row for row in rows if row.get("kind") == AuditKind.UNLOCKED]
        last = max((str(row["at"]) for row in came), default="")
        failed = [row for row in rows if row.get("kind") in FAILURES and str(row["at"]) > last]
        return LastVisit(moment(last) if last else None, len(failed))

    def lines(
        self,
        *,
        before: int | None = None,
        person: str = "",
        security: bool | None = None,
        since: datetime | None = None,
        limit: int = PAGE,
    ) -> list[AuditLine]:
        """The trail, newest first, from below a position on; one person's; security events alone, or all but these.

        `since` leaves out what was done before, by the writers' own clocks.
        """
        query = sa.select(change, RECEIVED.label("stamp")).order_by(change.c.position.desc()).limit(limit)
        if before is not None:
            query = query.where(change.c.position < before)
        if since is not None:
            query = query.where(change.c.hlc >= unix_ms(since) << COUNTER_BITS)
        if person:
            about = sa.select(record.c.pk).where(
                record.c.entity == ENTITY, sa.func.json_extract(record.c.fields, "$.subject") == person
            )
            query = query.where(
                sa.or_(change.c.person == person, sa.and_(change.c.entity == ENTITY, change.c.pk.in_(about)))
            )
        if security is not None:
            query = query.where((change.c.entity == ENTITY) if security else (change.c.entity != ENTITY))
        names = {row["pk"]: str(row.get("name") or "") for row in self._records.list("operator")}
        titles = {row["pk"]: str(row.get("title") or "") for row in self._records.list("meeting")}
        with reading(self._records.engine) as connection:
            return [_line(row, names, titles) for row in connection.execute(query)]


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _line(row: "sa.Row[Any]", names: dict[str, str], titles: dict[str, str]) -> AuditLine:
    told: Row = {}
    if row.entity == ENTITY and row.payload is not None:
        told = open_payload(row.payload).fields
    person = str(told.get("subject") or "") or row.person  # a wrong PIN is told of the account it was typed for
    return AuditLine(
        position=row.position,
        change_id=row.change_id,
        at=_moment(wall_ms(row.hlc)),
        received_at=_moment(row.stamp) if row.stamp is not None else None,
        person=person,
        person_name=names.get(person, "") or str(told.get("subject_name") or ""),
        device=row.device,
        unit_path=row.unit_path,
        entity=row.entity,
        pk=row.pk,
        act=str(told.get("kind") or row.op),
        meeting=row.meeting,
        meeting_title=titles.get(row.meeting, ""),
        verdict=row.verdict,
        reason=row.reason,
        subject=str(told.get("subject") or ""),
        detail=str(told.get("detail") or ""),
    )
