"""会议记录 as it goes on paper: everything the document holds, already put together, and nothing about its looks."""

from dataclasses import dataclass
from datetime import datetime

from sync.meetings.attendance import AttendanceSheet


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph of the minutes: who spoke where and when, and what was written down."""

    item_id: str
    speaker: str
    """Empty for a remark of the recorder."""
    site: str
    """The site's name, for reading."""
    at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the agenda."""

    item_id: str
    number: int
    title: str
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """意见建议: an opinion that was marked in the minutes."""

    text: str
    speaker: str
    site: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """发言: one turn as the meeting's log has it."""

    number: int
    speaker: str
    site: str
    started_at: datetime | None
    seconds: int
    over_seconds: int


@dataclass(frozen=True, slots=True)
class MinutesPaper:
    """The minutes of one unit in one meeting."""

    unit: str
    """惠东县政协."""
    meeting_title: str
    meeting_code: str
    """Official number; empty until the center gave it (待编号)."""
    kind: str
    approved: bool
    start: datetime | None
    end: datetime | None
    main_site: str
    branch_sites: tuple[str, ...]
    host: str
    items: tuple[Item, ...]
    blocks: tuple[Block, ...]
    remarks: tuple[Remark, ...]
    turns: tuple[Turn, ...]
    attendance: AttendanceSheet
    """Of the unit's own room: its people are named."""
    attendance_of_all: AttendanceSheet
    """Of every room of the meeting: counted."""
    made_at: datetime
    receipt: int = 0
    """回执编号: of the receipt for what is at the center; 0 while nothing is."""
    receipt_at: datetime | None = None
    unreceipted: int = 0
    """Changes that were written since and have no receipt yet."""
