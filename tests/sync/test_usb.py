"""Without any network: a stick carries what waits to the center, and the receipts back."""

import io
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgpack
import pytest
from blob_office import BlobOffice, Safe
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_province import BOLUO, HUIDONG, TestClock

from desktop_app.domain.faults import Fault, HostFault, OperatorError, PeerFault
from desktop_app.domain.ids import DeviceId, derived_id
from sync.blobs.desk import Attachments
from sync.blobs.uploads import Quota
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.exchange import opening_key, sealing_key
from sync.identity.registry import Device
from sync.terminal.outbox import read_receipts
from sync.terminal.records import Records, Write
from sync.usb import writing
from sync.usb.center import UsbOffice
from sync.usb.package import PACKAGE, Frame, Header, PackageReader, PackageWriter
from sync.usb.spool import Spool
from sync.usb.terminal import UsbDesk

ENROLLED = datetime(2026, 1, 1, tzinfo=UTC)
SENTENCE = "惠东县委员建议增设乡镇卫生院夜间门诊。"


@dataclass
class Township:
    """A terminal that has never been online since it was enrolled."""

    identity: DeviceIdentity
    records: Records
    attachments: Attachments
    desk: UsbDesk
    meeting: str


class Post:
    """The way between townships and the center: a stick."""

    def __init__(self, office: BlobOffice) -> None:
        self.office = office
        self.revoked: set[str] = set()
        self.open()

    def open(self) -> None:
        office = self.office
        self.center = UsbOffice(office.center, office.uploads, office.identity, self.device, office.clock)

    def device(self, device: DeviceId) -> Device | None:
        known = self.office.devices.get(device)
        if known is None:
            return None
        revoked_at = ENROLLED if device in self.revoked else None
        return Device(device, known.public_key, known.unit_path, "", ENROLLED, revoked_at=revoked_at)

    def township(self) -> Township:
        identity = self.office.enrol(HUIDONG)
        records = self.office.open_terminal(identity)
        attachments = self.office.attachments(records, Safe())
        meeting = self.office.meeting(records, BOLUO, title=SENTENCE)
        return Township(
            identity, records, attachments, UsbDesk(records, attachments, identity, self.office.clock), meeting
        )

    def stick(self, name: str = "a.silian-sync") -> Path:
        return self.office.folder / name


@pytest.fixture
def post(tmp_path: Path, clock: TestClock) -> Iterator[Post]:
    office = BlobOffice(tmp_path, clock)
    yield Post(office)
    office.uploads.close()
    for close in reversed(office.opened):
        close()


@pytest.fixture
def township(post: Post) -> Township:
    return post.township()


def test_a_day_without_network_arrives_and_its_receipts_come_back(post: Post, township: Township) -> None:
    for member in range(5):
        post.office.sign_in(township.records, township.meeting, str(member))
    photo = post.office.picture(200_000)
    township.attachments.attach(photo, owner_kind="meeting", owner_id=township.meeting, meeting=township.meeting)
    packed = township.desk.pack(post.stick())
    assert (packed.changes, packed.attachments) == (7, 1)
    assert township.records.status().pending == 7  # packing alone delivers nothing
    imported = post.center.take_in(post.stick())
    assert (imported.changes, imported.new, imported.attachments, imported.refused) == (7, 7, 1, 0)
    assert len(post.office.center.attendance(township.meeting)) == 5
    sha256 = township.records.list("attachment")[0]["sha256"]
    with post.office.uploads.read(post.office.who(township.records), sha256) as reader:
        assert b"".join(reader.pieces()) == photo.read_bytes()
    assert township.desk.take_receipts(imported.receipt) == 7
    status = township.records.status()
    assert (status.pending, status.attachments, status.acknowledged) == (0, 0, 7)
    assert [each.changes for each in township.records.receipts()] == [7]
    with pytest.raises(OperatorError, match="usb-nothing"):
        township.desk.pack(post.stick("b.silian-sync"))


def test_many_pushes_go_into_one_package(post: Post, township: Township) -> None:
    words = [
        Write("opinion", derived_id("opinion", number), {"meeting": township.meeting, "text": f"意见{number}"})
        for number in range(2100)
    ]
    township.records.write(*words)
    assert township.desk.pack(post.stick()).changes == 2101
    imported = post.center.take_in(post.stick())
    assert (imported.new, len(township.records.pending_batches())) == (2101, 3)
    assert township.desk.take_receipts(imported.receipt) == 2101


