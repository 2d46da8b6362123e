"""A content opens to whoever sees an attachment that names it, whole or in part, and to nobody else."""

import pytest
from attaching import Asker, attach, on_both, picture, send_all
from blob_office import BlobOffice
from sync_province import BOLUO, HUIDONG, HUIZHOU, NATION, PROVINCE, SHANWEI

from sync.terminal.records import Write


@on_both
def test_a_content_opens_to_those_who_see_an_attachment_that_names_it_and_to_nobody_else(office: BlobOffice) -> None:
    host, guest, city = office.terminal(HUIDONG), office.terminal(SHANWEI), office.terminal(HUIZHOU)
    stranger, nation, province = office.terminal(BOLUO), office.terminal(NATION), office.terminal(PROVINCE)
    meeting = office.meeting(host, SHANWEI)
    content = picture(1000)
    sha256 = attach(office, host, content, meeting)
    target = f"/v1/blobs/{sha256}"
    assert Asker(office, host)("GET", target).status_code == 404  # named, not sent yet
    send_all(office, host)
    for reader in (host, guest, city, province):
        assert Asker(office, reader)("GET", target).content == content
    for reader in (stranger, nation):
        assert Asker(office, reader)("GET", target).json()["id"] == "blob-unknown"
    host.write(Write("meeting", meeting, {"invited": []}))
    office.push(host)
    assert Asker(office, guest)("GET", target).status_code == 404


@on_both
def test_knowing_a_hash_opens_nothing(office: BlobOffice) -> None:
    host, thief = office.terminal(HUIDONG), office.terminal(BOLUO)
    content = picture(1000)
    sha256 = attach(office, host, content, office.meeting(host))
    send_all(office, host)
    meeting = office.meeting(thief)
    fields = {"owner_kind": "meeting", "owner_id": meeting, "file_name": "x.png", "mime": "image/png"}
    fields |= {"bytes": "", "sha256": sha256, "meeting": meeting}
    thief.write(Write("attachment", "0190a8f0-0000-7000-8000-00000000000b", fields | {"bytes": 1000}, meeting=meeting))
    office.push(thief)
    ask = Asker(office, thief)
    assert ask("GET", f"/v1/blobs/{sha256}").status_code == 404
    answer = ask.begin(sha256, 1000)
    assert answer.headers["upload-offset"] == "0"  # all of it has to be shown
    assert ask.add(answer.headers["location"], 0, bytes(1000)).json()["id"] == "blob-mismatch"
    assert ask("GET", f"/v1/blobs/{sha256}").status_code == 404


@on_both
def test_a_content_that_a_unit_may_read_is_not_sent_again_and_lies_there_once(office: BlobOffice) -> None:
    host, guest = office.terminal(HUIDONG), office.terminal(BOLUO)
    meeting = office.meeting(host, BOLUO)
    content = picture(1000)
    sha256 = attach(office, host, content, meeting)
    send_all(office, host)
    own = office.meeting(guest)
    assert attach(office, guest, content, own) == sha256
    answer = Asker(office, guest).begin(sha256, 1000)
    assert answer.headers["upload-offset"] == "1000"
    office.center.retract("attachment", host.list("attachment")[0]["pk"], meeting=meeting, actor=office.actor)
    assert Asker(office, host)("GET", f"/v1/blobs/{sha256}").status_code == 404
    assert Asker(office, guest)("GET", f"/v1/blobs/{sha256}").content == content
    assert len([path for path in office.uploads.store.folder.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ({"range": "bytes=0-0"}, 206, slice(0, 1)),
        ({"range": "bytes=10-19"}, 206, slice(10, 20)),
        ({"range": "bytes=990-5000"}, 206, slice(990, 1000)),
        ({"range": "bytes=990-"}, 206, slice(990, 1000)),
        ({"range": "bytes=-5"}, 206, slice(995, 1000)),
        ({"range": "bytes=0-1,5-6"}, 200, slice(0, 1000)),
        ({"range": "lines=1-2"}, 200, slice(0, 1000)),
        ({"range": "bytes=9-2"}, 200, slice(0, 1000)),
        ({"range": "bytes=10-19", "if-range": "TAG"}, 206, slice(10, 20)),
        ({"range": "bytes=10-19", "if-range": '"another"'}, 200, slice(0, 1000)),
        ({"range": "bytes=1000-"}, 416, None),
        ({"range": "bytes=-0"}, 416, None),
        ({"if-none-match": "TAG"}, 304, slice(0, 0)),
    ],
)
def test_ranges_are_answered_as_rfc_9110_says(
    office: BlobOffice, asked: dict[str, str], status: int, part: slice | None
) -> None:
    host = office.terminal(HUIDONG)
    content = picture(1000)
    sha256 = attach(office, host, content, office.meeting(host))
    send_all(office, host)
    headers = {name: value.replace("TAG", f'"{sha256}"') for name, value in asked.items()}
    answer = Asker(office, host)("GET", f"/v1/blobs/{sha256}", headers)
    assert answer.status_code == status
    if part is None:
        assert (answer.json()["id"], answer.headers["content-range"]) == ("range-beyond", "bytes */1000")
        return
    assert answer.content == content[part]
    assert answer.headers["etag"] == f'"{sha256}"'
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {part.start}-{part.stop - 1}/1000"
        assert answer.headers["content-length"] == str(part.stop - part.start)
