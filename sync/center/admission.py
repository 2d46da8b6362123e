"""What becomes of a terminal's change at the center: applied, held or refused, with a stable reason.

The lane has verified chain and signature before; whatever the verdict here, the change is stored and acknowledged.
Scope is checked by unit path: one writes in one's own subtree, and in the meetings one's unit is party to.
"""

from collections.abc import Iterable
from math import isfinite
from typing import Any

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.handling import Handling, allowed
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.principal import Role, may_work, roles_fit
from desktop_app.domain.units import Level, governs, is_within, level_of
from sync.documents.updates import check_update
from sync.entities import ENTITIES, SCHEMA_VERSION, Entity, Merge, Reach
from sync.log.envelope import OPERATIONS, PUT, UPDATE_OF_DOCUMENT, Change, Verdict
from sync.log.payload import Payload, open_payload
from sync.merge.fold import RecordState, named_owner, update_bytes
from sync.merge.projection import Projection
from sync.store.journal import check_fields

APPROVED, AUDIT = "approved", "audit_event"
RECORD_AWAITED = "record-awaited"
CENTER_FIELDS = {
    "meeting": frozenset({"code"}),
    "opinion": frozenset({"opinion_no"}),
    "clue": frozenset({"clue_no"}),
}
"""Fields that the center alone gives: official numbers."""
NOBODYS: frozenset[str] = frozenset()
OF_MEETING, APPLIED = Reach.MEETING, Verdict.APPLIED
STEPS = frozenset(step.value for step in Handling)
Judgement = tuple[Verdict, str, Payload | None]


class Refused(Exception):
    """Why a change is not to be applied."""


class Held(Exception):
    """Why a change cannot be judged yet."""


class Precedents:
    """What a terminal was let do, while one push of it is judged: what is the same in many changes is looked at once.

    It is forgotten when a record changes on which it rests.
    """

    def __init__(self) -> None:
        self.writing: set[tuple[str | int, ...]] = set()
        """Entity, operation, schema, unit, device and person of changes that their writer may make."""
        self.meetings: dict[str, bool] = {}
        """The meetings that the unit is party to, and whether it convenes them."""
        self._grounds = 0

    def stand(self, projection: Projection) -> None:
        if self._grounds != projection.grounds:
            self._grounds = projection.grounds
            self.writing.clear()
            self.meetings.clear()


def open_ahead(changes: Iterable[Change]) -> dict[bytes, Payload]:
    """By their bytes, the payloads of changes that say what they may: a part of judging that needs no transaction."""
    opened = {}
    for change in changes:
        entity = ENTITIES.get(change.entity)
        if entity is None or change.payload is None or change.op != PUT:
            continue
        try:
            payload = open_payload(change.payload)
            _check_form(entity, change, payload)
        except (PeerFault, Refused):
            continue  # which `judge` says
        opened[change.payload] = payload
    return opened


def judge(
    change: Change, projection: Projection, unit_path: UnitPath, precedents: Precedents | None = None
) -> Judgement:
    """The verdict on a change of a terminal that belongs to `unit_path`; the opened payload where it is applied.

    `precedents` are those of the same terminal in the same transaction.
    """
    try:
        return APPLIED, "", _judged(change, projection, unit_path, precedents or Precedents())
    except Refused as why:
        return Verdict.REFUSED, str(why), None
    except Held as why:
        return Verdict.HELD, str(why), None
    except PeerFault as fault:
        return Verdict.REFUSED, fault.id, None


def _judged(change: Change, projection: Projection, unit_path: UnitPath, precedents: Precedents) -> Payload:
    precedents.stand(projection)
    unit_path = UnitPath(projection.places.now(unit_path))
    writing = (change.entity, change.op, change.schema_version, change.unit_path, change.device, change.person)
    may_write = writing in precedents.writing
    entity = ENTITIES[change.entity] if may_write else _entity_to_write(change, projection, unit_path)
    payload = projection.open(change)
    _check_form(entity, change, payload)
    if not may_write:
        _check_office(entity, change, payload, projection)
        if entity.name != "operator":  # of which it is also a matter of what is said
            precedents.writing.add(writing)
    state = projection.state(change.entity, change.pk)
    _check_scope(entity, change, payload, projection, unit_path, state, precedents)
    _check_state(entity, change, payload, state)
    return payload


def _entity_to_write(change: Change, projection: Projection, unit_path: UnitPath) -> Entity:
    """The entity of a change whose writer may write such a one."""
    if projection.places.now(change.unit_path) != unit_path:  # its unit may have been moved since it wrote
        raise Refused("unit-not-own")
    if change.device != change.terminal:
        raise Refused("device-not-own")
    if not change.person and change.entity != AUDIT:  # a wrong PIN is nobody's act
        raise Refused("person-missing")
    if change.schema_version > SCHEMA_VERSION:
        raise Held("schema-newer")
    entity = ENTITIES.get(change.entity)
    if entity is None:
        raise Held("entity-unknown")
    if change.op not in OPERATIONS:
        raise Held("op-unknown")
    if entity.center_only:
        raise Refused("center-only")
    return entity


