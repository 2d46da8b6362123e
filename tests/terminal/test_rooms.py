"""Whose word it is that a terminal gives in a meeting, when people take turns at its seat."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from desktop_app.domain.clock import SystemClock
from desktop_app.domain.ids import MeetingId, PersonId, UnitPath
from desktop_app.terminal import rooms
from desktop_app.terminal.rooms import Rooms
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.requests import RequestSigner

MORNING, AFTERNOON, NOBODY = PersonId("morning"), PersonId("afternoon"), PersonId("")
HEADER = "silian-person"


class Seat:
    """A terminal's rooms, a control connection that only counts how often it is made anew, and who sits there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dialed = 0
        monkeypatch.setattr(rooms, "LiveMeeting", self._live)
        monkeypatch.setattr(rooms, "dialer", lambda _url, **given: given["headers"])
        monkeypatch.setattr(rooms, "tls_context", lambda _pem: None)
        unit = UnitPath("100000/440000/441300/441323/")
        identity = DeviceIdentity.of_center(DeviceKey.generate(), unit_path=unit, ca_pem="", url="https://c:1")
        self.records = SimpleNamespace(person=MORNING)
        client = SimpleNamespace(clock_offset=timedelta())
        parts: Any = SimpleNamespace(
            identity=identity, records=self.records, client=client, signer=RequestSigner(identity), unit_name="惠东"
        )
        nothing: Any = None
        self.rooms = Rooms(parts, nothing, nothing, SystemClock())
        self.rooms.open_live(MeetingId("m"), nothing)
        self.connected()

    def _live(self, *, connect: Callable[[], Mapping[str, str]], **_: object) -> SimpleNamespace:
        self._headers = connect
        return SimpleNamespace(dial_again=self._dial_again)

    def connected(self) -> str:
        """Control connects; who it says sits there."""
        return self._headers().get(HEADER, "")

    def _dial_again(self) -> None:
        self.dialed += 1
        self.connected()

    def taken(self, person: PersonId) -> None:
        self.records.person = person
        if person:
            self.rooms.seat_taken()


@pytest.fixture
def seat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seat]:
    made = Seat(monkeypatch)
    yield made
    made.rooms.close()


def test_who_takes_the_seat_over_in_a_meeting_is_told_to_the_center(seat: Seat) -> None:
    seat.taken(NOBODY)
    seat.taken(AFTERNOON)
    assert (seat.dialed, seat.connected()) == (1, AFTERNOON)


def test_who_comes_back_to_the_seat_disturbs_nothing(seat: Seat) -> None:
    seat.taken(NOBODY)
    seat.taken(MORNING)
    assert seat.dialed == 0


def test_a_line_that_came_back_while_nobody_sat_there_is_made_anew_for_who_does(seat: Seat) -> None:
    seat.taken(NOBODY)
    assert seat.connected() == ""
    seat.taken(MORNING)
    assert (seat.dialed, seat.connected()) == (1, MORNING)
