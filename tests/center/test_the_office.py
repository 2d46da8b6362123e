"""Devices, codes and the quarantine at the center: each officer has their own, within the own subtree, and no more."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop_app.center.repair import move_unit
from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import PersonId, UnitPath
from desktop_app.domain.principal import Actor, Role
from sync.identity.device import DeviceIdentity
from sync.identity.requests import RequestSigner
from sync.log.write import Write
from sync.terminal.records import Records

from .asking import BOLUO, HUIDONG, Answer, OpenCenter

HUIZHOU = UnitPath("100000/440000/441300/")
SHANWEI = UnitPath("100000/440000/441500/")
ROLES = {Role.CLERK: "c1", Role.SECURITY: "51", Role.AUDIT: "52", Role.HOST: "c3"}


class Officer:
    """One person at one terminal of a unit, asking the center."""

    def __init__(self, center: OpenCenter, unit: UnitPath, role: Role, number: str) -> None:
        self.center = center
        self.person = PersonId(f"0190a8f0-0000-7000-8000-0000{number}{ROLES[role]}00aa")
        self.identity: DeviceIdentity = center.enrolled(unit, self.person)
        fields = {"roles": [role], "name": f"{role}{number}"}
        actor = Actor(PersonId(""), center.center.keys.identity.device)
        center.center.store.append(Write("operator", self.person, fields), actor=actor)

    def ask(self, method: str, target: str, told: Any = None) -> Answer:
        body = json.dumps(told).encode() if told is not None else b""
        signer = RequestSigner(self.identity)
        headers = signer.headers(method, target, body, now=self.center.clock.at, person=self.person)
        return self.center.ask(method, target, headers, body)

    def told(self, method: str, target: str, body: Any = None) -> dict[str, Any]:
        answer = self.ask(method, target, body)
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))


@pytest.fixture
def center(tmp_path: Path) -> Iterator[OpenCenter]:
    opened = OpenCenter(tmp_path / "center")
    yield opened
    opened.close()


def trail(center: OpenCenter) -> list[tuple[str, str]]:
    return [(row["kind"], row["unit_path"]) for row in center.center.store.list("audit_event")]


GUARDED = (
    ("GET", "/v1/devices", None),
    ("POST", f"/v1/devices/{'cd' * 16}/revocation", {}),
    ("GET", "/v1/activation-codes", None),
    ("POST", "/v1/activation-codes", {"unit_path": HUIDONG, "roles": ["clerk"]}),
    ("DELETE", "/v1/activation-codes/ABCD", None),
)


@pytest.mark.parametrize("role", [Role.CLERK, Role.HOST, Role.AUDIT])
def test_devices_and_codes_are_the_security_officers_alone(center: OpenCenter, role: Role) -> None:
    officer = Officer(center, HUIDONG, role, "01")
    for method, target, body in GUARDED:
        answer = officer.ask(method, target, body)
        assert (answer.status, answer.id) == (403, "role-not-allowed"), target


def test_a_request_that_names_nobody_gets_nothing(center: OpenCenter) -> None:
    officer = Officer(center, HUIDONG, Role.SECURITY, "01")
    for target in ("/v1/devices", "/v1/quarantine"):
        headers = RequestSigner(officer.identity).headers("GET", target, b"", now=center.clock.at)
        assert center.ask("GET", target, headers).id == "role-not-allowed"


def test_a_guard_sees_the_devices_of_the_own_subtree_with_their_last_word(center: OpenCenter) -> None:
    city = Officer(center, HUIZHOU, Role.SECURITY, "01")
    county = Officer(center, HUIDONG, Role.SECURITY, "02")
    silent = center.enrolled(BOLUO, "0190a8f0-0000-7000-8000-000000000099")
    listed = {one["device"]: one for one in city.told("GET", "/v1/devices")["devices"]}
    assert set(listed) == {city.identity.device, county.identity.device, silent.device}
    assert listed[city.identity.device]["heard_at"] == stamp(center.clock.at)
    assert listed[silent.device]["heard_at"] == ""
    assert [one["device"] for one in county.told("GET", "/v1/devices")["devices"]] == [county.identity.device]


def test_when_a_terminal_was_heard_of_outlives_the_center(tmp_path: Path) -> None:
    first = OpenCenter(tmp_path)
    city = Officer(first, HUIZHOU, Role.SECURITY, "01")
    city.told("GET", "/v1/devices")
    first.close()
    second = OpenCenter(tmp_path)
    assert second.registry.contacts() == {city.identity.device: first.clock.at}
    second.close()


def test_a_stolen_terminal_is_revoked_and_its_next_request_is_refused(center: OpenCenter) -> None:
    city = Officer(center, HUIZHOU, Role.SECURITY, "01")
    stolen = Officer(center, HUIDONG, Role.CLERK, "02")
    assert stolen.ask("GET", "/v1/quarantine").status == 200
    city.told("POST", f"/v1/devices/{stolen.identity.device}/revocation", {})
    assert stolen.ask("GET", "/v1/quarantine").id == "device-revoked"
    assert ("device_revoked", HUIDONG) in trail(center)
    listed = {one["device"]: one for one in city.told("GET", "/v1/devices")["devices"]}
    assert listed[stolen.identity.device]["revoked_at"]


def test_nobody_revokes_a_neighbours_terminal_nor_the_center(center: OpenCenter) -> None:
    county = Officer(center, HUIDONG, Role.SECURITY, "01")
    neighbour = Officer(center, BOLUO, Role.CLERK, "02")
    for device in (neighbour.identity.device, center.center.keys.identity.device, "ab" * 16):
        answer = county.ask("POST", f"/v1/devices/{device}/revocation", {})
        assert (answer.status, answer.id) == (404, "device-not-listed")
    assert neighbour.ask("GET", "/v1/quarantine").status == 200


def test_a_code_is_given_for_the_own_subtree_with_roles_that_fit_and_is_told_once(center: OpenCenter) -> None:
    city = Officer(center, HUIZHOU, Role.SECURITY, "01")
    given = city.told("POST", "/v1/activation-codes", {"unit_path": HUIDONG, "roles": ["clerk", "host"]})
    assert len(given["code"].replace("-", "")) == 16
    listed = city.told("GET", "/v1/activation-codes")["codes"]
    assert [one["locator"] for one in listed] == [given["code"][:4]]
    assert given["code"] not in json.dumps(listed)
    assert ("code_issued", HUIDONG) in trail(center)
    for unit, roles, why in (
        ("100000/440000/", ["clerk"], "out-of-scope"),
        ("100000/440000/441300/999999/", ["clerk"], "unit-unknown"),
        (HUIDONG, ["security", "clerk"], "roles-not-separate"),
        (HUIDONG, ["provincial_operator"], "role-not-allowed"),
        (HUIDONG, ["king"], "query-malformed"),
        (HUIDONG, [], "query-malformed"),
    ):
        assert city.ask("POST", "/v1/activation-codes", {"unit_path": unit, "roles": roles}).id == why


def test_a_code_that_went_astray_is_withdrawn(center: OpenCenter) -> None:
    city = Officer(center, HUIZHOU, Role.SECURITY, "01")
    code = city.told("POST", "/v1/activation-codes", {"unit_path": HUIDONG, "roles": ["clerk"]})["code"]
    neighbour = Officer(center, UnitPath("100000/440000/440200/"), Role.SECURITY, "02")
    assert neighbour.ask("DELETE", f"/v1/activation-codes/{code[:4]}").id == "code-not-listed"
    city.told("DELETE", f"/v1/activation-codes/{code[:4]}")
    assert city.told("GET", "/v1/activation-codes")["codes"] == []
    assert city.ask("DELETE", f"/v1/activation-codes/{code[:4]}").id == "code-not-listed"


def _refused(center: OpenCenter, worker: Officer, folder: Path) -> Records:
    """A terminal whose person had the wrong role when its change came in."""
    records = Records.open(folder, identity=worker.identity, clock=center.clock)
    records.act_as(worker.person)
    records.write(Write("member", "m1", {"unit_path": HUIDONG, "name": "委员一"}))
    batch = records.next_batch()
    assert batch is not None
    records.acknowledge(center.center.store.receive(worker.identity.device, batch))
    return records


def test_what_is_held_back_is_told_without_its_content_and_judged_again(center: OpenCenter, tmp_path: Path) -> None:
    worker = Officer(center, HUIDONG, Role.AUDIT, "01")
    clerk = Officer(center, HUIDONG, Role.CLERK, "02")
    records = _refused(center, worker, tmp_path / "terminal")
    [row] = records.quarantine()
    assert row["reason"] == "role-not-allowed"
    [held] = clerk.told("GET", "/v1/quarantine")["changes"]
    assert (held["change_id"], held["reason"], held["entity"]) == (row["change_id"], "role-not-allowed", "member")
    assert "委员一" not in json.dumps(held, ensure_ascii=False)
    again = clerk.told("POST", f"/v1/quarantine/{row['change_id']}", {})
    assert again["verdict"] == "refused", "the same rules say the same"
    actor = Actor(PersonId(""), center.center.keys.identity.device)
    center.center.store.append(Write("operator", worker.person, {"roles": [Role.CLERK]}), actor=actor)
    again = clerk.told("POST", f"/v1/quarantine/{row['change_id']}", {})
    assert again["verdict"] == "applied"
    assert center.center.store.get("member", "m1") is not None
    assert clerk.told("GET", "/v1/quarantine")["changes"] == []
    records.take_page(_pull(center, records))
    assert records.quarantine() == []
    assert records.get("member", "m1") is not None
    records.close()


def _pull(center: OpenCenter, records: Records) -> bytes:
    from desktop_app.domain.principal import Principal

    position = records.pull_position()
    who = Principal(records.device, records.unit_path)
    return center.center.store.page(
        who, position.cursor, 500, known_feed=position.feed, own_head=(position.epoch, position.seq)
    )


def test_a_neighbours_quarantine_is_out_of_sight_and_out_of_reach(center: OpenCenter, tmp_path: Path) -> None:
    worker = Officer(center, HUIDONG, Role.AUDIT, "01")
    records = _refused(center, worker, tmp_path / "terminal")
    neighbour = Officer(center, BOLUO, Role.CLERK, "02")
    assert neighbour.told("GET", "/v1/quarantine")["changes"] == []
    answer = neighbour.ask("POST", f"/v1/quarantine/{records.quarantine()[0]['change_id']}", {})
    assert (answer.status, answer.id) == (404, "change-unknown")
    watcher = Officer(center, HUIDONG, Role.SECURITY, "03")
    assert watcher.ask("GET", "/v1/quarantine").id == "role-not-allowed"
    records.close()


def test_the_nation_does_not_see_what_a_county_could_not_deliver(center: OpenCenter, tmp_path: Path) -> None:
    worker = Officer(center, HUIDONG, Role.AUDIT, "01")
    _refused(center, worker, tmp_path / "terminal").close()
    nation = Officer(center, UnitPath("100000/"), Role.CLERK, "02")
    assert nation.told("GET", "/v1/quarantine")["changes"] == []
    province = Officer(center, UnitPath("100000/440000/"), Role.CLERK, "03")
    assert len(province.told("GET", "/v1/quarantine")["changes"]) == 1


def test_what_a_moved_unit_could_not_deliver_is_seen_by_who_is_above_it_now(center: OpenCenter, tmp_path: Path) -> None:
    worker = Officer(center, HUIDONG, Role.AUDIT, "01")
    records = _refused(center, worker, tmp_path / "terminal")
    before, after = Officer(center, HUIZHOU, Role.CLERK, "02"), Officer(center, SHANWEI, Role.CLERK, "03")
    actor = Actor(PersonId(""), center.center.keys.identity.device)
    move_unit(center.center.store, center.center.keys, "441323", "441500", "民政〔2026〕7号", actor)
    assert before.told("GET", "/v1/quarantine")["changes"] == []
    [held] = after.told("GET", "/v1/quarantine")["changes"]
    assert before.ask("POST", f"/v1/quarantine/{held['change_id']}", {}).id == "change-unknown"
    assert after.told("POST", f"/v1/quarantine/{held['change_id']}", {})["verdict"] == "refused"
    records.close()


@pytest.mark.parametrize("raw", [b"{", b"[]", b"x" * 5000])
def test_nonsense_is_told_to_be_nonsense(center: OpenCenter, raw: bytes) -> None:
    officer = Officer(center, HUIDONG, Role.SECURITY, "01")
    target = "/v1/activation-codes"
    signer = RequestSigner(officer.identity)
    headers = signer.headers("POST", target, raw, now=center.clock.at, person=officer.person)
    assert center.ask("POST", target, headers, raw).id in ("query-malformed", "body-too-large")