def test_a_package_imported_twice_or_after_the_network_came_back_changes_nothing(
    post: Post, township: Township
) -> None:
    township.desk.pack(post.stick())
    first = post.center.take_in(post.stick())
    again = post.center.take_in(post.stick(), post.stick("again.silian-receipt"))
    assert (first.new, again.changes, again.new) == (1, 1, 0)
    assert township.desk.take_receipts(again.receipt) == 1
    with pytest.raises(OperatorError, match="usb-receipt-known"):
        township.desk.take_receipts(first.receipt)
    post.office.sign_in(township.records, township.meeting, "1")
    township.desk.pack(post.stick("b.silian-sync"))
    post.office.push(township.records)
    late = post.center.take_in(post.stick("b.silian-sync"))
    assert late.new == 0
    with pytest.raises(OperatorError, match="usb-receipt-known"):
        township.desk.take_receipts(late.receipt)
    with pytest.raises(OperatorError, match="usb-receipt-older"):
        township.desk.take_receipts(first.receipt)
    assert township.records.status().acknowledged == 2


def test_nothing_of_it_can_be_read_on_the_stick(post: Post, township: Township) -> None:
    township.desk.pack(post.stick())
    imported = post.center.take_in(post.stick())
    for file in (post.stick(), imported.receipt):
        content = file.read_bytes()
        assert SENTENCE.encode() not in content
        assert b"meeting" not in content
        with file.open("rb") as raw:
            reader = PackageReader(raw, file.name)
            with pytest.raises(OperatorError, match="usb-tampered"):
                list(reader.frames(X25519PrivateKey.generate()))


def test_each_wrong_package_has_its_name_and_leaves_the_center_as_it_was(post: Post, township: Township) -> None:
    township.desk.pack(post.stick())
    right = post.stick().read_bytes()
    receipt = post.center.take_in(post.stick()).receipt
    stranger = post.township()
    stranger.desk.pack(post.stick("stranger.silian-sync"))
    stranger_key = stranger.identity.device
    del post.office.devices[stranger_key]
    revoked = post.township()
    revoked.desk.pack(post.stick("revoked.silian-sync"))
    post.revoked.add(revoked.identity.device)
    forged = Header(PACKAGE, post.office.identity.device, township.identity.device, bytes(16), 0)
    with post.stick("forged.silian-sync").open("wb") as file:
        writer = PackageWriter(file, forged, sealing_key(post.office.key.public), stranger.identity.sign)
        writer.close()
    elsewhere = Header(PACKAGE, stranger_key, township.identity.device, bytes(16), 0)
    with post.stick("elsewhere.silian-sync").open("wb") as file:
        writer = PackageWriter(file, elsewhere, sealing_key(post.office.key.public), township.identity.sign)
        writer.close()
    half = len(right) // 2
    cases: dict[str, bytes | Path] = {
        "usb-unreadable": b"PK\x03\x04 something else" * 9,
        "usb-newer": right.replace(b"\x96\x01\xa7package", b"\x96\x02\xa7package", 1),
        "usb-truncated": right[:half],
        "usb-tampered": right[:half] + bytes([right[half] ^ 1]) + right[half + 1 :],
        "usb-not-package": receipt,
        "usb-other-center": post.stick("elsewhere.silian-sync"),
        "device-unknown": post.stick("stranger.silian-sync"),
        "device-revoked": post.stick("revoked.silian-sync"),
        "file-unreadable": post.stick("nothing.silian-sync"),
    }
    before = post.office.center.list("meeting")
    for fault_id, content in cases.items():
        path = content if isinstance(content, Path) else post.stick("wrong.silian-sync")
        if isinstance(content, bytes):
            path.write_bytes(content)
        with pytest.raises(Fault) as caught:
            post.center.take_in(path, post.stick("none.silian-receipt"))
        assert caught.value.id == fault_id
    with pytest.raises(OperatorError, match="usb-tampered"):
        post.center.take_in(post.stick("forged.silian-sync"))
    assert post.office.center.list("meeting") == before
    assert not post.stick("none.silian-receipt").exists()


