"""A receiving slot puts a picture together from whatever order its packets come in, and never stands still for long."""

from dataclasses import dataclass, field

import pytest

from desktop_app.domain.clock import SystemClock
from media.peers.decoding import Tile, TileDecoder
from media.peers.video_slot import VideoSlot
from media.rtp import vp8
from media.rtp.packet import RtpPacket

KEYFRAME = b"\x10" + bytes(4_000)
DELTA = b"\x11" + bytes(3_000)


@dataclass
class Pictures:
    """Takes the whole frames in the place of the picture thread."""

    frames: list[bytes] = field(default_factory=list)

    def submit(self, decoder: TileDecoder, frame: bytes, due: float) -> None:
        self.frames.append(frame)


@dataclass
class Stream:
    """A publisher's packets, numbered one after the other."""

    sequence: int = 100
    picture: int = 0

    def frame(self, data: bytes) -> list[RtpPacket]:
        self.picture += 1
        payloads = vp8.packetize(data, self.picture)
        made = []
        for at, payload in enumerate(payloads):
            last = at == len(payloads) - 1
            made.append(RtpPacket(96, last, self.sequence, self.picture * 3_600, 7, payload))
            self.sequence += 1
        return made


@pytest.fixture
def pictures() -> Pictures:
    return Pictures()


@pytest.fixture
def asked() -> list[bytes]:
    return []


@pytest.fixture
def slot(pictures: Pictures, asked: list[bytes]) -> VideoSlot:
    made = VideoSlot(7, pictures, asked.append, SystemClock())  # type: ignore[arg-type]
    tile = Tile()
    tile.slot.want(640, 360)
    made.show(tile)
    return made


def test_a_keyframe_whose_first_packet_comes_last_is_shown(slot: VideoSlot, pictures: Pictures):
    stream = Stream()
    for packet in stream.frame(DELTA):
        slot.packet(packet, 0.0)
    first, *rest = stream.frame(KEYFRAME)
    for packet in [*rest, first]:
        slot.packet(packet, 0.1)
    for packet in stream.frame(DELTA):
        slot.packet(packet, 0.14)
    assert pictures.frames == [KEYFRAME, DELTA]


def test_packets_in_any_order_within_a_picture_make_the_picture(slot: VideoSlot, pictures: Pictures):
    stream = Stream()
    for packet in stream.frame(KEYFRAME):
        slot.packet(packet, 0.0)
    for packet in reversed(stream.frame(DELTA)):
        slot.packet(packet, 0.04)
    assert pictures.frames == [KEYFRAME, DELTA]


def test_a_slot_that_nothing_can_complete_any_more_begins_anew_within_a_second(
    slot: VideoSlot, pictures: Pictures, asked: list[bytes]
):
    stream = Stream()
    for packet in stream.frame(KEYFRAME):
        slot.packet(packet, 0.0)
    slot.packet(stream.frame(DELTA)[0], 0.04)  # the rest of it never leaves its sender, and nobody can miss it
    before = len(asked)
    slot.tick(0.7)
    assert len(asked) > before, "no new keyframe was asked for"
    for packet in stream.frame(KEYFRAME):
        slot.packet(packet, 0.8)
    assert pictures.frames == [KEYFRAME, KEYFRAME]


def test_what_waits_for_a_keyframe_is_bounded(slot: VideoSlot, pictures: Pictures):
    stream = Stream()
    for at in range(2_000):
        slot.packet(stream.frame(DELTA)[0], at * 0.01)
    assert len(slot._packets) <= 601
    assert pictures.frames == []


def test_a_picture_that_was_cut_off_on_the_way_is_no_part_of_the_whole_one_that_follows(
    slot: VideoSlot, pictures: Pictures
):
    stream = Stream()
    for packet in stream.frame(KEYFRAME):
        slot.packet(packet, 0.0)
    first = stream.frame(DELTA)[0]
    slot.packet(first, 0.04)
    stream.sequence = first.sequence + 1  # the hub dropped the rest, and its numbers go on
    for packet in stream.frame(KEYFRAME):
        slot.packet(packet, 0.4)
    assert pictures.frames == [KEYFRAME, KEYFRAME]
