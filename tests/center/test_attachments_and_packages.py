"""Attachments and sync packages against a real center process: killed in the middle, and while it runs."""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import uuid7
from sync.blobs.desk import Attachments
from sync.blobs.lane import BlobLane
from sync.blobs.store import BlobStore, blob_key
from sync.identity.device import DeviceIdentity
from sync.identity.enrolment import enrol
from sync.identity.keystore import KeyStore, Stretch, open_keystore
from sync.identity.requests import RequestSigner
from sync.replication.client import CenterClient
from sync.terminal.lanes import Pace, SyncLoop
from sync.terminal.records import Records, Write
from sync.usb.terminal import UsbDesk

from .test_the_center_as_a_process import Machine

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.name != "posix", reason="ends process groups as a POSIX machine does"),
]
MEBIBYTE = 1024 * 1024
SIZE = 24 * MEBIBYTE


@dataclass
class Office:
    """One enrolled terminal and the machine of its center."""

    machine: Machine
    port: int
    identity: DeviceIdentity
    records: Records
    attachments: Attachments
    meeting: str

    def at_center(self) -> int:
        """Bytes of contents that lie at the center, arrived or arriving."""
        return sum(path.stat().st_size for path in (self.machine.center / "blobs").rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    machine = Machine(folder)
    try:
        started = machine.start()
        code = machine.run("code", "--unit", "441323", "--role", "host").split()[-1]
        keys: KeyStore = open_keystore(folder / "terminal", passphrase="another phrase", stretch=Stretch(1, 64, 1))
        enrolled = enrol(started["url"], code, folder / "terminal", keys=keys, person_name="惠东操作员")
        clock = SystemClock()
        records = Records.open(folder / "terminal", identity=enrolled.identity, clock=clock)
        records.act_as(enrolled.person)
        attachments = Attachments(records, BlobStore(folder / "terminal", blob_key(keys)), clock)
        meeting = uuid7(0)
        fields = {"title": "协商会", "convener_unit": records.unit_path, "invited": [], "state": "planned"}
        records.write(Write("meeting", meeting, fields))
        yield Office(machine, started["port"], enrolled.identity, records, attachments, meeting)
        records.close()
    finally:
        machine.clear()


def attach(office: Office, size: int, name: str) -> bytes:
    content = b"\x89PNG\r\n\x1a\n" + os.urandom(size - 8)
    path = office.machine.folder / name
    path.write_bytes(content)
    office.attachments.attach(path, owner_kind="meeting", owner_id=office.meeting, meeting=office.meeting)
    return content


async def until(office: Office, bytes_there: int) -> None:
    async with asyncio.timeout(40):
        while office.at_center() < bytes_there and office.records.status().attachments:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_an_upload_survives_a_center_that_is_killed_again_and_again(office: Office) -> None:
    content = attach(office, SIZE, "大图.png")
    identity = office.identity
    client = CenterClient(identity.center_url, identity.ca_pem, RequestSigner(identity), SystemClock())
    loop = SyncLoop(
        office.records,
        client,
        clock=SystemClock(),
        jitter=Random(1),
        on_link=lambda _link: None,
        on_progress=lambda _status: None,
        pace=Pace(heartbeat=0.2, answer=1.0, retry=0.05, longest_retry=0.3),
        blobs=BlobLane(office.attachments, client, SystemClock()),
    )
    lanes = asyncio.create_task(loop.run())
    try:
        for part in (1, 2):
            await until(office, part * SIZE // 4)
            assert office.records.status().attachments == 1, "it was faster than the kill"
            office.machine.kill_center()
            await asyncio.to_thread(office.machine.start, office.port)
        async with asyncio.timeout(60):
            while office.records.status().attachments:  # noqa: ASYNC110  (the condition is the store's)
                await asyncio.sleep(0.02)
        copy = BlobStore(office.machine.folder / "copy", bytes(32))
        (row,) = office.records.list("attachment")
        fetching = BlobLane(Attachments(office.records, copy, SystemClock()), client, SystemClock())
        await fetching.fetch(row["sha256"], row["bytes"])
        with copy.open(row["sha256"]) as reader:
            assert b"".join(reader.pieces()) == content
    finally:
        lanes.cancel()
        await asyncio.wait({lanes})


def test_a_package_is_imported_while_the_center_runs_and_while_it_does_not(office: Office) -> None:
    stick = office.machine.folder / "stick"
    stick.mkdir()
    desk = UsbDesk(office.records, office.attachments, office.identity, SystemClock())
    for number, running in enumerate((True, False)):
        if not running:
            office.machine.kill_center()
        attach(office, 50_000, f"{number}.png")
        package = stick / f"{number}.silian-sync"
        packed = desk.pack(package)
        assert packed.attachments == 1
        told = json.loads(office.machine.run("import", str(package), "--json"))
        assert (told["changes"], told["attachments"], told["refused"]) == (packed.changes, 1, 0)
        assert "0 of them new" in office.machine.run("import", str(package))
        assert desk.take_receipts(stick / f"{number}.silian-receipt") == packed.changes
        assert office.records.status().attachments == 0
    (stick / "photo.silian-sync").write_bytes(bytes(4000))
    assert "[usb-unreadable]" in office.machine.run("import", str(stick / "photo.silian-sync"), code=1)