def _check_office(entity: Entity, change: Change, payload: Payload, projection: Projection) -> None:
    """Who watches does no work, who works does not make accounts, and what was watched is never taken back."""
    if entity.name == AUDIT:
        if change.op != PUT:
            raise Refused("op-not-allowed")
        return
    who = projection.state("operator", change.person)
    if not who.exists and entity.name != "operator":
        return
    roles = who.fields.get("roles") or () if who.exists and not who.retracted else ()
    if entity.name == "operator":
        in_charge = Role.SECURITY in roles and bool(who.fields.get("is_active"))
        if not in_charge or not is_within(
            projection.places.now(change.unit_path), projection.places.now(str(who.fields.get("unit_path") or "?"))
        ):
            raise Refused("role-not-allowed")
        if not roles_fit(payload.fields.get("roles") or ()):
            raise Refused("roles-not-separate")
    elif not may_work(roles):
        raise Refused("role-not-allowed")


def _check_form(entity: Entity, change: Change, payload: Payload) -> None:
    if change.op == UPDATE_OF_DOCUMENT:
        if entity.merge is not Merge.DOCUMENT:
            raise Refused("op-not-allowed")
        if change.payload is not None:
            check_update(update_bytes(payload))
        return
    if payload.well_formed == entity.name:
        return
    known = payload.fields
    for value in known.values():
        if "\0" in value if type(value) is str else _unstorable(value):
            raise Refused("value-invalid")
    if not known.keys() <= entity.fields.keys():
        known = {name: value for name, value in known.items() if name in entity.fields}
    try:
        check_fields(entity.name, known)
    except ValueError:
        raise Refused("value-invalid") from None
    if not CENTER_FIELDS.get(entity.name, NOBODYS).isdisjoint(known):
        raise Refused("center-only")
    payload.well_formed = entity.name


def _unstorable(value: Any) -> bool:
    """What no JSON can say, of what is no text: a database would refuse to look through all records because of it."""
    if type(value) is list:
        return any("\0" in item for item in value)
    return type(value) is float and not isfinite(value)


def _check_scope(
    entity: Entity,
    change: Change,
    payload: Payload,
    projection: Projection,
    unit_path: UnitPath,
    state: RecordState,
    precedents: Precedents,
) -> None:
    now = projection.places.now
    named_path = named_owner(entity, payload.fields)
    if not state.exists and (change.op != PUT or payload.bases):
        raise Held(RECORD_AWAITED)  # its writer saw what this center, a restored one, has not got: whose is it?
    own = not state.owner_path or governs(unit_path, now(state.owner_path))
    own = own and (not named_path or governs(unit_path, now(named_path)))
    if entity.reach is not OF_MEETING or entity.name == "meeting":
        if not own:
            raise Refused("out-of-scope")
        if entity.name == "meeting" and change.meeting != change.pk:
            raise Refused("meeting-mismatch")
        if entity.name == "operator":
            _check_roles(payload.fields.get("roles"), unit_path)
        return
    named = payload.fields.get("meeting", change.meeting)
    if not change.meeting or named != change.meeting or state.meeting not in ("", change.meeting):
        raise Refused("meeting-mismatch")
    convenes = precedents.meetings.get(change.meeting)
    if convenes is None:
        convenes = precedents.meetings[change.meeting] = _convenes(change.meeting, projection, unit_path)
    if not own and not convenes:
        raise Refused("out-of-scope")


def _convenes(pk: str, projection: Projection, unit_path: UnitPath) -> bool:
    """Whether a unit convenes a meeting that it is party to."""
    meeting = projection.state("meeting", pk)
    if not meeting.exists:
        raise Held("meeting-awaited")
    is_party = governs(unit_path, meeting.owner_path)
    if not is_party and not any(governs(unit_path, projection.places.now(path)) for path in invited(meeting.fields)):
        raise Refused("out-of-scope")
    return meeting.owner_path == unit_path


def _check_roles(roles: Any, unit_path: UnitPath) -> None:
    if roles and Role.PROVINCIAL_OPERATOR in roles and level_of(unit_path) > Level.PROVINCE:
        raise Refused("role-not-allowed")


def _check_state(entity: Entity, change: Change, payload: Payload, state: RecordState) -> None:
    if state.clocks and change.op == PUT and entity.merge is Merge.FACT:
        raise Refused("fact-exists")
    if entity.name == "minutes" and state.fields.get("state") == APPROVED:
        raise Refused("minutes-approved")
    if entity.name == "opinion" and change.op == PUT and "state" in payload.fields:
        _check_handling(state, payload)
    if entity.name == "meeting" and change.op == PUT and not state.exists and not payload.fields.get("convener_unit"):
        raise Refused("convener-missing")


def _check_handling(state: RecordState, payload: Payload) -> None:
    """The follow-up of an opinion goes step by step. Of two who stepped unseen by each other a person decides later."""
    wanted = str(payload.fields["state"])
    if wanted not in STEPS:
        raise Refused("step-not-allowed")
    heads, seen = state.clocks.get("state", ()), payload.bases.get("state", ())
    if len(heads) > 1 or ((heads or seen) and set(heads) != set(seen)):
        return
    if not allowed(str(state.fields.get("state") or ""), wanted):
        raise Refused("step-not-allowed")


def invited(meeting: dict[str, Any]) -> list[str]:
    """The unit paths a meeting's record invites."""
    paths = meeting.get("invited")
    return [path for path in paths if isinstance(path, str) and path] if isinstance(paths, list) else []
