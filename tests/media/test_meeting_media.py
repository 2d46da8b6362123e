"""Real terminals through a real hub, on real sockets."""

import asyncio
import time

import av
import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import MeetingId, UnitPath
from media.capture.pictures import CardSource
from media.frames import Frame
from tests.media.rig import MEETING, PlainCard, Room, Terminal, ToneSource, until


async def started(room: Room, *names: str, **options: float) -> list[Terminal]:
    terminals = [room.join(name, **options) for name in names]  # type: ignore[arg-type]
    for terminal in terminals:
        await terminal.media.start()
    return terminals


def put_on_air(room: Room, speaker: Terminal, *listeners: Terminal) -> None:
    """What the live meeting and the center do when a floor is granted."""
    room.hub.set_on_air(MEETING, frozenset({speaker.site}))
    speaker.media.set_on_air(True)
    for listener in listeners:
        listener.media.set_speakers(frozenset({speaker.site}))


async def test_each_terminal_sees_the_others_at_full_rate_and_soon(room: Room):
    terminals = await started(room, "a/", "b/", "c/")
    for terminal in terminals:
        terminal.see(*(other for other in terminals if other is not terminal))
    pairs = [(one, other) for one in terminals for other in terminals if one is not other]
    took = await until(lambda: all(one.frames(other) for one, other in pairs))
    assert took < 3
    await until(lambda: all(one.media.stats().sites[other.site].fps >= 20 for one, other in pairs), within=6)


async def test_a_frame_fits_its_tile_and_keeps_its_shape(room: Room):
    one, other = await started(room, "a/", "b/")
    one.see(other, width=401, height=400)
    await until(lambda: one.media.source(other.site).latest() is not None)
    frame = one.media.source(other.site).latest()
    assert isinstance(frame, Frame)
    assert (frame.width, frame.height) == (401, 226)
    assert len(frame.plane) >= frame.stride * frame.height
    red_of_the_card = frame.plane[frame.stride * 200 + 4 * 100 + 2]
    assert abs(red_of_the_card - 200) < 25


async def test_a_hidden_tile_decodes_nothing_and_shows_a_picture_soon_after_it_is_shown_again(room: Room):
    one, other = await started(room, "a/", "b/")
    one.see(other)
    await until(lambda: one.frames(other) > 3)
    source = one.media.source(other.site)
    source.want(0, 0)
    decoding = one.media._pictures._queue
    await until(decoding.empty)
    hidden_at = one.frames(other)
    packets = room.hub.stats(MEETING)["publishers"]["b/"]["streams"]["video"]["packets"]
    await until(lambda: room.hub.stats(MEETING)["publishers"]["b/"]["streams"]["video"]["packets"] > packets + 5)
    assert one.frames(other) == hidden_at
    source.want(160, 90)
    assert await until(lambda: one.frames(other) > hidden_at) < 1.5


async def test_a_site_on_air_is_heard_by_all_and_nobody_else_is(room: Room):
    speaker, silent, listener = await started(room, "a/", "b/", "c/")
    for terminal in (speaker, silent, listener):
        terminal.see(*(other for other in (speaker, silent, listener) if other is not terminal))
    await until(lambda: listener.frames(speaker) > 3)
    silent.media.set_on_air(True)  # a program that sends although it is not on air
    put_on_air(room, speaker, silent, listener)
    await until(lambda: listener.media.stats().sites[speaker.site].audio_decoded > 50)
    heard = listener.media.stats().sites
    assert heard[speaker.site].audio_decoded >= 0.9 * heard[speaker.site].audio_due
    assert heard[speaker.site].level > 0.5
    assert heard[silent.site].audio_due == 0
    assert heard[silent.site].level == 0
    assert silent.media.stats().sent_audio > 50
    assert room.hub.stats(MEETING)["publishers"]["b/"]["streams"]["audio"]["packets"] == 0


async def test_a_floor_that_changes_hands_is_heard_within_a_second(room: Room):
    first, second, listener = await started(room, "a/", "b/", "c/")
    listener.see(first, second)
    put_on_air(room, first, listener, second)
    await until(lambda: listener.media.stats().sites[first.site].audio_decoded > 10)
    first.media.set_on_air(False)
    put_on_air(room, second, listener, first)
    assert await until(lambda: listener.media.stats().sites[second.site].audio_decoded > 5) < 1.0


async def test_a_local_mute_lets_nothing_of_the_room_out_and_is_no_broken_line(room: Room):
    speaker, listener = await started(room, "a/", "b/")
    listener.see(speaker)
    put_on_air(room, speaker, listener)
    await until(lambda: listener.media.stats().sites[speaker.site].level > 0.5)
    speaker.media.set_local_mute(True)
    await until(lambda: listener.media.stats().sites[speaker.site].level < 0.05)
    before = listener.media.stats().sites[speaker.site]
    await until(lambda: listener.media.stats().sites[speaker.site].audio_due > before.audio_due + 20)
    after = listener.media.stats().sites[speaker.site]
    assert after.audio_concealed - before.audio_concealed <= 2


