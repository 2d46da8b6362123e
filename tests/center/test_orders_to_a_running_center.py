"""Moving a unit and erasing a record while the center runs: by a route, by a command, and by nobody else."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desktop_app.center.repair import acts
from desktop_app.domain.clock import SystemClock
from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath
from desktop_app.domain.principal import Actor, Principal, Role
from desktop_app.main import main
from desktop_app.settings import load_settings
from desktop_app.terminal.parts import open_parts
from sync.center.orders import FOLDER, ORDER, PURPOSE, Orders
from sync.identity.device import DeviceIdentity
from sync.identity.keystore import Stretch, open_keystore
from sync.identity.requests import RequestSigner
from sync.log.write import Write
from sync.terminal.records import Records

from .asking import HUIDONG, PERSON, Answer, HandClock, OpenCenter

PROVINCE = UnitPath("100000/440000/")
MOVED = UnitPath("100000/440000/441500/441323/")
OPERATOR = PersonId("0190a8f0-0000-7000-8000-0000000000bb")
ORDER_TO_MOVE = {"under": "441500", "ground": "民政〔2026〕7号"}


@pytest.fixture
def center(tmp_path: Path) -> Iterator[OpenCenter]:
    opened = OpenCenter(tmp_path / "center")
    yield opened
    opened.close()


def _ask(center: OpenCenter, identity: DeviceIdentity, person: str, body: object, code: str = "441323") -> Answer:
    raw, target = json.dumps(body).encode(), f"/v1/units/{code}/place"
    headers = RequestSigner(identity).headers("POST", target, raw, now=center.clock.at, person=PersonId(person))
    return center.ask("POST", target, headers, raw)


def _operator(center: OpenCenter) -> DeviceIdentity:
    identity = center.enrolled(PROVINCE, OPERATOR)
    fields = {"roles": [Role.PROVINCIAL_OPERATOR]}
    center.center.store.append(Write("operator", OPERATOR, fields), actor=_nobody(center))
    return identity


def _nobody(center: OpenCenter) -> Actor:
    return Actor(PersonId(""), center.center.keys.identity.device)


def test_an_operator_of_the_province_moves_a_unit_and_its_people_and_terminals_go_on(center: OpenCenter) -> None:
    county, province = center.enrolled(), _operator(center)
    code = center.center.keys.codes.issue(HUIDONG, frozenset({Role.HOST}), center.clock.at, timedelta(hours=1))
    assert _ask(center, county, PERSON, ORDER_TO_MOVE).id == "role-not-allowed"
    for body, fault in (
        ({"under": "441500"}, "query-malformed"),
        ({"under": "441500", "ground": " "}, "unit-move-ground"),
        ({"under": "440000", "ground": "x"}, "unit-move-level"),
    ):
        assert _ask(center, province, OPERATOR, body).id == fault
    assert _ask(center, province, OPERATOR, ORDER_TO_MOVE, code="999999").status == 404
    done = _ask(center, province, OPERATOR, ORDER_TO_MOVE)
    assert (done.status, json.loads(done.body)["unit_path"]) == (200, MOVED)
    held = center.registry.device(county.device)
    assert held is not None
    assert held.unit_path == MOVED
    issued = center.registry.code(code.locator)
    assert issued is not None
    assert issued.unit_path == MOVED
    center.clock.at += timedelta(seconds=1)
    target = f"/v1/docs/{OPERATOR}"
    headers = RequestSigner(county).headers("GET", target, b"", now=center.clock.at, person=PERSON)
    principal = center.center.verifier.verify("GET", target, "", headers_lower(headers), b"", center.clock.at)
    assert (principal.unit_path, principal.person, principal.roles) == (MOVED, PERSON, {Role.HOST})
    told = [row for row in center.center.store.list("audit_event") if row["kind"] == "unit_moved"]
    assert [row["unit_path"] for row in told] == [PROVINCE]


def headers_lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def _running(center: OpenCenter) -> Iterator[None]:
    """The center looks for orders, as it does while it runs."""
    over = threading.Event()
    orders = Orders(center.center.store.folder, center.center.keys.identity.key.derive(PURPOSE), SystemClock())

    def look() -> None:
        while not over.wait(0.05):
            orders.serve(acts(center.center.store, center.center.keys))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def test_a_running_center_moves_and_erases_when_it_is_told_to(
    center: OpenCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SILIAN_SETTINGS", str(tmp_path / "none.toml"))
    monkeypatch.setenv("SILIAN_PASSPHRASE", "center phrase")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    store, folder = center.center.store, str(center.center.store.folder)
    county = center.enrolled()
    store.append(Write("member", "m1", {"unit_path": HUIDONG, "name": "不该留下"}), actor=_nobody(center))
    with _running(center):
        place = ["--unit", "441323", "--under", "441500"]
        assert main(["center", "move", "--folder", folder, *place]) == 1
        assert main(["center", "move", "--folder", folder, *place, "--ground", "民政〔2026〕7号"]) == 0
        assert main(["center", "move", "--folder", folder, *place, "--ground", "民政〔2026〕7号"]) == 1
        assert main(["center", "erase", "--folder", folder, "--record", "member:m1", "--ground", "法"]) == 0
        assert main(["center", "erase", "--folder", folder, "--record", "member:m1", "--ground", "法"]) == 1
    told = capsys.readouterr()
    assert f"{HUIDONG} -> {MOVED}" in told.out
    assert "erased     2 changes" in told.out
    assert "[unit-move-nowhere]" in told.err
    assert "[record-missing]" in told.err
    assert store.get("member", "m1") is None
    assert (center.registry.device(county.device) or county).unit_path == MOVED
    assert not list((Path(folder) / FOLDER).iterdir())
    assert {row["kind"] for row in store.list("audit_event")} >= {"unit_moved", "record_erased"}


def test_an_order_that_is_not_the_centers_own_or_comes_too_late_is_not_carried_out(center: OpenCenter) -> None:
    folder, key = center.center.store.folder, center.center.keys.identity.key.derive(PURPOSE)
    done: list[object] = []
    mine = Orders(folder, key, center.clock)

    def note(asked: dict[str, Any]) -> dict[str, Any]:
        done.append(asked)
        return {}

    def given(orders: Orders) -> None:
        with pytest.raises(OperatorError, match="center-busy"):
            orders.give("note", {"text": "不该外传"}, seconds=0.1, pause=lambda _seconds: serve())

    def serve() -> None:
        notes = list((folder / FOLDER).glob(f"*{ORDER}"))
        assert all("不该外传".encode() not in note.read_bytes() for note in notes)
        if moved:
            notes[0].rename(notes[0].with_name(f"another{ORDER}"))
        mine.serve({"note": note})

    moved = False
    given(Orders(folder, bytes(32), center.clock))
    late = slow_clock(center)
    given(Orders(folder, key, late))
    moved = True
    given(mine)
    assert done == []


def slow_clock(center: OpenCenter) -> HandClock:
    """A clock that is an hour behind the center's."""
    clock = HandClock()
    clock.at = center.clock.at - timedelta(hours=1)
    return clock


