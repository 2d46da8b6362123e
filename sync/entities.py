"""The records and their fields: one registry that the log, the projection, both lanes and the screens share.

A field's value is a plain scalar, a list of strings or bytes; a time is text as `domain.clock.stamp` makes it; a unit
is its path; every other reference is the other record's id. Adding a field or an entity is a new schema version;
nothing here is ever renamed or removed, and an unknown field is stored and forwarded.
"""

from dataclasses import dataclass
from enum import StrEnum

SCHEMA_VERSION = 1


class Merge(StrEnum):
    """How two writers of one record come together."""

    FACT = "fact"
    """Append-only: written once, taken back only by a retraction, which is a fact too."""
    FIELDS = "fields"
    """Per-field last-writer-wins, provisional where the writers were concurrent (a conflict)."""
    DOCUMENT = "document"
    """Fields as above, and a pycrdt document fed by `update` operations."""


class Reach(StrEnum):
    """Who may pull a record, besides the subtree of the unit that owns it."""

    EVERYONE = "everyone"
    MEETING = "meeting"
    """The units invited to its meeting."""
    SUBTREE = "subtree"
    """Nobody else."""


class Type(StrEnum):
    """The value of a field."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIME = "time"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of record."""

    name: str
    merge: Merge
    reach: Reach
    fields: dict[str, Type]
    center_only: bool = False
    """Written by the center's own log alone; a terminal's change to it is refused."""