async def test_one_sees_oneself_as_one_is_sent(room: Room):
    (one,) = await started(room, "a/")
    one.media.local_source().want(160, 90)
    await until(lambda: one.media.local_source().latest() is not None)


async def test_a_tile_is_emptied_when_its_site_falls_silent(room: Room, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("media.peers.decoding.SILENT_FOR", 0.8)
    one, other = await started(room, "a/", "b/")
    one.see(other)
    await until(lambda: one.media.source(other.site).latest() is not None)
    await other.media.stop()
    await until(lambda: one.media.source(other.site).latest() is None, within=6)


async def test_a_site_that_leaves_and_comes_back_is_seen_again_without_anybodys_help(room: Room):
    one, other = await started(room, "a/", "b/")
    one.see(other)
    await until(lambda: one.frames(other) > 0)
    await other.media.stop()
    room.hub.leave(MEETING, other.site)
    seen = one.frames(other)
    await other.media.start()
    await until(lambda: one.frames(other) > seen + 3)


async def test_connections_made_anew_take_over_without_a_freeze(room: Room):
    one, other = await started(room, "a/", "b/", silent_after=20)
    one.see(other)
    await until(lambda: one.frames(other) > 3)
    for round_ in (1, 2):
        await one.media.restart()
        await until(lambda round_=round_: one.media.stats().restarts == round_)  # type: ignore[misc]
        seen = one.frames(other)
        assert await until(lambda seen=seen: one.frames(other) > seen + 5) < 6  # type: ignore[misc]
    assert one.notes.up == [True]
    await until(lambda: len(list(room.hub._rooms[MEETING].peers())) == 4)


async def test_the_hub_gone_and_another_in_its_place_is_noticed_and_mended_by_the_terminals(room: Room):
    one, other = await started(room, "a/", "b/", silent_after=1.5)
    one.see(other)
    other.see(one)
    await until(lambda: one.frames(other) > 3)
    await room.kill()
    await until(lambda: one.notes.up == [True, False], within=5)
    await room.open()
    seen = one.frames(other)
    await until(lambda: one.frames(other) > seen + 5, within=8)
    assert one.notes.up == [True, False, True]


async def test_signalling_that_is_away_is_tried_again_until_it_is_back(room: Room):
    one, other = room.join("a/"), room.join("b/")
    one.signal.broken = True
    await one.media.start()
    await other.media.start()
    one.see(other)
    await until(lambda: one.signal.in_vain > 2)
    assert one.notes.up == []
    one.signal.broken = False
    await until(lambda: one.frames(other) > 0, within=4)


async def test_a_meeting_ends_at_once_also_when_its_floor_changed_a_moment_before(room: Room):
    one, other = await started(room, "a/", "b/")
    one.see(other)
    await until(lambda: one.frames(other) > 3)
    await until(lambda: not one.media._wake.is_set())
    one.media.set_speakers(frozenset({other.site}))
    stopping = asyncio.ensure_future(one.media.stop())
    assert await until(stopping.done, within=6) < 3


async def test_a_center_that_dies_takes_no_picture_with_it(room: Room):
    one, other = await started(room, "a/", "b/", silent_after=1.6)
    one.see(other)
    await until(lambda: one.frames(other) > 3)
    one.signal.broken = other.signal.broken = True
    seen, began = one.frames(other), time.monotonic()
    await until(lambda: time.monotonic() - began > 2.0)
    assert one.frames(other) > seen + 30
    assert one.notes.up == [True]


async def test_a_picture_of_another_shape_arrives_with_bars(room: Room):
    class Square:
        paced = False

        def open(self) -> None: ...

        def read(self) -> av.VideoFrame:
            return CardSource(PlainCard(), SystemClock()).read().reformat(width=360, height=360)

        def close(self) -> None: ...

    one = room.join("a/")
    other = room.join("b/", picture=Square())
    await one.media.start()
    await other.media.start()
    one.see(other, width=320, height=180)
    await until(lambda: one.media.source(other.site).latest() is not None)
    frame = one.media.source(other.site).latest()
    assert frame is not None
    assert (frame.width, frame.height) == (320, 180)
    row = frame.stride * 150
    assert frame.plane[row + 2] < 40
    assert frame.plane[row + 4 * 160 + 2] > 150


async def test_two_meetings_on_one_hub_do_not_hear_each_other(room: Room):
    other_meeting = MeetingId("0192f0c0-0000-7000-8000-000000000002")
    one, other = room.join("a/", sound=ToneSource(220.0)), room.join("b/")
    await one.media.start()
    await other.media.start()
    other.see(one)
    put_on_air(room, one, other)
    room.hub.create_room(other_meeting)
    room.hub.set_on_air(other_meeting, frozenset())
    await until(lambda: other.media.stats().sites[one.site].audio_decoded > 10)
    assert room.hub.stats(other_meeting)["publishers"] == {}
    room.hub.switch(other_meeting, UnitPath("b/"), "v0", UnitPath("a/"))
    room.hub.close_room(other_meeting)
    with pytest.raises(PeerFault):
        room.hub.stats(other_meeting)
    assert other.media.stats().up
