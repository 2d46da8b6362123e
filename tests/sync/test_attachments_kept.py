"""Attachments outlive what befalls the stores that name them: a store made anew, a unit that is moved."""

from dataclasses import replace

from attaching import Asker, attach, on_both, send_all
from blob_office import BlobOffice
from sync_province import BOLUO, HUIDONG, HUIZHOU, PROVINCE, SHANWEI

from sync.reference.units import units
from sync.terminal.records import Records, Write

CONTENT = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def test_what_lay_on_the_disk_of_a_store_that_was_made_anew_is_still_sent(office: BlobOffice) -> None:
    terminal = office.terminal(HUIDONG)
    sha256 = attach(office, terminal, CONTENT, office.meeting(terminal))
    terminal.close()
    anew = Records.salvage(terminal.folder, identity=terminal.identity, clock=office.clock)
    office.opened.append(anew.close)
    office.pull(anew)
    desk = office.attachments(anew)
    assert [each.sha256 for each in desk.waiting()] == [sha256]
    desk.note_sent(sha256)
    assert office.attachments(anew).waiting() == [], "it is asked about once"


def test_the_attachments_of_a_moved_unit_open_for_whoever_is_above_it_now_and_for_nobody_who_was(
    office: BlobOffice,
) -> None:
    for unit in units().values():
        if unit.unit_path in (HUIZHOU, SHANWEI, HUIDONG, BOLUO):
            office.center.append(Write("unit", unit.code, unit.fields()), actor=office.actor)
    county, before, after = (office.terminal(path) for path in (HUIDONG, HUIZHOU, SHANWEI))
    sha256 = attach(office, county, CONTENT, office.meeting(county))
    assert Asker(office, county).send(CONTENT).status_code == 204
    target = f"/v1/blobs/{sha256}"
    assert [Asker(office, each)("GET", target).status_code for each in (county, before, after)] == [200, 200, 404]
    office.center.move_unit("441323", "441500", ground="文", actor=office.actor)
    for device, one in office.devices.items():
        office.devices[device] = replace(one, unit_path=office.center.place_of(one.unit_path))
    assert [Asker(office, each)("GET", target).status_code for each in (county, before, after)] == [200, 404, 200]
    named = attach(office, county, CONTENT[:-1], office.meeting(county))
    assert Asker(office, county).begin(named, len(CONTENT) - 1).status_code == 201


@on_both
def test_a_content_is_taken_where_its_meeting_is_awaited_and_opens_for_others_when_that_is_there(
    office: BlobOffice,
) -> None:
    host, guest, stranger = office.terminal(HUIDONG), office.terminal(BOLUO), office.terminal(SHANWEI)
    meeting = office.meeting(host, BOLUO)
    sha256 = attach(office, guest, CONTENT, meeting)
    assert [row["reason"] for row in guest.quarantine()] == ["meeting-awaited"]
    assert Asker(office, stranger).begin(sha256, len(CONTENT)).json()["id"] == "upload-unnamed"
    send_all(office, guest)
    assert office.attachments(guest).waiting() == []
    office.restart_center()
    assert office.uploads.store.has(sha256), "what is held may be applied yet"
    target = f"/v1/blobs/{sha256}"
    readers = [Asker(office, each) for each in (guest, host, stranger)]
    assert [read("GET", target).status_code for read in readers] == [404, 404, 404]
    office.push(host)
    assert [read("GET", target).status_code for read in readers] == [200, 200, 404]


def test_what_was_attached_and_refused_is_still_there_when_the_center_judges_again(office: BlobOffice) -> None:
    host, guest = office.terminal(HUIDONG), office.terminal(BOLUO)
    meeting = office.meeting(host)
    office.push(host)
    sha256 = attach(office, guest, CONTENT, meeting)
    [refused] = guest.quarantine()
    assert (refused["verdict"], guest.list("attachment")) == ("refused", [])
    assert office.attachments(guest).waiting() == [], "it is not sent"
    host.write(Write("meeting", meeting, {"invited": [BOLUO]}))
    office.push(host)
    assert office.center.judge_again(refused["change_id"], PROVINCE) == ("applied", "")
    office.pull(guest)
    assert [each.sha256 for each in office.attachments(guest).waiting()] == [sha256]
    send_all(office, guest)
    assert Asker(office, host)("GET", f"/v1/blobs/{sha256}").content == CONTENT
