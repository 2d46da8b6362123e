"""A link that is cut without a word, and put back."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import desktop_app.demo
from bench.link import Conditions, Link
from media.capture.sounds import SoundFileSource
from tests.media.rig import MEETING, Room, until

SPEECH = Path(desktop_app.demo.__file__).parent / "sounds" / "speech-a.opus"


@pytest.fixture
async def cable(room: Room) -> AsyncIterator[tuple[Link, int]]:
    cable = Link()
    number = await cable.open(room.port.address)
    yield cable, number
    cable.close()


@pytest.mark.parametrize("hub_forgets_after", [30.0, 1.5])
async def test_media_is_noticed_dead_and_is_back_within_ten_seconds_of_the_links_return(
    room: Room, cable: tuple[Link, int], hub_forgets_after: float, monkeypatch: pytest.MonkeyPatch
):
    """After a short cut the connections are still good; after a long one the hub has forgotten them."""
    monkeypatch.setattr("media.hub.hub.SILENT_FOR", hub_forgets_after)
    line, number = cable
    cut_off = room.join("a/", through=lambda port: number, silent_after=1.6)
    other = room.join("b/")
    for terminal in (cut_off, other):
        await terminal.media.start()
    cut_off.see(other)
    other.see(cut_off)
    room.hub.set_on_air(MEETING, frozenset({other.site}))
    other.media.set_on_air(True)
    cut_off.media.set_speakers(frozenset({other.site}))
    await until(lambda: cut_off.frames(other) > 3 and other.frames(cut_off) > 3)

    line.cut = True
    cut_off.signal.broken = True
    assert await until(lambda: cut_off.notes.up == [True, False], within=6) > 1
    # The engine's slots go on, the other site is not disturbed, and trying in vain leaves nothing behind.
    assert other.notes.up == [True]
    forgotten = hub_forgets_after < 3
    if forgotten:
        await until(lambda: cut_off.site not in {*room.seated("publishers"), *room.seated("subscribers")})
    seen, was_seen = cut_off.frames(other), other.frames(cut_off)
    heard = cut_off.media.stats().sites[other.site].audio_decoded

    line.cut = False
    cut_off.signal.broken = False
    took = await until(
        lambda: (
            cut_off.frames(other) > seen + 5
            and other.frames(cut_off) > was_seen + 5
            and cut_off.media.stats().sites[other.site].audio_decoded > heard + 5
        )
    )
    assert took < 10
    await until(lambda: cut_off.notes.up == [True, False, True], within=1)
    assert cut_off.media.stats().restarts in ({1} if forgotten else {0, 1})


async def test_a_short_cut_is_over_without_new_connections(room: Room, cable: tuple[Link, int]):
    line, number = cable
    cut_off = room.join("a/", through=lambda port: number)
    other = room.join("b/")
    for terminal in (cut_off, other):
        await terminal.media.start()
    cut_off.see(other)
    await until(lambda: cut_off.frames(other) > 3)
    line.cut = True
    began = time.monotonic()
    await until(lambda: time.monotonic() - began > 1.2)
    line.cut = False
    seen = cut_off.frames(other)
    await until(lambda: cut_off.frames(other) > seen + 10, within=4)
    assert cut_off.media.stats().restarts == 0
    assert cut_off.notes.up == [True]


async def test_a_handshake_into_the_void_ends_and_leaves_nothing_open(room: Room, cable: tuple[Link, int]):
    line, number = cable
    line.cut = True
    alone = room.join("a/", through=lambda port: number)
    await alone.media.start()
    await until(lambda: line.dropped > 5)
    assert alone.notes.up == []
    line.cut = False
    await until(lambda: alone.notes.up == [True], within=6)


async def test_at_five_percent_loss_the_picture_stays_smooth_and_the_voice_is_made_whole(
    room: Room, cable: tuple[Link, int]
):
    line, number = cable
    far = room.join("a/", through=lambda port: number, sound=SoundFileSource(SPEECH))
    near = room.join("b/", sound=SoundFileSource(SPEECH))
    for terminal in (far, near):
        await terminal.media.start()
    far.see(near)
    near.see(far)
    room.hub.set_on_air(MEETING, frozenset({near.site}))
    near.media.set_on_air(True)
    far.media.set_speakers(frozenset({near.site}))
    await until(lambda: far.frames(near) > 3 and near.frames(far) > 3)
    line.set(Conditions(loss=0.05))
    far_before, near_before = far.frames(near), near.frames(far)
    began = time.monotonic()
    await until(lambda: far.media.stats().sites[near.site].audio_due > 120)
    took = time.monotonic() - began
    heard = far.media.stats().sites[near.site]
    assert (far.frames(near) - far_before) / took >= 18
    assert (near.frames(far) - near_before) / took >= 18
    await until(lambda: far.media.stats().sites[near.site].audio_fec > 0, within=30)
    assert (heard.audio_decoded + heard.audio_fec) / heard.audio_due > 0.95
