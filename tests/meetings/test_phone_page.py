"""Signing in by phone: what a ticket opens, and what nobody on the room's network gets."""

import re
from collections.abc import Iterator

import httpx
import pytest

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import MeetingId
from desktop_app.terminal.phone_door import PhoneDoor, own_address
from sync.meetings.attendance import attendance_sheet
from sync.meetings.roster_import import import_roster
from sync.meetings.tickets import ALL_BURST, BURST, GOOD, PASS, SHOWN, Tickets
from sync.terminal.records import Records
from tests.meetings.conftest import HUIDONG, HandClock

NAMES = {1: "李海生", 2: "李海燕", 3: "张卫国", 4: "陈静"}


class Here:
    """The settings of a machine whose only network is itself."""

    def get(self, key: str) -> object:
        return {"terminal.door_address": "127.0.0.1", "terminal.door_port": 0}[key]

    def set(self, key: str, value: object) -> None: ...


class Phone:
    """A phone that has scanned the code on the screen."""

    def __init__(self, door: PhoneDoor) -> None:
        view = door.view()
        assert view is not None
        self.client = httpx.Client(base_url=view.url.partition("/s/")[0], trust_env=False)
        self.page = self.client.get(view.url)

    def field(self, name: str) -> str:
        found = re.search(f'name="{name}" value="([^"]*)"', self.page.text)
        assert found is not None, self.page.text
        return found[1]

    def types(self, text: str) -> str:
        self.page = self.client.post("/find", data={"key": self.field("key"), "text": text})
        return self.page.text

    def presses_the_first(self) -> str:
        form = {"key": self.field("key"), "member": self.field("member")}
        self.page = self.client.post("/sign", data=form)
        return self.page.text


@pytest.fixture
def door(records: Records, meeting: str, clock: HandClock, workbook) -> Iterator[PhoneDoor]:
    rows = [(f"441323-15-{number:04}", name, "教育界") for number, name in NAMES.items()]
    sheet = workbook(("委员证号", "姓名", "界别"), *rows)
    import_roster(records, sheet, unit_path=HUIDONG, meeting=meeting)
    opened = PhoneDoor(records, HUIDONG, Here(), clock)
    opened.open(MeetingId(meeting), "远程协商会", "惠东县政协")
    yield opened
    opened.close()


def test_a_member_scans_types_and_is_signed_in_for_the_clerk_to_see(
    door: PhoneDoor, records: Records, meeting: str
) -> None:
    phone = Phone(door)
    assert "远程协商会" in phone.page.text
    assert "张卫国" in phone.types("zwg")
    assert "已签到" in phone.presses_the_first()
    one = next(one for one in attendance_sheet(records, meeting).attendees if one.name == "张卫国")
    assert (one.state, one.method) == ("present", "qr")


def test_one_scan_is_one_signature(door: PhoneDoor, records: Records, meeting: str) -> None:
    phone = Phone(door)
    phone.types("zwg")
    member, key = phone.field("member"), phone.field("key")
    phone.presses_the_first()
    again = phone.client.post("/sign", data={"key": key, "member": member})
    assert again.status_code == 410
    assert len(records.list("sign_in", meeting=meeting)) == 1


def test_who_has_signed_in_is_told_when(door: PhoneDoor) -> None:
    first = Phone(door)
    first.types("441323-15-0004")
    first.presses_the_first()
    text = Phone(door).types("陈静")
    assert "已在" in text
    assert 'name="member"' not in text


def test_nobody_can_read_the_roster_off_the_page(door: PhoneDoor) -> None:
    phone = Phone(door)
    for typed in ("", "l", "0", "00", "441323", "441323-15"):
        text = phone.types(typed)
        assert not any(name in text for name in NAMES.values()), typed


def test_there_is_nothing_else_there(door: PhoneDoor) -> None:
    phone = Phone(door)
    for path in ("/", "/healthz", "/s/guessed", "/v1/changes", "/docs", "/s/../find"):
        assert phone.client.get(path).status_code in (404, 405, 410), path
    assert phone.client.get("/", headers={"host": "evil.example"}).status_code in (404, 421)
    view = door.view()
    assert view is not None
    assert phone.client.get(view.url, headers={"host": "evil.example"}).status_code == 421


def test_a_name_with_angle_brackets_stays_a_name(door: PhoneDoor) -> None:
    assert "<script" not in Phone(door).types("<script>alert(1)</script>")


def test_a_phone_that_asks_without_end_is_told_to_wait(door: PhoneDoor) -> None:
    phone = Phone(door)
    answers = [phone.client.get("/s/guessed").status_code for _ in range(BURST + 2)]
    assert answers[-1] == 429


def test_a_closed_door_answers_nobody(door: PhoneDoor) -> None:
    view = door.view()
    assert view is not None
    door.close()
    assert door.view() is None
    with pytest.raises(httpx.TransportError):
        httpx.get(view.url, trust_env=False)


def test_while_the_seat_is_locked_the_page_sends_members_to_the_desk(door: PhoneDoor, records: Records) -> None:
    phone = Phone(door)
    phone.types("zwg")
    records.act_as("")  # type: ignore[arg-type]  # nobody
    assert "签到台" in phone.presses_the_first()


@pytest.mark.parametrize("address", ["8.8.8.8", "here", "2001:4860:4860::8888"])
def test_the_page_is_never_offered_to_the_internet(address: str) -> None:
    with pytest.raises(OperatorError, match="door-no-network"):
        own_address(address)


def test_the_code_changes_and_an_old_one_opens_nothing() -> None:
    tickets = Tickets()
    first, _ = tickets.current(0.0)
    assert tickets.current(SHOWN - 1) == (first, 1.0)
    assert tickets.current(SHOWN)[0] != first
    assert tickets.open(first, GOOD - 1) is not None
    assert tickets.open(first, GOOD) is None
    key = tickets.open(tickets.current(GOOD)[0], GOOD)
    assert key is not None
    assert tickets.holds(key, GOOD + PASS - 1)
    assert not tickets.spend(key, GOOD + PASS)


def test_many_phones_together_have_a_bound_too() -> None:
    tickets = Tickets()
    asked = [tickets.allows(f"10.0.{number // 250}.{number % 250}", 0.0) for number in range(ALL_BURST + 5)]
    assert asked.count(True) == ALL_BURST
    assert tickets.allows("10.9.9.9", 61.0)
