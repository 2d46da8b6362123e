"""What comes from outside, a little wrong, in great numbers: `python -m tests.media.garbage --times 10` is the soak.

Valid messages, descriptions and packets are mutated (bytes swapped, cut, doubled, numbers pushed to their ends) and
given to the real readers of both ends. Nothing but a PeerFault may come out, and memory must not grow. Seeds are
printed, and a run with the same seed is the same run.
"""

import argparse
import asyncio
import dataclasses
import json
import random
import struct
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import av

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import Fault, PeerFault
from desktop_app.domain.ids import DeviceId, UnitPath
from desktop_app.domain.meetings import MeetingMode
from media.codecs.opus import OpusEncoder
from media.codecs.vp8 import Vp8Encoder
from media.engine.room import AUDIO_SLOTS, VIDEO_SLOTS
from media.hub.publisher import Publisher
from media.hub.room import Room
from media.hub.subscriber import Subscriber
from media.meeting import commands as cmd
from media.meeting import wire
from media.meeting.apply import replay
from media.meeting.client import MeetingClient
from media.meeting.decide import Refusal, decide
from media.meeting.events import Event, StoredEvent
from media.meeting.model import MeetingState
from media.peers.decoding import PictureThread, Tile
from media.peers.publishing import Publishing
from media.peers.receiving import Receiving
from media.playout.outputs import SilentOutput
from media.playout.playout import Playout
from media.rtp import rtcp, vp8
from media.rtp.packet import is_rtcp, write_rtp
from media.sdp import OPUS, VP8, Description, MediaLine, read_description, write_description
from tests.meeting.rooms import BOLUO, CITY, HUIDONG, MEETING, START, Play, at

