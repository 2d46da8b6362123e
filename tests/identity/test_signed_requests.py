"""What the center accepts as a device's own word, and the name it has for everything else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desktop_app.domain.clock import moment
from desktop_app.domain.faults import PeerFault
from desktop_app.domain.ids import DeviceId, PersonId, UnitPath
from desktop_app.domain.principal import Role
from sync.identity.activation import ALPHABET
from sync.identity.device import DeviceIdentity, DeviceKey
from sync.identity.registry import Device
from sync.identity.requests import RequestSigner, RequestVerifier, content_digest

NOON = datetime(2026, 11, 20, 12, 0, 0, 500_000, tzinfo=UTC)
HUIDONG, BOLUO = UnitPath("100000/440000/441300/441323/"), UnitPath("100000/440000/441300/441322/")
PERSON = PersonId("0190a8f0-0000-7000-8000-000000000001")
Headers = dict[str, str]


class Gate:
    """A center's verifier with one enrolled device."""

    def __init__(self) -> None:
        self.center = DeviceKey.generate()
        self.key = DeviceKey.generate()
        self.identity = DeviceIdentity(self.key, HUIDONG, self.center.id, self.center.public, "", "")
        self.devices = {self.key.id: Device(self.key.id, self.key.public, HUIDONG, "", NOON)}
        self.operators: dict[PersonId, dict[str, Any]] = {
            PERSON: {"name": "惠东操作员", "unit_path": HUIDONG, "roles": ["host", "of-the-future"], "is_active": True}
        }
        self.start(NOON - timedelta(hours=1))

    def start(self, at: datetime) -> None:
        self.verifier = RequestVerifier(
            center=self.center.id, device=self.devices.get, operator=self.operators.get, started=at
        )

    def signed(self, body: bytes = b"", person: str = "", now: datetime = NOON) -> Headers:
        return RequestSigner(self.identity).headers("POST", "/v1/x?a=1", body, now=now, person=person)

    def judge(self, headers: Headers, body: bytes = b"", now: datetime = NOON, path: str = "/v1/x", query: str = "a=1"):
        return self.verifier.verify("POST", path, query, headers, body, now)

    def refusal(self, headers: Headers, body: bytes = b"", **more: Any) -> str:
        with pytest.raises(PeerFault) as caught:
            self.judge(headers, body, **more)
        return caught.value.id


def _swap(old: str, new: str) -> Callable[[Headers], Headers]:
    return lambda headers: headers | {"signature-input": headers["signature-input"].replace(old, new)}


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_a_signed_request_names_the_device_its_unit_and_the_person(gate: Gate) -> None:
    principal = gate.judge(gate.signed(b"body", PERSON), b"body")
    assert (principal.device, principal.unit_path, principal.person) == (gate.key.id, HUIDONG, PERSON)
    assert (principal.person_name, principal.roles) == ("惠东操作员", frozenset({Role.HOST}))


def test_without_a_person_it_names_the_device_alone(gate: Gate) -> None:
    principal = gate.judge(gate.signed())
    assert (principal.device, principal.person, principal.roles) == (gate.key.id, "", frozenset())


def test_a_request_is_accepted_once(gate: Gate) -> None:
    headers = gate.signed()
    gate.judge(headers)
    assert gate.refusal(headers) == "request-replayed"
    gate.judge(gate.signed())


def test_a_restarted_center_does_not_accept_what_the_old_one_saw(gate: Gate) -> None:
    headers = gate.signed()
    gate.judge(headers)
    gate.start(NOON + timedelta(seconds=20))
    assert gate.refusal(headers, now=NOON + timedelta(seconds=21)) == "clock-off"


@pytest.mark.parametrize("skew", [timedelta(seconds=-91), timedelta(seconds=91), timedelta(days=3), timedelta(days=-3)])
def test_a_clock_that_is_off_is_told_the_time_of_the_center_and_tries_again(gate: Gate, skew: timedelta) -> None:
    with pytest.raises(PeerFault, match="clock-off") as caught:
        gate.judge(gate.signed(now=NOON + skew))
    corrected = moment(caught.value.values["now"])
    gate.judge(gate.signed(now=corrected))


def test_a_replay_is_remembered_for_as_long_as_it_could_be_used(gate: Gate) -> None:
    ahead = gate.signed(now=NOON + timedelta(seconds=90))
    gate.judge(ahead)
    for after in (1, 60, 120, 179):
        assert gate.refusal(ahead, now=NOON + timedelta(seconds=after)) == "request-replayed"
    assert gate.refusal(ahead, now=NOON + timedelta(seconds=181)) == "clock-off"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda h: h | {"signature": ""}, "request-unsigned"),
        (lambda h: {}, "request-unsigned"),
        (lambda h: h | {"signature": "silian=:AAAA:"}, "signature-malformed"),
        (lambda h: h | {"signature-input": "silian=()"}, "signature-malformed"),
        (lambda h: h | {"signature-input": "\x00" * 5000}, "signature-malformed"),
        (_swap("ed25519", "hmac-sha256"), "signature-malformed"),
        (lambda h: h | {"signature-input": h["signature-input"] + ";created=1"}, "signature-malformed"),
        (_swap("created=", "created=9999999"), "signature-malformed"),
        (_swap(' "@query"', ""), "signature-incomplete"),
        (_swap(' "content-digest"', ""), "signature-incomplete"),
        (lambda h: h | {"silian-person": PERSON}, "signature-incomplete"),
        (lambda h: h | {"content-digest": content_digest(b"other")}, "digest-mismatch"),
        (_swap("created=1", "created=2"), "signature-invalid"),
        (_swap("silian-v1:", "silian-v1:0"), "signature-elsewhere"),
    ],
)
def test_anything_but_the_devices_own_signature_is_refused(
    gate: Gate, change: Callable[[Headers], Headers], refusal: str
) -> None:
    assert gate.refusal(change(gate.signed())) == refusal


