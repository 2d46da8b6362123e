"""Security events: what is told of a person's coming and going, of wrong PINs, of accounts and of papers that leave."""

from datetime import UTC, datetime
from enum import StrEnum

from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import uuid7
from desktop_app.domain.principal import Actor
from sync.log.write import Write


class AuditKind(StrEnum):
    """What happened; the catalogues have a sentence for each (`audit.kind_<value>`)."""

    ENROLLED = "enrolled"
    UNLOCKED = "unlocked"
    LOCKED = "locked"
    PIN_WRONG = "pin_wrong"
    LOCKED_OUT = "locked_out"
    PIN_SET = "pin_set"
    EXPORTED = "exported"
    AUDITED = "audited"
    """Somebody read the audit page."""
    STORE_REBUILT = "store_rebuilt"
    """A damaged store was made anew."""
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_DISABLED = "account_disabled"
    PIN_RESET = "pin_reset"
    CODE_ISSUED = "code_issued"
    CODE_WITHDRAWN = "code_withdrawn"
    DEVICE_REVOKED = "device_revoked"
    JUDGED_AGAIN = "judged_again"
    """Somebody had the center look again at a change that it held or refused."""
    UNIT_MOVED = "unit_moved"
    """A unit came under another one, on the ground that `detail` names."""
    RECORD_ERASED = "record_erased"
    """Somebody erased what was said of a record, on the lawful request that `detail` names."""


ENTITY = "audit_event"


def audit_event(kind: AuditKind, unit_path: str, actor: Actor, now_ms: int, detail: str = "") -> Write:
    """A security event of a unit that the center itself tells; `detail` has no content of records."""
    at = stamp(datetime.fromtimestamp(now_ms / 1000, UTC))
    fields = {"unit_path": unit_path, "kind": kind.value, "at": at, "machine": actor.device, "detail": detail}
    return Write(ENTITY, uuid7(now_ms), fields)
