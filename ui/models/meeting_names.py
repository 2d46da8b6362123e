"""What the sites of a meeting are called, and whom to ring there: read once from the records when it is joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ui.models.meeting_rows import names_by_path

if TYPE_CHECKING:
    from desktop_app.domain.ids import MeetingId
    from sync.terminal.records import Records


@dataclass(frozen=True, slots=True)
class MeetingNames:
    """Everything by unit path."""

    meeting: Mapping[str, Any] = field(default_factory=dict)
    """The record of the meeting itself."""
    captions: Mapping[str, str] = field(default_factory=dict)
    initials: Mapping[str, str] = field(default_factory=dict)
    """Of the names, in pinyin."""
    contacts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """(name, number), where a number is written down."""

    @classmethod
    def read(cls, records: Records, meeting: MeetingId) -> MeetingNames:
        """Slow: through the runner."""
        units = records.list("unit")
        contacts = {
            str(one.get("unit_path") or ""): (str(one.get("name") or ""), str(one.get("phone") or ""))
            for one in records.list("site_contact")
            if one.get("phone")
        }
        initials = {str(unit["unit_path"]): str(unit.get("initials") or "") for unit in units}
        return cls(records.get("meeting", meeting) or {}, names_by_path(units), initials, contacts)
