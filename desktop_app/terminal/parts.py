"""Everything of a terminal that is not a window: identity, records, sync, people, documents.

Imported after the first paint. `open_parts` and `enrol_parts` block; they are called on the worker thread.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop_app.doctor import Doctor
from desktop_app.domain.clock import Clock
from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import PersonId
from desktop_app.main import VERSION
from desktop_app.settings import Settings
from desktop_app.terminal.attachments import TerminalAttachments
from desktop_app.terminal.live import live_documents
from desktop_app.terminal.material import TerminalMaterial
from desktop_app.terminal.people import TerminalPeople
from desktop_app.terminal.services import (
    AuditedExports,
    SyncHandle,
    TerminalAudit,
    TerminalMeetings,
    TerminalOperators,
)
from sync.blobs.desk import Attachments
from sync.blobs.lane import BlobLane
from sync.blobs.store import BlobStore, blob_key
from sync.export.exports import RecordExports
from sync.identity.device import DeviceIdentity, is_enrolled
from sync.identity.enrolment import enrol
from sync.identity.keystore import KeyStore, open_keystore
from sync.identity.operators import PinBook
from sync.identity.requests import RequestSigner
from sync.log.audit import AuditKind
from sync.reference.units import unit_name
from sync.replication.client import CenterClient, LinkFault
from sync.terminal.audit import AuditBook
from sync.terminal.counter import Counter, PersonSigner
from sync.terminal.live import LiveDocuments
from sync.terminal.records import Records
from sync.terminal.thread import SyncThread
from sync.usb.terminal import UsbDesk

if TYPE_CHECKING:
    from ui.services import EnrolRequest

log = logging.getLogger("silian.terminal")


@dataclass
class Parts:
    """One enrolled terminal, its store open."""

    identity: DeviceIdentity
    records: Records
    client: CenterClient
    signer: RequestSigner
    operators: TerminalOperators
    meetings: TerminalMeetings
    exports: AuditedExports
    audit: TerminalAudit
    attachments: Attachments
    usb: UsbDesk
    doctor: Doctor
    clock: Clock
    live: LiveDocuments
    counter: Counter
    people: TerminalPeople
    files: TerminalAttachments = field(init=False)
    enrolled_person: PersonId = PersonId("")
    """Who enrolled this terminal a moment ago; empty at every later start."""
    sync: SyncHandle = field(default_factory=SyncHandle)
    version: str = VERSION
    material: TerminalMaterial = field(init=False)
    _thread: SyncThread | None = None
    _last: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.material = TerminalMaterial(self.records, self.attachments, self.fetch, self.clock)
        book = AuditBook(self.records, self.clock)
        self.files = TerminalAttachments(self.records, self.attachments, self.fetch, book, self.records.folder)

    @property
    def unit_name(self) -> str:
        """The unit's name as the records have it, or as it ships with the program before the first pull."""
        code = self.identity.unit_path.rstrip("/").rpartition("/")[2]
        row = self.records.get("unit", code)
        return str(row["name"]) if row and row.get("name") else unit_name(self.identity.unit_path)

    def start_sync(self, *, on_link: Callable[[Any], None], on_progress: Callable[[Any], None]) -> None:
        """Send and fetch from now on; both listeners are called on the sync thread."""
        lane = BlobLane(self.attachments, self.client, self.clock)
        self._thread = SyncThread(
            self.records,
            self.client,
            clock=self.clock,
            on_link=on_link,
            on_progress=on_progress,
            blobs=lane,
            live=self.live,
        )
        self._thread.start()
        self.sync.attach(self._thread.poke)
        self.counter.ask = self._thread.ask
        self.files.lane = lane
        self.material.start()

    def fetch(self, attachment: str) -> None:
        """Bring an attachment's content here, for the worker thread; its faults are those of `BlobLane.fetch`."""
        if self._thread is None:
            raise LinkFault("center-unreachable", address=self.identity.center_url)
        self._thread.fetch(*self.attachments.content_of(attachment)).result()

    def at_close(self, act: Callable[[], object]) -> None:
        """Something to end before the sync and the store."""
        self._last.append(act)

    def close(self) -> None:
        """Stop the sync and close the store: another program may open it then."""
        for act in self._last:
            act()
        self.sync.attach(None)
        self.counter.ask = None
        self.files.forget_copies()
        if self._thread is not None:
            self._thread.close()
        self.material.close()
        self.records.close()


def open_parts(folder: Path, settings: Settings, clock: Clock, *, passphrase: str | None) -> Parts | None:
    """The parts of this folder's terminal, or None where it is not enrolled yet. Raises HostFault and OperatorError."""
    keys = _keys(folder, passphrase)
    if not is_enrolled(folder):
        return None
    return _assemble(DeviceIdentity.load(folder, keys), folder, settings, clock, keys)


def enrol_parts(
    folder: Path, settings: Settings, clock: Clock, request: "EnrolRequest", *, passphrase: str | None
) -> Parts:
    """Enrol with what the screen collected, set the person's PIN, and open the parts."""
    keys = _keys(folder, passphrase)
    enrolled = enrol(request.url, request.code, folder, keys=keys, person_name=request.person_name, clock=clock)
    PinBook(folder, enrolled.identity.key, clock).set(enrolled.person, request.pin)
    parts = _assemble(enrolled.identity, folder, settings, clock, keys)
    parts.enrolled_person = enrolled.person
    return parts


def _keys(folder: Path, passphrase: str | None) -> KeyStore:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as err:
        raise HostFault("disk-failing", folder=str(folder)) from err
    return open_keystore(folder, passphrase=passphrase)


def _records(folder: Path, identity: DeviceIdentity, clock: Clock) -> Records:
    """The store; a damaged one is made anew of what can be read of it, and the center brings the rest."""
    try:
        return Records.open(folder, identity=identity, clock=clock)
    except HostFault as fault:
        if fault.id != "store-damaged":
            raise
        return Records.salvage(folder, identity=identity, clock=clock)


def _assemble(identity: DeviceIdentity, folder: Path, settings: Settings, clock: Clock, keys: KeyStore) -> Parts:
    records = _records(folder, identity, clock)
    if records.unit_path != identity.unit_path:  # its unit came under another one
        identity = replace(identity, unit_path=records.unit_path)
        identity.save(folder, keys)
    attachments = Attachments(records, BlobStore(folder, blob_key(keys)), clock)
    book = AuditBook(records, clock)
    if records.salvaged is not None:
        book.note(AuditKind.STORE_REBUILT)
    signer = RequestSigner(identity)
    pins = PinBook(folder, identity.key, clock)
    doctor = Doctor(settings, clock)
    client = CenterClient(identity.center_url, identity.ca_pem, signer, clock)
    return Parts(
        identity=identity,
        records=records,
        client=client,
        signer=signer,
        operators=TerminalOperators(identity, records, pins, book),
        meetings=TerminalMeetings(records, identity.unit_path, clock),
        exports=AuditedExports(RecordExports(records, identity.unit_path, clock), book),
        audit=TerminalAudit(records, book),
        attachments=attachments,
        usb=UsbDesk(records, attachments, identity, clock),
        doctor=doctor,
        clock=clock,
        live=live_documents(identity, records, signer, client, clock),
        people=TerminalPeople(records, pins, book, clock),
        counter=Counter(identity, PersonSigner(signer, records), client, clock),
    )
