"""Files of records at a terminal's screens: an `AttachmentDesk`. No Qt; all of it may block.

A content is sealed on this machine. To be opened by another program it has to lie there plainly for a while: in
a folder of its own, which is emptied when the seat is left, when the program ends and when it starts.
"""

import logging
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from desktop_app.domain.faults import HostFault, OperatorError
from sync.blobs.desk import Attachments
from sync.blobs.lane import BlobLane
from sync.blobs.listing import AttachedFile, files_of
from sync.log.audit import AuditKind
from sync.store.engine import reading
from sync.terminal.audit import AuditBook
from sync.terminal.records import Records
from ui.services import HeldFile

log = logging.getLogger("silian.terminal")
OPENED = "opened"


class TerminalAttachments:
    """Attach, see, fetch, open, save and remove."""

    def __init__(
        self, records: Records, attachments: Attachments, fetch: Callable[[str], None], book: AuditBook, folder: Path
    ) -> None:
        """`fetch` brings an attachment's content here; it blocks and raises Fault."""
        self._records, self._attachments, self._fetch, self._book = records, attachments, fetch, book
        self._opened = folder / OPENED
        self.lane: BlobLane | None = None
        """Set while the sync runs."""
        self.forget_copies()

    def listed(self, owner_kind: str, owner_id: str) -> Sequence[AttachedFile]:
        """The files of one record, and how far each has come."""
        moving = self.lane.moving if self.lane is not None else {}
        with reading(self._records.engine) as connection:
            return files_of(connection, owner_kind, owner_id, here=self._attachments.store.has, moving=moving)

    def attach(self, path: Path, owner_kind: str, owner_id: str, meeting: str) -> str:
        """Faults as of `Attachments.attach`; `attachment-here` where the record has this very content already."""
        attached = self._attachments.attach(path, owner_kind=owner_kind, owner_id=owner_id, meeting=meeting)
        sha256, _length = self._attachments.content_of(attached)
        twins = [one for one in self.listed(owner_kind, owner_id) if one.sha256 == sha256]
        if len(twins) > 1:
            self._records.retract("attachment", attached, meeting=meeting)
            raise OperatorError("attachment-here", file=path.name)
        return attached

    def fetch(self, attachment: str) -> None:
        """Bring the content here, going on where an earlier attempt ended."""
        self._fetch(attachment)

    def open_copy(self, attachment: str) -> Path:
        """A plain copy for the system's own program. HostFault `blob-missing`, `disk-full`, `disk-failing`."""
        row = self._records.get("attachment", attachment)
        if row is None:
            raise OperatorError("attachment-unknown")
        place = self._opened / secrets.token_hex(8)
        try:
            place.mkdir(mode=0o700, parents=True)
        except OSError as err:
            raise HostFault("disk-failing", folder=str(self._opened)) from err
        return self._attachments.save_as(attachment, place / os.path.basename(str(row["file_name"])))

    def save_as(self, attachment: str, target: Path) -> Path:
        """A plain copy where a person wants it; the audit trail tells of it."""
        written = self._attachments.save_as(attachment, target)
        self._book.note(AuditKind.EXPORTED, detail="attachment")
        return written

    def remove(self, attachment: str, meeting: str) -> None:
        """Take it off its record. OperatorError `record-missing`."""
        self._records.retract("attachment", attachment, meeting=meeting)

    def held(self) -> Sequence[HeldFile]:
        """What the center did not take, with the reason."""
        return [
            HeldFile(one.sha256, one.file_name, one.meeting, one.reason)
            for one in self._attachments.waiting()
            if one.reason
        ]

    def forget_copies(self) -> None:
        """Delete the plain copies; one that a program still holds open goes with the next try."""
        shutil.rmtree(self._opened, ignore_errors=True)
        if self._opened.exists():
            log.warning("a copy of an attachment is still open in another program: %s", self._opened)
