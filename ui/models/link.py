"""The link to the center and the numbers of the sync, as a person sees them. Pure: no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LinkLight(StrEnum):
    """The link to the provincial center as a person sees it."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"
    REFUSED = "refused"
    """The center answers, but will not deal with this terminal; `reason` says why."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """The link, why it is as it is (a fault id), and since when."""

    light: LinkLight = LinkLight.UNKNOWN
    reason: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SyncView:
    """The numbers of the sync, from `Records.status()`."""

    pending: int = 0
    pending_meetings: int = 0
    conflicts: int = 0
    quarantined: int = 0
    acknowledged: int = 0
    last_receipt_at: datetime | None = None
    attachments: int = 0
    clock_off_seconds: int = 0
    clock_jumped_seconds: int = 0
    disk_low_mib: int | None = None


LIGHTS = {
    "online": LinkLight.ONLINE,
    "offline": LinkLight.OFFLINE,
    "unreachable": LinkLight.OFFLINE,
    "refused": LinkLight.REFUSED,
}
"""The states of `sync.terminal.lanes.Link`; any other is offline."""
SILENT = frozenset({"", "link-silent", "center-silent"})
"""Nobody answers: the banner says all that there is to say."""
STRANGERS = frozenset({"center-certificate", "center-not-silian"})
"""Somebody answers, and it is not the center: waiting does not mend that."""
