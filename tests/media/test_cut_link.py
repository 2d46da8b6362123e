"""A link that is cut without a word, and put back."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

import desktop_app.demo
from bench.link import Conditions, Link
from desktop_app.domain.clock import SystemClock
from media.capture.sounds import SoundFileSource
from tests.media.rig import MEETING, Room, Terminal, until

SPEECH = Path(desktop_app.demo.__file__).parent / "sounds" / "speech-a.opus"


@pytest.fixture
async def cable(room: Room) -> AsyncIterator[tuple[Link, int]]:
    cable = Link()
    number = await cable.open(room.port.address)
    yield cable, number
    cable.close()


@pytest.mark.parametrize("hub_forgets_after", [pytest.param(30.0, id="20 s"), pytest.param(1.5, id="90 s")])
async def test_media_is_noticed_dead_and_is_back_within_ten_seconds_of_the_links_return(
    room: Room,
    cable: tuple[Link, int],
    hub_forgets_after: float,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
):
    """As after 20 s, when the connections are still good, and as after 90 s: the hub has forgotten them and the
    terminal's consent to send has run out (both after 30 s, here sooner)."""
    monkeypatch.setattr("media.hub.hub.SILENT_FOR", hub_forgets_after)
    if hub_forgets_after < 3:
        monkeypatch.setattr("aioice.ice.CONSENT_INTERVAL", 0.2)
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
    record_property("recovery_seconds", round(took, 2))
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


async def two_way(one: Terminal, other: Terminal) -> float:
    """Seconds until both see each other again."""
    seen, was_seen = one.frames(other), other.frames(one)
    return await until(lambda: one.frames(other) > seen + 5 and other.frames(one) > was_seen + 5, within=20)


async def joined(room: Room, cable: tuple[Link, int]) -> tuple[Terminal, Terminal]:
    """One behind the cable, one beside the hub."""
    one, other = room.join("a/", through=lambda port: cable[1]), room.join("b/")
    for terminal in (one, other):
        await terminal.media.start()
    one.see(other)
    other.see(one)
    await two_way(one, other)
    return one, other


async def test_after_two_seconds_without_a_line_all_goes_on_as_before(
    room: Room, cable: tuple[Link, int], record_property: Callable[[str, object], None]
):
    one, other = await joined(room, cable)
    cable[0].cut = True
    began = time.monotonic()
    await until(lambda: time.monotonic() - began > 2)
    cable[0].cut = False
    took = await two_way(one, other)
    record_property("recovery_seconds", round(took, 2))
    assert took < 10
    assert one.media.stats().restarts == 0


async def test_a_terminal_that_slept_while_the_hub_forgot_it_is_back_by_itself(
    room: Room, cable: tuple[Link, int], monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
):
    """A suspended laptop's clock may have stood still: to itself nothing happened."""
    one, other = await joined(room, cable)
    monkeypatch.setattr("media.hub.hub.SILENT_FOR", 0.4)
    cable[0].cut = True
    await until(lambda: one.site not in {*room.seated("publishers"), *room.seated("subscribers")})
    monkeypatch.setattr("media.hub.hub.SILENT_FOR", 30.0)
    cable[0].cut = False
    took = await two_way(one, other)
    record_property("recovery_seconds", round(took, 2))
    assert took < 10
    assert one.media.stats().restarts >= 1


async def test_a_clock_that_jumped_ahead_over_a_sleep_ends_nothing_for_long(
    room: Room, cable: tuple[Link, int], monkeypatch: pytest.MonkeyPatch
):
    """Elsewhere a suspended laptop's clock went on: everything looks old at once."""
    one, other = await joined(room, cable)
    monkeypatch.setattr(SystemClock, "monotonic", lambda self: time.monotonic() + 3_600)
    assert await two_way(one, other) < 10
    await until(lambda: one.media.stats().up and other.media.stats().up)


async def test_a_line_whose_address_changed_is_found_again(
    room: Room, cable: tuple[Link, int], record_property: Callable[[str, object], None]
):
    one, other = await joined(room, cable)
    await cable[0].change_address()
    took = await two_way(one, other)
    record_property("recovery_seconds", round(took, 2))
    assert took < 10


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
    assert (far.frames(near) - far_before) / took >= 18
    assert (near.frames(far) - near_before) / took >= 18
    # Copies come as soon as the loss was reported; from then on hardly anything is missing.
    await until(lambda: far.media.stats().sites[near.site].audio_fec > 0, within=30)
    before = far.media.stats().sites[near.site]
    await until(lambda: far.media.stats().sites[near.site].audio_due > before.audio_due + 120)
    heard = far.media.stats().sites[near.site]
    whole = heard.audio_decoded + heard.audio_fec - before.audio_decoded - before.audio_fec
    assert whole / (heard.audio_due - before.audio_due) > 0.9


class Deaf(Link):
    """Swallows the first datagram of each handshake, as an engine does that is not there for it yet."""

    def __init__(self) -> None:
        super().__init__()
        self.swallowed: dict[tuple[str, int], bytes] = {}
        self.repeated: set[tuple[str, int]] = set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if 20 <= data[0] <= 63:
            if addr not in self.swallowed:
                self.swallowed[addr] = data
                return
            if data == self.swallowed[addr]:
                self.repeated.add(addr)
        super().datagram_received(data, addr)


async def test_the_beginning_of_a_handshake_that_the_engine_dropped_is_sent_again_at_once(room: Room):
    """DTLS itself would wait a second, and then send it with another number."""
    deaf = Deaf()
    number = await deaf.open(room.port.address)
    comes = room.join("a/", through=lambda port: number)
    try:
        await comes.media.start()
        await until(lambda: comes.notes.up == [True], within=20)
        assert len(deaf.swallowed) == 2
        assert deaf.repeated == set(deaf.swallowed)
    finally:
        deaf.close()
