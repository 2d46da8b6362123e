"""Security events: what is told of a person's coming and going, of wrong PINs, of accounts and of papers that leave."""

from enum import StrEnum


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


ENTITY = "audit_event"
