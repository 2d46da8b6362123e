"""A terminal becomes a device with one code."""

from datetime import timedelta

import pytest
from enrolling import BOLUO, HUIDONG, Center, Terminal, question

from desktop_app.domain.clock import stamp
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath
from sync.identity.activation import ALPHABET
from sync.identity.device import DeviceIdentity, DeviceKey


def mistyped(code: str, at: int = -1) -> str:
    symbols = [symbol for symbol in code if symbol != "-"]
    symbols[at] = ALPHABET[(ALPHABET.index(symbols[at]) + 1) % len(ALPHABET)]
    return "".join(symbols)


def test_a_code_makes_a_device_of_a_unit_and_its_first_operator(center: Center, terminal: Terminal) -> None:
    enrolled = terminal.enrol(center.url, center.code())
    kept = DeviceIdentity.load(terminal.folder, terminal.keys)
    assert kept == enrolled.identity or (kept.device, kept.ca_pem) == (
        enrolled.identity.device,
        center.authority.ca_pem,
    )
    assert (kept.unit_path, kept.center_device, kept.center_key) == (HUIDONG, center.key.id, center.key.public)
    assert enrolled.unit["name"] == "惠东县政协"
    assert [(row["name"], row["roles"]) for row in kept.operators] == [("惠东操作员", ["clerk", "host"])]
    assert enrolled.person == kept.operators[0]["pk"]
    device = center.registry.device(kept.device)
    assert device is not None
    assert (device.public_key, device.unit_path, device.revoked_at) == (kept.public_key, HUIDONG, None)


def test_a_code_that_names_a_units_old_place_enrols_at_its_new_one(center: Center, terminal: Terminal) -> None:
    """`silian center code` knows units by the reference data, which hears of no move."""
    there = center.office.places[HUIDONG] = UnitPath("100000/440000/441500/441323/")
    done = terminal.enrol(center.url, center.code())
    assert done.identity.unit_path == there
    known = center.registry.device(done.identity.device)
    assert known is not None
    assert known.unit_path == there
    assert [row["unit_path"] for row in center.office.people.values()] == [there]


@pytest.mark.parametrize("name", ["操" * 65, "a\nb", "\x00"])
def test_a_name_that_cannot_be_one_costs_no_try(terminal: Terminal, name: str) -> None:
    with pytest.raises(OperatorError, match="name-unsuitable"):
        terminal.enrol("https://127.0.0.1:9", "2345-6789-ABCD-EFGH", name)


def test_a_code_is_read_however_it_is_typed(center: Center, terminal: Terminal) -> None:
    code = center.code().lower().replace("-", " ")
    fullwidth = "".join(chr(ord(c) + 0xFEE0) if c != " " else "－" for c in code)
    assert terminal.enrol(center.url, fullwidth).identity.unit_path == HUIDONG


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCD-EFGH-JKLM-NPQ0", "ABCD-EFGH-JKLM-NPQRS", "啊" * 16, "A" * 5000])
def test_a_code_that_cannot_be_one_is_told_before_anything_is_sent(terminal: Terminal, typed: str) -> None:
    assert terminal.refusal("https://127.0.0.1:9", typed).id == "activation-code-malformed"


def test_a_used_code_does_not_make_a_second_device(center: Center, terminal: Terminal, second: Terminal) -> None:
    code = center.code()
    terminal.enrol(center.url, code)
    assert second.refusal(center.url, code).id == "activation-code-used"
    assert len(center.registry.devices()) == 1


def test_an_expired_code_says_since_when(center: Center, terminal: Terminal) -> None:
    code = center.code(lifetime=timedelta(hours=1))
    expired = stamp(center.clock.at + timedelta(hours=1))
    center.clock.at += timedelta(hours=1)
    refusal = terminal.refusal(center.url, code)
    assert (refusal.id, refusal.values["expired"]) == ("activation-code-expired", expired)


@pytest.mark.parametrize("at", [0, -1], ids=["where the code is found", "where it is secret"])
def test_a_mistyped_code_tells_the_tries_left_and_the_right_one_still_works(
    center: Center, terminal: Terminal, at: int
) -> None:
    code = center.code()
    left = [terminal.refusal(center.url, mistyped(code, at)).values["tries"] for _ in range(3)]
    assert left == [4, 3, 2]
    assert terminal.enrol(center.url, code).identity.unit_path == HUIDONG


def test_after_five_wrong_tries_the_code_is_locked_for_everybody(
    center: Center, terminal: Terminal, second: Terminal
) -> None:
    code = center.code()
    ids = [terminal.refusal(center.url, mistyped(code)).id for _ in range(6)]
    assert ids == ["activation-code-wrong"] * 4 + ["activation-code-locked"] * 2
    assert second.refusal(center.url, code).id == "activation-code-locked"


def test_a_code_typed_again_after_the_answer_was_lost_goes_on_where_it_was(
    center: Center, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = center.code()
    monkeypatch.setattr(DeviceIdentity, "save", lambda *_: (_ for _ in ()).throw(OSError("power cut")))
    with pytest.raises(OSError, match="power cut"):
        terminal.enrol(center.url, code)
    monkeypatch.undo()
    center.clock.at += timedelta(minutes=30)
    terminal.clock.at = center.clock.at
    device = terminal.enrol(center.url, code).identity.device
    assert [held.device for held in center.registry.devices()] == [device]
    assert len(center.office.people) == 1


def test_a_link_that_dies_again_and_again_costs_one_try(center: Center, terminal: Terminal) -> None:
    code, key = center.code(), DeviceKey.generate()
    for _ in range(8):
        assert center.desk.hello(question(code, key))["tries_left"] == 4
    assert terminal.enrol(center.url, code).identity.unit_path == HUIDONG


def test_an_enrolled_terminal_does_not_enrol_again_by_accident(center: Center, terminal: Terminal) -> None:
    terminal.enrol(center.url, center.code())
    with pytest.raises(OperatorError, match="already-enrolled"):
        terminal.enrol(center.url, center.code(BOLUO))
    assert DeviceIdentity.load(terminal.folder, terminal.keys).unit_path == HUIDONG


@pytest.mark.parametrize("days", [-3, 3, -2000])
def test_a_terminal_whose_clock_is_off_enrols_and_is_told_the_difference(
    center: Center, terminal: Terminal, days: int
) -> None:
    terminal.clock.at += timedelta(days=days)
    enrolled = terminal.enrol(center.url, center.code())
    assert enrolled.clock_offset == timedelta(days=-days)
