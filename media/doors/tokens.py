"""Leave to use one door of one meeting until a set hour: a bearer token that the center signs and can read again.

Nothing is kept: what a token allows is in it. It opens its door for a short time; who is in by then stays.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from media.meeting.wire import read_meeting_id, read_unit_path

LONGEST = 2048
MINUTES = 240
"""The longest a token may be good."""


class DoorRole(StrEnum):
    """Which door."""

    STUDIO = "studio"
    """In: publishes as the site of a unit that is invited."""
    OBSERVER = "observer"
    """Out: sees and hears who is on the air, and is no site."""


@dataclass(frozen=True, slots=True)
class DoorGrant:
    """What one token allows. `unit_path`: the studio's site; of an observer, the unit that let it in."""

    meeting: MeetingId
    role: DoorRole
    unit_path: UnitPath
    until: datetime
    number: str
    """Tells two tokens apart."""


class DoorTokens:
    """Writes and reads tokens with the center's key for them."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, meeting: MeetingId, role: DoorRole, unit_path: UnitPath, until: datetime) -> str:
        body = {"m": meeting, "r": role, "u": unit_path, "e": int(until.timestamp()), "n": secrets.token_hex(16)}
        packed = _pack(json.dumps(body, separators=(",", ":")).encode())
        return f"{packed}.{self._seal(packed)}"

    def read(self, token: str, role: DoorRole, now: datetime) -> DoorGrant:
        """PeerFault: door-token-invalid, door-token-expired, door-token-elsewhere (for the other door)."""
        packed, _, seal = token.partition(".")
        if len(token) > LONGEST or not token.isascii() or not hmac.compare_digest(seal, self._seal(packed)):
            raise PeerFault("door-token-invalid")
        try:
            body = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
            grant = DoorGrant(
                read_meeting_id(body["m"]),
                DoorRole(body["r"]),
                read_unit_path(body["u"]),
                datetime.fromtimestamp(body["e"], UTC),
                str(body["n"]),
            )
        except (ValueError, KeyError, TypeError) as err:
            raise PeerFault("door-token-invalid") from err
        if now >= grant.until:
            raise PeerFault("door-token-expired")
        if grant.role is not role:
            raise PeerFault("door-token-elsewhere")
        return grant

    def _seal(self, packed: str) -> str:
        return _pack(hmac.digest(self._key, b"silian-door-v1 " + packed.encode(), hashlib.sha256))


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
