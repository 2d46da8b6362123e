"""A meeting as a calendar file (RFC 5545), for a phone's or an office's own calendar; an alarm 15 minutes before.

The same meeting always has the same UID: a changed one read in again takes the old one's place, a cancelled one goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sync.export.files import write_whole

LINE = 75
"""Octets of a line (RFC 5545, 3.1); longer ones are folded."""
ALARM = "-PT15M"


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One meeting. Times are aware."""

    uid: str
    title: str
    start: datetime
    end: datetime
    made_at: datetime
    place: str = ""
    text: str = ""
    cancelled: bool = False
    version: int = 0
    """Counts up with each change of time or title (SEQUENCE)."""


def write_calendar(entries: Sequence[CalendarEntry], path: Path) -> Path:
    """Put it at `path`, whole or not at all; raises HostFault as `write_whole` does."""
    data = calendar_text(entries).encode()
    return write_whole(path, lambda file: file.write(data))


def calendar_text(entries: Sequence[CalendarEntry]) -> str:
    """The file's text, lines ended by CRLF."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Silian//Silian//ZH", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    for entry in entries:
        lines += _event(entry)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(entry: CalendarEntry) -> list[str]:
    lines = [
        "BEGIN:VEVENT",
        f"UID:{entry.uid}@silian",
        f"DTSTAMP:{_utc(entry.made_at)}",
        f"DTSTART:{_utc(entry.start)}",
        f"DTEND:{_utc(entry.end)}",
        f"SEQUENCE:{entry.version}",
        f"SUMMARY:{_text(entry.title)}",
        f"STATUS:{'CANCELLED' if entry.cancelled else 'CONFIRMED'}",
    ]
    if entry.place:
        lines.append(f"LOCATION:{_text(entry.place)}")
    if entry.text:
        lines.append(f"DESCRIPTION:{_text(entry.text)}")
    if not entry.cancelled:
        lines += [
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{_text(entry.title)}",
            f"TRIGGER:{ALARM}",
            "END:VALARM",
        ]
    return [*lines, "END:VEVENT"]


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """RFC 5545, 3.3.11; control characters have no place in it."""
    escaped = (
        value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r\n", "\n").replace("\r", "\n")
    )
    return "".join(one for one in escaped if one == "\n" or ord(one) >= 32).replace("\n", "\\n")


def _folded(line: str) -> str:
    """At most 75 octets a line, never within a character."""
    parts: list[str] = []
    current, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > LINE - (1 if parts else 0):
            parts.append(current)
            current, size = "", 0
        current += character
        size += width
    return "\r\n ".join([*parts, current])