def test_packages_out_of_their_order_are_told_apart(post: Post, township: Township) -> None:
    township.desk.pack(post.stick("1.silian-sync"))
    receipt = post.center.take_in(post.stick("1.silian-sync")).receipt
    township.desk.take_receipts(receipt)
    post.office.sign_in(township.records, township.meeting, "1")
    township.desk.pack(post.stick("2.silian-sync"))
    other = BlobOffice(post.office.folder / "restored", post.office.clock)  # a center that lost what it had
    other.devices.update(post.office.devices)
    office = UsbOffice(other.center, other.uploads, post.office.identity, post.device, other.clock)
    with pytest.raises(OperatorError, match="usb-gap"):
        office.take_in(post.stick("2.silian-sync"))
    for close in reversed(other.opened):
        close()
    township.records.go_on_from(9, 4, bytes(32))  # this terminal was restored: a new epoch
    post.office.push(township.records)
    with pytest.raises(OperatorError, match="usb-older"):
        post.center.take_in(post.stick("2.silian-sync"))
    assert post.center.take_in(post.stick("1.silian-sync")).new == 0
    with pytest.raises(OperatorError, match="usb-receipt-older"):
        township.desk.take_receipts(receipt)


def test_each_wrong_receipt_has_its_name_and_delivers_nothing(post: Post, township: Township) -> None:
    township.desk.pack(post.stick())
    receipt = post.center.take_in(post.stick()).receipt
    right = receipt.read_bytes()
    neighbour = post.township()
    half = len(right) // 2
    wrong = post.stick("wrong.silian-receipt")
    cases: dict[str, Callable[[], bytes]] = {
        "usb-not-receipt": post.stick().read_bytes,
        "usb-truncated": lambda: right[:-1],
        "usb-tampered": lambda: right[:half] + bytes([right[half] ^ 1]) + right[half + 1 :],
        "usb-unreadable": lambda: os.urandom(500),
    }
    for fault_id, content in cases.items():
        wrong.write_bytes(content())
        with pytest.raises(OperatorError, match=fault_id):
            township.desk.take_receipts(wrong)
    with pytest.raises(OperatorError, match="usb-other-terminal"):
        neighbour.desk.take_receipts(receipt)
    moved = DeviceIdentity(
        township.identity.key, HUIDONG, neighbour.identity.device, neighbour.identity.public_key, "", ""
    )
    desk = UsbDesk(township.records, township.attachments, moved, post.office.clock)
    with pytest.raises(OperatorError, match="usb-other-center"):
        desk.take_receipts(receipt)
    assert township.records.status().pending == 1
    assert township.desk.take_receipts(receipt) == 1


def test_receipts_are_taken_in_their_order(post: Post, township: Township) -> None:
    township.desk.pack(post.stick("1.silian-sync"))
    first = post.center.take_in(post.stick("1.silian-sync")).receipt
    post.office.sign_in(township.records, township.meeting, "1")
    batch = township.records.pending_batches()[0]
    post.office.center.receive(township.records.device, batch)
    # the second receipt alone: as if the first file had been lost on the way
    head = post.office.center.position(township.records.device)
    assert head.seq == 2
    both = post.office.center.receive(township.records.device, batch)
    listed = read_receipts(both, township.identity)
    late = msgpack.packb([[each.body, each.signature] for each in listed if each.first_seq == 2])
    header = Header("receipt", post.office.identity.device, township.records.device, bytes(16), 0)
    with post.stick("2.silian-receipt").open("wb") as file:
        writer = PackageWriter(file, header, sealing_key(township.identity.public_key), post.office.identity.sign)
        writer.add(Frame.RECEIPTS, late)
        writer.close()
    with pytest.raises(OperatorError, match="usb-receipt-early"):
        township.desk.take_receipts(post.stick("2.silian-receipt"))
    assert township.desk.take_receipts(first) == 1
    assert township.desk.take_receipts(post.stick("2.silian-receipt")) == 1


def test_contents_go_by_choice_and_what_the_center_does_not_take_is_named(post: Post, township: Township) -> None:
    for size, name in ((50_000, "小.png"), (200_000, "中.png"), (900_000, "大.png")):
        path = post.office.picture(size, name)
        township.attachments.attach(path, owner_kind="meeting", owner_id=township.meeting, meeting=township.meeting)
    assert township.desk.pack(post.stick("none.silian-sync"), largest=0).attachments == 0
    assert township.desk.pack(post.stick(), largest=500_000).attachments == 2
    post.office.quota = Quota(unit=100_000, reserve=0)
    post.office.open_uploads()
    post.open()
    imported = post.center.take_in(post.stick())
    assert (imported.attachments, imported.refused) == (1, 1)
    township.desk.take_receipts(imported.receipt)
    waits = {each.file_name: each.reason for each in township.attachments.waiting()}
    assert waits == {"中.png": "upload-quota", "大.png": ""}


