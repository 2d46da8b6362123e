"""The center takes uploads as tus says, from any client, and looks at what it is sent by itself."""

import base64
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from attaching import KIB, TUS, Asker, attach, on_both, picture
from blob_office import BlobOffice
from sync_province import BOLUO, HUIDONG

from desktop_app.domain.limits import BLOB
from sync.blobs.store import BlobStore
from sync.blobs.uploads import STALE_MS, Quota, Uploads
from sync.terminal.records import Write
from tests.processes.small_disk import SmallDisk


def test_a_stranger_learns_what_the_server_can(office: BlobOffice) -> None:
    answer = Asker(office, office.terminal(HUIDONG))("OPTIONS", "/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,checksum,termination"
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert int(answer.headers["tus-max-size"]) == BLOB


@on_both
def test_an_upload_is_begun_looked_at_continued_and_given_up(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    ask = Asker(office, host)
    content = picture(1000)
    sha256 = attach(office, host, content, office.meeting(host))
    begun = ask.begin(sha256, 1000)
    location = begun.headers["location"]
    assert (begun.status_code, begun.headers["upload-offset"]) == (201, "0")
    assert ask.begin(sha256, 1000).headers["location"] == location  # its answer may have been lost
    assert ask.add(location, 0, content[:7]).headers["upload-offset"] == "7"
    looked = ask("HEAD", location, TUS)
    assert (looked.headers["upload-offset"], looked.headers["upload-length"]) == ("7", "1000")
    assert looked.headers["cache-control"] == "no-store"
    refused = ask.add(location, 0, content[:7])
    assert (refused.status_code, refused.json()["id"], refused.json()["offset"]) == (409, "upload-offset", 7)
    assert ask("DELETE", location, TUS).status_code == 204
    assert ask("HEAD", location, TUS).status_code == 404
    assert office.uploads.store.partials() == []


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_piece_that_changed_on_the_way_is_not_kept(office: BlobOffice, algorithm: str) -> None:
    host = office.terminal(HUIDONG)
    ask = Asker(office, host)
    content = picture(1000)
    location = ask.begin(attach(office, host, content, office.meeting(host)), 1000).headers["location"]
    right = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    wrong = ask.add(location, 0, bytes(1000), upload_checksum=f"{algorithm} {right}")
    assert (wrong.status_code, wrong.json()["id"]) == (460, "upload-checksum")
    assert ask.add(location, 0, content, upload_checksum="md5 xyz").json()["id"] == "upload-malformed"
    assert ask.add(location, 0, content, upload_checksum=f"{algorithm} {right}").status_code == 204


def test_what_is_no_tus_is_refused_by_name(office: BlobOffice) -> None:
    host, other = office.terminal(HUIDONG), office.terminal(BOLUO)
    ask = Asker(office, host)
    content = picture(1000)
    sha256 = attach(office, host, content, office.meeting(host))
    location = ask.begin(sha256, 1000).headers["location"]
    assert ask("POST", "/v1/uploads").headers["tus-version"] == "1.0.0"
    refusals = {
        "upload-version": ask("POST", "/v1/uploads", {"tus-resumable": "0.2"}),
        "upload-malformed": ask("POST", "/v1/uploads", TUS | {"upload-length": "-1"}),
        "upload-too-large": ask.begin(sha256, BLOB + 1),
        "upload-unnamed": ask.begin("ab" * 32, 1000),
        "upload-differs": ask.begin(sha256, 999),
        "upload-type": ask("PATCH", location, TUS | {"upload-offset": "0", "content-type": "text/plain"}, b"x"),
        "upload-unknown": Asker(office, other).add(location, 0, content),
    }
    for fault_id, answer in refusals.items():
        assert (answer.json()["id"], answer.json()["now"]) == (fault_id, "2026-11-20T07:00:00.000Z")
    assert ask.add(location, 0, content + b"more").json()["id"] == "upload-too-large"
    assert ask("POST", "/v1/uploads", TUS | {"upload-length": "9", "upload-metadata": "sha256 ?"}).status_code == 400


def test_the_center_looks_at_content_and_name_by_itself(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    ask = Asker(office, host)
    meeting = office.meeting(host)
    program = b"MZ" + bytes(100)
    for number, name in enumerate(("报告.png", "报告.exe")):
        content = program if number == 0 else picture(200)
        fields = {
            "owner_kind": "meeting",
            "owner_id": meeting,
            "file_name": name,
            "mime": "image/png",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "meeting": meeting,
        }
        host.write(Write("attachment", f"0190a8f0-0000-7000-8000-0000000000c{number}", fields, meeting=meeting))
        office.push(host)
        answer = ask.send(content)
        assert (answer.status_code, answer.json()["id"]) == (415, "blob-kind")
    assert [path for path in office.uploads.store.folder.rglob("*") if path.is_file()] == []


@on_both
def test_what_a_unit_may_keep_has_an_end_and_the_records_keep_their_disk(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    ask = Asker(office, host)
    meeting = office.meeting(host)
    contents = [picture(1000), picture(1001)]
    hashes = [attach(office, host, each, meeting, f"{len(each)}.png") for each in contents]
    office.quota = Quota(unit=2000, reserve=0)
    office.open_uploads()
    assert ask.begin(hashes[0], 1000).status_code == 201
    over = ask.begin(hashes[1], 1001)
    assert (over.status_code, over.json()["id"]) == (413, "upload-quota")
    office.quota = replace(office.quota, unit=10_000, reserve=1 << 60)
    office.open_uploads()
    full = ask.begin(hashes[1], 1001)
    assert (full.status_code, full.json()["id"]) == (507, "disk-full")


def test_an_upload_that_nobody_goes_on_with_is_given_up(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    ask = Asker(office, host)
    content = picture(1000)
    sha256 = attach(office, host, content, office.meeting(host))
    location = ask.begin(sha256, 1000).headers["location"]
    office.clock.go_on(seconds=STALE_MS / 1000 + 1)
    (partial,) = office.uploads.store.partials()
    long_ago = office.clock.now().timestamp() - 2 * STALE_MS / 1000
    os.utime(office.uploads.store.partial_path(partial), (long_ago, long_ago))
    assert ask.begin(sha256, 1000).headers["location"] != location
    assert len(office.uploads.store.partials()) == 1


def test_a_center_whose_disk_is_really_full_says_so_and_goes_on_when_there_is_room(
    office: BlobOffice, tmp_path: Path
) -> None:
    disk = SmallDisk(tmp_path / "small", 4)
    if not disk.mounted:
        pytest.skip("needs to mount a small disk")
    try:
        store = BlobStore(tmp_path / "small", bytes(32))
        office.uploads = Uploads(office.center.engine, store, office.clock, office.quota)
        host = office.terminal(HUIDONG)
        content = picture(1500 * KIB)
        sha256 = attach(office, host, content, office.meeting(host))
        ask = Asker(office, host)
        location = ask.begin(sha256, len(content)).headers["location"]
        ask.add(location, 0, content[: 300 * KIB])
        disk.fill()
        refused = ask.add(location, 300 * KIB, content[300 * KIB :])
        assert (refused.status_code, refused.json()["id"]) == (507, "disk-full")
        stands = int(ask("HEAD", location, TUS).headers["upload-offset"])
        assert stands >= 256 * KIB
        disk.clear()
        assert ask.add(location, stands, content[stands:]).status_code == 204
        assert ask("GET", f"/v1/blobs/{sha256}").content == content
        office.uploads.close()
    finally:
        disk.unmount()
