"""Every route of the center times everything that must not get in. A route without its row here fails the test."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message

from desktop_app.center.authentication import OPEN
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import PersonId
from desktop_app.domain.limits import REQUEST_BODY
from desktop_app.domain.principal import Actor, Role
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.requests import RequestSigner
from sync.log.write import Write

from .asking import BOLUO, PERSON, Answer, OpenCenter, other_device

MEETING = "0190a8f0-0000-7000-8000-0000000000aa"
BEHIND_THE_GATE = {
    ("POST", "/v1/terminals/{device}/changes"): "/v1/terminals/{device}/changes",
    ("GET", "/v1/changes"): "/v1/changes?since=0&limit=10&wait=0",
    ("GET", "/v1/snapshot"): "/v1/snapshot?since=0&until=0",
    ("GET", "/v1/heads"): "/v1/heads?since=0&epoch=1&seq=0",
    ("WS", "/v1/meetings/{meeting}"): f"/v1/meetings/{MEETING}",
    ("POST", "/v1/meetings/{meeting}/doors"): f"/v1/meetings/{MEETING}/doors",
    ("WS", "/v1/docs/{document}"): f"/v1/docs/{MEETING}",
    ("OPTIONS", "/v1/uploads"): "/v1/uploads",
    ("POST", "/v1/uploads"): "/v1/uploads",
    ("HEAD", "/v1/uploads/{upload}"): f"/v1/uploads/{MEETING}",
    ("PATCH", "/v1/uploads/{upload}"): f"/v1/uploads/{MEETING}",
    ("DELETE", "/v1/uploads/{upload}"): f"/v1/uploads/{MEETING}",
    ("GET", "/v1/line"): "/v1/line?bytes=1000",
    ("POST", "/v1/line"): "/v1/line",
    ("POST", "/v1/media-trial"): "/v1/media-trial",
    ("GET", "/v1/blobs/{sha256}"): f"/v1/blobs/{'ab' * 32}",
    ("GET", "/v1/devices"): "/v1/devices",
    ("POST", "/v1/devices/{device}/revocation"): f"/v1/devices/{'cd' * 16}/revocation",
    ("GET", "/v1/activation-codes"): "/v1/activation-codes",
    ("POST", "/v1/activation-codes"): "/v1/activation-codes",
    ("DELETE", "/v1/activation-codes/{locator}"): "/v1/activation-codes/ABCD",
    ("POST", "/v1/units/{code}/place"): "/v1/units/441323/place",
    ("GET", "/v1/quarantine"): "/v1/quarantine",
    ("POST", "/v1/quarantine/{change}"): f"/v1/quarantine/{MEETING}",
}
"""Method and path as mounted, and a target that the enrolled device may ask."""
OPEN_TO_STRANGERS = {
    ("GET", "/healthz"): 200,
    ("GET", "/readyz"): 503,
    ("POST", "/v1/enrolments"): 400,
    ("POST", "/v1/enrolments/hello"): 400,
    ("OPTIONS", "/v1/whip"): 204,
    ("POST", "/v1/whip"): 401,
    ("PATCH", "/v1/whip"): 401,
    ("DELETE", "/v1/whip"): 401,
    ("OPTIONS", "/v1/whep"): 204,
    ("POST", "/v1/whep"): 401,
    ("PATCH", "/v1/whep"): 401,
    ("DELETE", "/v1/whep"): 401,
}
"""The status that an empty, unsigned request gets."""
rows = pytest.mark.parametrize("row", sorted(BEHIND_THE_GATE), ids=" ".join)
BODY = b"no batch, but well signed"
LET_IN = (101, 200, 204, 400, 403, 404, 412)
"""What a route itself may say to these questions."""


class Asking:
    """One enrolled terminal and a center."""

    def __init__(self, open_center: OpenCenter) -> None:
        self.open_center = open_center
        self.identity = open_center.enrolled()

    def target(self, row: tuple[str, str]) -> str:
        return BEHIND_THE_GATE[row].format(device=self.identity.device)

    def signed(
        self,
        row: tuple[str, str],
        *,
        identity: DeviceIdentity | None = None,
        late: timedelta = timedelta(),
        **more: str,
    ) -> dict[str, str]:
        signer = RequestSigner(identity or self.identity)
        method = "GET" if row[0] == "WS" else row[0]
        target = more.get("target") or self.target(row)
        now = self.open_center.clock.at + late
        return signer.headers(method, target, self.body(row), now=now, person=more.get("person", PERSON))

    @staticmethod
    def body(row: tuple[str, str]) -> bytes:
        return BODY if row[0] == "POST" else b""

    def ask(self, row: tuple[str, str], headers: dict[str, str], **more: str) -> Answer:
        return self.open_center.ask(row[0], more.get("target") or self.target(row), headers, self.body(row))


@pytest.fixture(scope="module")
def open_center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenCenter]:
    center = OpenCenter(tmp_path_factory.mktemp("center"))
    yield center
    center.close()


@pytest.fixture
def asking(open_center: OpenCenter) -> Asking:
    return Asking(open_center)


def test_each_route_has_its_row(open_center: OpenCenter) -> None:
    mounted = set()
    for route in open_center.center.routes():
        if isinstance(route, WebSocketRoute):
            mounted.add(("WS", route.path))
        elif isinstance(route, Route):
            methods = route.methods or set()
            mounted |= {(method, route.path) for method in methods - ({"HEAD"} if "GET" in methods else set())}
        else:
            pytest.fail(f"{route} is neither a route nor a socket")
    assert mounted == set(BEHIND_THE_GATE) | set(OPEN_TO_STRANGERS)
    assert set(OPEN_TO_STRANGERS) == OPEN


@rows
def test_the_enrolled_device_gets_through(asking: Asking, row: tuple[str, str]) -> None:
    answer = asking.ask(row, asking.signed(row))
    assert answer.status in LET_IN
    assert answer.status < 400 or answer.id not in REFUSALS


def _wrong_key(asking: Asking, row: tuple[str, str]) -> Answer:
    impostor = replace(asking.identity, key=DeviceKey.generate())
    headers = asking.signed(row, identity=impostor)
    named = headers["signature-input"].replace(impostor.device, asking.identity.device)
    return asking.ask(row, headers | {"signature-input": named})


def _replayed(asking: Asking, row: tuple[str, str]) -> Answer:
    headers = asking.signed(row)
    assert asking.ask(row, headers).status in LET_IN
    return asking.ask(row, headers)


def _revoked(asking: Asking, row: tuple[str, str]) -> Answer:
    asking.open_center.registry.revoke(asking.identity.device, asking.open_center.clock.at)
    return asking.ask(row, asking.signed(row))


def _for_another_path(asking: Asking, row: tuple[str, str]) -> Answer:
    return asking.ask(row, asking.signed(row, target="/v1/something/else"))


def _for_another_center(asking: Asking, row: tuple[str, str]) -> Answer:
    return asking.ask(row, asking.signed(row, identity=replace(asking.identity, center_device=other_device())))


REFUSALS: dict[str, tuple[int, Callable[[Asking, tuple[str, str]], Answer]]] = {
    "request-unsigned": (401, lambda asking, row: asking.ask(row, {})),
    "signature-malformed": (401, lambda asking, row: asking.ask(row, asking.signed(row) | {"signature": "silian=:x:"})),
    "signature-invalid": (401, _wrong_key),
    "device-unknown": (
        401,
        lambda asking, row: asking.ask(
            row, asking.signed(row, identity=replace(asking.identity, key=DeviceKey.generate()))
        ),
    ),
    "clock-off": (401, lambda asking, row: asking.ask(row, asking.signed(row, late=-timedelta(hours=1)))),
    "request-replayed": (401, _replayed),
    "device-revoked": (403, _revoked),
    "signature-elsewhere": (401, _for_another_center),
    "digest-mismatch": (
        401,
        lambda asking, row: asking.ask(row, asking.signed(row) | {"content-digest": "sha-256=:x:"}),
    ),
}


@rows
@pytest.mark.parametrize("refusal", sorted(REFUSALS))
def test_what_must_not_get_in_is_refused_by_name(asking: Asking, row: tuple[str, str], refusal: str) -> None:
    status, act = REFUSALS[refusal]
    answer = act(asking, row)
    assert (answer.id, answer.status) == (refusal, status)


@rows
def test_a_signature_for_another_place_is_of_no_use(asking: Asking, row: tuple[str, str]) -> None:
    assert _for_another_path(asking, row).id == "signature-invalid"


def test_a_device_pushes_into_its_own_lane_only(asking: Asking) -> None:
    row = ("POST", "/v1/terminals/{device}/changes")
    other = asking.open_center.enrolled(BOLUO, "0190a8f0-0000-7000-8000-000000000002")
    target = f"/v1/terminals/{other.device}/changes"
    answer = asking.ask(row, asking.signed(row, target=target), target=target)
    assert (answer.id, answer.status) == ("device-mismatch", 403)


def test_a_meeting_is_entered_by_a_person_of_the_units_own(asking: Asking) -> None:
    row = ("WS", "/v1/meetings/{meeting}")
    asking.open_center.enrolled(BOLUO, "0190a8f0-0000-7000-8000-000000000002")
    answer = asking.ask(row, asking.signed(row, person="0190a8f0-0000-7000-8000-000000000002"))
    assert (answer.id, answer.status) == ("person-unknown", 403)


def test_the_lanes_carry_the_work_of_people_the_center_has_yet_to_hear_of(asking: Asking) -> None:
    for path in ("/v1/changes", "/v1/snapshot", "/v1/heads"):
        row = ("GET", path)
        assert asking.ask(row, asking.signed(row, person="0190a8f0-0000-7000-8000-00000000beef")).status == 200


@pytest.mark.parametrize("query", ["bucket=zz", "since=-1", "until=x", "feed=00"])
def test_a_reader_that_says_nonsense_of_where_it_stands_is_told_so(asking: Asking, query: str) -> None:
    row, target = ("GET", "/v1/snapshot"), f"/v1/snapshot?{query}"
    assert asking.ask(row, asking.signed(row, target=target), target=target).id == "query-malformed"


def test_a_path_that_is_not_there_tells_a_stranger_nothing(asking: Asking) -> None:
    assert asking.open_center.ask("GET", "/v1/secret", {}).id == "request-unsigned"
    assert asking.open_center.ask("WS", "/v1/secret", {}).id == "request-unsigned"
    assert asking.open_center.ask("PUT", "/healthz", {}).id == "request-unsigned"


@pytest.mark.parametrize("open_row", sorted(OPEN_TO_STRANGERS), ids=" ".join)
def test_what_is_open_answers_a_stranger(open_center: OpenCenter, open_row: tuple[str, str]) -> None:
    assert open_center.ask(*open_row, {}).status == OPEN_TO_STRANGERS[open_row]


def test_a_body_that_is_too_large_is_not_read_to_its_end(asking: Asking) -> None:
    row = ("POST", "/v1/terminals/{device}/changes")
    huge = bytes(REQUEST_BODY + 1)
    target = asking.target(row)
    headers = RequestSigner(asking.identity).headers("POST", target, huge, now=asking.open_center.clock.at)
    answer = asking.open_center.ask("POST", target, headers, huge, pieces=8)
    assert (answer.id, answer.status) == ("body-too-large", 413)


def test_of_a_strangers_body_nothing_is_read(asking: Asking) -> None:
    row = ("POST", "/v1/terminals/{device}/changes")
    huge = bytes(REQUEST_BODY + 1)
    for headers in ({}, asking.signed(row, identity=replace(asking.identity, key=DeviceKey.generate()))):
        answer = asking.open_center.ask("POST", asking.target(row), headers, huge, pieces=8)
        assert answer.id in ("request-unsigned", "device-unknown")


def test_a_body_that_drips_is_not_waited_for_forever(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    from desktop_app.center import authentication

    async def drip() -> Message:
        await asyncio.sleep(3600)
        return {}

    monkeypatch.setattr(authentication, "BODY_WITHIN", 0.01)
    with pytest.raises(PeerFault, match="request-too-slow"):
        asyncio.run(authentication._body(drip, 100))


def test_the_open_socket_of_a_revoked_device_is_closed(asking: Asking) -> None:
    row = ("WS", "/v1/meetings/{meeting}")
    center = asking.open_center

    def revoke() -> None:
        center.registry.revoke(asking.identity.device, center.clock.at)
        center.registry.revoked()  # as the meetings do every two seconds, for the gate too

    healthy = center.hold_socket(asking.target(row), asking.signed(row), lambda: None)
    assert healthy == ["websocket.accept", "websocket.send", "websocket.send"]
    sent = center.hold_socket(asking.target(row), asking.signed(row), revoke)
    assert sent == ["websocket.accept", "websocket.send", "websocket.close device-revoked"]


def test_a_refusal_carries_the_centers_time(asking: Asking) -> None:
    answer = asking.open_center.ask("GET", "/v1/changes", {})
    assert b'"now": "2026-11-20T12:00:00.000Z"' in answer.body


def test_a_center_opened_again_has_its_units_once(tmp_path: Path) -> None:
    first = OpenCenter(tmp_path)
    assert len(first.center.store.list("unit")) == 145
    device, seq = first.center.keys.identity.device, len(first.center.store.list("unit"))
    first.close()
    second = OpenCenter(tmp_path)
    assert second.center.keys.identity.device == device
    assert len(second.center.store.list("unit")) == seq
    second.close()


@pytest.mark.parametrize("role", [Role.SECURITY, Role.AUDIT])
@pytest.mark.parametrize("row", [row for row in sorted(BEHIND_THE_GATE) if row[0] == "WS"], ids=" ".join)
def test_who_only_watches_is_let_into_no_meeting_and_no_minutes(
    open_center: OpenCenter, row: tuple[str, str], role: Role
) -> None:
    asking = Asking(open_center)
    watcher = PersonId(f"0190a8f0-0000-7000-8000-00000000{'51' if role is Role.AUDIT else '52'}00")
    fields = {"unit_path": asking.identity.unit_path, "name": "值守", "roles": [role], "is_active": True}
    open_center.center.store.append(
        Write("operator", watcher, fields), actor=Actor(PersonId(""), open_center.center.keys.identity.device)
    )
    answer = asking.ask(row, asking.signed(row, person=watcher))
    assert (answer.status, answer.id) == (403, "role-not-allowed")
