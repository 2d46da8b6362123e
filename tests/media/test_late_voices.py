"""A voice over another site's narrow way up: who hears it is told, and waits for it a little longer."""

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import UnitPath
from media.engine.room import AUDIO_SLOTS, VIDEO_SLOTS
from media.hub.publisher import Publisher
from media.hub.room import Room
from media.hub.subscriber import Subscriber
from media.peers.audio_slot import NARROW_LATE, TOLD_FOR, AudioSlot
from media.peers.decoding import PictureThread
from media.peers.receiving import Receiving
from media.playout.outputs import SilentOutput
from media.playout.playout import Playout
from media.rtp import rtcp, send_time
from media.rtp.arrivals import Reading
from media.sdp import OPUS, VP8, Description, MediaLine, read_description, write_description

SPEAKER, OTHER, LISTENER = UnitPath("a/"), UnitPath("b/"), UnitPath("c/")
PRINT = ("sha-256", ":".join(["AB"] * 32))


class Peer:
    """Where the hub sends to, without a network."""

    heard_at = 0.0

    def __init__(self) -> None:
        self.told: list[bytes] = []

    def send_rtcp(self, data: bytes) -> None:
        self.told.append(data)

    @property
    def late(self) -> list[list[int]]:
        """The streams that were said to be late, each time."""
        return [found for data in self.told if (found := rtcp.read_late(data)) is not None]


class Loudspeaker(Playout):
    """A playout that notes how late a voice may be."""

    def __init__(self) -> None:
        super().__init__(SilentOutput(), SystemClock())
        self.allowed: dict[str, float] = {}

    def allow(self, slot: str, late: float) -> None:
        super().allow(slot, late)
        self.allowed[slot] = late


def described(*lines: MediaLine) -> Description:
    return read_description(write_description(Description(lines, "abcd", "x" * 22, (PRINT,), "active")))


def voice(name: str, direction: str, ssrc: int | None, number: int | None) -> MediaLine:
    return MediaLine(name, "audio", direction, OPUS, ssrc, send_time=number)  # type: ignore[arg-type]  # of two words


class Call:
    """One who hears two sites, `number` being the extension in which packets say when they left."""

    def __init__(self, number: int | None = send_time.NUMBER) -> None:
        self.room = Room()
        self.publishers = {}
        for site, ssrc in ((SPEAKER, 11), (OTHER, 21)):
            publisher = self.publishers[site] = Publisher(site, described(voice("audio", "sendonly", ssrc, number)))
            publisher.peer = Peer()  # type: ignore[assignment]  # what it needs of one, it has
            self.room.put_publisher(publisher, 0.0)
        self.peer = Peer()
        self.listener = Subscriber(
            LISTENER, described(*(voice(each, "recvonly", None, number) for each in ("a0", "a1")))
        )
        self.listener.peer = self.peer  # type: ignore[assignment]
        self.room.put_subscriber(self.listener, 0.0)
        self.room.switch(LISTENER, "a0", SPEAKER, 0, 0.0)
        self.room.switch(LISTENER, "a1", OTHER, 0, 0.0)

    def narrow(self) -> None:
        """The speaker's way up is found too narrow."""
        self.publishers[SPEAKER].line.budget.look(Reading(300_000, 0.2, 0.2, 0.0, 0.0, exact=True), 1.0)


def test_who_hears_a_site_whose_way_up_turns_narrow_is_told_at_once_and_every_second_of_this_voice_alone():
    call = Call()
    call.room.beat(0.9)
    assert call.peer.late == []
    call.narrow()
    for quarter in range(4, 12):
        call.room.beat(quarter / 4)
    assert call.peer.late == 2 * [[call.listener.slots["a0"].ssrc]]


def test_a_program_that_knows_nothing_of_our_words_gets_none():
    call = Call(number=None)
    call.narrow()
    call.room.beat(1.0)
    assert call.peer.late == []


def test_a_voice_over_a_narrow_line_may_be_late_until_nothing_says_so_any_more():
    playout = Loudspeaker()
    slot = AudioSlot("a0", 7, None, playout, 1, lambda data: None)
    assert playout.allowed == {}
    slot.tick(0.0, narrow=True)
    assert playout.allowed == {"a0": NARROW_LATE}
    slot.tick(1.0, narrow=False)
    assert playout.allowed == {"a0": 0.0}
    slot.told_late(2.0)
    slot.tick(2.1, narrow=False)
    assert playout.allowed == {"a0": NARROW_LATE}
    slot.tick(2.1 + TOLD_FOR, narrow=False)
    assert playout.allowed == {"a0": 0.0}


def test_a_connection_begins_without_the_patience_of_the_one_before_it():
    playout = Loudspeaker()
    AudioSlot(AUDIO_SLOTS[0], 7, None, playout, 1, lambda data: None).tick(0.0, narrow=True)
    lines = [voice(name, "sendonly", ssrc, None) for ssrc, name in enumerate(AUDIO_SLOTS, 1)]
    lines += [MediaLine(name, "video", "sendonly", VP8, ssrc) for ssrc, name in enumerate(VIDEO_SLOTS, 50)]
    Receiving("127.0.0.1", SystemClock(), PictureThread(), playout).prepare(described(*lines))
    assert playout.allowed == dict.fromkeys(AUDIO_SLOTS, 0.0)


def test_what_is_cut_off_or_is_another_word_names_no_voice():
    word = rtcp.late(1, [7, 1 << 31])
    assert rtcp.read_late(word) == [7, 1 << 31]
    assert rtcp.read_late(word[:-1]) == [7]
    assert rtcp.read_late(rtcp.hold(1, 0.5)) is None