GROWTH = 50
"""MiB that a run may grow by, after a first stretch in which everything is warmed up."""
WARM = 0.2
"""The share of each stretch that counts as warming up."""
SIGNALLING, DESCRIPTIONS, PACKETS = 100_000, 20_000, 100_000
_ENDS = (b"\0", b"\xff", b"\x7f", b"\x80", b"\x01")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """One to six small wrongs."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        if not out:
            return bytes(out)
        here = chance.randrange(len(out))
        what = chance.randrange(6)
        if what == 0:
            out[here] = chance.randrange(256)
        elif what == 1:
            del out[here : here + chance.randint(1, 30)]
        elif what == 2:
            out[here:here] = out[here : here + chance.randint(1, 30)]
        elif what == 3:
            out[here : here + 1] = chance.choice(_ENDS)
        elif what == 4:
            out[here : here + 4] = chance.randbytes(4)
        else:
            del out[chance.randint(0, here) :]
    return bytes(out)


_JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1 << 60,
    1.5,
    "",
    "x" * 300,
    "\u2028",
    "100000/",
    [],
    {},
    [[]],
    {"kind": "join"},
)


def bent(value: Any, chance: random.Random) -> Any:
    """A JSON value with one part of it gone, doubled or something else; the value itself is left alone."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        what = chance.randrange(4)
        if what == 0:
            return {each: value[each] for each in value if each != key}
        if what == 1:
            return {**value, chance.choice(list(value)): value[key]}
        return {**value, key: bent(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at_ = chance.randrange(len(value))
        return [*value[:at_], bent(value[at_], chance), *value[at_ + chance.randrange(2) :]]
    return chance.choice(_JUNK)


def resident() -> int:
    """MiB of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 >> 20


# signalling


def sample(hint: Any, number: int) -> Any:
    """A plausible value of this type."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        known = [each for each in inner if each is not type(None)]
        return None if number % 5 == 4 and len(known) < len(inner) else sample(known[number % len(known)], number)
    if origin is tuple:
        return tuple(sample(inner[0], number + each) for each in range(number % 3))
    if origin is frozenset:
        return frozenset(sample(inner[0], number + each) for each in range(number % 3))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return hint(**{each.name: sample(hints[each.name], number) for each in dataclasses.fields(hint)})
    if isinstance(hint, type) and issubclass(hint, str) and hasattr(hint, "__members__"):
        return list(hint)[number % len(list(hint))]
    known_types = {
        bool: number % 2 == 0,
        int: number * 37 % 400,
        float: float(number),
        datetime: START,
        UnitPath: (HUIDONG, BOLUO, CITY)[number % 3],
        DeviceId: DeviceId("0" * 32),
    }
    return known_types.get(hint, MEETING if "MeetingId" in str(hint) else f"r{number % 4}")


def commands() -> Iterator[cmd.Command]:
    for kind in get_args(cmd.Command):
        for number in range(6):
            yield sample(kind, number)


def events() -> Iterator[Event]:
    for kind in get_args(Event):
        for number in range(3):
            yield sample(kind, number)


class _Deaf:
    def on_state(self, state: MeetingState, event: Event | None) -> None: ...

    def on_link(self, online: bool) -> None: ...

    def on_fault(self, fault: Fault) -> None: ...


async def signalling(times: int, chance: random.Random, on_step: Callable[[int], None]) -> dict[str, int]:
    """Messages of terminals to the center, followed by the state machine; and of the center to a terminal."""
    play = Play(MeetingMode.CONSULTATION)
    for site in (HUIDONG, BOLUO, CITY):
        play.does(at(site), cmd.Join(""))
    start, actors = play.state, [at(each) for each in (HUIDONG, BOLUO, CITY)]
    up = [wire.write_message({"t": "command", "id": "c", "command": wire.write_command(each)}) for each in commands()]
    lines = [wire.write_stored(StoredEvent(number, each, "c", HUIDONG)) for number, each in enumerate(events(), 1)]
    down = [wire.write_message({"t": "events", "events": [line]}) for line in lines]
    down += [
        wire.write_message(
            {"t": "welcome", "protocol": 1, "meeting": MEETING, "site": HUIDONG, "since": 0, "head": 3,
             "now": "2026-11-20T07:00:00.000Z"}
        ),
        wire.write_message({"t": "snapshot", "seq": 3, "mark": "0" * 16, "part": 1, "parts": 2, "text": "{}"}),
        wire.write_message({"t": "media", "id": "m", "sdp": "v=0", "seal": "AAAA"}),
        wire.write_message({"t": "result", "id": "c", "ok": False, "refused": {"id": "chair-only", "values": {}}}),
    ]  # fmt: skip
    whole_up, whole_down = [json.loads(each) for each in up], [json.loads(each) for each in down]

    def wrong(texts: list[str], wholes: list[Any]) -> str:
        which, how = chance.randrange(len(texts)), chance.randrange(10)
        if how == 0:
            return texts[which]
        if how < 7:
            return json.dumps(bent(wholes[which], chance), ensure_ascii=False)
        return mutated(texts[which].encode(), chance).decode("utf-8", "surrogateescape")

    told = {"messages": 0, "refused": 0, "followed": 0, "faults": 0}
    client = _client()
    state = start
    for number in range(times):
        on_step(number)
        told["messages"] += 1
        try:
            if number % 3:
                message = wire.read_message(wrong(up, whole_up))
                decision = decide(state, wire.read_command(message.get("command")), chance.choice(actors), START)
                if isinstance(decision, Refusal):
                    told["refused"] += 1
                else:
                    state = replay(state, decision) if told["followed"] % 200 else start
                    told["followed"] += 1
                    wire.write_state(state)
            else:
                client._take(wire.read_message(wrong(down, whole_down), limit=1 << 20))
        except PeerFault:
            told["faults"] += 1
        if number % 500 == 0:
            client = _client()
            await asyncio.sleep(0)
    return told


def _client() -> MeetingClient:
    async def nowhere() -> Any:
        raise ConnectionError

    client = MeetingClient(
        meeting_id=MEETING,
        site_name="",
        connect=nowhere,
        listener=_Deaf(),
        clock=SystemClock(),
        jitter=random.Random(1),
    )
    client._left = True  # it settles nowhere
    client._head = 3
    return client


# descriptions


def descriptions(times: int, chance: random.Random, on_step: Callable[[int], None]) -> dict[str, int]:
    """Offers and answers through the gate, and into the hub's own reading of them."""
    texts = [each.encode() for each in (_offer(), _slots(), _answer())]
    told = {"descriptions": 0, "read": 0, "faults": 0}
    for number in range(times):
        on_step(number)
        told["descriptions"] += 1
        text = mutated(texts[number % 3], chance).decode("utf-8", "replace")
        try:
            description = read_description(text)
            (Subscriber if number % 3 == 1 else Publisher)(BOLUO, description)
            write_description(description)
            told["read"] += 1
        except PeerFault:
            told["faults"] += 1
    return told


_PRINT = ("sha-256", ":".join(["AB"] * 32))


def _written(lines: tuple[MediaLine, ...], setup: str) -> str:
    candidates = (("127.0.0.1", 40_000),) if setup == "passive" else ()
    return write_description(Description(lines, "abcd", "x" * 22, (_PRINT,), setup, candidates))


_OWN = (MediaLine("audio", "audio", "sendonly", OPUS, 11), MediaLine("video", "video", "sendonly", VP8, 12))


def _offer() -> str:
    return _written(_OWN, "active")


def _slot_lines(direction: str) -> tuple[MediaLine, ...]:
    lines = [MediaLine(name, "audio", direction, OPUS, 100 + at) for at, name in enumerate(AUDIO_SLOTS)]
    lines += [MediaLine(name, "video", direction, VP8, 200 + at) for at, name in enumerate(VIDEO_SLOTS)]
    return tuple(lines)


def _slots() -> str:
    return _written(_slot_lines("recvonly"), "active")


def _answer() -> str:
    return _written(_slot_lines("sendonly"), "passive")


# packets


_PIECES = 300
"""Sequence numbers that one round of pictures or sounds takes at most."""


class _Peer:
    """A connection's other end, which takes everything."""

    heard_at = 0.0
    gone = False
    refused = 0

    def send_rtp(self, data: bytes) -> None: ...

    def send_rtcp(self, data: bytes) -> None: ...


def _valid_packets(chance: random.Random) -> list[bytes]:
    """Sound and pictures of a site and of the hub, and the reports between them."""
    found, pieces = [], {12: 0, 200: 0}
    pictures, sounds = Vp8Encoder(320, 180, fps=25, bitrate=200_000), OpusEncoder()
    for number in range(60):
        sound = sounds.encode(chance.randbytes(1920))
        picture = av.VideoFrame(320, 180, "yuv420p")
        for plane in picture.planes:
            plane.update(chance.randbytes(64) * (plane.buffer_size // 64) + bytes(plane.buffer_size % 64))
        found.append(write_rtp(OPUS, number == 0, number, number * 960, 11, sound))
        found.append(write_rtp(OPUS, False, number, number * 960, 100, sound))
        payloads = vp8.packetize(pictures.encode(picture, number * 3600, keyframe=number % 20 == 0), number)
        for part, payload in enumerate(payloads, 1):
            for ssrc in (12, 200):
                pieces[ssrc] += 1
                found.append(write_rtp(VP8, part == len(payloads), pieces[ssrc], number * 3600, ssrc, payload))
    for ssrc in (11, 12, 100, 200):
        found += [
            rtcp.sender_report(ssrc, rtcp.ntp_time(1_800_000_000.0), 90_000, 10, 1_000),
            rtcp.nack(7, ssrc, [3, 5, 65_535]),
            rtcp.picture_loss(7, ssrc),
            rtcp.receiver_report(7, []),
            rtcp.late(7, [ssrc]),
        ]
    return found


def _moved_on(packet: bytes, turn: int) -> bytes:
    """The same packet some rounds later, with the numbers that it has then."""
    if is_rtcp(packet):
        return packet
    number, stamp = struct.unpack_from("!HI", packet, 2)
    step = 960 if packet[1] & 0x7F == OPUS else 3600
    later = struct.pack("!HI", (number + turn * _PIECES) & 0xFFFF, (stamp + turn * 60 * step) & 0xFFFFFFFF)
    return packet[:2] + later + packet[8:]


async def packets(times: int, chance: random.Random, on_step: Callable[[int], None]) -> dict[str, int]:
    """RTP and RTCP, as they come out of SRTP, into the hub and into both connections of a terminal."""
    clock, room, peer = SystemClock(), Room(), _Peer()
    publisher, subscriber = Publisher(BOLUO, read_description(_offer())), Subscriber(CITY, read_description(_slots()))
    publisher.peer = subscriber.peer = peer  # type: ignore[assignment]  # what it needs of one, it has
    room.put_publisher(publisher, 0.0)
    room.put_subscriber(subscriber, 0.0)
    for slot in (AUDIO_SLOTS[0], VIDEO_SLOTS[0]):
        room.switch(CITY, slot, BOLUO, 360, 0.0)
    pictures, playout = PictureThread(), Playout(SilentOutput(), clock)
    pictures.start()
    playout.open(lambda fault: None)
    publishing = Publishing("127.0.0.1", clock, *([lambda *_: None]))
    receiving = Receiving("127.0.0.1", clock, pictures, playout)
    receiving.prepare(read_description(_answer()))
    tile = Tile()
    tile.slot.want(320, 180)
    receiving.video[VIDEO_SLOTS[0]].show(tile)
    playout.set_on_air(AUDIO_SLOTS[0], True)
    valid, told, now = _valid_packets(chance), {"packets": 0, "decoded": 0}, 0.0
    for number in range(times):
        on_step(number)
        now += 0.002
        told["packets"] += 1
        turn, which = divmod(number, len(valid))
        good = _moved_on(valid[which], turn)
        for data in (good, mutated(good, chance)):
            if is_rtcp(data):
                publisher.on_rtcp(data, now)
                subscriber.on_rtcp(data, now)
                publishing._on_rtcp(data)
                receiving._on_rtcp(data)
            else:
                publisher.on_rtp(data, now, True)
                receiving._on_rtp(data)
        if number % 200 == 0:
            receiving.tick()
            receiving.report()
            publisher.report(now)
            subscriber.report(now)
            await asyncio.sleep(0)
    told["decoded"] = tile.frames
    await publishing.path.close()
    await receiving.close()
    playout.close()
    pictures.stop()
    return told


# all of it


async def run(times: float, seed: int) -> dict[str, Any]:
    """Everything, `times` the numbers above; what was counted, and `growth` in MiB."""
    chance, told = random.Random(seed), {}
    growth = 0
    for name, many in (("signalling", SIGNALLING), ("descriptions", DESCRIPTIONS), ("packets", PACKETS)):
        total, began, warm = int(many * times), time.monotonic(), []

        def step(number: int, total: int = total, warm: list[int] = warm) -> None:
            if number == int(total * WARM):
                warm.append(resident())

        if name == "descriptions":
            told[name] = descriptions(total, chance, step)
        else:
            told[name] = await (signalling if name == "signalling" else packets)(total, chance, step)
        growth += max(0, resident() - warm[0])
        told[name]["seconds"] = round(time.monotonic() - began, 1)
    return {"seed": seed, **told, "growth": growth}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.media.garbage", description=__doc__)
    parser.add_argument("--times", type=float, default=10.0, help="of 100,000 messages, 20,000 SDPs, 100,000 packets")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options = parser.parse_args()
    told = asyncio.run(run(options.times, options.seed))
    print(json.dumps(told))
    return 0 if told["growth"] < GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
