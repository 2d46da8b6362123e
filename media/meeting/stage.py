"""What a meeting shows and says besides its voices: layouts, polling, captions, messages, budgets. Plain data."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop_app.domain.ids import UnitPath

MESSAGES_KEPT = 50
"""Messages the state holds; all of them are in the log."""


SCREEN = "screen"
"""A `Slide` of this document is no file: it is what the presenter's site shares of its own screen, live."""


class Layout(StrEnum):
    """多画面: how a screen is divided."""

    SPEAKER = "speaker"
    """One large picture and a strip."""
    GALLERY_2 = "gallery_2"
    GALLERY_3 = "gallery_3"
    GALLERY_4 = "gallery_4"
    CONTENT = "content"
    """Content and the speaker beside it."""


@dataclass(frozen=True, slots=True)
class Polling:
    """轮询: one site after the other is shown. Which one is a function of the time, so that no event is needed."""

    unit_paths: tuple[UnitPath, ...]
    interval_seconds: int
    since: datetime
    everyone: bool = False
    """All screens follow; else only the chair's."""


@dataclass(frozen=True, slots=True)
class Caption:
    """A line typed for those who read rather than hear."""

    unit_path: UnitPath
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Slide:
    """课件: the page that every screen shows. The file was placed at the sites before; here is only which."""

    document: str
    """SHA-256 of the file, in lower-case hex; or `SCREEN`."""
    page: int
    """Counted from 1."""
    pages: int
    title: str
    presenter: UnitPath
    """The site that turns the pages."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A line between a site and the chair. Each is in the log that every site of the meeting holds."""

    message_id: str
    sender: UnitPath
    to: UnitPath | None
    """None: the chair, whoever holds it."""
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """Time to speak for one site, or for all sites of one level together."""

    unit_path: UnitPath | None
    level: int
    """1 to 4 where `unit_path` is None, else 0."""
    seconds: int


@dataclass(frozen=True, slots=True)
class Removal:
    """A site the chair removed; it gets nothing of the meeting until it is admitted again."""

    unit_path: UnitPath
    reason: str
    at: datetime
