"""The PIN that unlocks a terminal, also offline."""

import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop_app.domain.faults import HostFault, OperatorError
from desktop_app.domain.ids import PersonId, UnitPath
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.keystore import Stretch
from sync.identity.operators import PIN_FILE, PinBook, operators_of

ZHANG, LI = PersonId("zhang"), PersonId("li")
HUIDONG = UnitPath("100000/440000/441300/441323/")


class HandClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.key = folder, HandClock(), DeviceKey.generate()

    @property
    def book(self) -> PinBook:
        """As a program that was just started sees it."""
        return PinBook(self.folder, self.key, self.clock, Stretch(1, 64, 1))

    def refusal(self, person: PersonId, pin: str) -> OperatorError:
        with pytest.raises(OperatorError) as caught:
            self.book.verify(person, pin)
        return caught.value


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.book.set(ZHANG, "246810")
    return desk


def test_a_person_unlocks_with_their_own_pin_and_nobody_elses(desk: Desk) -> None:
    desk.book.set(LI, "135791")
    desk.book.verify(ZHANG, "246810")
    assert desk.refusal(LI, "246810").id == "pin-wrong"
    assert desk.refusal(PersonId("wang"), "246810").id == "pin-missing"
    assert desk.book.has(LI)
    assert not desk.book.has(PersonId("wang"))


def test_five_wrong_tries_lock_for_a_time_that_grows_and_a_restart_does_not_help(desk: Desk) -> None:
    assert [desk.refusal(ZHANG, "000001").values["left"] for _ in range(4)] == [4, 3, 2, 1]
    assert desk.refusal(ZHANG, "000001").values == {"seconds": 30}
    assert desk.refusal(ZHANG, "246810").id == "pin-locked"
    desk.clock.at += timedelta(seconds=31)
    assert desk.refusal(ZHANG, "000001").values == {"seconds": 60}
    desk.clock.at += timedelta(seconds=61)
    desk.book.verify(ZHANG, "246810")
    assert desk.refusal(ZHANG, "000001").values == {"left": 4}


def test_a_lock_never_grows_beyond_an_hour(desk: Desk) -> None:
    for _ in range(30):
        desk.clock.at += timedelta(hours=1)
        last = desk.refusal(ZHANG, "000001")
    assert last.values == {"seconds": 3600}


def test_turning_the_clock_back_starts_the_wait_anew(desk: Desk) -> None:
    for _ in range(5):
        desk.refusal(ZHANG, "000001")
    desk.clock.at -= timedelta(days=1)
    assert desk.refusal(ZHANG, "246810").values == {"seconds": 30}
    desk.clock.at += timedelta(seconds=30)
    desk.book.verify(ZHANG, "246810")


def test_one_persons_lock_leaves_the_others_alone_and_a_new_pin_ends_it(desk: Desk) -> None:
    desk.book.set(LI, "135791")
    for _ in range(5):
        desk.refusal(ZHANG, "000001")
    desk.book.verify(LI, "135791")
    desk.book.set(ZHANG, "998877")
    desk.book.verify(ZHANG, "998877")


def test_the_file_alone_tells_nothing_without_the_devices_secret(desk: Desk) -> None:
    stolen = PinBook(desk.folder, DeviceKey.generate(), desk.clock, Stretch(1, 64, 1))
    with pytest.raises(OperatorError, match="pin-wrong"):
        stolen.verify(ZHANG, "246810")
    assert b"246810" not in (desk.folder / PIN_FILE).read_bytes()


@pytest.mark.parametrize(
    ("pin", "refusal"),
    [("123", "pin-too-short"), ("", "pin-too-short"), ("1234567890123", "pin-too-short"), ("12a4", "pin-too-short"),
     ("１２３４", "pin-too-short"), ("1111", "pin-too-simple")],
)  # fmt: skip
def test_an_unsuitable_pin_is_refused_and_the_old_one_stays(desk: Desk, pin: str, refusal: str) -> None:
    with pytest.raises(OperatorError, match=refusal):
        desk.book.set(ZHANG, pin)
    desk.book.verify(ZHANG, "246810")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"zhang": {}}', b'{"zhang": {"salt": 1, "verifier": 2}}'])
def test_a_damaged_book_is_named_and_not_overwritten(desk: Desk, content: bytes) -> None:
    (desk.folder / PIN_FILE).write_bytes(content)
    with pytest.raises(HostFault, match="pins-damaged"):
        desk.book.verify(ZHANG, "246810")
    with pytest.raises(HostFault, match="pins-damaged"):
        desk.book.set(ZHANG, "246810")
    assert (desk.folder / PIN_FILE).read_bytes() == content


def test_a_full_disk_is_told_and_the_old_pin_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sync.identity.files.os.fsync", full)
    with pytest.raises(HostFault, match="disk-full"):
        desk.book.set(ZHANG, "135790")
    monkeypatch.undo()
    desk.book.verify(ZHANG, "246810")


def test_the_people_of_the_unit_may_unlock_before_the_first_pull_and_as_the_records_say_after_it() -> None:
    def row(pk: str, unit: str = HUIDONG, active: bool = True) -> dict[str, object]:
        return {"pk": pk, "name": pk, "unit_path": unit, "roles": ["clerk", "of-the-future"], "is_active": active}

    key = DeviceKey.generate()
    identity = DeviceIdentity(key, HUIDONG, key.id, key.public, "", "", (row("zhang"),))
    assert [one.person for one in operators_of(identity, [])] == ["zhang"]
    pulled = [row("zhang", active=False), row("li"), row("wang", "100000/440000/441300/441322/")]
    assert [one.person for one in operators_of(identity, pulled)] == ["li"]
