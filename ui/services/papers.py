"""Files: what is written out, attached to records, placed at the sites, or carried to the center."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from desktop_app.domain.ids import MeetingId

if TYPE_CHECKING:
    from sync.blobs.listing import AttachedFile
    from sync.meetings.material import Material
    from sync.meetings.readiness import SiteReadiness


class Exports(Protocol):
    """Writes documents; through the runner. Each returns the path it wrote."""

    def minutes(self, minutes_id: str, path: Path) -> Path: ...

    def sign_in_list(self, meeting: MeetingId, path: Path) -> Path: ...

    def readiness(self, title: str, sites: Sequence[SiteReadiness], path: Path) -> Path: ...

    def report(self, meeting: MeetingId, path: Path) -> Path:
        """What a meeting came to, as .xlsx or .docx by the path's ending."""
        ...

    def calendar(self, meeting: MeetingId, path: Path) -> Path:
        """The meeting as a calendar file, .ics."""
        ...

    def receipt(self, content: bytes, path: Path) -> Path: ...

    def ledger(self, path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
        """A register as a table."""
        ...


class Packed(Protocol):
    """What a sync package holds."""

    @property
    def path(self) -> Path: ...
    @property
    def changes(self) -> int: ...
    @property
    def attachments(self) -> int: ...


class UsbDesk(Protocol):
    """Carries what waits to the center without a network; through the runner."""

    def pack(self, path: Path) -> Packed:
        """Write a sync package; raises OperatorError `usb-...` or HostFault."""
        ...

    def take_receipts(self, path: Path) -> int:
        """Import the center's receipt file; how many changes it delivered."""
        ...


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that the center did not take, and the id of the reason."""

    sha256: str
    file_name: str
    meeting: str
    reason: str


class AttachmentDesk(Protocol):
    """Files that belong to records; through the runner for what may take long (`Services.aside`)."""

    def listed(self, owner_kind: str, owner_id: str) -> Sequence[AttachedFile]: ...

    def attach(self, path: Path, owner_kind: str, owner_id: str, meeting: str) -> str:
        """Raises OperatorError `attachment-...` or HostFault, and then nothing is attached."""
        ...

    def fetch(self, attachment: str) -> None:
        """Bring the content here; raises PeerFault, LinkFault or HostFault."""
        ...

    def open_copy(self, attachment: str) -> Path:
        """A plain copy for the system's program, gone when the seat is left. Raises HostFault `blob-missing`."""
        ...

    def save_as(self, attachment: str, target: Path) -> Path: ...

    def remove(self, attachment: str, meeting: str) -> None: ...

    def forget_copies(self) -> None: ...

    def held(self) -> Sequence[HeldFile]:
        """What the center did not take."""
        ...


class MaterialDesk(Protocol):
    """Files that were placed at the sites of a meeting. Thread-safe; what reads or writes goes through the runner."""

    def listed(self, meeting: MeetingId) -> Sequence[Material]:
        """The files of a meeting in the order in which they were placed."""
        ...

    def place(self, meeting: MeetingId, path: Path) -> str:
        """Take a file in for a meeting; raises OperatorError `attachment-...` or HostFault, and then nothing is."""
        ...

    def take_back(self, meeting: MeetingId, attachment: str) -> None: ...

    def content(self, sha256: str) -> bytes:
        """Raises HostFault `blob-missing` until it was fetched, OperatorError `slides-too-large`."""
        ...

    def follow(self, meeting: MeetingId, shown: str = "") -> None:
        """This room sits in a meeting (empty: in none) whose screens show this file. Never blocks."""
        ...

    def listen(self, heard: Callable[[], None]) -> Callable[[], None]:
        """Hear, on another thread, that a file came; returns what ends it."""
        ...