def test_a_signature_holds_for_one_method_path_query_and_body(gate: Gate) -> None:
    assert gate.refusal(gate.signed(), path="/v1/y") == "signature-invalid"
    assert gate.refusal(gate.signed(), query="a=2") == "signature-invalid"
    assert gate.refusal(gate.signed(), query="") == "signature-invalid"
    assert gate.refusal(gate.signed(b"one"), b"two") == "digest-mismatch"
    with pytest.raises(PeerFault, match="signature-invalid"):
        gate.verifier.verify("GET", "/v1/x", "a=1", gate.signed(), b"", NOON)


def test_another_devices_key_cannot_sign_for_this_one(gate: Gate) -> None:
    other = DeviceKey.generate()
    headers = RequestSigner(replace(gate.identity, key=other)).headers("POST", "/v1/x?a=1", now=NOON)
    assert gate.refusal(headers) == "device-unknown"
    forged = headers | {"signature-input": headers["signature-input"].replace(other.id, gate.key.id)}
    assert gate.refusal(forged) == "signature-invalid"


def test_a_request_signed_for_another_center_is_of_no_use_here(gate: Gate) -> None:
    elsewhere = replace(gate.identity, center_device=DeviceKey.generate().id)
    assert gate.refusal(RequestSigner(elsewhere).headers("POST", "/v1/x?a=1", now=NOON)) == "signature-elsewhere"


def test_a_revoked_device_is_refused_from_its_next_request_on(gate: Gate) -> None:
    gate.judge(gate.signed())
    gate.devices[gate.key.id] = replace(gate.devices[gate.key.id], revoked_at=NOON)
    assert gate.refusal(gate.signed()) == "device-revoked"


@pytest.mark.parametrize("change", [{"is_active": False}, {"unit_path": BOLUO}, None])
def test_a_person_who_is_no_active_operator_of_the_devices_unit_is_refused(
    gate: Gate, change: dict[str, Any] | None
) -> None:
    if change is None:
        gate.operators.clear()
    else:
        gate.operators[PERSON] |= change
    assert gate.refusal(gate.signed(person=PERSON)) == "person-unknown"
    headers = gate.signed(person=PERSON)
    lane = gate.verifier.verify_device("POST", "/v1/x", "a=1", headers, b"", NOON)
    assert lane.device == gate.key.id


def test_no_county_makes_itself_a_provincial_operator(gate: Gate) -> None:
    gate.operators[PERSON] |= {"roles": ["provincial_operator", "clerk"]}
    assert gate.judge(gate.signed(person=PERSON)).roles == frozenset({Role.CLERK})
    province = UnitPath("100000/440000/")
    gate.devices[gate.key.id] = replace(gate.devices[gate.key.id], unit_path=province)
    gate.operators[PERSON] |= {"unit_path": province}
    assert Role.PROVINCIAL_OPERATOR in gate.judge(gate.signed(person=PERSON)).roles


def test_a_flood_of_one_device_is_limited_and_others_go_on(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.identity.requests.MOST_NONCES", 3)
    for _ in range(3):
        gate.judge(gate.signed())
    assert gate.refusal(gate.signed()) == "request-flood"
    other = DeviceKey.generate()
    gate.devices[DeviceId(other.id)] = Device(other.id, other.public, BOLUO, "", NOON)
    gate.judge(RequestSigner(replace(gate.identity, key=other)).headers("POST", "/v1/x?a=1", now=NOON))
    later = NOON + timedelta(minutes=4)
    gate.judge(gate.signed(now=later), now=later)


def test_the_example_of_the_protocol_document_verifies() -> None:
    """docs/protocol/identity.md prints this request; a stranger's client can be checked against it."""
    key = DeviceKey(bytes(range(32)))
    center = DeviceId("00112233445566778899aabbccddeeff")
    parameters = (
        '("@method" "@path" "@query" "content-digest" "silian-person");created=1795161600;'
        f'nonce="c2lsaWFuLWV4YW1wbGU";keyid="{key.id}";alg="ed25519";tag="silian-v1:{center}"'
    )
    from sync.identity.requests import check_signature, read_signature

    headers = {
        "silian-person": PERSON,
        "content-digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
        "signature-input": f"silian={parameters}",
        "signature": EXAMPLE,
    }
    parts = read_signature(headers)
    assert check_signature(parts, key.public, "GET", "/v1/changes", "since=0", headers, b"") == PERSON


EXAMPLE = "silian=:Fed+RbDnqLyNgddWAZm6FQMjYYN6F0zxT0PbomQZcHMfZzARKkrJ0eETOOWG995zPbtSyZKZMxwB7VpQiaogBg==:"


def test_the_protocol_document_prints_the_example_that_verifies() -> None:
    document = (Path(__file__).parents[2] / "docs" / "protocol" / "identity.md").read_text("utf-8")
    assert EXAMPLE in document
    assert ALPHABET in document
