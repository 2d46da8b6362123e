"""A blob on the disk: sealed, whole or not at all, readable from any place, and safe from a full disk."""

import errno
import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.domain.faults import Fault, HostFault, OperatorError, PeerFault
from sync.blobs import disk
from sync.blobs.kinds import ALLOWED, DOCX, PDF, TEXT, fits, kind_of
from sync.blobs.partial import sealed_size
from sync.blobs.sealing import CHUNK, SEALED_CHUNK, place
from sync.blobs.store import BlobStore

SENTENCE = "会议纪要第三稿，仅供内部传阅。".encode()


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path, os.urandom(32))


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(store: BlobStore, content: bytes) -> str:
    store.take_in(io.BytesIO(content), sha(content), len(content))
    return sha(content)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_no_byte_of_a_blob_and_no_name_of_it_lies_in_plain_text(store: BlobStore, tmp_path: Path) -> None:
    content = SENTENCE * 9000
    name = put(store, content)
    (file,) = files(tmp_path)
    assert SENTENCE not in file.read_bytes()
    assert name not in str(file)
    assert file.stat().st_size == sealed_size(len(content))
    with store.open(name) as reader:
        assert b"".join(reader.pieces()) == content


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_range_is_read_without_the_rest(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 3 * CHUNK + 1))
    first = data.draw(st.integers(0, length - 1))
    last = data.draw(st.integers(first, length - 1))
    content = os.urandom(length)
    store = BlobStore(tmp_path_factory.mktemp("range"), bytes(32))
    with store.open(put(store, content)) as reader:
        assert b"".join(reader.pieces(first, last)) == content[first : last + 1]


def _cut(raw: bytes) -> bytes:
    return raw[: place(1)]


