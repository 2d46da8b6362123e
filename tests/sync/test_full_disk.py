"""A disk without a byte left, wherever something is written: nothing that was saved is lost, and it is said."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest
from blob_office import BlobOffice
from sync_province import HUIDONG, Province, TestClock

from desktop_app.domain.faults import HostFault
from desktop_app.domain.ids import uuid7
from sync.blobs.copying import copy_blobs
from sync.export.files import write_whole
from sync.identity.registry import Registry
from sync.terminal.records import Records, Write
from sync.usb.center import UsbOffice
from sync.usb.terminal import UsbDesk
from tests.processes.small_disk import SmallDisk
from ui.i18n import fault_text, set_language

MEGABYTES = 6


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path / "small", MEGABYTES)
    if not made.mounted:
        pytest.skip("no disk can be mounted here")
    yield made
    made.unmount()


@pytest.fixture
def small(disk: SmallDisk, tmp_path: Path) -> Path:
    return tmp_path / "small"


def _full(act: Callable[[], object]) -> None:
    """It is refused with one sentence that says what is safe, in both languages."""
    with pytest.raises(HostFault) as caught:
        act()
    assert caught.value.id == "disk-full", caught.value
    for language in ("zh_CN", "en"):
        set_language(language)
        assert fault_text(caught.value)


def _opinions(records: Records, meeting: str, saved: list[str]) -> None:
    for number in range(10_000):
        text = f"{number} " * 3000
        saved += records.write(Write("opinion", uuid7(number), {"meeting": meeting, "text": text}))


def test_a_terminals_records(disk: SmallDisk, small: Path, province: Province) -> None:
    records = province.open_terminal(province.enrol(HUIDONG), folder=small / "terminal")
    meeting = province.meeting(records)
    saved: list[str] = []
    _full(lambda: _opinions(records, meeting, saved))
    disk.fill()
    _full(lambda: records.write(Write("opinion", "one more", {"meeting": meeting, "text": "x" * 9000})))
    assert {row["change_id"] for row in records.pending(10_000)} >= set(saved)
    records.close()
    disk.clear()
    again = province.open_terminal(records.identity, folder=small / "terminal")  # type: ignore[arg-type]
    assert {row["change_id"] for row in again.pending(10_000)} >= set(saved)
    with suppress(HostFault):  # its receipts need room too
        province.push(again)
    assert len(province.center.list("opinion")) >= len(saved)
    again.prove(province.key.public, lambda _device: None)


def test_a_centers_records_and_its_book(disk: SmallDisk, small: Path) -> None:
    province = Province(small, TestClock())
    province.folder = small.parent / "terminals"
    records = province.terminal(HUIDONG)
    meeting = province.meeting(records)
    province.push(records)
    saved: list[str] = []
    for number in range(400):
        fields = {"meeting": meeting, "text": f"{number} " * 3000}
        saved += records.write(Write("opinion", uuid7(number), fields))
    registry = Registry(small / "center", province.identity.store_key)
    _full(lambda: province.push(records))
    disk.fill()
    _full(lambda: registry.revoke(records.device, province.clock.now()) or _fill_book(registry, province))
    registry.close()
    acknowledged = {receipt.last_seq for receipt in records.receipts()}
    at_center = {row["pk"] for row in province.center.list("opinion")}
    assert len(at_center) + 1 == max(acknowledged)
    assert records.status().pending == len(saved) - len(at_center)
    disk.clear()
    province.center.close()
    province.folder = small
    again = province.open_center()
    assert {row["pk"] for row in again.list("opinion")} == at_center
    again.prove(province.key.public, lambda _device: None)
    for close in reversed(province.opened):
        close()


def _fill_book(registry: Registry, province: Province) -> None:
    for number in range(5_000):
        registry.attempts(f"{number:04}"[:4], province.key.id, province.clock.now())


def test_attachments_at_a_terminal_and_at_the_center(disk: SmallDisk, small: Path, tmp_path: Path) -> None:
    office = BlobOffice(tmp_path / "office", TestClock())
    records = office.open_terminal(office.enrol(HUIDONG), folder=small / "terminal")
    meeting = office.meeting(records)
    picture = office.picture(3_000_000)
    attachments = office.attachments(records)
    disk.fill()
    _full(lambda: attachments.attach(picture, owner_kind="meeting", owner_id=meeting, meeting=meeting))
    disk.clear()
    assert attachments.store.partials() == []
    assert records.list("attachment") == []
    pk = attachments.attach(picture, owner_kind="meeting", owner_id=meeting, meeting=meeting)
    disk.fill()
    _full(lambda: attachments.save_as(pk, small / "copy.png"))
    _full(lambda: copy_blobs(records.folder, small / "backup"))
    disk.clear()
    assert not list(small.glob("copy.png*"))
    assert attachments.has(pk)
    for close in reversed(office.opened):
        close()


def test_a_stick_an_export_and_a_backup(disk: SmallDisk, small: Path, tmp_path: Path) -> None:
    office = BlobOffice(tmp_path / "office", TestClock())
    records = office.terminal(HUIDONG)
    meeting = office.meeting(records)
    records.write(Write("opinion", "o", {"meeting": meeting, "text": "很长" * 40_000}))
    desk = UsbDesk(records, office.attachments(records), records.identity, office.clock)  # type: ignore[arg-type]
    stick, paper, copy = small / "a.silian-sync", small / "纪要.docx", small / "b.db"
    paper.write_bytes(b"the old paper")
    disk.fill()
    for act in (
        lambda: desk.pack(stick),
        lambda: write_whole(paper, lambda file: file.write(bytes(200_000))),
        lambda: office.center.backup(copy),
        lambda: records.backup_plain(copy),
    ):
        _full(act)
    assert sorted(file.name for file in small.iterdir()) == ["filler", "纪要.docx"], "nothing is left by halves"
    assert paper.read_bytes() == b"the old paper"
    assert records.status().pending == 2
    disk.clear()
    desk.pack(stick)
    known = office.devices[records.device]
    from sync.identity.registry import Device

    device = Device(records.device, known.public_key, known.unit_path, "t", office.clock.now())
    center = UsbOffice(office.center, office.uploads, office.identity, lambda _device: device, office.clock)
    disk.fill()
    _full(lambda: center.take_in(stick))
    disk.clear()
    assert center.take_in(stick).new == 0, "what was taken in stays, and counts"
    for close in reversed(office.opened):
        close()


def test_a_log_that_cannot_be_written_stops_nothing(
    disk: SmallDisk, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = RotatingFileHandler(small / "terminal.log", maxBytes=1000, backupCount=1)
    told = logging.getLogger("silian.full")
    told.setLevel(logging.WARNING)  # whatever another test left
    monkeypatch.setattr(told, "disabled", False)
    monkeypatch.setattr(logging.root.manager, "disable", 0)
    told.addHandler(handler)
    monkeypatch.setattr(logging, "raiseExceptions", False)
    disk.fill()
    for _ in range(100):
        told.warning("a line " * 20)
    disk.clear()
    told.warning("room again")
    told.removeHandler(handler)
    handler.close()
    assert "room again" in (small / "terminal.log").read_text()
