"""What an operator attaches: looked at, there once, cleared up, erased where its record is."""

import pytest
from attaching import Asker, attach, picture, send_all
from blob_office import BlobOffice
from sync_province import BOLUO, HUIDONG

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.limits import FILE_NAME
from sync.blobs.desk import Attachments
from sync.store.engine import writing
from sync.store.tables import property_


def test_what_cannot_be_attached_is_told_and_nothing_is_written(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    meeting = office.meeting(host)
    desk = office.attachments(host)
    folder = office.folder / "files"
    folder.mkdir()
    cases = {
        "attachment-missing": folder / "无.png",
        "attachment-empty": folder / "空.txt",
        "attachment-kind": folder / "程序.png",
        "attachment-name": folder / "图.exe",
        "attachment-unreadable": folder,
    }
    cases["attachment-empty"].write_bytes(b"")
    cases["attachment-kind"].write_bytes(b"MZ\x00\x00")
    cases["attachment-name"].write_bytes(picture(100))
    for fault_id, path in cases.items():
        with pytest.raises(OperatorError, match=fault_id):
            desk.attach(path, owner_kind="meeting", owner_id=meeting, meeting=meeting)
    with pytest.raises(OperatorError, match="attachment-name"):
        desk.attach(folder / ("长" * FILE_NAME + ".png"), owner_kind="meeting", owner_id=meeting, meeting=meeting)
    assert host.list("attachment") == []
    assert host.status().attachments == 0
    with pytest.raises(OperatorError, match="attachment-unknown"):
        desk.open("0190a8f0-0000-7000-8000-00000000000d")


def test_one_file_attached_twice_lies_there_once_and_taken_back_it_does_not_wait(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    meeting = office.meeting(host)
    desk = office.attachments(host)
    path = office.picture(1000)
    first, second = (desk.attach(path, owner_kind="meeting", owner_id=meeting, meeting=meeting) for _ in range(2))
    assert host.status().attachments == 1
    assert len([each for each in desk.store.folder.rglob("*") if each.is_file()]) == 1
    for pk in (first, second):
        host.retract("attachment", pk, meeting=meeting)
    assert host.status().attachments == 0


def test_what_was_being_taken_in_when_the_program_ended_is_cleared_up(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    desk = office.attachments(host)
    desk.store.partial("in-1", "ab" * 32, 10).close()
    desk.store.partial(f"get-{'ab' * 32}", "ab" * 32, 10).close()
    assert isinstance(office.attachments(host), Attachments)
    assert desk.store.partials() == [f"get-{'ab' * 32}"]


def test_a_content_whose_record_was_erased_is_erased_too_at_both_ends(office: BlobOffice) -> None:
    host = office.terminal(HUIDONG)
    meeting = office.meeting(host)
    gone, kept = (attach(office, host, picture(size), meeting, f"{size}.png") for size in (1000, 2000))
    send_all(office, host)
    pk = next(row["pk"] for row in host.list("attachment") if row["sha256"] == gone)
    office.center.erase("attachment", pk, ground="函〔2026〕1 号", actor=office.actor)
    office.pull(host)
    for store in (office.uploads.store, office.attachments(host).store):
        office.uploads.tidy()
        assert (store.has(gone), store.has(kept)) == (False, True)
    assert Asker(office, host)("GET", f"/v1/blobs/{kept}").status_code == 200


def test_what_was_sent_since_is_offered_again_to_a_center_that_was_restored(office: BlobOffice) -> None:
    host, guest = office.terminal(HUIDONG), office.terminal(BOLUO)
    meeting = office.meeting(host, BOLUO)
    content = picture(1000)
    sha256 = attach(office, host, content, meeting)
    send_all(office, host)
    for terminal in (host, guest):
        office.pull(terminal)
    (pk,) = (row["pk"] for row in guest.list("attachment"))
    desks = [office.attachments(terminal) for terminal in (host, guest)]
    office.attachments(guest).store.take_in((office.folder / "现场.png").open("rb"), sha256, 1000)
    desks[1].note_fetched(sha256, 1000)
    assert [desk.waiting() for desk in desks] == [[], []]
    for terminal in (host, guest):  # as the pull of a restored center leaves it
        with writing(terminal.engine) as connection:
            connection.execute(property_.update().where(property_.c.name == "pull-feed").values(value="ab" * 16))
    assert [[each.sha256 for each in desk.waiting()] for desk in desks] == [[sha256], []]
    send_all(office, host)
    assert desks[0].waiting() == []
    assert desks[1].has(pk)
