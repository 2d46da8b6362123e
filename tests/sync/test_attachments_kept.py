"""Attachments outlive what befalls the stores that name them: a store made anew, a unit that is moved."""

from dataclasses import replace

from attaching import Asker, attach
from blob_office import BlobOffice
from sync_province import BOLUO, HUIDONG, HUIZHOU, SHANWEI

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