_T, _I, _B, _AT, _LIST = Type.TEXT, Type.INTEGER, Type.BOOLEAN, Type.TIME, Type.TEXTS

ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        # pk: the unit's code. The tree itself is written by the center from the reference data.
        Entity(
            "unit",
            Merge.FIELDS,
            Reach.EVERYONE,
            {
                "unit_path": _T,
                "level": _I,
                "name": _T,
                "short_name": _T,
                "full_name": _T,
                "pinyin": _T,
                "initials": _T,
                "is_active": _B,
            },
            center_only=True,
        ),
        # pk: the unit's code. Whom to ring where a site does not answer; kept by the unit itself, or by one above it.
        Entity(
            "site_contact",
            Merge.FIELDS,
            Reach.SUBTREE,
            {
                "unit_path": _T,
                "name": _T,
                "phone": _T,
            },
        ),
        # pk: UUIDv7. 设备自检 of one site. `state`: ok | advice | failed; `checks`: JSON texts with the keys kind, state, detail, fault.
        Entity(
            "self_test",
            Merge.FACT,
            Reach.SUBTREE,
            {
                "unit_path": _T,
                "at": _AT,
                "state": _T,
                "checks": _LIST,
                "seconds": _I,
                "up_kbps": _I,
                "down_kbps": _I,
                "delay_ms": _I,
                "loss_permille": _I,
                "person_name": _T,
                "machine": _T,
            },
        ),
        # pk: UUIDv7. A person who may use the program in the name of a unit; the PIN never leaves the terminal.
        Entity(
            "operator",
            Merge.FIELDS,
            Reach.SUBTREE,
            {
                "unit_path": _T,
                "name": _T,
                "roles": _LIST,
                "is_active": _B,
            },
        ),
        # pk: derived_id("member", member_no), so that importing one roster twice or in two places makes one member.
        Entity(
            "member",
            Merge.FIELDS,
            Reach.SUBTREE,
            {
                "unit_path": _T,
                "member_no": _T,
                "name": _T,
                "pinyin": _T,
                "initials": _T,
                "surname_strokes": _I,
                "gender": _T,
                "ethnic_group": _T,
                "party": _T,
                "sector": _T,
                "committee": _T,
                "post": _T,
                "work_title": _T,
                "term_no": _T,
                "status": _T,
            },
        ),
        # pk: UUIDv7. `code` is the official number: given by the center, until then the screen says 待编号.
        Entity(
            "meeting",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "code": _T,
                "title": _T,
                "kind": _T,
                "convener_unit": _T,
                "host_member": _T,
                "invited": _LIST,
                "planned_start": _AT,
                "planned_end": _AT,
                "actual_start": _AT,
                "actual_end": _AT,
                "state": _T,
                "cancel_reason": _T,
            },
        ),
        # pk: UUIDv7. `state`: planned | current | done.
        Entity(
            "agenda_item",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "item_no": _I,
                "item_type": _T,
                "title": _T,
                "presenter": _T,
                "site": _T,
                "planned_min": _I,
                "limit_sec": _I,
                "warn_sec": _I,
                "started_at": _AT,
                "ended_at": _AT,
                "state": _T,
            },
        ),
        # pk: derived_id("roster_entry", meeting, member). 应到名册. `capacity`: attend (出席) | guest (列席).
        Entity(
            "roster_entry",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "member": _T,
                "member_name": _T,
                "site": _T,
                "capacity": _T,
                "seat_no": _T,
                "reply": _T,
            },
        ),
        # pk: UUIDv7. One signature of one person. `status`: present | excused; `method`: manual | qr | card.
        # It projects to one row per (meeting, member): the earliest that was not retracted.
        Entity(
            "sign_in",
            Merge.FACT,
            Reach.MEETING,
            {
                "meeting": _T,
                "member": _T,
                "member_name": _T,
                "site": _T,
                "status": _T,
                "method": _T,
                "signed_at": _AT,
                "leave_reason": _T,
            },
        ),
        # pk: UUIDv7. 离会: somebody who signed in has left; `sign_in` is the signature that it ends. Coming back retracts it.
        Entity(
            "departure",
            Merge.FACT,
            Reach.MEETING,
            {
                "meeting": _T,
                "member": _T,
                "member_name": _T,
                "site": _T,
                "sign_in": _T,
                "left_at": _AT,
            },
        ),
        # pk: derived_id("duty", meeting, member). 履职记录: one for each member who came, derived at the center once the meeting is over
        # and again when what it is made of changes. `role`: speech | attend | guest.
        Entity(
            "duty_event",
            Merge.FIELDS,
            Reach.SUBTREE,
            {
                "unit_path": _T,
                "meeting": _T,
                "member": _T,
                "member_name": _T,
                "member_no": _T,
                "title": _T,
                "kind": _T,
                "occurred_on": _T,
                "role": _T,
                "signed_at": _AT,
                "left_at": _AT,
                "attended_min": _I,
                "attended_permille": _I,
                "speeches": _I,
                "speech_sec": _I,
            },
            center_only=True,
        ),
        # pk: derived_id(meeting, "stay", unit_path). One site in one meeting, from its first entry to the last it was seen.
        Entity(
            "site_stay",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "site": _T,
                "site_name": _T,
                "joined_at": _AT,
                "left_at": _AT,
                "drops": _I,
            },
            center_only=True,
        ),
        # pk: derived_id(meeting, seq, "speech"). Derived from the meeting's log at the center.
        Entity(
            "speech",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "speech_no": _I,
                "agenda_item": _T,
                "member": _T,
                "member_name": _T,
                "site": _T,
                "requested_at": _AT,
                "started_at": _AT,
                "ended_at": _AT,
                "limit_sec": _I,
                "seconds": _I,
                "over_sec": _I,
                "purpose": _T,
                "sector": _T,
                "interposed": _B,
            },
            center_only=True,
        ),
        # pk: derived_id(meeting, "roll", round_no, site). 会场点名. `status`: answered | no_answer | offline; `manner`:
        # electronic | voice; devices: ok | fault | unknown. Derived from the meeting's log at the center.
        Entity(
            "roll_call_answer",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "round_no": _I,
                "manner": _T,
                "called_at": _AT,
                "site": _T,
                "site_name": _T,
                "status": _T,
                "answered_at": _AT,
                "operator": _T,
                "recorded_by": _T,
                "calls": _I,
                "online": _B,
                "camera": _T,
                "microphone": _T,
                "speaker": _T,
                "delay_ms": _I,
                "loss_permille": _I,
                "expected": _I,
                "present": _I,
                "remark": _T,
            },
            center_only=True,
        ),
        # pk: derived_id(meeting, seq, "outage"), the seq of the loss. A site that was lost while the meeting ran.
        Entity(
            "outage",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "site": _T,
                "site_name": _T,
                "started_at": _AT,
                "ended_at": _AT,
                "seconds": _I,
            },
            center_only=True,
        ),
        # pk: derived_id(meeting, "line", site, Unix ms). Ten minutes of a site's line; `minutes`: as sync.meetings.lines.
        Entity(
            "line_history",
            Merge.FACT,
            Reach.SUBTREE,
            {
                "meeting": _T,
                "site": _T,
                "started_at": _AT,
                "minutes": _LIST,
            },
            center_only=True,
        ),
        # pk: derived_id("minutes", meeting, unit_path): one set of minutes per meeting and unit. `state`: draft | approved.
        Entity(
            "minutes",
            Merge.DOCUMENT,
            Reach.MEETING,
            {
                "meeting": _T,
                "unit_path": _T,
                "title": _T,
                "state": _T,
            },
        ),
        # pk: derived_id("text_conflict", minutes, block). Two texts of one block, written unseen by each other; found by the center.
        # `state`: open | settled, and then `chosen` is what a person decided. `removed`: mine | theirs, who took the whole block
        # out; `after` and `bound` (JSON) say where it stood and what it was bound to, for whoever wants it back.
        Entity(
            "text_conflict",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "unit_path": _T,
                "minutes": _T,
                "block": _T,
                "base": _T,
                "mine": _T,
                "mine_terminal": _T,
                "mine_unit": _T,
                "mine_person": _T,
                "mine_at": _AT,
                "theirs": _T,
                "theirs_terminal": _T,
                "theirs_unit": _T,
                "theirs_person": _T,
                "theirs_at": _AT,
                "removed": _T,
                "after": _T,
                "bound": _T,
                "state": _T,
                "chosen": _T,
            },
        ),
        # pk: UUIDv7. `state` is of `domain.handling.Handling`; `opinion_no` is given by the center (待编号 until then).
        Entity(
            "opinion",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "agenda_item": _T,
                "block": _T,
                "member": _T,
                "member_name": _T,
                "site": _T,
                "quote": _T,
                "text": _T,
                "topic": _T,
                "opinion_no": _T,
                "state": _T,
            },
        ),
        # pk: derived_id("clue", opinion). 提案线索: what became of an opinion that its member stands by.
        Entity(
            "clue",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "unit_path": _T,
                "opinion": _T,
                "clue_no": _T,
                "title": _T,
                "content": _T,
                "category": _T,
                "made_on": _AT,
                "excluded_reason": _T,
            },
        ),
        # pk: derived_id("proposal", opinion). 提案引用: proposals are handled elsewhere; this is what follows one needs.
        Entity(
            "proposal",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "unit_path": _T,
                "opinion": _T,
                "proposal_no": _T,
                "main_unit": _T,
                "co_units": _LIST,
                "assigned_on": _AT,
                "due_on": _AT,
            },
        ),
        # pk: UUIDv7. 答复: `reply_class` is of `domain.handling.ReplyClass`; `due_on` the look-back of a B, `reason` of a C.
        Entity(
            "reply",
            Merge.FACT,
            Reach.MEETING,
            {
                "meeting": _T,
                "unit_path": _T,
                "opinion": _T,
                "reply_class": _T,
                "text": _T,
                "duty_unit": _T,
                "replied_on": _AT,
                "due_on": _AT,
                "reason": _T,
            },
        ),
        # pk: UUIDv7. 回头看: what was found, and the class that it is worth now.
        Entity(
            "look_back",
            Merge.FACT,
            Reach.MEETING,
            {
                "meeting": _T,
                "unit_path": _T,
                "opinion": _T,
                "visited_on": _AT,
                "situation": _T,
                "class_before": _T,
                "class_after": _T,
                "remaining": _T,
                "next_due": _AT,
                "participants": _T,
            },
        ),
        # pk: UUIDv7. One file that belongs to a record (`owner_kind` is its entity, `owner_id` its pk). Whoever may see this
        # record may read the content that it names, if its writer's unit had that content (`sync/blobs`).
        Entity(
            "attachment",
            Merge.FACT,
            Reach.MEETING,
            {
                "owner_kind": _T,
                "owner_id": _T,
                "file_name": _T,
                "mime": _T,
                "bytes": _I,
                "sha256": _T,
                "meeting": _T,
            },
        ),
        # pk: derived_id(meeting, Unix ms of its beginning, "recording", unit_path). One site's recording; the file is an
        # attachment whose owner_id is this pk. `state`: making | kept | empty; `progress`: percent; `agenda`: JSON texts
        # [agenda item, title, ms from the beginning]; `retention`: Y | D30 | D10.
        Entity(
            "recording",
            Merge.FIELDS,
            Reach.MEETING,
            {
                "meeting": _T,
                "site": _T,
                "site_name": _T,
                "started_at": _AT,
                "seconds": _I,
                "bytes": _I,
                "sha256": _T,
                "state": _T,
                "progress": _I,
                "retention": _T,
                "agenda": _LIST,
            },
            center_only=True,
        ),
        # pk: UUIDv7. The unit may not see these records any more ("entity:pk"): its terminals let go of them.
        Entity(
            "revocation",
            Merge.FACT,
            Reach.SUBTREE,
            {
                "unit_path": _T,
                "records": _LIST,
            },
            center_only=True,
        ),
        # pk: UUIDv7. The payloads of these changes of one record ("entity:pk") were erased on a lawful request.
        Entity(
            "erasure",
            Merge.FACT,
            Reach.MEETING,
            {
                "unit_path": _T,
                "meeting": _T,
                "record": _T,
                "changes": _LIST,
                "ground": _T,
            },
            center_only=True,
        ),
        # pk: the change_id of a change that was refused. Somebody of its unit has read why: it asks for nobody's attention any
        # more. The change itself stays as it was, in the log and in the quarantine.
        Entity(
            "refusal_seen",
            Merge.FACT,
            Reach.SUBTREE,
            {
                "unit_path": _T,
                "seen_at": _AT,
            },
        ),
        # pk: UUIDv7. A security event: `kind` is of `sync.log.audit.AuditKind`, `subject` the person it is about (who need not
        # have shown that they are it), `detail` plain words without content. Never taken back.
        Entity(
            "audit_event",
            Merge.FACT,
            Reach.SUBTREE,
            {
                "unit_path": _T,
                "kind": _T,
                "at": _AT,
                "subject": _T,
                "subject_name": _T,
                "machine": _T,
                "meeting": _T,
                "detail": _T,
            },
        ),
        # pk: derived_id(meeting, seq, "event"). The meeting's log itself: the center's own changes.
        Entity(
            "meeting_event",
            Merge.FACT,
            Reach.MEETING,
            {
                "meeting": _T,
                "seq": _I,
                "at": _AT,
                "kind": _T,
                "body": _T,
            },
            center_only=True,
        ),
    )
}
