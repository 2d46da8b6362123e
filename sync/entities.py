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


def _fields(words: str) -> dict[str, Type]:
    """`name level:integer`: text is the type of a field that names none."""
    named = (word.partition(":") for word in words.split())
    return {name: Type(kind or Type.TEXT) for name, _, kind in named}


ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        # pk: the unit's code. The tree itself is written by the center from the reference data.
        Entity(
            "unit",
            Merge.FIELDS,
            Reach.EVERYONE,
            _fields("unit_path level:integer name short_name full_name pinyin initials is_active:boolean"),
            center_only=True,
        ),
        # pk: the unit's code. Whom to ring where a site does not answer; kept by the unit itself, or by one above it.
        Entity("site_contact", Merge.FIELDS, Reach.SUBTREE, _fields("unit_path name phone")),
        # pk: UUIDv7. 设备自检 of one site. `state`: ok | advice | failed; `checks`: JSON texts with the keys kind,
        # state, detail, fault.
        Entity(
            "self_test",
            Merge.FACT,
            Reach.SUBTREE,
            _fields(
                "unit_path at:time state checks:texts seconds:integer up_kbps:integer down_kbps:integer "
                "delay_ms:integer loss_permille:integer person_name machine"
            ),
        ),
        # pk: UUIDv7. A person who may use the program in the name of a unit; the PIN never leaves the terminal.
        Entity("operator", Merge.FIELDS, Reach.SUBTREE, _fields("unit_path name roles:texts is_active:boolean")),
        # pk: derived_id("member", member_no), so that importing one roster twice or in two places makes one member.
        Entity(
            "member",
            Merge.FIELDS,
            Reach.SUBTREE,
            _fields(
                "unit_path member_no name pinyin initials surname_strokes:integer gender ethnic_group party sector "
                "committee post work_title term_no status"
            ),
        ),
        # pk: UUIDv7. `code` is the official number: given by the center, until then the screen says 待编号.
        Entity(
            "meeting",
            Merge.FIELDS,
            Reach.MEETING,
            _fields(
                "code title kind convener_unit host_member invited:texts planned_start:time planned_end:time "
                "actual_start:time actual_end:time state cancel_reason"
            ),
        ),
        # pk: UUIDv7. `state`: planned | current | done.
        Entity(
            "agenda_item",
            Merge.FIELDS,
            Reach.MEETING,
            _fields(
                "meeting item_no:integer item_type title presenter site planned_min:integer limit_sec:integer "
                "warn_sec:integer started_at:time ended_at:time state"
            ),
        ),
        # pk: derived_id("roster_entry", meeting, member). 应到名册. `capacity`: attend (出席) | guest (列席).
        Entity(
            "roster_entry",
            Merge.FIELDS,
            Reach.MEETING,
            _fields("meeting member member_name site capacity seat_no reply"),
        ),
        # pk: UUIDv7. One signature of one person. `status`: present | excused; `method`: manual | qr | card. It
        # projects to one row per (meeting, member): the earliest that was not retracted.
        Entity(
            "sign_in",
            Merge.FACT,
            Reach.MEETING,
            _fields("meeting member member_name site status method signed_at:time leave_reason"),
        ),
        # pk: UUIDv7. 离会: somebody who signed in has left; `sign_in` is the signature that it ends. Coming back
        # retracts it.
        Entity("departure", Merge.FACT, Reach.MEETING, _fields("meeting member member_name site sign_in left_at:time")),
        # pk: derived_id("duty", meeting, member). 履职记录: one for each member who came, derived at the center once
        # the meeting is over and again when what it is made of changes. `role`: speech | attend | guest.
        Entity(
            "duty_event",
            Merge.FIELDS,
            Reach.SUBTREE,
            _fields(
                "unit_path meeting member member_name member_no title kind occurred_on role signed_at:time "
                "left_at:time attended_min:integer attended_permille:integer speeches:integer speech_sec:integer"
            ),
            center_only=True,
        ),
        # pk: derived_id(meeting, "stay", unit_path). One site in one meeting, from its first entry to the last it was
        # seen.
        Entity(
            "site_stay",
            Merge.FIELDS,
            Reach.MEETING,
            _fields("meeting site site_name joined_at:time left_at:time drops:integer"),
            center_only=True,
        ),
        # pk: derived_id(meeting, seq, "speech"). Derived from the meeting's log at the center.
        Entity(
            "speech",
            Merge.FIELDS,
            Reach.MEETING,
            _fields(
                "meeting speech_no:integer agenda_item member member_name site requested_at:time started_at:time "
                "ended_at:time limit_sec:integer seconds:integer over_sec:integer purpose sector interposed:boolean"
            ),
            center_only=True,
        ),
        # pk: derived_id(meeting, "roll", round_no, site). 会场点名. `status`: answered | no_answer | offline; `manner`:
        # electronic | voice; devices: ok | fault | unknown. Derived from the meeting's log at the center.
        Entity(
            "roll_call_answer",
            Merge.FIELDS,
            Reach.MEETING,
            _fields(
                "meeting round_no:integer manner called_at:time site site_name status answered_at:time operator "
                "recorded_by calls:integer online:boolean camera microphone speaker delay_ms:integer "
                "loss_permille:integer expected:integer present:integer remark"
            ),
            center_only=True,
        ),
        # pk: derived_id(meeting, seq, "outage"), the seq of the loss. A site that was lost while the meeting ran.
        Entity(
            "outage",
            Merge.FIELDS,
            Reach.MEETING,
            _fields("meeting site site_name started_at:time ended_at:time seconds:integer"),
            center_only=True,
        ),
        # pk: derived_id(meeting, "line", site, Unix ms). Ten minutes of a site's line; `minutes`, `limited` (those in
        # which the media engine limited the site, or nothing connected it) and `concealed` (those in which sound was
        # made up): as sync.meetings.lines.
        Entity(
            "line_history",
            Merge.FACT,
            Reach.SUBTREE,
            _fields("meeting site started_at:time minutes:texts limited:texts concealed:texts"),
            center_only=True,
        ),
        # pk: derived_id("minutes", meeting, unit_path): one set of minutes per meeting and unit. `state`: draft |
        # approved.
        Entity("minutes", Merge.DOCUMENT, Reach.MEETING, _fields("meeting unit_path title state")),
        # pk: derived_id("text_conflict", minutes, block). Two texts of one block, written unseen by each other; found
        # by the center. `state`: open | settled, and then `chosen` is what a person decided. `removed`: mine | theirs,
        # who took the whole block out; `after` and `bound` (JSON) say where it stood and what it was bound to, for
        # whoever wants it back.
        Entity(
            "text_conflict",
            Merge.FIELDS,
            Reach.MEETING,
            _fields(
                "meeting unit_path minutes block base mine mine_terminal mine_unit mine_person mine_at:time theirs "
                "theirs_terminal theirs_unit theirs_person theirs_at:time removed after bound state chosen"
            ),
        ),
        # pk: UUIDv7. `state` is of `domain.handling.Handling`; `opinion_no` is given by the center (待编号 until then).
        Entity(
            "opinion",
            Merge.FIELDS,
            Reach.MEETING,
            _fields("meeting agenda_item block member member_name site quote text topic opinion_no state"),
        ),
        # pk: derived_id("clue", opinion). 提案线索: what became of an opinion that its member stands by.
        Entity(
            "clue",
            Merge.FIELDS,
            Reach.MEETING,
            _fields("meeting unit_path opinion clue_no title content category made_on:time excluded_reason"),
        ),
        # pk: derived_id("proposal", opinion). 提案引用: proposals are handled elsewhere; this is what follows one
        # needs.
        Entity(
            "proposal",
            Merge.FIELDS,
            Reach.MEETING,
            _fields("meeting unit_path opinion proposal_no main_unit co_units:texts assigned_on:time due_on:time"),
        ),
        # pk: UUIDv7. 答复: `reply_class` is of `domain.handling.ReplyClass`; `due_on` the look-back of a B, `reason` of
        # a C.
        Entity(
            "reply",
            Merge.FACT,
            Reach.MEETING,
            _fields("meeting unit_path opinion reply_class text duty_unit replied_on:time due_on:time reason"),
        ),
        # pk: UUIDv7. 回头看: what was found, and the class that it is worth now.
        Entity(
            "look_back",
            Merge.FACT,
            Reach.MEETING,
            _fields(
                "meeting unit_path opinion visited_on:time situation class_before class_after remaining next_due:time "
                "participants"
            ),
        ),
        # pk: UUIDv7. One file that belongs to a record (`owner_kind` is its entity, `owner_id` its pk). Whoever may see
        # this record may read the content that it names, if its writer's unit had that content (`sync/blobs`).
        Entity(
            "attachment",
            Merge.FACT,
            Reach.MEETING,
            _fields("owner_kind owner_id file_name mime bytes:integer sha256 meeting"),
        ),
        # pk: derived_id(meeting, Unix ms of its beginning, "recording", unit_path). One site's recording; the file is
        # an attachment whose owner_id is this pk. `state`: making | kept | empty; `progress`: percent; `agenda`: JSON
        # texts [agenda item, title, ms from the beginning]; `retention`: Y | D30 | D10.
        Entity(
            "recording",
            Merge.FIELDS,
            Reach.MEETING,
            _fields(
                "meeting site site_name started_at:time seconds:integer bytes:integer sha256 state progress:integer "
                "retention agenda:texts"
            ),
            center_only=True,
        ),
        # pk: UUIDv7. The unit may not see these records any more ("entity:pk"): its terminals let go of them.
        Entity("revocation", Merge.FACT, Reach.SUBTREE, _fields("unit_path records:texts"), center_only=True),
        # pk: UUIDv7. The payloads of these changes of one record ("entity:pk") were erased on a lawful request.
        Entity(
            "erasure",
            Merge.FACT,
            Reach.MEETING,
            _fields("unit_path meeting record changes:texts ground"),
            center_only=True,
        ),
        # pk: UUIDv7. These changes of a terminal were held, and then refused for this reason.
        Entity("refusal", Merge.FACT, Reach.SUBTREE, _fields("unit_path changes:texts reason"), center_only=True),
        # pk: the change_id of a change that was refused. Somebody of its unit has read why: it asks for nobody's
        # attention any more. The change itself stays as it was, in the log and in the quarantine.
        Entity("refusal_seen", Merge.FACT, Reach.SUBTREE, _fields("unit_path seen_at:time")),
        # pk: UUIDv7. A security event: `kind` is of `sync.log.audit.AuditKind`, `subject` the person it is about (who
        # need not have shown that they are it), `detail` plain words without content. Never taken back.
        Entity(
            "audit_event",
            Merge.FACT,
            Reach.SUBTREE,
            _fields("unit_path kind at:time subject subject_name machine meeting detail"),
        ),
        # pk: derived_id(meeting, seq, "event"). The meeting's log itself: the center's own changes.
        Entity(
            "meeting_event",
            Merge.FACT,
            Reach.MEETING,
            _fields("meeting seq:integer at:time kind body"),
            center_only=True,
        ),
    )
}