def test_a_center_that_died_in_the_middle_of_a_move_finishes_it_at_its_next_start(tmp_path: Path) -> None:
    first = OpenCenter(tmp_path / "center")
    county = first.enrolled()
    first.center.store.move_unit("441323", "441500", ground="x", actor=_nobody(first))
    held = first.registry.device(DeviceId(county.device))
    assert held is not None
    assert held.unit_path == HUIDONG
    first.close()
    again = OpenCenter(tmp_path / "center")
    assert again.registry.device(county.device) == replace(held, unit_path=MOVED)
    again.close()


def test_a_terminal_takes_the_place_of_its_moved_unit_up_at_its_next_start(center: OpenCenter, tmp_path: Path) -> None:
    county = replace(center.enrolled(), ca_pem=center.center.keys.authority.ca_pem)
    folder = tmp_path / "terminal"
    keys = open_keystore(folder, passphrase="room phrase", stretch=Stretch(1, 64, 1))
    county.save(folder, keys)
    records = Records.open(folder, identity=county, clock=center.clock)
    center.center.store.move_unit("441323", "441500", ground="x", actor=_nobody(center))
    raw = center.center.store.page(Principal(county.device, HUIDONG), 0, 1000)
    records.take_page(raw)
    records.close()
    settings = load_settings(tmp_path / "none.toml", {}, {"terminal.folder": str(folder)})
    parts = open_parts(folder, settings, center.clock, passphrase="room phrase")
    assert parts is not None
    assert parts.identity.unit_path == parts.records.unit_path == MOVED
    assert [person.person for person in parts.operators.operators()] == [PERSON]
    parts.close()
    assert DeviceIdentity.load(folder, keys).unit_path == MOVED
