"""会议材料: files placed at the sites of a meeting before it begins; each is an attachment of the meeting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from desktop_app.domain.clock import moment
from desktop_app.domain.ids import MeetingId

OWNER = "meeting"
"""`owner_kind` of an attachment that is material of its meeting."""
AHEAD = timedelta(days=30)
"""How long before a meeting its material is brought to the invited terminals."""
AFTER = timedelta(days=1)


class MaterialRecords(Protocol):
    """The store, as far as it is read here."""

    def list(self, entity: str, **equal: Any) -> Sequence[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Material:
    """One file of a meeting."""

    attachment: str
    """The pk of its attachment."""
    sha256: str
    file_name: str
    mime: str
    length: int
    here: bool
    """Its content is on this machine."""

    @property
    def title(self) -> str:
        """The file's name without its ending."""
        return self.file_name.rpartition(".")[0] or self.file_name

    @property
    def is_slides(self) -> bool:
        """Whether its pages can be shown in the meeting."""
        return self.mime == "application/pdf"


def material_of(records: MaterialRecords, meeting: MeetingId, has: Callable[[str], bool]) -> list[Material]:
    """The files of a meeting in the order in which they were placed; `has` tells which contents are here."""
    rows = records.list("attachment", meeting=meeting)
    found: dict[str, Material] = {}
    for row in sorted(rows, key=lambda row: str(row["pk"])):
        if row.get("owner_kind") == OWNER and row.get("owner_id") == meeting:
            sha256, length = str(row.get("sha256") or ""), int(row.get("bytes") or 0)
            name, mime = str(row.get("file_name") or ""), str(row.get("mime") or "")
            found.setdefault(sha256, Material(str(row["pk"]), sha256, name, mime, length, has(sha256)))
    return list(found.values())


def wanted(records: MaterialRecords, has: Callable[[str], bool], now: datetime) -> list[Material]:
    """What should be here and is not: the material of meetings that come or run, the nearest meeting first."""
    meetings = []
    for row in records.list("meeting"):
        try:
            start = moment(str(row["planned_start"]))
        except (KeyError, ValueError):
            continue
        over = bool(row.get("actual_end")) or row.get("state") in ("cancelled", "ended")
        if not over and now - AFTER <= start <= now + AHEAD:
            meetings.append((abs(start - now), MeetingId(str(row["pk"]))))
    return [one for _, meeting in sorted(meetings) for one in material_of(records, meeting, has) if not one.here]
