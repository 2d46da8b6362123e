"""What is recorded of a meeting: sealed tracks of the sites that agreed, and from them one WebM for each."""

import random
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from desktop_app.domain.faults import HostFault
from media.codecs.opus import OpusEncoder
from media.codecs.vp8 import Vp8Encoder
from media.engine.room import RecordingOrder
from media.recording.track import TrackWriter, read_track
from media.recording.webm import Chapter, write_webm
from media.rtp import vp8
from media.rtp.packet import write_rtp
from tests.media.rig import MEETING, Room, until

KEY = b"k" * 32
BEGAN = 1_800_000_000_000


def pictures(count: int, size: tuple[int, int] = (320, 180)) -> Iterator[tuple[int, bytes]]:
    """Milliseconds and packets of a picture that changes, a whole one each second."""
    encoder, number = Vp8Encoder(*size, fps=25, bitrate=3_000_000), 0
    texture = random.Random(1).randbytes(97)
    for at in range(count):
        frame = av.VideoFrame(*size, "yuv420p")
        for plane in frame.planes:
            still = texture * (plane.buffer_size // len(texture) + 1)
            plane.update((bytes([at * 3 % 250]) * 900 + still)[: plane.buffer_size])
        picture = encoder.encode(frame, at * 3600, keyframe=at % 25 == 0)
        assert picture, "a picture that the encoder left out cannot be counted"
        payloads = vp8.packetize(picture, at)
        for part, payload in enumerate(payloads, 1):
            number += 1
            yield at * 40, write_rtp(96, part == len(payloads), 65_500 + number & 0xFFFF, at * 3600, 7, payload)


def sounds(count: int) -> Iterator[tuple[int, bytes]]:
    encoder = OpusEncoder()
    for at in range(count):
        yield at * 20, write_rtp(111, False, at, at * 960, 8, encoder.encode(bytes([at % 250, 1]) * 960))


def track(folder: Path, kind: str, packets: Iterator[tuple[int, bytes]], after: int = 0) -> Path:
    path = folder / f"{kind}-{after}.track"
    writer = TrackWriter(path, KEY, {"site": "100000/", "kind": kind, "began": BEGAN + after})
    for at, packet in packets:
        writer.add(at, packet)
    writer.close()
    return path


def decoded(path: Path) -> tuple[int, int]:
    """Pictures, and milliseconds of sound."""
    with av.open(str(path)) as file:
        shown = sum(1 for _ in file.decode(video=0)) if file.streams.video else 0
    with av.open(str(path)) as file:
        heard = sum(frame.samples for frame in file.decode(audio=0)) if file.streams.audio else 0
    return shown, heard // 48


def test_a_site_s_tracks_become_one_file_with_the_agenda_as_its_chapters(tmp_path: Path):
    tracks = [track(tmp_path, "video", pictures(75)), track(tmp_path, "audio", sounds(100), after=500)]
    chapters = [Chapter("主持人说明议题", 0, 1000), Chapter("委员发言", 1000, 3000)]
    told: list[int] = []
    made = write_webm(tracks, KEY, tmp_path / "out.webm", began=BEGAN, chapters=chapters, on_progress=told.append)
    assert made is not None
    assert (made.pictures, made.sounds) == (75, 100)
    assert 2.9 < made.seconds < 3.0
    assert told == sorted(told)
    assert told
    shown, heard = decoded(tmp_path / "out.webm")
    assert shown == 75
    assert 1_950 < heard <= 2_010
    with av.open(str(tmp_path / "out.webm")) as file:
        assert [each["metadata"]["title"] for each in file.chapters()] == ["主持人说明议题", "委员发言"]
        first = next(packet for packet in file.demux(audio=0))
        assert float(first.pts * first.time_base) == pytest.approx(0.5, abs=0.02)


def test_packets_out_of_order_are_put_right_and_a_loss_costs_the_pictures_up_to_the_next_whole_one(tmp_path: Path):
    packets = list(pictures(75))
    chance = random.Random(5)
    for _ in range(60):
        here = chance.randrange(len(packets) - 8)
        packets[here], packets[here + 5] = packets[here + 5], packets[here]
    packets += packets[10:20]
    made = write_webm([track(tmp_path, "video", iter(packets))], KEY, tmp_path / "all.webm", began=BEGAN)
    assert made is not None
    assert made.pictures == 75
    lost = [each for each in pictures(75) if each[0] != 30 * 40]
    (tmp_path / "lost").mkdir()
    made = write_webm([track(tmp_path / "lost", "video", iter(lost))], KEY, tmp_path / "lost.webm", began=BEGAN)
    assert made is not None
    assert made.pictures == 75 - 20
    assert decoded(tmp_path / "lost.webm")[0] == 55


def test_a_track_that_was_cut_off_is_read_up_to_there_and_nothing_of_it_is_in_the_clear(tmp_path: Path):
    writer = TrackWriter(tmp_path / "t", KEY, {"site": "100000/", "kind": "audio", "began": BEGAN})
    for number in range(50):
        writer.add(number, b"a sentence that nobody else may read %d" % number)
        writer.flush()
    writer.close()
    whole = (tmp_path / "t").read_bytes()
    assert b"sentence" not in whole
    (tmp_path / "cut").write_bytes(whole[:-30])
    about, records = read_track(tmp_path / "cut", KEY)
    assert about["kind"] == "audio"
    assert [at for at, _ in records] == list(range(49))
    with pytest.raises(HostFault, match="recording-damaged"):
        read_track(tmp_path / "t", b"x" * 32)
    (tmp_path / "changed").write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    _, records = read_track(tmp_path / "changed", KEY)
    assert 10 < len(list(records)) < 49, "up to the chunk that somebody changed"


def test_a_track_that_never_began_does_not_stand_in_the_way_of_the_others(tmp_path: Path):
    (tmp_path / "audio-9.mjr").write_bytes(b"MJR00002")
    (tmp_path / "audio-8.track").write_bytes(b"SLTR1")
    tracks = [tmp_path / "audio-9.mjr", tmp_path / "audio-8.track"]
    made = write_webm([*tracks, track(tmp_path, "video", pictures(10))], KEY, tmp_path / "out.webm", began=BEGAN)
    assert made is not None
    assert made.pictures == 10
    with pytest.raises(HostFault, match="recording-damaged"):
        write_webm(tracks, KEY, tmp_path / "none.webm", began=BEGAN)


def test_tracks_without_a_whole_picture_or_a_sound_make_no_file(tmp_path: Path):
    broken = (each for each in pictures(20) if each[0] > 0)
    assert write_webm([track(tmp_path, "video", broken)], KEY, tmp_path / "none.webm", began=BEGAN) is None


async def test_the_hub_records_the_sites_that_agreed_across_their_reconnects(tmp_path: Path):
    room = Room()
    await room.open()
    try:
        agreed, silent = room.join("100000/440000/"), room.join("100000/440000/441300/")
        for terminal in (agreed, silent):
            await terminal.media.start()
        await until(lambda: len(room.seated("publishers")) == 2, within=20)
        room.hub.set_on_air(MEETING, frozenset({agreed.site}))
        agreed.media.set_on_air(True)
        room.hub.record(MEETING, RecordingOrder(str(tmp_path / "tape"), KEY, frozenset({agreed.site})))
        recorded = room.hub.stats(MEETING)["recorded"]
        assert set(recorded) == {agreed.site}
        await until(lambda: room.hub.stats(MEETING)["recorded"][agreed.site]["bytes"] > 20_000, within=30)
        await agreed.media.restart()
        before = room.hub.stats(MEETING)["recorded"][agreed.site]["bytes"]
        await until(lambda: room.hub.stats(MEETING)["recorded"][agreed.site]["bytes"] > before + 40_000, within=30)
        room.hub.record(MEETING, None)
        assert room.hub.stats(MEETING)["recorded"] == {}
    finally:
        await room.close()
    tracks = sorted((tmp_path / "tape").iterdir())
    assert len(tracks) == 2, "one of pictures and one of sound, also after a reconnect"
    began = min(read_track(path, KEY)[0]["began"] for path in tracks)
    made = write_webm(tracks, KEY, tmp_path / "out.webm", began=began)
    assert made is not None
    assert made.pictures > 20
    assert made.sounds > 20
    assert decoded(tmp_path / "out.webm")[0] == made.pictures


async def test_a_disk_that_is_full_ends_the_recording_and_nothing_else(tmp_path: Path):
    room = Room()
    await room.open()
    try:
        one, two = room.join("100000/440000/"), room.join("100000/440000/441300/")
        for terminal, other in ((one, two), (two, one)):
            terminal.see(other)
            await terminal.media.start()
        order = RecordingOrder(str(tmp_path / "tape"), KEY, frozenset({one.site}))
        room.hub.record(MEETING, order)
        (tmp_path / "tape").rmdir()
        await until(lambda: room.hub.stats(MEETING)["recorded"][one.site]["fault"] == "disk-failing", within=20)
        seen = two.frames(one)
        await until(lambda: two.frames(one) > seen + 10, within=20)
    finally:
        await room.close()