def test_a_full_stick_or_a_stick_pulled_out_leaves_what_was_there(
    post: Post, township: Township, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.stick().write_bytes(b"yesterday's")
    for errno_, fault_id in ((28, "disk-full"), (5, "usb-not-written")):

        def refuse(_descriptor: int, errno_: int = errno_) -> None:
            raise OSError(errno_, os.strerror(errno_))

        monkeypatch.setattr(writing.os, "fsync", refuse)
        with pytest.raises((HostFault, OperatorError), match=fault_id):
            township.desk.pack(post.stick())
        monkeypatch.undo()
    assert post.stick().read_bytes() == b"yesterday's"
    assert list(post.office.folder.glob("*.new")) == []
    with pytest.raises(OperatorError, match="usb-not-written"):
        township.desk.pack(post.office.folder / "no such folder" / "a.silian-sync")


def test_a_running_center_takes_a_package_in_through_its_folder(post: Post, township: Township, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "running")
    township.desk.pack(post.stick())
    ended = threading.Event()

    def center() -> None:
        while not ended.wait(0.01):
            spool.serve(post.center.take_in)

    thread = threading.Thread(target=center)
    thread.start()
    try:
        told = spool.hand_over(post.stick(), post.stick("back.silian-receipt"), seconds=20)
        assert (told["changes"], told["new"]) == (1, 1)
        post.stick("bad.silian-sync").write_bytes(b"nothing of ours, and long enough")
        with pytest.raises(OperatorError, match=r"usb-unreadable \(file=bad.silian-sync\)"):
            spool.hand_over(post.stick("bad.silian-sync"), post.stick("none"), seconds=20)
    finally:
        ended.set()
        thread.join()
    assert township.desk.take_receipts(post.stick("back.silian-receipt")) == 1
    assert list((tmp_path / "running" / "usb").iterdir()) == []
    with pytest.raises(OperatorError, match="usb-busy"):
        spool.hand_over(post.stick(), post.stick("none"), seconds=0.1, pause=lambda _seconds: None)
    (tmp_path / "running" / "usb" / "left.json").write_text("{}")
    spool.clear()
    assert list((tmp_path / "running" / "usb").iterdir()) == []


def test_both_halves_of_a_devices_exchange_key_belong_together() -> None:
    for _ in range(5):
        key = DeviceKey.generate()
        assert opening_key(key).public_key() == sealing_key(key.public)
    # RFC 8032, section 7.1, test 1, through the map of RFC 7748, section 4.1 (as libsodium has it)
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    raw = sealing_key(public).public_bytes_raw().hex()
    assert raw == "d85e07ec22b0ad881537c2f44d662d1a143cf830c57aca4305d85c7a90f6b62e"
    for wrong in (b"", bytes(31), b"\x01" + bytes(31), b"\xff" * 32):
        with pytest.raises(ValueError, match="public key"):
            sealing_key(wrong)


@settings(max_examples=80, deadline=None)
@given(at=st.floats(0, 1), cut=st.booleans(), junk=st.binary(min_size=1, max_size=40))
def test_no_changed_file_is_ever_believed(at: float, cut: bool, junk: bytes) -> None:
    key, reader_key = DeviceKey.generate(), DeviceKey.generate()
    header = Header(PACKAGE, reader_key.id, key.id, bytes(16), 0)
    raw = io.BytesIO()
    writer = PackageWriter(raw, header, sealing_key(reader_key.public), key.sign)
    writer.add(Frame.CHANGES, b"changes")
    writer.close()
    whole = raw.getvalue()
    place = int(at * (len(whole) - 1))
    changed = whole[:place] if cut else whole[:place] + junk + whole[place + len(junk) :]
    if changed == whole:
        return

    def read() -> None:
        reader = PackageReader(io.BytesIO(changed), "file")
        reader.verify(key.public)
        list(reader.frames(opening_key(reader_key)))

    with pytest.raises(OperatorError, match="usb-"):
        read()


def test_a_push_that_the_chain_refuses_is_told_as_it_is(post: Post, township: Township) -> None:
    header = Header(PACKAGE, post.office.identity.device, township.identity.device, bytes(16), 0)
    with post.stick().open("wb") as file:
        writer = PackageWriter(file, header, sealing_key(post.office.key.public), township.identity.sign)
        writer.add(Frame.CHANGES, b"no push")
        writer.close()
    with pytest.raises(PeerFault, match="message-unreadable"):
        post.center.take_in(post.stick())
    assert not post.stick("a.silian-receipt").exists()