def _flipped(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


def _swapped(raw: bytes) -> bytes:
    first, second = raw[place(0) : place(1)], raw[place(1) : place(2)]
    return raw[: place(0)] + second + first + raw[place(2) :]


@pytest.mark.parametrize("damage", [_cut, _flipped, _swapped, lambda _raw: b"", lambda raw: raw[:10]])
def test_a_damaged_blob_is_told_and_never_read_as_if_it_were_whole(
    store: BlobStore, damage: Callable[[bytes], bytes]
) -> None:
    name = put(store, os.urandom(2 * CHUNK + 5))
    path = store.path(name)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(HostFault, match="blob-damaged"), store.open(name) as reader:
        list(reader.pieces())


def test_one_blob_put_in_the_place_of_another_does_not_open(store: BlobStore) -> None:
    one, other = put(store, os.urandom(CHUNK)), put(store, os.urandom(CHUNK))
    store.path(one).write_bytes(store.path(other).read_bytes())
    with pytest.raises(HostFault, match="blob-damaged"), store.open(one) as reader:
        list(reader.pieces())


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 2 * CHUNK + 70), max_size=6),
    torn=st.integers(0, SEALED_CHUNK + 40),
)
def test_a_blob_arrives_through_kills_in_pieces_of_any_size(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], torn: int
) -> None:
    store = BlobStore(tmp_path_factory.mktemp("partial"), bytes(32))
    content = os.urandom(2 * CHUNK + 70)
    for cut in cuts:
        partial = store.partial("p", sha(content), len(content))
        if cut > partial.offset:
            partial.append(content[partial.offset : cut])
        acknowledged = partial.offset
        partial.close()
        with store.partial_path("p").open("r+b") as file:  # what a power cut in the middle of a write leaves
            file.seek(place(acknowledged // CHUNK))
            file.write(os.urandom(torn))
        again = store.partial("p", sha(content), len(content))
        assert acknowledged - acknowledged % CHUNK <= again.offset <= acknowledged
        again.close()
    partial = store.partial("p", sha(content), len(content))
    partial.append(content[partial.offset :])
    store.keep(partial)
    assert store.has(sha(content))
    assert store.partials() == []


def test_a_blob_that_is_not_what_its_name_says_never_comes_into_being(store: BlobStore) -> None:
    partial = store.partial("p", sha(b"one"), 3)
    partial.append(b"two")
    with pytest.raises(PeerFault, match="blob-mismatch"):
        store.keep(partial)
    assert not store.has(sha(b"one"))
    with pytest.raises(OperatorError, match="file-changed"):
        store.take_in(io.BytesIO(b"two"), sha(b"one"), 3)
    with pytest.raises(OperatorError, match="file-changed"):
        store.take_in(io.BytesIO(b"one and more"), sha(b"one"), 3)
    assert [path.name for path in files(store.folder)] == ["p"]


class FullAt:
    """A disk that is full at its n-th write."""

    def __init__(self, at: int, patch: pytest.MonkeyPatch) -> None:
        self.left = at
        for name in ("write_all", "keep", "move"):
            patch.setattr(disk, name, self._counted(getattr(disk, name), name == "write_all"))

    def _counted(self, act: Callable[..., None], half: bool) -> Callable[..., None]:
        def counted(*values: object) -> None:
            self.left -= 1
            if self.left == 0:
                if half:
                    file, content = values
                    assert isinstance(content, bytes | bytearray)
                    self._half(file, content)  # type: ignore[arg-type]
                raise OSError(errno.ENOSPC, "no space left on device")
            act(*values)

        return counted

    @staticmethod
    def _half(file: IO[bytes], content: bytes) -> None:
        file.write(content[: len(content) // 2])


def test_a_disk_that_is_full_at_any_write_leaves_nothing_half_and_loses_nothing(tmp_path: Path) -> None:
    content = os.urandom(CHUNK + 1000)
    for at in range(1, 30):
        store = BlobStore(tmp_path / str(at), bytes(32))
        with pytest.MonkeyPatch.context() as patch:
            full = FullAt(at, patch)
            with suppress(HostFault):
                put(store, content)
        if full.left > 0:
            break
        if not store.has(sha(content)):
            assert files(store.folder) == []
        put(store, content)
        with store.open(sha(content)) as reader:
            assert b"".join(reader.pieces()) == content
    assert 5 < at < 29


def test_what_an_upload_had_on_the_disk_is_there_after_a_full_disk(tmp_path: Path) -> None:
    content = os.urandom(2 * CHUNK + 1000)
    for at in (1, 2):
        store = BlobStore(tmp_path / str(at), bytes(32))
        partial = store.partial("p", sha(content), len(content))
        partial.append(content[:CHUNK])
        with pytest.MonkeyPatch.context() as patch:
            FullAt(at, patch)
            with pytest.raises(HostFault, match="disk-full"):
                partial.append(content[CHUNK : 2 * CHUNK])
        again = store.partial("p", sha(content), len(content))
        assert again.offset >= CHUNK
        again.append(content[again.offset :])
        store.keep(again)


def _office(*parts: str) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for part in parts:
            archive.writestr(part, "x" * 1000)
    return raw.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n...", PDF),
        (_office("[Content_Types].xml", "word/document.xml"), DOCX),
        ("甲乙丙，\r\n1,2,3".encode("gb18030"), TEXT),
        ("委员发言摘要".encode(), TEXT),
        (("字" * 40000).encode(), TEXT),
        (b"MZ\x90\x00\x03", None),
        (b"\x7fELF\x02\x01\x01", None),
        (_office("run.exe"), None),
        (_office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), None),
        (b"PK\x03\x04 cut short", None),
        (b"<html><script>alert(1)</script>", None),
        (b"#!/bin/sh\nrm -rf /", None),
        (b"text with \x00 inside", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, kind: object) -> None:
    assert kind_of(io.BytesIO(content), len(content)) is kind


def test_a_name_must_open_with_what_the_content_is() -> None:
    assert fits(PDF, "通报.PDF")
    assert not fits(PDF, "通报.exe")
    assert not fits(PDF, "pdf")
    assert all(kind.endings.isdisjoint({"exe", "js", "html", "svg", "docm", "zip"}) for kind in ALLOWED)


@settings(max_examples=150, deadline=None)
@given(
    head=st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"RIFF", b"PK\x05\x06"]),
    rest=st.binary(max_size=2000),
)
def test_no_content_makes_the_look_at_it_fail(head: bytes, rest: bytes) -> None:
    content = head + rest + (b"PK\x05\x06" + rest[:18] if head else b"")
    try:
        kind_of(io.BytesIO(content), len(content))
    except Fault:
        pytest.fail("a look at content raises nothing")
