"""From the chair's word to the kept file: who agreed is recorded, and the center keeps one file for each site."""

import asyncio
import io
import json
from pathlib import Path

import av
import pytest

from desktop_app.center.meetings import CenterMeetings
from desktop_app.center.recordings import Recordings
from desktop_app.domain.clock import SystemClock, moment, unix_ms
from desktop_app.domain.ids import MeetingId, PersonId
from desktop_app.domain.principal import Actor, Principal
from media.engine.room import recording_name
from media.meeting import commands as cmd
from media.recording.track import TrackWriter
from media.thread import MediaThread
from sync.blobs.store import BlobStore
from sync.blobs.uploads import Uploads
from sync.center.store import CenterStore, Write
from sync.identity.device import DeviceKey
from tests.media.rig import Room
from tests.media.test_recording import BEGAN, pictures, sounds
from tests.meeting.center import Center, until
from tests.meeting.recorded import open_store, write_meeting
from tests.meeting.rooms import BOLUO, CENTER_SIGNER, HUIDONG, MEETING, device_of
from tests.meeting.test_real_media import HubHere, Seat
from tests.meeting.waiting import wait_for

KEY = DeviceKey.generate()


class Office:
    """A center's records with its recordings."""

    def __init__(self, folder: Path) -> None:
        self.store: CenterStore = open_store(folder)
        if not self.store.list("meeting"):
            write_meeting(self.store)
            units = [Write("unit", path.rstrip("/")[-6:], {"unit_path": path, "name": name, "short_name": name})
                     for path, name in ((HUIDONG, "惠东县政协"), (BOLUO, "博罗县政协"))]  # fmt: skip
            self.store.append(*units, actor=Actor(PersonId(""), self.store.device))
        self.uploads = Uploads(self.store.engine, BlobStore(folder, bytes(32)), SystemClock())
        self.recordings = Recordings(self.store, self.uploads, KEY, SystemClock(), retention="D10")

    def kept(self) -> list[dict]:
        return [row for row in self.store.list("recording", meeting=MEETING) if row["state"] == "kept"]

    def content(self, row: dict) -> bytes:
        reader = self.uploads.read(Principal(device_of(BOLUO), BOLUO), row["sha256"])
        with reader:
            return reader.read()


@pytest.fixture
def office(tmp_path: Path):
    office = Office(tmp_path)
    yield office
    office.store.close()


class CenterThatRecords(Center):
    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office = office

    def make(self) -> CenterMeetings:
        return CenterMeetings(
            self.office.store, self.engine, CENTER_SIGNER, SystemClock(), recordings=self.office.recordings
        )


async def test_a_meeting_is_recorded_of_who_agreed_and_kept_with_its_agenda(office: Office, hub: Room):
    center = CenterThatRecords(office)
    center.engine = HubHere(hub)  # type: ignore[assignment]  # the hub in this process
    await center.start()
    thread = MediaThread("media of the test")
    thread.start()
    host, boluo = Seat(thread, center, HUIDONG), Seat(thread, center, BOLUO)

    async def does(seat: Seat, command: cmd.Command) -> None:
        await asyncio.wrap_future(seat.live.send(command))

    try:
        host.live.start()
        boluo.live.start()
        await until(lambda: host.sees(boluo) and boluo.sees(host), 30)
        await does(host, cmd.Record(True))
        await does(host, cmd.Consent(True))
        await does(boluo, cmd.Consent(False))
        await does(host, cmd.PointAgenda(1))
        await until(lambda: hub.hub.stats(MEETING)["recorded"].get(HUIDONG, {}).get("bytes", 0) > 25_000, 30)
        assert set(hub.hub.stats(MEETING)["recorded"]) == {HUIDONG}, "only who agreed"
        await does(host, cmd.End())
        await until(office.kept, 40)
    finally:
        for seat in (host, boluo):
            await asyncio.wrap_future(seat.live.stop())
        await asyncio.to_thread(thread.stop)
        await center.stop()
    (row,) = office.kept()
    assert (row["site"], row["site_name"], row["progress"], row["retention"]) == (HUIDONG, "惠东县政协", 100, "D10")
    assert [json.loads(item)[1] for item in row["agenda"]] == ["第1项"]
    (file,) = office.store.list("attachment", meeting=MEETING)
    assert (file["owner_id"], file["sha256"]) == (row["pk"], row["sha256"])
    with av.open(io.BytesIO(office.content(row))) as film:
        assert film.streams.audio, "it was on the air"
        assert [each["metadata"]["title"] for each in film.chapters()] == ["第1项"]
        assert sum(1 for _ in film.decode(video=0)) > 10
    assert not list(office.recordings._folder.glob("*")), "the tracks went when the file was kept"


def test_a_recording_that_was_over_when_the_center_died_is_kept_at_its_next_start(office: Office):
    store, since = office.store, moment("2027-01-15T08:00:00.000Z")
    assert unix_ms(since) == BEGAN
    order = office.recordings.order(MeetingId(MEETING), since, frozenset({HUIDONG}))
    Path(order.folder).mkdir(parents=True)
    for kind, packets in (("video", pictures(30)), ("audio", sounds(40))):
        path = Path(order.folder) / f"{recording_name(HUIDONG)}-{kind}-1.track"
        track = TrackWriter(path, order.key, {"kind": kind, "began": BEGAN})
        for at, packet in packets:
            track.add(at, packet)
        track.close()
    with office.recordings.running():
        pass
    assert office.kept() == [], "the meeting still runs: its recording may go on"
    over = Write("meeting", MEETING, {"state": "ended"}, MEETING)
    store.append(over, actor=Actor(PersonId(""), store.device))
    again = Recordings(store, office.uploads, KEY, SystemClock(), retention="D10")
    with again.running():
        wait_for(office.kept, 40)
    (row,) = office.kept()
    with av.open(io.BytesIO(office.content(row))) as film:
        assert sum(1 for _ in film.decode(video=0)) == 30
    assert row["seconds"] == 1
    whole = b"".join(path.read_bytes() for path in office.uploads.store.folder.rglob("*") if path.is_file())
    assert b"webm" not in whole, "what is kept is sealed"


def test_tracks_that_hold_nothing_are_told_as_empty_and_do_not_stop_the_others(office: Office):
    order = office.recordings.order(MeetingId(MEETING), moment("2027-01-15T08:00:00.000Z"), frozenset({HUIDONG, BOLUO}))
    Path(order.folder).mkdir(parents=True)
    for site, packets in ((HUIDONG, iter(())), (BOLUO, pictures(10))):
        path = Path(order.folder) / f"{recording_name(site)}-video-1.track"
        track = TrackWriter(path, order.key, {"kind": "video", "began": BEGAN})
        for at, packet in packets:
            track.add(at, packet)
        track.close()
    with office.recordings.running():
        office.recordings.over(MeetingId(MEETING), moment("2027-01-15T08:00:00.000Z"))
        wait_for(lambda: len(office.store.list("recording", meeting=MEETING)) == 2 and office.kept(), 40)
    states = {row["site"]: row["state"] for row in office.store.list("recording", meeting=MEETING)}
    assert states == {HUIDONG: "empty", BOLUO: "kept"}
